"""Choose the approved masks of a training, and deal their patients into folds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from uuid import UUID

import numpy as np
from django.core.exceptions import ValidationError

from mldtrial.trial.models import AcqStratum, Patient, Query, Scan, Study
from mldtrial.trial.services import duplicates
from segmentation.models import MaskReview, Method, TrainingCase, TrainingRun
from segmentation.models.training import TrainedNetwork
from segmentation.selectors import mask_reviews as masks
from segmentation.services import mask_pictures, store
from segmentation.training.approved import ApprovedCase
from segmentation.training.folds import Subject, deal

FOLDS = 5
BYTES_PER_VOXEL = 2 * 4 * 2
"""Two channels in single precision, in the data set and preprocessed."""
CHECKPOINTS = 4
"""Of a fold: the latest, the best, the final one, and one that is being written."""
CHECKPOINT_BYTES = {
    TrainedNetwork.PLANNED: 300 * 1024**2,
    TrainedNetwork.SMALL: 50 * 1024**2,
    TrainedNetwork.TINY: 1024**2,
}
"""Weights and their momenta; on the large side, computed from the parameters, not measured."""
NO_T2W = "The visit has no T2w image in use."
ANOTHER = "The visit has another approved mask, which was taken."
BY_HAND_FIRST = {Method.MANUAL: 0, Method.CONVENTIONAL: 1}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An approved mask of a study; `left_out` says why it is not used."""

    review: MaskReview
    t2w_scan: Scan | None
    left_out: str = ""


def choose(study: Study) -> list[Chosen]:
    """Return the approved masks of a study: one per visit is used, the others have a reason.

    Of several masks of a visit the one of a 3D image is taken, then the one drawn by hand, then the
    one approved last.
    """
    approved = masks.approved().filter(run__visit__patient__study=study)
    approved = approved.select_related(
        "run__visit__patient", "run__t1w_scan", "t2w_scan", "run__model_version", "run__result"
    )
    found: list[Chosen] = []
    by_visit: dict[UUID, list[MaskReview]] = defaultdict(list)
    for review in approved:
        by_visit[review.run.visit_id].append(review)
    for reviews in by_visit.values():
        first, *others = sorted(reviews, key=_preferred)
        found.append(Chosen(first, first.t2w_scan, "" if first.t2w_scan else NO_T2W))
        found.extend(Chosen(other, None, ANOTHER) for other in others)
    return found


def _preferred(review: MaskReview) -> tuple[bool, int, float]:
    run = review.run
    decided = 0.0 if review.decided_at is None else review.decided_at.timestamp()
    is_thick = run.t1w_scan.acq_stratum != AcqStratum.THREE_D
    return is_thick, BY_HAND_FIRST.get(Method(run.model_version.method), 2), -decided


def require_enough(study: Study, *, held_out_percent: int) -> list[Chosen]:
    """Return what `choose` does; refuse what no network can be trained on.

    Raises
    ------
    ValidationError
        If too few patients have an approved mask with both images.
    """
    chosen = choose(study)
    try:
        _deal(chosen, held_out_percent=held_out_percent, seed=0)
    except ValueError as error:
        raise ValidationError(
            f"{error} Each needs an approved mask of a visit with T1w and T2w images in use."
        ) from error
    return chosen


def _deal(chosen: list[Chosen], *, held_out_percent: int, seed: int) -> Mapping[UUID, int | None]:
    """Return the fold of each patient; None for those who are held out.

    Two records that may be of one patient are dealt as one.
    """
    subject_of = _subjects([one.review.run.visit.patient for one in chosen if not one.left_out])
    strata: dict[UUID, set[str]] = defaultdict(set)
    loads: dict[UUID, list[float]] = defaultdict(list)
    for one in chosen:
        if not one.left_out:
            run = one.review.run
            subject = subject_of[run.visit.patient_id]
            strata[subject].add(run.t1w_scan.acq_stratum)
            loads[subject].append(run.result.demyelination_load_ml)
    subjects = [
        Subject(str(key), frozenset(kinds), float(np.mean(loads[key])))
        for key, kinds in strata.items()
    ]
    dealt = deal(subjects, folds=FOLDS, held_out_share=held_out_percent / 100, seed=seed)
    found: dict[UUID, int | None] = {UUID(key): None for key in dealt.held_out}
    for number, hand in enumerate(dealt.folds):
        found |= {UUID(key): number for key in hand}
    return {patient: found[subject] for patient, subject in subject_of.items()}


def _subjects(patients: Iterable[Patient]) -> dict[UUID, UUID]:
    """Return whom each patient is dealt with: the first of those that may be one person.

    They are those alike to a patient about whom the data manager was ever asked. A query that is
    closed does not tell whether it was one person, and to deal two as one does no harm.
    """
    known = {patient.pk: patient for patient in patients}
    subject_of = {pk: pk for pk in known}
    asked = Query.objects.filter(rule=duplicates.RULE, patient__in=known)
    for pk in sorted(set(asked.values_list("patient", flat=True)), key=str):
        others = {other.pk for other in duplicates.alike_to(known[pk])} & set(known)
        joined = {subject_of[one] for one in (pk, *others)}
        first = min(joined, key=str)
        subject_of |= {one: first for one, subject in subject_of.items() if subject in joined}
    return subject_of


def record_cases(training: TrainingRun, chosen: list[Chosen]) -> None:
    """Record the masks of a training under made-up names, in an order that the seed draws."""
    folds = _deal(chosen, held_out_percent=training.held_out_percent, seed=training.seed)
    rng = np.random.default_rng(training.seed)
    patients = sorted({one.review.run.visit.patient_id for one in chosen}, key=str)
    number_of = {patients[i]: n for n, i in enumerate(rng.permutation(len(patients)), start=1)}
    ordered = sorted(chosen, key=lambda one: str(one.review.pk))
    for number, index in enumerate(rng.permutation(len(ordered)), start=1):
        one = ordered[index]
        run = one.review.run
        patient = run.visit.patient_id
        TrainingCase.objects.create(
            training=training,
            review=one.review,
            t2w_scan=one.t2w_scan,
            name=f"p{number_of[patient]:04d}_{number:04d}",
            patient_name=f"p{number_of[patient]:04d}",
            acq_stratum=run.t1w_scan.acq_stratum,
            fold=None if one.left_out else folds[patient],
            left_out=one.left_out,
        )


def room_needed_bytes(training: TrainingRun, *, is_prepared: bool) -> int:
    """Return about how much a training writes: its images twice, as numbers, and checkpoints.

    Parameters
    ----------
    is_prepared : bool
        True where its images are written already.
    """
    checkpoints = (
        CHECKPOINT_BYTES[TrainedNetwork(training.network)] * CHECKPOINTS * training.trained_folds
    )
    if is_prepared:
        return checkpoints
    learnt = training.cases.filter(left_out="", fold__isnull=False)
    shapes = learnt.values_list("review__run__t1w_scan__shape", flat=True)
    return checkpoints + sum(prod(shape) * BYTES_PER_VOXEL for shape in shapes)


def files_of(training: TrainingRun) -> tuple[ApprovedCase, ...]:
    """Return the cases of a training with their files, each checked against its hash.

    Raises
    ------
    ValidationError
        As `require_still_approved`, or if a file is not the recorded one.
    """
    return tuple(_files(case) for case in require_still_approved(training))


def require_still_approved(training: TrainingRun) -> list[TrainingCase]:
    """Return the cases of a training; the files are not looked at.

    Raises
    ------
    ValidationError
        If a mask is no longer approved or an image no longer in use: what was begun with it must
        not go on.
    """
    cases = list(
        training.cases.filter(left_out="").select_related(
            "review__run__t1w_scan", "review__run__result", "t2w_scan"
        )
    )
    of_these = masks.approved().filter(pk__in=[case.review_id for case in cases])
    still = dict(of_these.values_list("pk", "t2w_scan"))
    if any(still.get(case.review_id) != case.t2w_scan_id for case in cases):
        raise ValidationError(
            "A mask of this training is no longer approved, an image was moved or replaced, or a "
            "consent has ended. Order the training again: it takes what is approved now."
        )
    return cases


def is_still_approved(training: TrainingRun) -> bool:
    """Return whether every mask of a training is approved, and may be used, as when ordered."""
    try:
        require_still_approved(training)
    except ValidationError:
        return False
    return True


def _files(case: TrainingCase) -> ApprovedCase:
    run = case.review.run
    assert case.t2w_scan is not None  # noqa: S101 - without one it is left out
    mask: Path = store.verified(store.root() / run.result.mask_path, run.result.mask_sha256)
    return ApprovedCase(
        name=case.name,
        patient=case.patient_name,
        acq_stratum=case.acq_stratum,
        fold=case.fold,
        t1w=str(mask_pictures.image_of(run.t1w_scan)),
        t2w=str(mask_pictures.image_of(case.t2w_scan)),
        mask=str(mask),
    )
