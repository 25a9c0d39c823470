"""A worker that dies in the middle of a training: another one goes on and finishes it."""

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from segmentation import tasks
from segmentation.models import (
    JobState,
    MaskDecision,
    MaskReview,
    ReleaseState,
    TrainingMember,
    TrainingRun,
)
from segmentation.services import mask_reviews, store, trainings, upkeep
from segmentation.services.segmenters import load_segmenter
from segmentation.training import steps
from tests.support.approved import keep_files, mask_of, new_patient
from tests.support.heads import head
from tests.support.workers import broker, end, start_worker
from tests.support.world import build_world

pytestmark = [
    pytest.mark.faults,
    pytest.mark.chain,
    pytest.mark.timeout(1800),
    pytest.mark.django_db(transaction=True),
]
EPOCHS = 12
WAIT_SECONDS = 600
LOG_LINES = 60
SHOWN = (
    "state", "attempt", "failure_code", "message", "progress", "progress_step", "progress_at",
    "epochs_done", "pseudo_dice", "lease_until", "not_before", "worker",
)  # fmt: skip


def wait_for(condition, what: str, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        put_off = TrainingRun.objects.filter(not_before__isnull=False).exists()
        # Nobody rings here for what is put off: to wait on would only hide why it was.
        assert not put_off, f"{what}: put off. {story()}"
        assert time.monotonic() < deadline, f"{what}: waited {seconds:.0f} s. {story()}"
        time.sleep(0.2)


def story() -> str:
    """Return how the training stands and what its steps said last."""
    row = TrainingRun.objects.values(*SHOWN).get()
    log = trainings.work_folder(TrainingRun.objects.get()) / steps.LOG
    lines = log.read_text(errors="replace").splitlines() if log.exists() else ["no log is there"]
    return "\n".join([str(row), *lines[-LOG_LINES:]])


def end_if_running(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        end(worker)


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


def is_gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True


def test_a_training_goes_on_after_its_worker_was_killed_and_no_epoch_counts_twice(tmp_path: Path):
    world = build_world()
    reader, manager = world.user("reader"), world.user("data_manager")
    for number, size in enumerate((0.93, 0.95, 0.97)):
        run = mask_of(new_patient(world, f"A-{100 + number}"), 1.0)
        keep_files(run, head(size), tmp_path, until=26 + 2 * number)
        mask_reviews.give_masks(masks=[run], reviewer=reader, by=manager)
        review = mask_reviews.execute_next(worker="test")
        assert review is not None
        assert (review.state, review.message) == (JobState.SUCCEEDED, "")
        assert set(review.pictures) == {"T1w", "T2w", "outline", "step_mm"}
        picture = store.mosaic_path(review.pictures["outline"]).read_bytes()
        assert picture.startswith(b"\x89PNG")
        mask_reviews.decide(review=review, decision=MaskDecision.APPROVED, note="", by=reader)
    assert MaskReview.objects.filter(decision=MaskDecision.APPROVED).count() == 3
    training = trainings.order(
        study=world.study,
        name="ours",
        version="1",
        network="tiny",
        device="cpu",
        epochs=EPOCHS,
        iterations=10,
        by=world.user("administrator"),
    )
    with broker(), ExitStack() as started:
        doomed = start_worker("cpu", MLDTRIAL_TRAINING_THREADS="1", nnUNet_results="/nowhere")
        started.callback(end_if_running, doomed)
        tasks.ring_trainings()
        wait_for(
            lambda: TrainingRun.objects.get().epochs_done >= 2 or has_ended(), "the first epochs"
        )
        at_the_kill = TrainingRun.objects.get()
        assert at_the_kill.state == JobState.RUNNING, story()
        assert at_the_kill.epochs_done < EPOCHS, story()
        children = children_of(doomed.pid)
        assert len(children) == 1, f"{children}: {story()}"
        (child,) = children
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.wait(timeout=10)
        # The child does not train on for nobody.
        wait_for(lambda: is_gone(child), "the end of the child", 30)
        wait_for(was_taken_back, "the sweep", 30)
        heir = start_worker("cpu", MLDTRIAL_TRAINING_THREADS="1")
        started.callback(end_if_running, heir)
        tasks.ring_trainings()
        wait_for(has_ended, "the end of the training")
        # The files go after the model is on record; a worker killed between leaves them.
        done = TrainingRun.objects.get()
        assert (done.state, done.message) == (JobState.SUCCEEDED, ""), story()
        wait_for(lambda: not trainings.work_folder(training).exists(), "the end of the files", 30)
        end(heir)
    assert done.attempt == 2
    assert (done.epochs_done, len(done.pseudo_dice)) == (EPOCHS, EPOCHS)
    assert done.pseudo_dice[: at_the_kill.epochs_done] == at_the_kill.pseudo_dice
    model = done.model_version
    assert model is not None
    assert (model.state, model.manifest["epochs"]) == (ReleaseState.CANDIDATE, EPOCHS)
    assert model.manifest["trainer_name"] == "nnUNetTrainer"
    assert model.manifest["mirroring_axes"] == [2]
    used = done.cases.filter(left_out="")
    assert used.count() == 3
    members = TrainingMember.objects.filter(training_set=model.pk)
    codes = set(used.filter(fold__isnull=False).values_list(
        "review__run__visit__patient__subject_code", flat=True
    ))  # fmt: skip
    assert {member.subject_code for member in members} == codes
    assert members.filter(patient__isnull=True).count() == 0
    assert len(codes) == 2
    (evaluation,) = model.evaluations.all()
    assert evaluation.study == world.study
    (case,) = evaluation.cases
    assert case["case"] == used.get(fold__isnull=True).name
    assert case["truth_ml"] == pytest.approx(used.get(fold__isnull=True).mask_ml)
    assert "1 held-out patient" in evaluation.data
    assert all(c.learnt_ml == pytest.approx(c.mask_ml, rel=0.1) for c in used.exclude(fold=None))
    assert "Trained on masks of MLD-1" in model.card
    assert load_segmenter(model).name == "ours"
    connection.close()


def was_taken_back() -> bool:
    """End the lease and sweep; what the dead worker had sent may extend the lease once more."""
    TrainingRun.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now())
    return upkeep.sweep().trainings_taken_back == 1


def has_ended() -> bool:
    return TrainingRun.objects.get().is_finished
