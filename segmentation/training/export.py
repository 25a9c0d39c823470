"""Turn a trained checkpoint of this package into a model folder that is loaded without pickle."""

import json
from pathlib import Path
from typing import Any

from segmentation.inference.conversion import read_checkpoint, store_weights, write_manifest
from segmentation.inference.model_folder import DATASET, PLANS, WEIGHTS
from segmentation.inference.preprocessing import PREPROCESSING_VERSION
from segmentation.phantom.variation import PLAIN
from segmentation.training.trainer import (
    CONFIGURATION,
    DATASET_ID,
    SMALL_PLANS,
    kept_name,
    kept_share,
)

MODEL_NAME = "mld-phantom"
VERSION_OF_BOTH_IMAGES, VERSION_OF_T2W_WHERE_IT_IS = "2", "4"
TILE_STEP_SIZE = 0.5
MIRRORING_AXES = (2,)
"""Left and right only (arrays are k, j, i): the other mirrors of a head do not occur."""


def export_model(
    work: Path, out: Path, *, kept: int | None = None, without_t2w: float | None = None
) -> Path:
    """Write the model folder of the last checkpoint of a training.

    Half-precision weights, each tensor once; optimiser state and everything that only a
    pickle could hold is left behind.

    Parameters
    ----------
    kept : int, optional
        The checkpoint that was kept after so many epochs, instead of the last.
    without_t2w : float, optional
        Share of the samples that were learnt from T1w alone, of a training that did not keep it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the training kept another share.
    """
    path = _checkpoint(work, kept)
    share = _share(path.parent, without_t2w)
    checkpoint = read_checkpoint(path)
    out.mkdir(parents=True, exist_ok=True)
    aliases = store_weights(checkpoint.weights, out / WEIGHTS, is_half=True)
    folder = next((work / "preprocessed").glob(f"Dataset{DATASET_ID}_*"))
    plans = json.loads((folder / f"{SMALL_PLANS}.json").read_text())
    (out / PLANS).write_text(json.dumps(plans, indent=1) + "\n")
    dataset = json.loads((folder / DATASET).read_text())
    (out / DATASET).write_text(json.dumps(dataset, indent=1) + "\n")
    # A data set that does not say so was drawn before phantoms varied.
    phantoms = dataset.get("phantoms", PLAIN.version)
    manifest = {
        **_manifest(aliases, epochs=checkpoint.epochs, phantoms=phantoms),
        **(_of_t2w_where_it_is(share) if share else {}),
    }
    write_manifest(out, manifest, (WEIGHTS, PLANS, DATASET))
    return out


def _checkpoint(work: Path, kept: int | None) -> Path:
    folder = next((work / "results").glob(f"Dataset{DATASET_ID}_*/*/fold_0"))
    whole = ("checkpoint_final.pth", "checkpoint_latest.pth", "checkpoint_best.pth")
    for name in whole if kept is None else (kept_name(kept),):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError("The training has left no checkpoint.")


def _share(folder: Path, stated: float | None) -> float:
    """Return the share that the training kept, else the one stated; neither: no sample."""
    kept = kept_share(folder)
    if kept is not None and stated not in (None, kept):
        raise ValueError(
            f"The training learnt {kept} of its samples without T2w, and {stated} was stated."
        )
    return kept or stated or 0.0


def _of_t2w_where_it_is(share: float) -> dict[str, Any]:
    return {
        "version": VERSION_OF_T2W_WHERE_IT_IS,
        "optional_sequences": ["T2w"],
        "without_t2w": share,
    }


def _manifest(aliases: dict[str, str], *, epochs: int, phantoms: str) -> dict[str, Any]:
    return {
        "name": MODEL_NAME,
        "version": VERSION_OF_BOTH_IMAGES,
        "is_demonstration": True,
        "sequences": ["T1w", "T2w"],
        "labels": {"demyelinated_white_matter": 1},
        "configuration": CONFIGURATION,
        "tile_step_size": TILE_STEP_SIZE,
        "mirroring_axes": list(MIRRORING_AXES),
        "preprocessing": PREPROCESSING_VERSION,
        "phantoms": phantoms,
        "epochs": epochs,
        "aliases": aliases,
    }
