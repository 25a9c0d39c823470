"""The card of a model that was trained here, written from what is on record.

Everybody who has a role in any study may read it: it holds no load, and no figure or count of fewer
patients than the smallest group.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mldtrial.trial.policies import SMALLEST_GROUP
from segmentation.inference.trained_folder import weights_in_words
from segmentation.models import TrainingCase, TrainingRun
from segmentation.selectors.model_page import figure_in_words
from segmentation.training import approved
from segmentation.training.evaluate import CaseResult, summarise, thirds_by_load

AGREEMENT = (
    ("Dice", "dice", 2, ""),
    ("95 % Hausdorff distance", "hausdorff95_mm", 1, " mm"),
    ("surface Dice", "surface_dice", 2, ""),
)
FEW = f"fewer than {SMALLEST_GROUP}"


def held_out_words(training: TrainingRun, report: Mapping[str, Any]) -> str:
    """Return what the network of a training was measured on, or refused to measure."""
    names = {one["case"] for one in [*report["cases"], *report["refused"]]}
    held_out = training.cases.filter(name__in=names)
    patients = held_out.values("patient_name").distinct().count()
    noun = "patient" if patients == 1 else "patients"
    return (
        f"approved masks of {len(names)} visits of {patients} held-out {noun} of "
        f"{training.study.code}"
    )


def card(
    training: TrainingRun, report: Mapping[str, Any] | None, *, manifest: Mapping[str, Any]
) -> str:
    """Return the card as Markdown: what it was trained on, how, and what it says nothing about.

    Parameters
    ----------
    report : mapping or None
        Of the held-out patients, as `evaluate_cases` returns it; None where nobody was measured.
    manifest : mapping
        Of the model's folder.
    """
    cases = list(training.cases.select_related("review__run__model_version"))
    used = [case for case in cases if not case.left_out]
    learnt = [case for case in used if case.fold is not None]
    held_out = [case for case in used if case.fold is None]
    lines = [
        f"# {training}",
        "",
        f"Trained on masks of {training.study.code} that people looked at and approved. "
        "**A candidate: nobody has promoted it.**",
        "",
        "## Trained on",
        "",
        f"- Learnt from: {_counts(learnt)}. By stratum: {_by_stratum(learnt)}.",
        f"- Held out: {_counts(held_out)}. No patient is on both sides.",
        f"- Masks made by: {_methods(used)}.",
        *[f"- Not used: {why}" for why in _not_used(cases)],
        f"- {approved.MAPPING} {_volumes(learnt)}",
        "",
        "## How",
        "",
        f"- nnU-Net's planner, preprocessing and trainer; network: "
        f"{training.get_network_display()}; device: {training.get_device_display()}.",
        f"- {_folds(training, learnt)}; at most {training.epochs} epochs of "
        f"{training.iterations} steps, {_end(training, _trained_folds(training, learnt))}",
        *_weights(manifest),
        f"- Augmentation mirrors left and right only. Seed {training.seed}.",
        "",
        "## Measured",
        "",
        *_measured(held_out, report),
        *_refused(cases, report),
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


def _is_few(cases: Sequence[TrainingCase]) -> bool:
    return _patients(cases) < SMALLEST_GROUP


def _counts(cases: Sequence[TrainingCase]) -> str:
    if not cases:
        return "nobody"
    if _is_few(cases):
        return f"{FEW} patients"
    return f"{len(cases)} visits of {_patients(cases)} patients"


def _grouped(cases: Sequence[TrainingCase], by: str) -> dict[str, list[TrainingCase]]:
    found: dict[str, list[TrainingCase]] = defaultdict(list)
    for case in cases:
        found[str(getattr(case, by))].append(case)
    return dict(sorted(found.items()))


def _by_stratum(cases: Sequence[TrainingCase]) -> str:
    groups = _grouped(cases, "acq_stratum")
    if any(_is_few(group) for group in groups.values()):
        # With the whole, the count of one stratum would tell that of the other.
        return f"{' and '.join(groups)}, one of them of {FEW} patients"
    return "; ".join(f"{stratum}: {_counts(group)}" for stratum, group in groups.items())


def _methods(cases: Sequence[TrainingCase]) -> str:
    made_by = {case.review.run.model_version for case in cases}
    return ", ".join(
        sorted(
            f"{one} (for demonstration)" if one.is_demonstration else str(one) for one in made_by
        )
    )


def _not_used(cases: Sequence[TrainingCase]) -> list[str]:
    """Return the reasons; what befell a few patients only could say something of one of them."""
    groups = _grouped([case for case in cases if case.left_out], "left_out")
    told = [f"{_counts(group)}: {why}" for why, group in groups.items() if not _is_few(group)]
    if len(told) < len(groups):
        told.append(f"masks for reasons that {FEW} patients share; they are on record.")
    return told


def _volumes(cases: Sequence[TrainingCase]) -> str:
    """Say how far the volume of the masks changed on the way to the network's voxel size."""
    known = [case for case in cases if case.mask_ml and case.learnt_ml is not None]
    if _is_few(known):
        return f"How far that changes their volume is not told of {FEW} patients."
    changes = [100 * (case.learnt_ml / case.mask_ml - 1) for case in known]  # type: ignore[operator]
    return f"By that their volume changed by {median(changes):+.1f} % in the median."


def _made_folds(learnt: Sequence[TrainingCase]) -> int:
    """Return how many folds were made: fewer than were meant where there are fewer patients."""
    return len({case.fold for case in learnt})


def _trained_folds(training: TrainingRun, learnt: Sequence[TrainingCase]) -> int:
    return min(training.trained_folds, _made_folds(learnt))


def _folds(training: TrainingRun, learnt: Sequence[TrainingCase]) -> str:
    return f"{_trained_folds(training, learnt)} of {_made_folds(learnt)} patient-level folds"


def _end(training: TrainingRun, trained_folds: int) -> str:
    """Return how the fold that was trained last ended: no more is on record."""
    which = "" if trained_folds == 1 else " in the last fold"
    if training.epochs_done < training.epochs:
        done, patience = training.epochs_done, training.patience
        return f"ended after {done}{which}: {patience} without a better one."
    return f"all of them done{which}."


def _refused(cases: Sequence[TrainingCase], report: Mapping[str, Any] | None) -> list[str]:
    names = {one["case"] for one in (report["refused"] if report is not None else [])}
    group = [case for case in cases if case.name in names]
    if not group:
        return []
    return [f"- Images refused, in none of the figures: {_counts(group)}."]


def _weights(manifest: Mapping[str, Any]) -> list[str]:
    words = weights_in_words(manifest)
    return [] if words is None else [f"- Weights taken: {words}."]


def _measured(held_out: Sequence[TrainingCase], report: Mapping[str, Any] | None) -> list[str]:
    """Return how masks agree in each stratum that has enough patients; that is no load."""
    if report is None or not report["cases"]:
        return ["On nobody: no patient was held out, or none could be measured."]
    found = {one["case"]: CaseResult(**one) for one in report["cases"] if one["dice"] is not None}
    measured = [case for case in held_out if case.name in found]
    lines = [
        "On held-out patients. Who sees the loads of all sites of the study finds the figures on "
        "the page of the model. Medians, with the quartiles in brackets.",
        "",
    ]
    for stratum, group in _grouped(measured, "acq_stratum").items():
        if _is_few(group):
            lines.append(f"- {stratum}: {FEW} patients were measured; no figure of them is here.")
            continue
        results = [found[case.name] for case in group]
        figures = summarise(results)[stratum]
        lines.append(f"- {stratum}, {_counts(group)}: {_agreement(figures, '')}.")
        if not _has_a_few(thirds_by_load(results), group):
            lines.append(
                f"- {stratum}, by tertile of the load, low / middle / high: "
                f"{_agreement(figures, '_by_tertile')}."
            )
    return lines


def _agreement(figures: Mapping[str, Any], among: str) -> str:
    """Return how masks agree, in words; none of these figures is a load."""
    told = [
        (name, figure_in_words(figures, f"{key}_median{among}", digits), unit)
        for name, key, digits, unit in AGREEMENT
    ]
    return ", ".join(f"{name} {words}{unit}" for name, words, unit in told if words is not None)


def _has_a_few(parts: Sequence[Sequence[CaseResult]], cases: Sequence[TrainingCase]) -> bool:
    patient_of = {case.name: case.patient_name for case in cases}
    return any(len({patient_of[one.case] for one in part}) < SMALLEST_GROUP for part in parts)
