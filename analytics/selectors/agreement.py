"""Two methods side by side, as the reference study compared two."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from analytics.selectors import cohort, impact, loads
from analytics.selectors.correlations import RELATIONS
from analytics.selectors.trained import trained_on
from analytics.stats.overlap_bands import MaskPair
from analytics.stats.paired import PairedScan
from mldtrial.trial.models import Study
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import (
    MaskOverlap,
    Method,
    ModelVersion,
    ReleaseState,
    SegmentationRun,
)
from segmentation.policies import visible_to
from segmentation.selectors.overlaps import unmeasured


@dataclass(frozen=True, slots=True)
class MethodPair:
    """Two methods to compare: a difference is the one under test minus the reference."""

    tested: ModelVersion
    reference: ModelVersion


Overlaps = Mapping[frozenset[UUID], MaskOverlap]
OTHER_ORIGIN = impact.Gap(
    "other_origin",
    "It began as a mask that another one has replaced.",
    is_final=True,
)
"""Why a corrected mask is not compared with the mask of its origin that stands now."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A scan that one of the methods measured, or both.

    Attributes
    ----------
    row : Row
        The visit with its loads.
    scan : PairedScan
        What the statistics need of it.
    overlap : MaskOverlap or None
        None where one mask is missing, or they are not compared yet.
    in_doubt : tuple of str
        Relations whose score the scan lacks since the nearest day has two that differ.
    """

    row: impact.Row
    scan: PairedScan
    overlap: MaskOverlap | None
    in_doubt: tuple[str, ...] = ()

    @property
    def is_pair(self) -> bool:
        """Whether both methods measured the same images."""
        return self.row.difference_ml is not None

    @property
    def difference_ml(self) -> float:
        """The load under test minus the other one, of a pair."""
        assert self.row.difference_ml is not None  # noqa: S101 - asked of pairs alone
        return -self.row.difference_ml

    @property
    def mask_pair(self) -> MaskPair | None:
        """The figures of both masks; None where they are not compared."""
        if self.overlap is None or self.scan.reference_ml is None:
            return None
        return MaskPair(
            self.scan.reference_ml,
            self.overlap.dice,
            self.overlap.hausdorff95_mm,
            self.overlap.surface_dice,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The scans of a study for the comparison of two methods.

    Attributes
    ----------
    trained_patients : int
        Patients left out, since one of the methods was trained on a scan of theirs.
    is_training_known : bool
        Whether the training set of every network of the two, or that their masks began as, is on
        record; patients of one that is not cannot be left out.
    other_origins : int
        Scans of a method and its corrections that are not compared: the mask that was corrected
        is not the one that stands now.
    masks_waiting, masks_left_out : int
        Pairs whose masks are not compared yet, and those that never will be, since the consent for
        images has ended.
    """

    tested: ModelVersion
    reference: ModelVersion
    scans: tuple[Compared, ...]
    trained_patients: int
    is_training_known: bool
    other_origins: int
    masks_waiting: int
    masks_left_out: int

    @property
    def left_out(self) -> list[str]:
        """How many scans that both methods measured have a score in doubt, in words, by score."""
        pairs = [one for one in self.scans if one.is_pair]
        counted = Counter(name for one in pairs for name in one.in_doubt)
        return [
            RELATIONS[name].left_out_words(counted[name]) for name in RELATIONS if counted[name]
        ]

    @property
    def pair(self) -> MethodPair:
        """The two methods."""
        return MethodPair(self.tested, self.reference)

    @property
    def correction(self) -> tuple[ModelVersion, ModelVersion] | None:
        """The method whose masks began as those of the other one, and that one; None if neither."""
        pairs = ((self.tested, self.reference), (self.reference, self.tested))
        return next((pair for pair in pairs if pair[0].corrects(pair[1])), None)

    @property
    def named(self) -> dict[str, str]:
        """Which method is which, in words."""
        return {"test": str(self.tested), "reference": str(self.reference)}

    @property
    def is_like_the_study(self) -> bool:
        """Whether a network is set beside the conventional method, as in the reference study."""
        return self.tested.method == Method.CNN and self.reference.method == Method.CONVENTIONAL


def methods(study: Study, *, user: Any) -> list[ModelVersion]:
    """Return the methods with loads in a study: the one that counts, then the conventional one."""
    flagged = visible_to(user, loads.flagged_results())
    there = flagged.filter(run__visit__patient__study=study).values("run__model_version")
    return sorted(ModelVersion.objects.filter(pk__in=there), key=_rank)


def chosen_pair(
    methods: Sequence[ModelVersion],
    *,
    tested: ModelVersion | None = None,
    reference: ModelVersion | None = None,
) -> MethodPair:
    """Return two of at least two methods to compare: those that are named, and who is not chosen.

    Under test is the first one, as `methods` orders them; but a network where that is
    conventional, for a difference is network minus conventional (domain section 7.2). The
    reference is the first other one.
    """
    if tested is None:
        there = [model for model in methods if model != reference]
        networks = [model for model in there if model.method == Method.CNN]
        is_conventional = there[0].method == Method.CONVENTIONAL
        tested = networks[0] if networks and is_conventional else there[0]
    if reference is None or reference == tested:
        reference = next(model for model in methods if model != tested)
    return MethodPair(tested, reference)


def _rank(model: ModelVersion) -> tuple[bool, bool, str, str]:
    is_other = model.state != ReleaseState.ACTIVE
    return is_other, model.method != Method.CONVENTIONAL, model.name, model.version


def comparison(study: Study, pair: MethodPair, *, user: Any) -> Comparison:
    """Return the scans that one of two methods measured, or both.

    A patient with any scan in the training set of either is left out: the loads of such a patient
    are no independent test of the method, nor of its masks where a person has corrected them.
    """
    tested, reference = pair.tested, pair.reference
    rows = impact.rows(study, reference, user=user, tested=tested)
    sets = [trained_on(study, model) for model in (tested, reference)]
    trained = set().union(*(one for one in sets if one))
    kept = [row for row in rows if row.patient_id not in trained]
    if tested.corrects(reference) or reference.corrects(tested):
        kept = _beside_their_origin(kept)
    scored = cohort.with_scores(study, [row.visit for row in kept], user=user)
    overlaps = _overlaps(kept, user)
    scans = tuple(_compared(row, point, overlaps) for row, point in zip(kept, scored, strict=True))
    lacking = {_pair(one.row) for one in scans if one.is_pair and one.overlap is None}
    apart = unmeasured().filter(t1w_scan__visit__patient__study=study) if lacking else None
    waiting = set() if apart is None else {frozenset(p) for p in apart.values_list("pk", "partner")}
    return Comparison(
        tested=tested,
        reference=reference,
        scans=scans,
        trained_patients=len({row.patient_id for row in rows} & trained),
        is_training_known=all(one is not None for one in sets),
        other_origins=sum(row.gap is OTHER_ORIGIN for row in kept),
        masks_waiting=len(lacking & waiting),
        masks_left_out=len(lacking - waiting),
    )


def _beside_their_origin(rows: Sequence[impact.Row]) -> list[impact.Row]:
    """Return the rows of a method and its corrections, comparing each with what it began as.

    The mask of the method may have been replaced since: then its correction never saw the new one.
    """
    runs = {run for row in rows for run in _pair(row)}
    corrections = SegmentationRun.objects.filter(pk__in=runs, parameters__has_key="corrected_run")
    began = {
        frozenset((str(pk), parameters["corrected_run"]))
        for pk, parameters in corrections.values_list("pk", "parameters")
    }
    return [
        row
        if row.difference_ml is None or frozenset(map(str, _pair(row))) in began
        else replace(row, gap=OTHER_ORIGIN)
        for row in rows
    ]


def _pair(row: impact.Row) -> frozenset[UUID]:
    """Return the runs of both methods at a visit; which is named first does not matter."""
    return frozenset(point.run_id for point in (row.counted, row.other) if point is not None)


def _overlaps(rows: Sequence[impact.Row], user: Any) -> Overlaps:
    runs = [row.counted.run_id for row in rows if row.counted is not None]
    of_pair = Q(run__in=runs) | Q(reference_run__in=runs)
    found = MaskOverlap.objects.filter(of_pair, method_version=OVERLAP_VERSION)
    return {frozenset((one.run_id, one.reference_run_id)): one for one in visible_to(user, found)}


def _compared(row: impact.Row, point: cohort.CohortPoint, overlaps: Overlaps) -> Compared:
    counted, other = row.counted, row.other
    is_pair = row.difference_ml is not None
    overlap = overlaps.get(_pair(row)) if is_pair else None
    scan = PairedScan(
        subject=str(row.patient_id),
        acq_stratum=row.visit.acq_stratum,
        order=float(row.visit.scanned_on.toordinal()),
        # What only one of them measured is counted, and compared with nothing.
        test_ml=counted.load_ml if is_pair and counted is not None else None,
        reference_ml=other.load_ml if is_pair and other is not None else None,
        dice=None if overlap is None else overlap.dice,
        gmfc_level=None if point.gmfc_level is None else float(point.gmfc_level),
        severity_total=point.severity_total,
        elfc_level=None if point.elfc_level is None else float(point.elfc_level),
        acquisition=row.visit.acquisition,
    )
    in_doubt = tuple(name for name, one in RELATIONS.items() if one.is_left_out(point))
    return Compared(row, scan, overlap, in_doubt)
