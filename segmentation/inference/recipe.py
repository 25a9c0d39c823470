"""What the plans of an nnU-Net ask for, once it is known that all of it can be followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from segmentation.inference.networks import ModelError
from segmentation.inference.normalisation import SCHEMES, Normalisation

RESAMPLING = "resample_data_or_seg_to_shape"
LARGEST_LABEL = 254


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps around the network, in nnU-Net's axis order k, j, i after its own transposition.

    Attributes
    ----------
    spacing_mm : tuple of float
        Voxel size the network works at; of two numbers, the slices keep their distance.
    patch : tuple of int
        Voxels of a tile; two for a network of slices.
    forward, backward : tuple of int
        Transposition before and after.
    channels : sequence of Normalisation
        One for each channel.
    order : int
        Order of the spline of the intensities.
    separate_z_images, separate_z_logits : bool or None
        Resample thick slices one by one: always, never, or by the voxel size.
    classes : int
        Outputs of the network, background first.
    """

    spacing_mm: tuple[float, ...]
    patch: tuple[int, ...]
    forward: tuple[int, ...]
    backward: tuple[int, ...]
    channels: Sequence[Normalisation]
    order: int
    separate_z_images: bool | None
    separate_z_logits: bool | None
    classes: int


def read_recipe(plans: dict[str, Any], dataset: Mapping[str, Any], configuration: str) -> Recipe:
    """Return the recipe of a configuration.

    Raises
    ------
    ModelError
        If the plans ask for something that the steps here do not do as nnU-Net does.
    """
    manager = PlansManager(plans)
    of = manager.get_configuration(configuration)
    labels = manager.get_label_manager(dataset)
    _require("DefaultPreprocessor", of.preprocessor_name, "the preprocessor")
    _require("LabelManager", type(labels).__name__, "the label manager")
    _require(None, of.previous_stage_name, "the previous stage of the cascade")
    _require(False, labels.has_regions, "training on regions:")
    if max(labels.all_labels) > LARGEST_LABEL:
        raise ModelError(f"The model has labels above {LARGEST_LABEL}; a mask holds no larger one.")
    images = _resampling(of.configuration, "resampling_fn_data", orders=(0, 1, 2, 3))
    logits = _resampling(of.configuration, "resampling_fn_probabilities", orders=(1,))
    for scheme in of.normalization_schemes:
        if scheme not in SCHEMES:
            raise ModelError(f"The model normalises by {scheme}; known are {', '.join(SCHEMES)}.")
    known = manager.foreground_intensity_properties_per_channel
    return Recipe(
        spacing_mm=tuple(of.spacing),
        patch=tuple(of.patch_size),
        forward=tuple(manager.transpose_forward),
        backward=tuple(manager.transpose_backward),
        channels=[
            Normalisation(scheme, bool(inside_only), known[str(number)])
            for number, (scheme, inside_only) in enumerate(
                zip(of.normalization_schemes, of.use_mask_for_norm, strict=True)
            )
        ],
        order=images["order"],
        separate_z_images=images["force_separate_z"],
        separate_z_logits=logits["force_separate_z"],
        classes=labels.num_segmentation_heads,
    )


def _require(expected: object, found: object, what: str) -> None:
    if found != expected:
        raise ModelError(f"The model asks for {what} {found}, which is not supported here.")


def _resampling(
    configuration: Mapping[str, Any], name: str, *, orders: Sequence[int]
) -> Mapping[str, Any]:
    """Return the options of a resampling after making sure that it is the default one."""
    _require(RESAMPLING, configuration[name], "the resampling")
    options = {"order_z": 0, "force_separate_z": False, **configuration[f"{name}_kwargs"]}
    known = {"is_seg", "order", "order_z", "force_separate_z"}
    is_known = set(options) <= known and options["order_z"] == 0 and not options.get("is_seg")
    if not is_known or options.get("order", 3) not in orders:
        raise ModelError(f"The model asks for {name} with options that are not supported here.")
    return {"order": 3, **options}
