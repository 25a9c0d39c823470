"""A method beside the one that counts: what each found at the visits of a study.

Nothing here changes what counts. The loads of the other method are shown on the page of its
impact and on the pages of its runs, and nowhere else.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.selectors import loads
from analytics.selectors.loads import LoadPoint
from analytics.selectors.trained import trained_on
from mldtrial.trial.models import Disposition, Patient, Scan, ScanState, Sequence, Study
from mldtrial.trial.policies import may, visible_to
from mldtrial.trial.selectors import locks_on
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.selectors.locks import Held
from segmentation.models import (
    RUNS_WORTH_ANOTHER_TRY,
    JobState,
    ModelVersion,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.policies import visible_to as visible_runs
from segmentation.selectors.left_out import left_out
from segmentation.selectors.usable import chosen_of_each
from segmentation.services.segmenters import is_made_elsewhere
from segmentation.services.shadowing import is_shadow

Images = tuple[UUID, UUID | None]
"""The T1w and the T2w scan of a run."""
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a load that counts has none of the other method beside it.

    Attributes
    ----------
    code : str
        What several gaps have in common.
    words : str
        For people: what happened, and what to do.
    is_final : bool
        True where the method was tried or cannot be: to wait or to order again mends nothing.
    run_id : UUID or None
        The run that says more.
    """

    code: str
    words: str
    is_final: bool
    run_id: UUID | None = None


LABELS = {
    "moving": "waiting or running",
    "not_ordered": "not asked for yet",
    "cancelled": "cancelled",
    "failed": "failed, to be tried again",
    "held": "frozen or locked, without a run",
    "other_images": "made from other images",
    "no_other_images": "refused by one of the two",
    "not_imported": "no mask imported",
    "refused": "refused by the method",
    "missing": "lacking an image the method needs",
    "consent": "without consent for images",
}
"""What several gaps have in common, in few words."""


def grouped(gaps: Iterable[Gap]) -> list[tuple[str, int]]:
    """Return what keeps visits from being compared, in words and with how many."""
    counts = Counter(gap.code for gap in gaps)
    return [(label, counts[code]) for code, label in LABELS.items() if counts[code]]


@dataclass(frozen=True, slots=True)
class Row:
    """A visit with the load that counts, that of the other method, or both.

    Attributes
    ----------
    gap : Gap or None
        Why the two cannot be compared; None where they can, or where nothing counts yet.
    held : str
        ``frozen`` or ``locked``, with the whole it is held with; empty for an open visit.
    is_trained_on : bool or None
        Whether the patient was in the training set of the other method; None where nothing is
        on record of that.
    """

    patient_id: UUID
    subject_code: str
    site_code: str
    counted: LoadPoint | None
    other: LoadPoint | None
    gap: Gap | None
    held: str
    is_trained_on: bool | None

    @property
    def visit(self) -> LoadPoint:
        """The load that says which visit it is."""
        found = self.counted or self.other
        assert found is not None  # noqa: S101 - a row is made of a load
        return found

    @property
    def difference_ml(self) -> float | None:
        """The other load minus the one that counts; None where they cannot be compared."""
        if self.counted is None or self.other is None or self.gap is not None:
            return None
        return self.other.load_ml - self.counted.load_ml

    @property
    def is_lost(self) -> bool:
        """Whether the visit would show no load any more, and waiting mends nothing."""
        return self._is_final and self.other is None

    @property
    def is_apart(self) -> bool:
        """Whether both methods have a load, of images that will not become the same."""
        return self._is_final and self.other is not None

    @property
    def _is_final(self) -> bool:
        return self.gap is not None and self.gap.is_final

    @property
    def difference_percent(self) -> float | None:
        """The difference in percent of the load that counts; None also where that is zero."""
        difference = self.difference_ml
        if difference is None or self.counted is None or self.counted.load_ml == 0:
            return None
        return 100 * difference / self.counted.load_ml

    @property
    def mean_ml(self) -> float | None:
        """The mean of both loads; None where they cannot be compared."""
        if self.difference_ml is None or self.counted is None or self.other is None:
            return None
        return (self.counted.load_ml + self.other.load_ml) / 2

    def crosses(self, threshold_ml: float) -> bool:
        """Return whether one load reaches a threshold and the other does not."""
        if self.difference_ml is None or self.counted is None or self.other is None:
            return False
        return (self.counted.load_ml >= threshold_ml) != (self.other.load_ml >= threshold_ml)


def rows(
    study: Study, model: ModelVersion, *, user: Any, tested: ModelVersion | None = None
) -> list[Row]:
    """Return every visit at which a load counts or the other method has one, by patient and age.

    Parameters
    ----------
    tested : ModelVersion, optional
        Whose loads are set beside the other ones; those that count without.
    """
    mine = loads.study_loads(study, user=user, model=tested)
    counted = {point.visit_id: point for point in mine}
    other = {point.visit_id: point for point in loads.study_loads(study, user=user, model=model)}
    patients = {
        patient.pk: patient
        for patient in visible_to(user, Patient.objects.filter(study=study)).select_related("site")
    }
    held = locks_on(list({*counted, *other}))
    images = _images([p.run_id for p in (*counted.values(), *other.values())])
    missing = [point for visit_id, point in counted.items() if visit_id not in other]
    apart = {
        visit_id
        for visit_id, here in counted.items()
        if visit_id in other and not _same(images[here.run_id], images[other[visit_id].run_id])
    }
    gaps = _Gaps(study, model, missing, images, held, user)
    without_consent = {v for v in apart if counted[v].patient_id in gaps.without_consent}
    of_apart = _gaps_of_other_images(model, apart - without_consent)
    of_apart |= dict.fromkeys(without_consent, OTHER_IMAGES_FOR_GOOD)
    trained = trained_on(study, model)
    found = []
    for visit_id in {**counted, **other}:
        here, there = counted.get(visit_id), other.get(visit_id)
        point = here or other[visit_id]
        patient = patients[point.patient_id]
        is_lacking = here is not None and there is None
        gap = gaps.of(here) if here is not None and is_lacking else of_apart.get(visit_id)
        found.append(
            Row(
                patient_id=patient.pk,
                subject_code=patient.subject_code,
                site_code=patient.site.code,
                counted=here,
                other=there,
                gap=gap,
                held=str(held[visit_id]) if visit_id in held else "",
                is_trained_on=None if trained is None else patient.pk in trained,
            )
        )
    found.sort(key=lambda row: (row.subject_code, row.visit.visit_date, row.visit.visit_number))
    return found


NO_CONSENT = "The consent for images has ended."
OTHER_IMAGES = Gap(
    "other_images",
    "It was made from other images than the load that counts. Order the method again.",
    is_final=False,
)
NO_OTHER_IMAGES = Gap(
    "no_other_images",
    "It was made from other images than the load that counts, and has been given those that it "
    "would be given now: one of the two methods refused them.",
    is_final=True,
)


OTHER_IMAGES_FOR_GOOD = Gap(
    "consent",
    "It was made from other images than the load that counts. The consent for images has ended, "
    "so it is given no others.",
    is_final=True,
)


def is_moving(study: Study, model: ModelVersion, *, user: Any) -> bool:
    """Return whether runs of a method wait, run or are being asked for in a study.

    A worker queues the runs of an order before it calls the order prepared. So orders are asked
    first: asked last, an order that is prepared between the two questions has neither. Whoever may
    compare methods is told, also who sees no order; others are told of none.
    """
    if not may(user, "view_impact", study):
        return False
    orders = SegmentationBatch.objects.filter(
        study=study, model_version=model, prepared_at__isnull=True, cancelled_at__isnull=True
    )
    runs = SegmentationRun.objects.filter(
        model_version=model, visit__patient__study=study, is_voided=False, state__in=UNFINISHED
    )
    return orders.exists() or runs.exists()


def _images(run_ids: Collection[UUID]) -> dict[UUID, Images]:
    found = SegmentationRun.objects.filter(pk__in=run_ids)
    return {pk: (t1w, t2w) for pk, t1w, t2w in found.values_list("pk", "t1w_scan", "t2w_scan")}


def _same(one: Images, other: Images) -> bool:
    """Return whether two runs had the same images, as far as both methods need them."""
    return one[0] == other[0] and (None in (one[1], other[1]) or one[1] == other[1])


def _gaps_of_other_images(model: ModelVersion, visit_ids: Collection[UUID]) -> dict[UUID, Gap]:
    """Return why both methods have a load of a visit, but not of the same images, in two queries.

    What a method would be given now may be what one of the two has refused.
    """
    if not visit_ids:
        return {}
    chosen = chosen_of_each(visit_ids, model)
    tried: set[tuple[UUID, UUID | None, UUID | None]] = set(
        SegmentationRun.objects.filter(model_version=model, visit__in=visit_ids, is_voided=False)
        .exclude(state__in=(*UNFINISHED, JobState.CANCELLED))
        .exclude(RUNS_WORTH_ANOTHER_TRY)
        .values_list("visit_id", "t1w_scan_id", "t2w_scan_id")
    )

    def gap_of(visit_id: UUID) -> Gap:
        scans = chosen[visit_id]
        now = (visit_id, scans.get(Sequence.T1W), scans.get(Sequence.T2W))
        is_whole = all(name in scans for name in model.sequences)
        return NO_OTHER_IMAGES if is_whole and now in tried else OTHER_IMAGES

    return {visit_id: gap_of(visit_id) for visit_id in visit_ids}


class _Gaps:
    """Why a method has no load at some visits, in a few queries for all of them."""

    def __init__(
        self,
        study: Study,
        model: ModelVersion,
        points: Collection[LoadPoint],
        images: Mapping[UUID, Images],
        held: Mapping[UUID, Held],
        user: Any,
    ) -> None:
        self.model = model
        # A lock keeps no run of a candidate back.
        self.held = {} if is_shadow(model) else held
        self.images = images
        visit_ids = [point.visit_id for point in points]
        runs = SegmentationRun.objects.filter(
            model_version=model, visit__in=visit_ids, is_voided=False
        )
        runs = visible_runs(user, runs).order_by("queued_at")
        self.latest = {run.visit_id: run for run in runs}
        self.worth = set(runs.filter(RUNS_WORTH_ANOTHER_TRY).values_list("pk", flat=True))
        self.without_consent = without_consent_for_images(
            Disposition.objects.filter(patient__study=study)
        )
        self.usable: dict[UUID, set[str]] = {}
        for visit_id, sequence in (
            Scan.objects.filter(visit__in=visit_ids, state=ScanState.IMPORTED)
            .exclude(left_out())
            .values_list("visit_id", "sequence")
        ):
            self.usable.setdefault(visit_id, set()).add(sequence)

    def of(self, point: LoadPoint) -> Gap:
        """Return why the method has no load at the visit of a load."""
        run = self.latest.get(point.visit_id)
        if run is not None and self._is_of_these_images(run, point):
            return self._of_run(run, has_consent=point.patient_id not in self.without_consent)
        if point.visit_id in self.held:
            held = self.held[point.visit_id]
            return Gap("held", f"The visit is {held}, and gets no run.", is_final=False)
        if point.patient_id in self.without_consent:
            return Gap("consent", NO_CONSENT, is_final=True)
        if is_made_elsewhere(self.model):
            return Gap("not_imported", "No mask of it was imported.", is_final=False)
        here = self.usable.get(point.visit_id, set())
        missing = [name for name in self.model.sequences if name not in here]
        if missing:
            lacks = f"The visit has no {' and no '.join(missing)} image in use."
            return Gap("missing", lacks, is_final=True)
        return Gap("not_ordered", "It was not asked for yet.", is_final=False)

    def _is_of_these_images(self, run: SegmentationRun, point: LoadPoint) -> bool:
        """Return whether a run says something of the images whose load counts."""
        is_same = _same(self.images[point.run_id], (run.t1w_scan_id, run.t2w_scan_id))
        # A result that is not used is of images that are left out by now.
        return is_same and run.state != JobState.SUCCEEDED

    def _of_run(self, run: SegmentationRun, *, has_consent: bool) -> Gap:
        if run.state in UNFINISHED:
            return Gap("moving", run.get_state_display().capitalize(), False, run.pk)
        is_cancelled = run.state == JobState.CANCELLED
        if not has_consent and (is_cancelled or run.pk in self.worth):
            return Gap("consent", NO_CONSENT, True, run.pk)
        if is_cancelled:
            return Gap("cancelled", "Cancelled; order the method again.", False, run.pk)
        # What was refused for a lock, a consent or a file of the store is tried again as well.
        is_final = run.pk not in self.worth
        code = "refused" if is_final else "failed"
        return Gap(code, run.message or "The segmentation failed.", is_final, run.pk)
