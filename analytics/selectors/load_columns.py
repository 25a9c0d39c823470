"""The loads of a study as columns: thousands are read without an object for each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import BooleanField, ExpressionWrapper, F, FloatField, Q, TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray

from analytics.selectors import acquired, loads, shown_method
from analytics.selectors.shown_method import ShownMethod
from analytics.stats.resampling import numbered
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.rules.age import ages_months
from segmentation.imaging.acquisitions import Acquisition, is_acquired_alike

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]
Texts = NDArray[np.str_]
Objects = NDArray[np.object_]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of equal length; what is no array belongs to all rows."""

    def take(self, kept: Mask) -> Any:
        """Return some of the rows, in their order."""
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        arrays = {name: one[kept] for name, one in columns.items() if isinstance(one, np.ndarray)}
        return replace(self, **arrays)


@dataclass(frozen=True, slots=True, eq=False)
class LoadColumns(Rows):
    """Loads by patient and day of the scan, each of their values a column of shape (n,).

    Attributes
    ----------
    patient_ids : tuple of str
        Of all patients, in order of appearance.
    method : ShownMethod or None
        Of all loads, for one version counts at a time; None where there is no load.
    therapy_kinds : tuple of tuple of str
        Documented therapies that some load has come after, never the study's own.
    acquisitions : tuple of Acquisition
        How scans were acquired, each once.
    patient, therapies, acquisition : ndarray of int
        Places in these.
    run_id, visit_id, visit_name : ndarray of str
    """

    patient_ids: tuple[str, ...]
    method: ShownMethod | None
    therapy_kinds: tuple[tuple[str, ...], ...]
    acquisitions: tuple[Acquisition, ...]
    patient: Codes
    run_id: Objects
    visit_id: Objects
    visit_number: Floats
    visit_name: Objects
    visit_date: Days
    scanned_on: Days
    age_months: Floats
    age_at_scan_months: Floats
    load_ml: Floats
    stratum: Texts
    acquisition: Codes
    is_planned: Mask
    is_after_treatment: Mask
    therapies: Codes

    def are_alike(self, one: Codes, other: Codes) -> Mask:
        """Return whether pairs of acquisitions, given by their places, are alike, shape (pairs,).

        Each pair of places is compared once: a cohort has few of them.
        """
        pairs, place = np.unique(np.stack([one, other], axis=1), axis=0, return_inverse=True)
        told = [
            is_acquired_alike(self.acquisitions[a], self.acquisitions[b]) for a, b in pairs.tolist()
        ]
        return np.array(told, bool)[place.reshape(-1)]


VISIT, SCAN = "run__visit", "run__t1w_scan"
COLUMNS: dict[str, Any] = {
    # Identities as text: an object for each would cost more than all the rest.
    "a_patient": Cast(f"{VISIT}__patient_id", TextField()),
    "a_run": Cast("run_id", TextField()),
    "a_visit": Cast(f"{VISIT}_id", TextField()),
    "a_birth": F(f"{VISIT}__patient__birth_month"),
    "a_number": Cast(f"{VISIT}__number", FloatField()),
    "a_name": F(f"{VISIT}__name"),
    "a_day": F(f"{VISIT}__date"),
    "a_gap": F(f"{SCAN}__days_from_visit"),
    "a_stratum": F(f"{SCAN}__acq_stratum"),
    **acquired.COLUMNS,
    "was_planned": ExpressionWrapper(
        Q(run__visit__definition__isnull=False), output_field=BooleanField()
    ),
    "a_load": F("demyelination_load_ml"),
}  # fmt: skip
METHOD = "a_method"
NAMES = (*COLUMNS, METHOD)


def read(study: Study, *, user: Any, begun: loads.Begun | None = None) -> LoadColumns:
    """Return the loads of a study that a person may see, by patient and day of the scan.

    Parameters
    ----------
    begun : dict, optional
        The treatments of all these patients, where they have been read.
    """
    seen = loads.in_order(loads.results(user=user).filter(run__visit__patient__study=study))
    rows = seen.annotate(**COLUMNS, **{METHOD: shown_method.column()}).values_list(*NAMES)
    if begun is None:
        begun = loads.begun(Patient.objects.filter(study=study))
    columns: Sequence[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(NAMES)
    return _columns(dict(zip(NAMES, columns, strict=True)), begun)


def _columns(values: dict[str, tuple[Any, ...]], begun: loads.Begun) -> LoadColumns:
    n = len(values["a_load"])
    patient_ids, patient = named(values["a_patient"])
    visit_date = days_of(values["a_day"])
    gaps = np.array([gap or 0 for gap in values["a_gap"]], np.int64)
    scanned_on, birth = visit_date + gaps, days_of(values["a_birth"])
    before = _begun_before(patient_ids, patient, scanned_on, begun)
    therapy_kinds, therapies = named(_documented(before, n))
    acquisitions, acquisition = _acquisitions(values)
    return LoadColumns(
        patient_ids=patient_ids,
        method=shown_method.of_text(values[METHOD][0]) if n else None,
        therapy_kinds=therapy_kinds,
        acquisitions=acquisitions,
        patient=patient,
        run_id=np.array(values["a_run"], object),
        visit_id=np.array(values["a_visit"], object),
        visit_number=np.array(values["a_number"], float),
        visit_name=np.array(values["a_name"], object),
        visit_date=visit_date,
        scanned_on=scanned_on,
        age_months=ages_months(birth, visit_date),
        age_at_scan_months=ages_months(birth, scanned_on),
        load_ml=np.array(values["a_load"], float),
        stratum=np.array(values["a_stratum"], str),
        acquisition=acquisition,
        is_planned=np.array(values["was_planned"], bool),
        is_after_treatment=np.array([row in before for row in range(n)], bool),
        therapies=therapies,
    )


def named(values: Iterable[Any]) -> tuple[tuple[Any, ...], Codes]:
    """Return what there is among some values, in order of appearance, and the place of each."""
    given = list(values)
    return tuple(dict.fromkeys(given)), numbered(given, len(given))[0]


FIRST_DAY = date(1970, 1, 1).toordinal()


def days_of(dates: Sequence[date]) -> Days:
    """Return dates as days; by their numbers: numpy takes a hundred times as long over dates."""
    numbers = np.array([one.toordinal() for one in dates], np.int64)
    return (numbers - FIRST_DAY).astype("datetime64[D]")


def _acquisitions(
    values: dict[str, tuple[Any, ...]],
) -> tuple[tuple[Acquisition, ...], Codes]:
    """Return how scans were acquired and the place of each; what is written alike is read once."""
    written, codes = named(zip(*(values[name] for name in acquired.COLUMNS), strict=True))
    acquisitions, places = named(acquired.acquisition_of(*texts) for texts in written)
    return acquisitions, places[codes]


def _begun_before(
    patient_ids: Sequence[str], patient: Codes, scanned_on: Days, begun: loads.Begun
) -> dict[int, list[str]]:
    """Return the kinds of treatment that had begun before a scan, by its row."""
    number = {UUID(text): place for place, text in enumerate(patient_ids)} if begun else {}
    days = {
        number[key]: [(np.datetime64(day), kind) for day, kind in given]
        for key, given in begun.items()
        if key in number
    }
    treated = np.flatnonzero(np.isin(patient, list(days))) if days else ()
    found: dict[int, list[str]] = {}
    for row in treated:
        kinds = [
            kind for day, kind in days[int(patient[row])] if loads.is_after(scanned_on[row], day)
        ]
        if kinds:
            found[int(row)] = kinds
    return found


def _documented(before: dict[int, list[str]], n: int) -> list[tuple[str, ...]]:
    none: tuple[str, ...] = ()
    return [loads.documented(before[row]) if row in before else none for row in range(n)]
