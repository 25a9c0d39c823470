"""Load the segmenter of a model version once per process."""

import os
from dataclasses import fields
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from django.conf import settings

from segmentation.inference.base import Segmenter
from segmentation.inference.clusterize import ClusterParameters
from segmentation.inference.conventional import ConventionalSegmenter
from segmentation.models import MADE_ELSEWHERE, Method, ModelVersion
from segmentation.services import store

NNUNET_BACKEND = "segmentation.inference.nnunet"


class ModelChangedError(Exception):
    """The files of a registered model are not the registered ones."""


def load_segmenter(model: ModelVersion) -> Segmenter:
    """Return the segmenter of a registered model, loaded once and kept warm.

    Raises
    ------
    ModelChangedError
        If the manifest differs from the registered one, whose results these would not be, or the
        masks of the method are made elsewhere.
    """
    if is_made_elsewhere(model):
        raise ModelChangedError("The masks of this method are made elsewhere and imported.")
    if model.method == Method.CONVENTIONAL:
        return _conventional(model)
    # A folder given before the store kept models is absolute, and stands for itself.
    folder = str(store.root() / model.folder)
    return _load(model.method, folder, model.sha256, settings.SEGMENTATION_DEVICE)


@lru_cache(maxsize=2)
def _load(method: str, folder: str, sha256: str, device: str) -> Segmenter:
    if method == Method.TEST:
        return _threshold()
    if store.sha256_of(Path(folder) / "manifest.json") != sha256:
        raise ModelChangedError("The manifest differs from the registered one.")
    # By name: nothing but a segmentation worker may load torch.
    backend = import_module(NNUNET_BACKEND)
    segmenter: Segmenter = backend.NnUnetSegmenter(Path(folder), device=device)
    return segmenter


def _conventional(model: ModelVersion) -> Segmenter:
    names = {field.name for field in fields(ClusterParameters)}
    stated = {name: value for name, value in model.manifest.items() if name in names}
    segmenter = ConventionalSegmenter(ClusterParameters(**stated))
    if segmenter.sha256 != model.sha256:
        raise ModelChangedError("This program has another definition of the registered method.")
    return segmenter


def is_made_elsewhere(model: ModelVersion) -> bool:
    """Return whether a method has no segmenter here: its masks are imported."""
    return bool(model.manifest.get(MADE_ELSEWHERE))


def _threshold() -> Segmenter:
    if not settings.ALLOW_TEST_SEGMENTERS:
        raise ModelChangedError("The threshold method is for tests only.")
    from segmentation.inference.threshold import ThresholdSegmenter

    return ThresholdSegmenter(duration_s=float(os.environ.get("THRESHOLD_SECONDS", "0")))
