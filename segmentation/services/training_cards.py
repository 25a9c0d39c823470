"""The card of a model that was trained here, written from what is on record."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segmentation.inference.model_folder import METRICS
from segmentation.models import TrainingCase, TrainingRun
from segmentation.training import approved


def name_data(metrics: Path, training: TrainingRun) -> None:
    """Say in the report of a measurement what was measured; without a report, nothing."""
    if not metrics.exists():
        return
    report = json.loads(metrics.read_text(encoding="utf-8"))
    held_out = training.cases.filter(left_out="", fold__isnull=True)
    patients = held_out.values("patient_name").distinct().count()
    noun = "patient" if patients == 1 else "patients"
    report["data"] = (
        f"approved masks of {held_out.count()} visits of {patients} held-out {noun} of "
        f"{training.study.code}"
    )
    approved.write_json(metrics, report)


def card(training: TrainingRun, folder: Path) -> str:
    """Return the card as Markdown: what it was trained on, how, and what it says nothing about."""
    used = list(training.cases.filter(left_out=""))
    learnt = [case for case in used if case.fold is not None]
    held_out = [case for case in used if case.fold is None]
    left_out = Counter(training.cases.exclude(left_out="").values_list("left_out", flat=True))
    methods = Counter(
        str(case.review.run.model_version)
        for case in training.cases.filter(left_out="").select_related("review__run__model_version")
    )
    lines = [
        f"# {training}",
        "",
        f"Trained on masks of {training.study.code} that people looked at and approved. "
        "**A candidate: nobody has promoted it.**",
        "",
        "## Trained on",
        "",
        f"- {len(learnt)} visits of {_patients(learnt)} patients ({_strata(learnt)}); "
        f"{_patients(held_out)} patients with {len(held_out)} visits ({_strata(held_out)}) were "
        "held out. No patient is on both sides.",
        f"- Masks made by: {', '.join(f'{name} ({n})' for name, n in sorted(methods.items()))}.",
        *[f"- Not used, {n} visits or masks: {why}" for why, n in sorted(left_out.items())],
        f"- {approved.MAPPING} {_volumes(learnt)}",
        "",
        "## How",
        "",
        f"- nnU-Net's planner, preprocessing and trainer; network: "
        f"{training.get_network_display()}; device: {training.get_device_display()}.",
        f"- {training.trained_folds} of 5 patient-level folds; at most {training.epochs} epochs of "
        f"{training.iterations} steps, {_end(training)}",
        f"- Augmentation mirrors left and right only. Seed {training.seed}.",
        "",
        "## Measured",
        "",
        _measured(folder),
        "",
        "## Limits",
        "",
        "- Truth is a mask that a person approved, not one that a person drew from nothing: the "
        "network learns the habits of the method that made it.",
        f"- Other scanners, sites and stages than those of {training.study.code} were not seen.",
        "",
    ]
    return "\n".join(lines)


def _patients(cases: Sequence[TrainingCase]) -> int:
    return len({case.patient_name for case in cases})


def _strata(cases: Sequence[TrainingCase]) -> str:
    found = Counter(case.acq_stratum for case in cases)
    return ", ".join(f"{stratum}: {n}" for stratum, n in sorted(found.items())) or "none"


def _volumes(cases: Sequence[TrainingCase]) -> str:
    """Say how far the volume of the masks changed on the way to the network's voxel size."""
    changes = [
        100 * (case.learnt_ml / case.mask_ml - 1)
        for case in cases
        if case.mask_ml and case.learnt_ml is not None
    ]
    if not changes:
        return ""
    return (
        f"By that their volume changed by {np.median(changes):+.1f} % in the median "
        f"({min(changes):+.1f} to {max(changes):+.1f} %)."
    )


def _end(training: TrainingRun) -> str:
    if training.epochs_done < training.epochs:
        return f"ended after {training.epochs_done}: {training.patience} without a better one."
    return "all of them done."


def _measured(folder: Path) -> str:
    if (folder / METRICS).exists():
        return "On the held-out patients; the figures stand with the model, by stratum and tertile."
    return "On nobody: no patient was held out, or none could be measured."
