"""Bring the files of a model into a folder of the store's, checked or converted."""

import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from segmentation.inference.model_folder import (
    DATASET,
    KEPT_BESIDE,
    MANIFEST,
    PLANS,
    ModelFolderError,
    checked_manifest,
    read_json,
)
from segmentation.inference.trained_folder import Statement, check_agreement, check_plans

CONVERSION = "segmentation.inference.conversion"
PREPROCESSING = "segmentation.inference.preprocessing"


def bring_in(folder: Path, made: Path, stated: Statement | None) -> dict[str, Any]:
    """Fill `made` with the files of a model; returns the manifest.

    Raises
    ------
    ModelFolderError
        If the folder cannot be taken; the message is for people.
    """
    is_ours = (folder / MANIFEST).is_file()
    if is_ours and stated is not None:
        raise ModelFolderError(f"The folder has a {MANIFEST}, which says all; state nothing else.")
    if not is_ours and stated is None:
        raise ModelFolderError(
            f"The folder has no {MANIFEST}. For a trained-model folder of nnU-Net say --name, "
            "--model-version and --preprocessing."
        )
    ours = import_module(PREPROCESSING).PREPROCESSING_VERSION
    if stated is None:
        _copy(folder, made, checked_manifest(folder, preprocessing=ours))
    else:
        # By name: torch is loaded only where checkpoints are converted.
        import_module(CONVERSION).convert(folder, made, stated)
    # Again: what was checked is what is kept, whatever happened to the folder meanwhile.
    manifest = checked_manifest(made, preprocessing=ours)
    channels = len(manifest["sequences"])
    check_plans(read_json(made, PLANS), str(manifest["configuration"]), channels=channels)
    check_agreement(read_json(made, DATASET), manifest)
    return manifest


def _copy(folder: Path, made: Path, manifest: Mapping[str, Any]) -> None:
    for name in {MANIFEST, *manifest["files"], *KEPT_BESIDE}:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, made / name)


def for_the_record(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without patients, who have a table, and the second names of tensors."""
    left_out = ("aliases", "folds", "training_set")
    kept = {key: value for key, value in manifest.items() if key not in left_out}
    if "folds" in manifest:
        kept["folds"] = [
            {key: value for key, value in fold.items() if key != "aliases"}
            for fold in manifest["folds"]
        ]
    return kept
