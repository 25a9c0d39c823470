"""Order a training on approved masks, do its work in a process of its own, register the model."""

import errno
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mldtrial.audit.context import acting, because
from mldtrial.trial import policies
from mldtrial.trial.models import Origin, Study
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.inference.model_folder import CARD, MANIFEST, read_json
from segmentation.models import ENDED_BADLY, JobState, ModelVersion, TrainingRun
from segmentation.models.training import TrainedNetwork, TrainingDevice
from segmentation.services import (
    evaluations,
    jobs,
    models,
    store,
    training_cards,
    training_data,
    training_process,
    training_sets,
    transfers,
)
from segmentation.services.heartbeat import held
from segmentation.services.training_sets import Trained
from segmentation.training import approved, steps

ASK_SECONDS = 60.0
"""How often a training asks whether its masks are still approved, and may still be used."""
STEP_WORDS = {
    "cases": "preparing images",
    "plan": "planning",
    "train": "training",
    "export": "converting",
    "evaluate": "measuring held-out patients",
}
UNDER_WAY = "A training with this name and version is under way."
WORK_ENDS = (JobState.SUCCEEDED, JobState.REJECTED, JobState.CANCELLED)
"""After these nothing goes on: the images of patients are removed at once."""
CANCELLED = "Cancelled by a person. Nothing was registered."


@transaction.atomic
def order(
    *,
    study: Study,
    name: str,
    version: str,
    network: str,
    device: str,
    epochs: int,
    iterations: int = 250,
    patience: int = 0,
    trained_folds: int = 1,
    held_out_percent: int = 20,
    seed: int = 1,
    by: Any,
) -> TrainingRun:
    """Order a training on the approved masks of a study, as they are now.

    Parameters
    ----------
    by : User or None
        Who orders it; None for the command line.

    Raises
    ------
    PermissionDenied
        If the person may not train.
    ValidationError
        If the name and version are taken, too few masks are approved, or the device is another
        one than the workers have.
    """
    if by is not None:
        policies.require(by, "train_model", study)
    _require_free(name, version)
    if network == TrainedNetwork.TINY and not settings.ALLOW_TEST_SEGMENTERS:
        raise ValidationError({"network": "This network is for tests only."})
    require_device(device)
    chosen = training_data.require_enough(study, held_out_percent=held_out_percent)
    made = TrainingRun(
        study=study,
        ordered_by=by,
        name=name,
        version=version,
        network=network,
        device=device,
        epochs=epochs,
        iterations=iterations,
        patience=patience,
        trained_folds=trained_folds,
        held_out_percent=held_out_percent,
        seed=seed,
    )
    made.full_clean()
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise ValidationError({"version": UNDER_WAY}) from error
    training_data.record_cases(made, chosen)
    return made


def _require_free(name: str, version: str) -> None:
    if ModelVersion.objects.filter(name=name, version=version).exists():
        raise ValidationError({"version": "A model has this name and version. Give another."})
    others = TrainingRun.objects.filter(name=name, version=version)
    if others.exclude(state__in=ENDED_BADLY).exists():
        raise ValidationError({"version": UNDER_WAY})


def cancel(*, training: TrainingRun, by: Any) -> bool:
    """Stop a training that has not finished; returns whether it had not.

    Raises
    ------
    PermissionDenied
        If the person may not.
    """
    policies.require(by, "train_model", training.study)
    with because("Cancelled"):
        return jobs.cancel(training, message=CANCELLED)


def retry(*, training: TrainingRun, by: Any) -> None:
    """Queue a training that failed again; it goes on after its last finished epoch.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or nothing is gained by another try.
    """
    policies.require(by, "train_model", training.study)
    if training.state != JobState.FAILED:
        raise ValidationError("Only a training that failed goes on. Order another one.")
    _require_free(training.name, training.version)
    jobs.retry(training)


def work_folder(training: TrainingRun) -> Path:
    """Return where a training keeps what it needs to go on after a kill."""
    return store.root() / "trainings" / str(training.pk)


def execute_next(*, worker: str) -> TrainingRun | None:
    """Claim and execute the next waiting training; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        done = jobs.execute_next(TrainingRun, _execute, worker=worker)
    if done is not None and done.state in WORK_ENDS:
        shutil.rmtree(work_folder(done), ignore_errors=True)
    return done


def _execute(training: TrainingRun, heartbeat: jobs.Heartbeat) -> None:
    began = time.monotonic()
    work = work_folder(training)
    cases = _cases(training)
    approved.write_order(work, _order(training, cases))
    heartbeat.progress(steps.read_progress(work).get("share", 0.0), "beginning")
    _require_room(training, work)
    training_process.run(
        work,
        told=lambda found: _tell(training, heartbeat, found),
        check=_checks(training, heartbeat),
    )
    _cases(training)
    heartbeat.check()
    _finish(training, work, seconds=(training.seconds or 0.0) + time.monotonic() - began)


def _checks(training: TrainingRun, heartbeat: jobs.Heartbeat) -> Callable[[], None]:
    """Return what ends a training: its lease is lost or, asked now and then, a mask or consent."""
    asked = time.monotonic()

    def check() -> None:
        nonlocal asked
        heartbeat.check()
        if time.monotonic() - asked >= ASK_SECONDS:
            with _refusing():
                training_data.require_still_approved(training)
            asked = time.monotonic()

    return check


@contextmanager
def _refusing() -> Iterator[None]:
    """Let the job end as refused where a mask is no longer approved."""
    try:
        yield
    except ValidationError as error:
        raise ImageError(FailureCode.IMAGES_CHANGED, " ".join(error.messages)) from error


@_refusing()
def _cases(training: TrainingRun) -> tuple[approved.ApprovedCase, ...]:
    return training_data.files_of(training)


def _order(training: TrainingRun, cases: tuple[approved.ApprovedCase, ...]) -> approved.Order:
    return approved.Order(
        cases=cases,
        name=training.name,
        version=training.version,
        network=training.network,
        epochs=training.epochs,
        iterations=training.iterations,
        patience=training.patience,
        trained_folds=training.trained_folds,
        device=training.device,
        threads=max(1, settings.TRAINING_THREADS),
        is_demonstration=training.study.origin == Origin.DEMO,
    )


def _require_room(training: TrainingRun, work: Path) -> None:
    """Begin only where the volume holds what this training will write.

    Raises
    ------
    OSError
        ENOSPC, so that it is put off.
    """
    is_prepared = (work / "plan.done").exists()
    needed = training_data.room_needed_bytes(training, is_prepared=is_prepared)
    if needed > transfers.room_bytes():
        raise OSError(errno.ENOSPC, f"A training needs {needed / 1024**3:.1f} GiB.")


def _tell(training: TrainingRun, heartbeat: jobs.Heartbeat, found: dict[str, Any]) -> None:
    step = str(found.get("step", ""))
    words = STEP_WORDS.get(step, step)
    if "epoch" in found:
        words = _epoch_words(found)
        values = steps.as_kept(found["values"])
        TrainingRun.objects.filter(
            pk=training.pk, lease_token=training.lease_token, state=JobState.RUNNING
        ).update(epochs_done=found["epoch"], pseudo_dice=values)
    heartbeat.progress(min(found.get("share", 0.0), 0.999), words)


def _epoch_words(found: dict[str, Any]) -> str:
    words = f"epoch {min(found['epoch'] + 1, found['epochs'])} of {found['epochs']}"
    if found.get("folds", 1) > 1:
        words = f"fold {found['fold'] + 1} of {found['folds']}, {words}"
    if found["values"] and isfinite(found["values"][-1]):
        words += f", pseudo-Dice {found['values'][-1]:.2f}"
    left = found.get("seconds_left")
    return words if left is None else f"{words}, {_duration(left)} left"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


def _finish(training: TrainingRun, work: Path, *, seconds: float) -> None:
    """Register the model as a candidate, with its training set, in one transaction."""
    outcomes = approved.read_outcomes(work)
    folder = work / steps.MODEL
    with transaction.atomic():
        if not TrainingRun.objects.select_for_update().filter(held(training)).exists():
            raise jobs.LeaseLostError
        training.epochs_done, training.pseudo_dice = steps.read_epochs(work)
        training.save(update_fields=["epochs_done", "pseudo_dice"])
        _record_outcomes(training, outcomes)
        report = _report(work)
        card = training_cards.card(training, report, manifest=read_json(folder, MANIFEST))
        (folder / CARD).write_text(card, encoding="utf-8")
        model = models.register_model(folder=folder, training=training)
        training_sets.record_training_set(
            model=model,
            patients=_trained(training),
            source=f"training of {training} on approved masks",
            reason="trained here",
        )
        if report is not None and report["cases"]:
            evaluations.record_evaluation(
                model=model,
                report=report,
                data=training_cards.held_out_words(training, report),
                study=training.study,
            )
        jobs.succeed(training, model_version=model, seconds=seconds)


def _report(work: Path) -> dict[str, Any] | None:
    """Return what was measured of held-out patients; None where there were none."""
    path = work / steps.REPORT
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _record_outcomes(training: TrainingRun, outcomes: dict[str, approved.Outcome]) -> None:
    for case in training.cases.filter(left_out="", name__in=list(outcomes)):
        found = outcomes[case.name]
        case.left_out = found.left_out
        case.mask_ml, case.learnt_ml = found.mask_ml, found.learnt_ml
        case.save()


def _trained(training: TrainingRun) -> list[Trained]:
    """Return the patients that a network has seen: those of all folds, who watched it as well."""
    seen = training.cases.filter(left_out="", fold__isnull=False)
    rows = seen.values_list(
        "review__run__visit__patient__study__code", "review__run__visit__patient__subject_code"
    )
    return [Trained(*codes) for codes in sorted(set(rows))]


def device_of_workers() -> str:
    """Return the device that the workers of this installation are declared to have."""
    needs_gpu = settings.SEGMENTATION_DEVICE not in settings.DEVICES_WITHOUT_GPU
    return TrainingDevice.CUDA if needs_gpu else TrainingDevice.CPU


def require_device(device: str) -> None:
    """Refuse a device that no worker of this installation has.

    Raises
    ------
    ValidationError
        If it is another one.
    """
    if device != device_of_workers():
        raise ValidationError({"device": "No worker of this installation has this device."})
