"""A model folder as this platform keeps it: what its manifest must say, checked before use.

    manifest.json              name, version, labels, sequences, settings, sha256 of every file
    plans.json, dataset.json   as nnU-Net wrote them
    weights.safetensors        one fold, its second names in ``aliases``; or, in ``folds``,
    fold_0.safetensors ...     several, each with its own

Nothing here needs torch, so that a folder can be checked wherever it is registered.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation.imaging.checksum import sha256_of
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER

MANIFEST, PLANS, DATASET = "manifest.json", "plans.json", "dataset.json"
WEIGHTS = "weights.safetensors"
FINGERPRINT = "dataset_fingerprint.json"
CARD = "MODEL_CARD.md"
METRICS = "metrics.json"
INTERVAL = "interval.json"
KEPT_BESIDE = (CARD, METRICS, INTERVAL)
"""Files that describe a model and make no number; a manifest need not name them."""
SAFE_SUFFIXES = frozenset({".json", ".md", ".safetensors"})
"""Kinds of files that are data only; whatever else a folder holds is not taken over."""
TERMS = (DEMYELINATED_WHITE_MATTER, "white_matter", "brain")
"""The field's terms that a label can have; the first is required."""
SEQUENCES = ("T1w", "T2w")
"""What the preprocessing stacks, in the order of the channels."""
REQUIRED = (
    "name",
    "version",
    "is_demonstration",
    "sequences",
    "labels",
    "configuration",
    "tile_step_size",
    "mirroring_axes",
    "preprocessing",
    "files",
)


class ModelFolderError(Exception):
    """A model folder is not one that can be registered; the message is for people."""


@dataclass(frozen=True, slots=True)
class Fold:
    """The weights of one fold, and which further names its tensors have."""

    weights: str
    aliases: Mapping[str, str]


def folds_of(manifest: Mapping[str, Any]) -> tuple[Fold, ...]:
    """Return the folds of a manifest in order; the older form means one."""
    if "folds" in manifest:
        return tuple(Fold(str(one["weights"]), one.get("aliases", {})) for one in manifest["folds"])
    return (Fold(str(manifest.get("weights", WEIGHTS)), manifest.get("aliases", {})),)


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return an object that a JSON file of a folder holds.

    Raises
    ------
    ModelFolderError
        If the file is missing or holds no JSON object.
    """
    path = folder / name
    if not path.is_file():
        raise ModelFolderError(f"The folder has no {name}.")
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelFolderError(f"{name} is not JSON.") from error
    if not isinstance(found, dict):
        raise ModelFolderError(f"{name} must hold an object.")
    return found


def checked_manifest(folder: Path, *, preprocessing: str) -> dict[str, Any]:
    """Return the manifest of a folder after checking it and every file that it names.

    Parameters
    ----------
    preprocessing : str
        Version of the steps before the network that this platform runs.

    Raises
    ------
    ModelFolderError
        If something is missing, differs from its sha256 or is not understood.
    """
    manifest = read_json(folder, MANIFEST)
    missing = [key for key in REQUIRED if key not in manifest]
    if missing:
        raise ModelFolderError(f"{MANIFEST} does not say: {', '.join(missing)}.")
    try:
        _check_files(folder, manifest["files"])
        _check_meaning(manifest, preprocessing)
        for fold in folds_of(manifest):
            _check_weights(folder, fold, manifest["files"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A list where a mapping belongs, a word where a number does.
        raise ModelFolderError(f"{MANIFEST} is not understood.") from error
    return manifest


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    for needed in (PLANS, DATASET):
        if needed not in files:
            raise ModelFolderError(f"{MANIFEST} names no {needed}.")
    for name, expected in files.items():
        if Path(name).name != name or Path(name).suffix not in SAFE_SUFFIXES:
            raise ModelFolderError(
                f"{MANIFEST} names {name!r}; only {', '.join(sorted(SAFE_SUFFIXES))} files that "
                "lie in the folder itself are taken."
            )
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise ModelFolderError(f"{name} is missing or differs from the manifest's sha256.")


def _check_meaning(manifest: Mapping[str, Any], preprocessing: str) -> None:
    check_sequences(manifest["sequences"])
    check_terms(manifest["labels"])
    check_preprocessing(str(manifest["preprocessing"]), ours=preprocessing)
    if not 0 < float(manifest["tile_step_size"]) <= 1:
        raise ModelFolderError(
            f"The step between tiles is {manifest['tile_step_size']}; it must be above 0 and at "
            "most 1 (a share of the tile)."
        )


def check_sequences(sequences: Sequence[str]) -> None:
    """Raise `ModelFolderError` unless these are the channels that the platform prepares."""
    if tuple(sequences) != SEQUENCES:
        raise ModelFolderError(
            f"The channels are {', '.join(map(str, sequences)) or 'none'}; this platform prepares "
            f"{', '.join(SEQUENCES)}, in this order."
        )


def check_terms(labels: Mapping[str, Any]) -> None:
    """Raise `ModelFolderError` unless labels carry the field's terms, each its own number."""
    unknown = sorted(set(labels) - set(TERMS))
    if unknown:
        raise ModelFolderError(
            f"The label {unknown[0]} is not a term of the field ({', '.join(TERMS)}). Say which "
            f"it is, for example --label {unknown[0]}={DEMYELINATED_WHITE_MATTER}."
        )
    if DEMYELINATED_WHITE_MATTER not in labels:
        raise ModelFolderError(f"No label means {DEMYELINATED_WHITE_MATTER}.")
    values = list(labels.values())
    if not all(type(value) is int and value > 0 for value in values):
        raise ModelFolderError("Each label must be one whole number above 0; regions are not.")
    if len(set(values)) < len(values):
        raise ModelFolderError("Two labels have the same number.")


def check_preprocessing(stated: str, *, ours: str) -> None:
    """Raise `ModelFolderError` unless a model was trained behind the steps that run here."""
    if stated != ours:
        raise ModelFolderError(
            f"The model was trained with the preprocessing {stated or '(not stated)'}; this "
            f"platform runs {ours}."
        )


def _check_weights(folder: Path, fold: Fold, files: Mapping[str, str]) -> None:
    if fold.weights not in files:
        raise ModelFolderError(f"{MANIFEST} gives no sha256 of {fold.weights}.")
    names = tensor_names(folder / fold.weights)
    for alias, name in fold.aliases.items():
        if name not in names or alias in names:
            raise ModelFolderError(
                f"{fold.weights}: the second name {alias} must mean a stored tensor, and be none."
            )


def tensor_names(path: Path) -> frozenset[str]:
    """Return the names of the tensors of a safetensors file, from its header alone.

    Raises
    ------
    ModelFolderError
        If the file has no such header.
    """
    try:
        with path.open("rb") as handle:
            (length,) = struct.unpack("<Q", handle.read(8))
            header = json.loads(handle.read(min(length, path.stat().st_size)))
        return frozenset(header) - {"__metadata__"}
    except (struct.error, ValueError, TypeError) as error:
        raise ModelFolderError(f"{path.name} is not a safetensors file.") from error
