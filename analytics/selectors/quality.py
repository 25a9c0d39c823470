"""The quality of the images of a study: values, and which of them stand out.

A value is compared with those of all scans of the study that have the same sequence and
acquisition stratum. Whether it stands out is told to everybody who may see the scan; where the
others lie only to roles without site limits.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Scan, ScanState, Study, Visit
from segmentation.imaging.quality.metrics import METHOD_VERSION, METRICS, Metric, Worse
from segmentation.imaging.quality.outliers import Distribution, distribution_of
from segmentation.models import JobState, ScanQuality
from segmentation.policies import visible_to

Group = tuple[str, str]
"""Sequence and acquisition stratum."""


@dataclass(frozen=True, slots=True)
class Value:
    """A metric of a scan.

    Attributes
    ----------
    value : float or None
        None where it could not be measured; then `reason` says why.
    distribution : Distribution or None
        Of the study's comparable scans; None for who may not see it, or where there is none.
    """

    metric: Metric
    value: float | None
    reason: str
    is_outlier: bool
    distribution: Distribution | None

    @property
    def words(self) -> str:
        """What stands out, in words that say nothing of any other scan's value."""
        direction = {Worse.LOWER: "lower than", Worse.HIGHER: "higher than"}
        how = direction.get(self.metric.worse, "unlike")
        return f"{self.metric.label} is {how} in comparable scans of the study"


@dataclass(frozen=True, slots=True)
class Row:
    """A measured scan with all its metrics, in their order."""

    quality: ScanQuality
    values: tuple[Value, ...]

    @property
    def scan(self) -> Scan:
        """The scan."""
        return self.quality.scan

    @property
    def flags(self) -> list[Value]:
        """What stands out."""
        return [value for value in self.values if value.is_outlier]

    @property
    def by_key(self) -> dict[str, Value]:
        """The values by the keys of their metrics."""
        return {value.metric.key: value for value in self.values}


def rows(study: Study, *, user: Any) -> list[Row]:
    """Return the measured scans of a study that a person may see, by patient and visit."""
    found = _measured(study)
    return _rows(visible_to(user, found), _distributions(found), study, user)


def rows_of_patient(patient: Patient, *, user: Any) -> list[Row]:
    """Return the measured scans of a patient, by visit."""
    found = _measured(patient.study)
    own = visible_to(user, found.filter(scan__visit__patient=patient))
    return _rows(own, _distributions(found), patient.study, user) if own.exists() else []


def rows_of_case(visit: Visit) -> list[Row]:
    """Return the scans of a case that was given to a reader, without any distribution.

    Those too that wait to be measured, or could not be: then they have no value at all.
    Whoever calls this has checked that the case is the reader's own.
    """
    own = _current(visit.patient.study).filter(scan__visit=visit)
    own = own.order_by("scan__sequence", "scan__created_at")
    distributions = _distributions(_measured(visit.patient.study))
    return [_row(one, distributions, sees_others=False) for one in own]


def row(study: Study, quality_id: UUID, *, user: Any) -> Row:
    """Return one measurement, also one that did not succeed: then it has no value at all.

    One of an older method is compared with nothing.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = visible_to(user, ScanQuality.objects.filter(scan__visit__patient__study=study))
    one = found.filter(pk=quality_id).select_related(*RELATED).first()
    if one is None:
        raise Http404("No such measurement.")
    is_current = one.method_version == METHOD_VERSION
    distributions = _distributions(_measured(study)) if is_current else {}
    return _row(one, distributions, _sees_others(study, user))


NOT_MEASURED = "the measurement has not come to its end"
RELATED = ("scan__visit__patient__site", "scan__visit__patient__study")


def _measured(study: Study) -> QuerySet[ScanQuality]:
    order = ("scan__visit__patient__subject_code", "scan__visit__date", "scan__sequence")
    return _current(study).filter(state=JobState.SUCCEEDED).order_by(*order)


def _current(study: Study) -> QuerySet[ScanQuality]:
    found = ScanQuality.objects.filter(
        method_version=METHOD_VERSION,
        scan__state=ScanState.IMPORTED,
        scan__visit__patient__study=study,
    )
    return found.select_related(*RELATED)


def _sees_others(study: Study, user: Any) -> bool:
    return policies.may(user, "view_quality_distribution", study)


def _rows(
    found: Iterable[ScanQuality],
    distributions: Mapping[tuple[Group, str], Distribution],
    study: Study,
    user: Any,
) -> list[Row]:
    sees_others = _sees_others(study, user)
    return [_row(one, distributions, sees_others) for one in found]


def group_of(scan: Scan) -> Group:
    """Return with which scans a scan is compared."""
    return scan.sequence, scan.acq_stratum


def _distributions(found: QuerySet[ScanQuality]) -> dict[tuple[Group, str], Distribution]:
    """Return the distribution of every metric in every group that has a value."""
    values: dict[tuple[Group, str], list[float]] = defaultdict(list)
    columns = found.order_by().values_list("scan__sequence", "scan__acq_stratum", "metrics")
    for sequence, stratum, metrics in columns:
        for metric in METRICS:
            value = metrics.get(metric.key, {}).get("value")
            if value is not None:
                values[(sequence, stratum), metric.key].append(value)
    spreads = {metric.key: metric.least_spread for metric in METRICS}
    return {key: distribution_of(own, least_spread=spreads[key[1]]) for key, own in values.items()}


def _row(
    one: ScanQuality,
    distributions: Mapping[tuple[Group, str], Distribution],
    sees_others: bool,
) -> Row:
    group = group_of(one.scan)
    # Numbers that are left of an earlier attempt are not those of this one.
    measured = one.metrics if one.state == JobState.SUCCEEDED else {}
    values = []
    for metric in METRICS:
        stored = measured.get(metric.key, {})
        value = stored.get("value")
        others = distributions.get((group, metric.key))
        is_outlier = (
            value is not None and others is not None and others.is_outlier(value, metric.worse)
        )
        reason = stored.get("reason", NOT_MEASURED) if value is None else ""
        values.append(Value(metric, value, reason, is_outlier, others if sees_others else None))
    return Row(one, tuple(values))


def _by_value(key: str) -> Callable[[Row], tuple[bool, float]]:
    def order(row: Row) -> tuple[bool, float]:
        value = row.by_key[key].value
        return value is None, 0.0 if value is None else value

    return order


def ordered(found: list[Row], by: str) -> list[Row]:
    """Return rows in an order: most flags first, or by a metric, worst first; unmeasured last."""
    worse = {metric.key: metric.worse for metric in METRICS}
    if by not in worse:
        return sorted(found, key=lambda row: -len(row.flags))
    rising = sorted(found, key=_by_value(by))
    if worse[by] != Worse.HIGHER:
        return rising
    known = [row for row in rising if row.by_key[by].value is not None]
    return [*reversed(known), *rising[len(known) :]]


def failed(study: Study, *, user: Any) -> QuerySet[ScanQuality]:
    """Return the measurements that came to no end, of the scans that a person may see."""
    found = ScanQuality.objects.filter(
        scan__visit__patient__study=study,
        scan__state=ScanState.IMPORTED,
        method_version=METHOD_VERSION,
        state__in=[JobState.FAILED, JobState.REJECTED],
    )
    order = ("scan__visit__patient__subject_code", "scan__visit__date", "scan__sequence")
    return visible_to(user, found).select_related(*RELATED).order_by(*order)


def waiting(study: Study, *, user: Any) -> int:
    """Return how many measurements wait or run, of the scans that a person may see."""
    unfinished = ScanQuality.objects.filter(
        scan__visit__patient__study=study, state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    return visible_to(user, unfinished).count()
