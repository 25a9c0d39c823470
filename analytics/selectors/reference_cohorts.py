"""The frozen reference cohort of a study, and what of it stands behind one patient's course."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.models import ReferenceCohort
from analytics.policies import visible_to
from analytics.selectors.clocks import Clock
from analytics.selectors.loads import LoadPoint
from analytics.stats.reference_bands import BandPoint
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors import subtype_of
from segmentation.models import ModelVersion

log = logging.getLogger(__name__)

AGE, ONSET = "age", "onset"
"""The clocks that have bands, by the keys of `analytics.selectors.clocks`."""


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a reference cohort."""

    clock: str
    subtype: str
    acq_stratum: str
    rules: list[str]
    points: tuple[BandPoint, ...]

    @property
    def fewest(self) -> int:
        """The smallest number of patients of any month."""
        return min(point.n_patients for point in self.points)

    @property
    def most(self) -> int:
        """The largest number of patients of any month."""
        return max(point.n_patients for point in self.points)


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the course of a patient.

    Attributes
    ----------
    is_in_it : bool
        Whether the patient is one of the reference cohort.
    """

    cohort: ReferenceCohort
    band: Band
    is_in_it: bool


def rules_of(study: Study) -> list[str]:
    """Return the rules by which a study derives a subtype: bands hold under these alone."""
    return [str(study.subtype_rule), str(study.presymptomatic_rule)]


def sha256_of(bands: Sequence[Any]) -> str:
    """Return the hash of bands, independent of the order of keys."""
    return hashlib.sha256(json.dumps(bands, sort_keys=True).encode()).hexdigest()


def is_as_frozen(cohort: ReferenceCohort) -> bool:
    """Return whether the bands are those that were frozen."""
    return sha256_of(cohort.bands) == cohort.sha256


def bands_of(cohort: ReferenceCohort) -> list[Band]:
    """Return the bands of a reference cohort, as they were frozen."""
    return [
        Band(
            clock=one["clock"],
            subtype=one["subtype"],
            acq_stratum=one["acq_stratum"],
            rules=one["rules"],
            points=tuple(BandPoint(*point) for point in one["points"]),
        )
        for one in cohort.bands
    ]


def cohorts(study: Study, *, user: Any) -> list[ReferenceCohort]:
    """Return all reference cohorts of a study, the latest first."""
    found = visible_to(user, ReferenceCohort.objects.filter(study=study))
    return list(found.select_related("source", "model_version", "frozen_by"))


def behind(
    patient: Patient,
    series: Sequence[LoadPoint],
    clock: Clock,
    method: ModelVersion | None,
    *,
    user: Any,
) -> Behind | None:
    """Return the band of the patient's subtype behind a series; None where there is none.

    Loads of another method version, of the other kind of acquisition, of another subtype or of one
    derived by other rules are no reference, and numbers that are not those frozen are not shown. Of
    a series of both kinds it is the kind of most scans, and of as many the latest's.
    """
    if not series or method is None or clock.key not in (AGE, ONSET):
        return None
    shown = visible_to(user, ReferenceCohort.objects.filter(study=patient.study, is_current=True))
    cohort = shown.filter(model_version=method).first()
    subtype = subtype_of(patient, patient.study).subtype
    if cohort is None or subtype == Subtype.UNDETERMINED:
        return None
    wanted = (clock.key, subtype.value, _stratum(series))
    if not is_as_frozen(cohort):
        log.error("The bands of reference cohort %s are not those that were frozen.", cohort.pk)
        return None
    for band in bands_of(cohort):
        if band.rules != rules_of(patient.study):
            return None
        if (band.clock, band.subtype, band.acq_stratum) == wanted:
            return Behind(cohort, band, str(patient.pk) in cohort.patients)
    return None


def _stratum(series: Sequence[LoadPoint]) -> str:
    counted = Counter(load.acq_stratum for load in reversed(series))
    return counted.most_common(1)[0][0]
