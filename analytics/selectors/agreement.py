"""The method that counts beside another one, as the reference study compared two methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.selectors import cohort, impact, loads
from analytics.stats.overlap_bands import MaskPair
from analytics.stats.paired import PairedScan
from mldtrial.trial.models import Study
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, Method, ModelVersion, ReleaseState
from segmentation.policies import visible_to
from segmentation.selectors.overlaps import unmeasured

Overlaps = Mapping[tuple[UUID, UUID], MaskOverlap]


@dataclass(frozen=True, slots=True)
class Compared:
    """A scan that one of the methods measured, or both.

    Attributes
    ----------
    row : Row
        The visit with its loads.
    scan : PairedScan
        What the statistics need of it; the method under test is the one that counts.
    overlap : MaskOverlap or None
        None where one mask is missing, or they are not compared yet.
    """

    row: impact.Row
    scan: PairedScan
    overlap: MaskOverlap | None

    @property
    def is_pair(self) -> bool:
        """Whether both methods measured the same images."""
        return self.row.difference_ml is not None

    @property
    def other_run_id(self) -> UUID | None:
        """The run of the other method, if it has one here."""
        return None if self.row.other is None else self.row.other.run_id

    @property
    def difference_ml(self) -> float:
        """The load that counts minus the other one, of a pair."""
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
        Whether the training set of every network of the two is on record; patients of one that is
        not cannot be left out.
    masks_waiting, masks_left_out : int
        Pairs whose masks are not compared yet, and those that never will be, since the consent for
        images has ended.
    """

    tested: ModelVersion
    reference: ModelVersion
    scans: tuple[Compared, ...]
    trained_patients: int
    is_training_known: bool
    masks_waiting: int
    masks_left_out: int

    @property
    def is_like_the_study(self) -> bool:
        """Whether a network is set beside the conventional method, as in the reference study."""
        return self.tested.method == Method.CNN and self.reference.method == Method.CONVENTIONAL


def methods_beside(study: Study, *, user: Any) -> list[ModelVersion]:
    """Return the methods with loads in a study that do not count, the conventional one first."""
    flagged = visible_to(user, loads.flagged_results())
    there = flagged.filter(run__visit__patient__study=study).values("run__model_version")
    found = ModelVersion.objects.filter(pk__in=there).exclude(state=ReleaseState.ACTIVE)
    return sorted(
        found, key=lambda model: (model.method != Method.CONVENTIONAL, model.name, model.version)
    )


def comparison(
    study: Study, tested: ModelVersion, reference: ModelVersion, *, user: Any
) -> Comparison:
    """Return the scans that the method that counts or the other one measured.

    A patient with any scan in the training set of either is left out: the loads of such a patient
    are no independent test of the method.
    """
    rows = impact.rows(study, reference, user=user)
    sets = [impact.trained_on(study, model) for model in (tested, reference)]
    needed = [one for model, one in zip((tested, reference), sets, strict=True) if _learns(model)]
    trained = set().union(*(one for one in sets if one))
    kept = [row for row in rows if row.patient_id not in trained]
    scored = cohort.with_scores(study, [row.visit for row in kept], user=user)
    overlaps = _overlaps(kept, user)
    scans = tuple(_compared(row, point, overlaps) for row, point in zip(kept, scored, strict=True))
    lacking = {one.other_run_id for one in scans if one.is_pair and one.overlap is None}
    waiting = unmeasured().filter(run__in=lacking).count()
    return Comparison(
        tested=tested,
        reference=reference,
        scans=scans,
        trained_patients=len({row.patient_id for row in rows} & trained),
        is_training_known=all(one is not None for one in needed),
        masks_waiting=waiting,
        masks_left_out=len(lacking) - waiting,
    )


def _learns(model: ModelVersion) -> bool:
    return model.method == Method.CNN


def _overlaps(rows: Sequence[impact.Row], user: Any) -> Overlaps:
    runs = [row.counted.run_id for row in rows if row.counted is not None]
    found = MaskOverlap.objects.filter(run__in=runs, method_version=OVERLAP_VERSION)
    return {(one.run_id, one.reference_run_id): one for one in visible_to(user, found)}


def _compared(row: impact.Row, point: cohort.CohortPoint, overlaps: Overlaps) -> Compared:
    counted, other = row.counted, row.other
    overlap, is_pair = None, row.difference_ml is not None
    if is_pair and counted is not None and other is not None:
        overlap = overlaps.get((counted.run_id, other.run_id))
    scan = PairedScan(
        subject=str(row.patient_id),
        acq_stratum=row.visit.acq_stratum,
        order=float(row.visit.visit_date.toordinal()),
        # What only one of them measured is counted, and compared with nothing.
        test_ml=counted.load_ml if is_pair and counted is not None else None,
        reference_ml=other.load_ml if is_pair and other is not None else None,
        dice=None if overlap is None else overlap.dice,
        gmfc_level=None if point.gmfc_level is None else float(point.gmfc_level),
        severity_total=point.severity_total,
    )
    return Compared(row, scan, overlap)
