"""What a trained-model folder of stock nnU-Net says of itself, and what is asked of it.

``dataset.json`` and ``plans.json`` are read, never believed: nnU-Net looks up network classes
and their parts by the names in the plans, so that only names of a short list are let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation.inference.model_folder import (
    DATASET,
    SEQUENCES,
    TERMS,
    ModelFolderError,
    check_sequences,
    check_terms,
    read_json,
)

FINAL, BEST = "checkpoint_final.pth", "checkpoint_best.pth"
CONFIGURATIONS = ("3d_fullres", "3d_lowres", "2d")
"""Those that need no other network's result; a cascade does."""
_UNET = "dynamic_network_architectures.architectures.unet"
ARCHITECTURES = frozenset({f"{_UNET}.PlainConvUNet", f"{_UNET}.ResidualEncoderUNet"})
IMPORTED_PARTS = ("conv_op", "norm_op", "dropout_op", "nonlin")
PARTS = frozenset(
    {
        None,
        "torch.nn.modules.conv.Conv2d",
        "torch.nn.modules.conv.Conv3d",
        "torch.nn.modules.instancenorm.InstanceNorm2d",
        "torch.nn.modules.instancenorm.InstanceNorm3d",
        "torch.nn.LeakyReLU",
        "torch.nn.modules.activation.LeakyReLU",
        "torch.nn.ReLU",
        "torch.nn.modules.activation.ReLU",
    }
)
_EPOCHS = (1, 5, 10, 20, 50, 100, 250, 500, 750, 1000, 2000, 4000, 8000)
TRAINERS = frozenset(
    {
        "nnUNetTrainer",
        "nnUNetTrainerNoMirroring",
        "nnUNetTrainer_onlyMirror01",
        "nnUNetTrainerDA5",
        "nnUNetTrainerNoDeepSupervision",
        "MldTrainer",
        *(f"nnUNetTrainer_{n}epoch{'s' if n > 1 else ''}" for n in _EPOCHS),
        *(f"nnUNetTrainer_{n}epoch{'s' if n > 1 else ''}_NoMirroring" for n in _EPOCHS),
    }
)
"""Trainers that build the network as the plans say; others may build another one."""
AS_PLANNED = {
    "preprocessor_name": "DefaultPreprocessor",
    "resampling_fn_data": "resample_data_or_seg_to_shape",
    "resampling_fn_seg": "resample_data_or_seg_to_shape",
    "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
}
NORMALISATION = "ZScoreNormalization"
SPELLINGS = {"t1w": "T1w", "t1": "T1w", "t2w": "T2w", "t2": "T2w"}
NOT_PREDICTED = ("background", "ignore")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person says of a trained folder, because the folder does not.

    Attributes
    ----------
    preprocessing : str
        Version of the steps that the training images went through.
    labels, channels : mapping of str to str
        The folder's spelling to the field's term, and to the sequence.
    folds : tuple of str
        Those to use, in order; empty for all that are there.
    checkpoint_by_fold : mapping of str to str
        Of the folds of which another one than `checkpoint` is taken.
    tile_step_size : float
        Share of the tile between two tiles.
    is_half : bool
        Store half-precision weights: another model, with a validation of its own.
    """

    name: str
    version: str
    preprocessing: str
    labels: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    folds: tuple[str, ...] = ()
    checkpoint: str = FINAL
    checkpoint_by_fold: Mapping[str, str] = field(default_factory=dict)
    tile_step_size: float = 0.5
    is_mirrored: bool = True
    is_half: bool = False
    is_demonstration: bool = False


def dataset_of(folder: Path, stated: Statement) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the sequences in channel order and the labels in the field's terms.

    Raises
    ------
    ModelFolderError
        If a channel or a label is not understood.
    """
    dataset = read_json(folder, DATASET)
    return _sequences(dataset, stated), _labels(dataset, stated)


def _sequences(dataset: Mapping[str, Any], stated: Statement) -> tuple[str, ...]:
    named = dataset.get("channel_names")
    if not isinstance(named, dict):
        raise ModelFolderError(f"{DATASET} has no channel_names.")
    if sorted(named) != [str(index) for index in range(len(named))]:
        raise ModelFolderError(f"{DATASET} does not number its channels from 0 on.")
    ordered = [str(named[str(index)]) for index in range(len(named))]
    found = []
    for name in ordered:
        sequence = stated.channels.get(name, SPELLINGS.get(name.casefold()))
        if sequence is None:
            raise ModelFolderError(
                f"The channel {name} is not known as {' or '.join(SEQUENCES)}. Say which it is, "
                f"for example --channel {name}={SEQUENCES[0]}."
            )
        found.append(sequence)
    unused = sorted(set(stated.channels) - set(ordered))
    if unused:
        raise ModelFolderError(f"{DATASET} has no channel {unused[0]}.")
    check_sequences(found)
    return tuple(found)


def _labels(dataset: Mapping[str, Any], stated: Statement) -> dict[str, int]:
    named = dataset.get("labels")
    if not isinstance(named, dict) or named.get("background") != 0:
        raise ModelFolderError(f"{DATASET} has no labels with background 0.")
    if dataset.get("regions_class_order"):
        raise ModelFolderError("The model predicts regions that overlap, which is not supported.")
    unused = sorted(set(stated.labels) - set(named))
    if unused:
        raise ModelFolderError(f"{DATASET} has no label {unused[0]}.")
    found: dict[str, int] = {}
    for name, value in named.items():
        if name in NOT_PREDICTED:
            continue
        term = stated.labels.get(name, name)
        if term in found:
            raise ModelFolderError(f"Two labels would mean {term}.")
        found[term] = value
    check_terms(found)
    check_classes(found)
    return found


def check_plans(plans: Mapping[str, Any], configuration: str, *, channels: int) -> str:
    """Check a configuration of plans; return the name of its architecture.

    Raises
    ------
    ModelFolderError
        If the configuration is unknown, does not fit the channels, or asks for a class or a
        function that is not on the list.
    """
    found = _resolved(plans, configuration)
    if plans.get("label_manager") != "LabelManager":
        raise ModelFolderError(f"The label manager {plans.get('label_manager')} is not supported.")
    for key, expected in AS_PLANNED.items():
        if found.get(key) != expected:
            raise ModelFolderError(
                f"The plans ask for {key} {found.get(key)}; only {expected} is supported."
            )
    _check_channels(plans, found, channels)
    return _architecture(found)


def check_architecture(plans: Mapping[str, Any], configuration: str) -> str:
    """Check what nnU-Net would look up by name and call; return the name of the architecture.

    Raises
    ------
    ModelFolderError
        If it is not on the list.
    """
    return _architecture(_resolved(plans, configuration))


def check_agreement(dataset: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Check that a manifest means the channels and labels that its network was trained with.

    Raises
    ------
    ModelFolderError
        If it gives a label another number, names other sequences or mirrors what is no axis.
    """
    _agree_on_labels(dataset, manifest["labels"])
    channels = dataset.get("channel_names", {})
    stated = list(manifest["sequences"])
    # A spelling of its own was explained when the folder was converted, and is not known here.
    known = [
        SPELLINGS.get(str(channels.get(str(number))).casefold(), sequence)
        for number, sequence in enumerate(stated)
    ]
    if len(channels) != len(stated) or known != stated:
        raise ModelFolderError(f"The manifest names other sequences than {DATASET}.")
    axes = list(manifest["mirroring_axes"])
    if sorted(axes) != sorted({axis for axis in axes if axis in (0, 1, 2)}):
        raise ModelFolderError("The mirrored axes must be some of 0, 1 and 2, each once.")


def _agree_on_labels(dataset: Mapping[str, Any], labels: Mapping[str, int]) -> None:
    named = dataset.get("labels", {})
    predicted = {name: value for name, value in named.items() if name not in NOT_PREDICTED}
    check_classes(predicted)
    if sorted(labels.values()) != sorted(predicted.values()):
        raise ModelFolderError(f"The labels of the manifest are not those of {DATASET}.")
    other = [name for name in predicted if name in TERMS and labels.get(name) != predicted[name]]
    if other:
        raise ModelFolderError(f"The manifest gives {other[0]} another number than {DATASET}.")


def check_classes(labels: Mapping[str, Any]) -> None:
    """Raise `ModelFolderError` unless labels are 1, 2, ...: a network tells classes by number."""
    values = list(labels.values())
    is_whole = all(type(value) is int for value in values)
    if not is_whole or sorted(values) != list(range(1, len(values) + 1)):
        raise ModelFolderError(f"The labels of {DATASET} must be 1, 2, ... and leave none out.")


def _resolved(plans: Mapping[str, Any], configuration: str) -> dict[str, Any]:
    """Return a configuration with what it inherits."""
    known = plans.get("configurations", {})
    if configuration not in CONFIGURATIONS or configuration not in known:
        raise ModelFolderError(
            f"The configuration {configuration} is not supported, or not in the plans; supported "
            f"are {', '.join(CONFIGURATIONS)}."
        )
    found: dict[str, Any] = {}
    name: str | None = configuration
    passed: set[str] = set()
    while name is not None:
        if name in passed or name not in known:
            raise ModelFolderError(f"What the configuration {configuration} inherits is not there.")
        passed.add(name)
        found = {**known[name], **found}
        name = known[name].get("inherits_from")
    return found


def _check_channels(plans: Mapping[str, Any], found: Mapping[str, Any], channels: int) -> None:
    schemes = found.get("normalization_schemes", [])
    masked = found.get("use_mask_for_norm", [])
    seen = plans.get("foreground_intensity_properties_per_channel", {})
    if not len(schemes) == len(masked) == len(seen) == channels:
        raise ModelFolderError(
            f"The plans were made for {len(schemes)} channels, {DATASET} names {channels}."
        )
    other = [scheme for scheme in schemes if scheme != NORMALISATION]
    if other:
        raise ModelFolderError(
            f"The plans ask for {other[0]}; only {NORMALISATION}, nnU-Net's choice for MRI, is "
            "supported."
        )


def _architecture(found: Mapping[str, Any]) -> str:
    architecture = found.get("architecture")
    if not isinstance(architecture, dict):
        raise ModelFolderError(
            "The plans say nothing of an architecture: they are of an early nnU-Net. Plan with "
            "a later one."
        )
    name = str(architecture.get("network_class_name"))
    if name not in ARCHITECTURES:
        raise ModelFolderError(
            f"The network {name} is not on the list: {', '.join(sorted(ARCHITECTURES))}."
        )
    arguments = architecture.get("arch_kwargs", {})
    for part in architecture.get("_kw_requires_import", []):
        asked = arguments.get(part)
        is_known = asked is None or (isinstance(asked, str) and asked in PARTS)
        if part not in IMPORTED_PARTS or not is_known:
            raise ModelFolderError(
                f"The network asks for {part} {asked}, which is not on the list."
            )
    return name


def checkpoints_of(folder: Path, stated: Statement) -> dict[str, Path]:
    """Return the checkpoint of each fold, in the order asked for.

    Raises
    ------
    ModelFolderError
        If a fold is missing, or has not the checkpoint asked for.
    """
    there = sorted(path.name.removeprefix("fold_") for path in folder.glob("fold_*"))
    # As nnU-Net does: the network trained on everything is used only if asked for.
    folds = stated.folds or tuple(name for name in there if name != "all") or tuple(there)
    if not folds:
        raise ModelFolderError("The folder has neither manifest.json nor a fold_0.")
    if len(set(folds)) < len(folds):
        raise ModelFolderError("A fold is asked for twice.")
    found = {}
    for fold in folds:
        if fold not in there:
            raise ModelFolderError(
                f"fold_{fold} is not there; the folder has folds {', '.join(there) or 'none'}."
            )
        name = stated.checkpoint_by_fold.get(fold, stated.checkpoint)
        path = folder / f"fold_{fold}" / name
        if not path.is_file():
            raise ModelFolderError(
                f"fold_{fold} has no {name}. Train it to the end, or choose the "
                "checkpoint with --checkpoint."
            )
        found[fold] = path
    return found


def weights_in_words(manifest: Mapping[str, Any]) -> str | None:
    """Return after which epoch the weights of a converted folder were taken; None if not stated."""
    folds = manifest.get("folds") or [manifest]
    shared = manifest.get("checkpoint")
    told = [_taken(fold.get("checkpoint", shared), fold.get("epochs")) for fold in folds]
    if len(set(told)) == 1:
        return told[0]
    return "; ".join(
        f"fold {fold.get('fold')}: {words}"
        for fold, words in zip(folds, told, strict=True)
        if words
    )


def _taken(checkpoint: str | None, epoch: int | None) -> str | None:
    why = {FINAL: "the last", BEST: "the best by smoothed pseudo-Dice"}.get(checkpoint or "")
    return None if why is None or epoch is None else f"after epoch {epoch}, {why}"


def check_trainer(name: str) -> None:
    """Raise `ModelFolderError` unless a trainer is known to build the network of the plans."""
    if name not in TRAINERS:
        raise ModelFolderError(
            f"The trainer {name} is not known: it may build another network than the plans say."
        )
