"""Take in a mask that was made elsewhere, as the result of another method."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from sys import float_info
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from mldtrial.audit.context import because
from mldtrial.audit.guards import refusal
from mldtrial.trial.models import Scan, Sequence, Visit
from mldtrial.trial.services import locking, participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.foreign_mask import check_place, chosen_label
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_label_map, read_volume, write_label_map
from segmentation.imaging.volume import label_volume_ml
from segmentation.models import JobState, Method, ModelVersion, SegmentationResult, SegmentationRun
from segmentation.selectors.imported_masks import IMPORTED, standing_imports
from segmentation.selectors.usable import usable_scans
from segmentation.services import (
    choosing,
    demo_images,
    mask_corrections,
    mask_scans,
    models,
    runs,
    store,
)

CODE = re.compile(r"[A-Za-z0-9._-]{0,32}")
NUMBERS = {
    "minutes": (float_info.max, "The minutes must be zero or more."),
    "lowest_percent": (100.0, "Expected a percentage from 0 to 100."),
    "step_percent": (100.0, "Expected a percentage from 0 to 100."),
    "smallest_cluster_voxels": (float_info.max, "The voxels must be zero or more."),
}
"""The most that a particular may be, and what is said of more or of less than nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeElsewhere:
    """How a mask was made; what is not known stays None, and is not called no.

    Attributes
    ----------
    software, version : str
        What made the mask; together the method version that its load stands under. Of a corrected
        mask, the method whose mask was corrected.
    method : Method
        CONVENTIONAL, MANUAL for a tracing by hand, CORRECTED for a mask of a method here.
    operator : str
        A code for who made it, never a name.
    minutes : float or None
        How long it took.
    is_edited : bool
        Whether a person changed voxels afterwards.
    voxels_changed : int or None
        How many.
    lowest_percent, step_percent, smallest_cluster_voxels : number or None
        Parameters of a method by clusters.
    has_t1w_fluid_mask : bool or None
        Whether fluid was removed by the T1w image.
    second_operator : str
        A code for who looked at it as well.
    corrected_run : str
        The run whose mask was corrected; found when it is imported.
    """

    software: str
    version: str
    method: Method = Method.CONVENTIONAL
    operator: str
    minutes: float | None = None
    is_edited: bool
    voxels_changed: int | None = None
    lowest_percent: float | None = None
    step_percent: float | None = None
    smallest_cluster_voxels: int | None = None
    has_t1w_fluid_mask: bool | None = None
    second_operator: str = ""
    corrected_run: str = ""


@dataclass(frozen=True, slots=True)
class _Checked:
    """A mask in the grid of the scan it belongs to."""

    scan: Scan
    is_scan_named: bool
    mask: Volume
    brain_volume_ml: float | None


def import_mask(
    *,
    visit: Visit,
    path: Path,
    made: MadeElsewhere,
    label: int | None = None,
    scan_id: UUID | None = None,
    reason: str = "",
) -> SegmentationRun:
    """Record a mask as a finished run of its method, with its load.

    The same mask with the same particulars twice is one. Another one for the same visit and
    method version needs a reason: the run before it is voided and stays readable.

    Parameters
    ----------
    path : Path
        A NIfTI label map in the voxels of a T1w image in use of this visit, in any axis order.
    label : int, optional
        The label of the demyelinated white matter; absent for a mask of 0 and 1.
    scan_id : UUID, optional
        The T1w image that it was drawn on; needed where several in use have its voxels.
    reason : str
        Why another mask takes the place of the one before it.

    Raises
    ------
    ImageError
        If the mask is damaged, not of this image, or larger than the brain.
    ValidationError
        If the visit is held or its patient has no consent for images, it has no T1w image, several
        have these voxels and none is named, a particular is missing, or another mask is there and
        no reason is given.
    """
    _check_particulars(made)
    _require_allowed(visit)
    checked = _checked(visit, path, label, scan_id)
    made = mask_corrections.held_to_its_origin(
        made, visit=visit, scan=checked.scan, mask=checked.mask
    )
    token = uuid4()
    with store.temporary_folder(token) as folder:
        file = folder / "mask.nii.gz"
        write_label_map(file, checked.mask.data, checked.mask.affine, fsync=True)
        mask_sha256 = store.sha256_of(file)
        name = f"{visit.pk}-{mask_sha256[:16]}-{token}.nii.gz"
        target = store.root() / "masks" / name
        try:
            with transaction.atomic():
                known = _known(visit, checked, made, mask_sha256, reason)
                if known is not None:
                    return known
                store.publish(file, target)
                return _record(visit, checked, made, target, mask_sha256)
        except (ImageError, ValidationError):
            target.unlink(missing_ok=True)
            raise
        except IntegrityError as error:
            # Any other fault may come after the commit: then an orphan is for the janitor.
            if refusal(error):
                target.unlink(missing_ok=True)
                locking.require_open(visit)  # held since the look above: said in words
            raise


def _check_particulars(made: MadeElsewhere) -> None:
    if made.method not in (Method.CONVENTIONAL, Method.MANUAL, Method.CORRECTED):
        raise ValidationError("A mask made elsewhere is conventional, drawn or corrected by hand.")
    if not (made.software.strip() and made.version.strip() and made.operator.strip()):
        raise ValidationError("Say which software made the mask, its version, and who operated it.")
    for field in ("operator", "second_operator"):
        if not CODE.fullmatch(getattr(made, field).strip()):
            raise ValidationError(
                {field: "Expected a code of letters, digits, dots and dashes, never a name."}
            )
    for field, (most, words) in NUMBERS.items():
        number = getattr(made, field)
        if number is not None and not 0 <= number <= most:
            raise ValidationError({field: words})
    if made.voxels_changed is not None and (made.voxels_changed < 0 or not made.is_edited):
        raise ValidationError(
            {
                "voxels_changed": "Voxels were changed by hand, or the mask was not edited: "
                "say which."
            }
        )


def _require_allowed(visit: Visit) -> None:
    locking.require_open(visit)
    participation.require_images_allowed(visit.patient)


def _checked(visit: Visit, path: Path, label: int | None, scan_id: UUID | None) -> _Checked:
    """Return the mask in the grid of the T1w image that it was drawn on."""
    label_map = read_label_map(path)
    mask = Volume(chosen_label(label_map, label), label_map.affine)
    scan, fitting = mask_scans.drawn_on(mask, visit=visit, scan_id=scan_id)
    demo_images.ensure_image(scan)
    image = store.verified(store.image_path(scan.image_sha256), scan.image_sha256)
    brain_volume_ml = check_place(fitting, read_volume(image))
    return _Checked(scan, scan_id is not None, fitting, brain_volume_ml)


def _known(
    visit: Visit, checked: _Checked, made: MadeElsewhere, mask_sha256: str, reason: str
) -> SegmentationRun | None:
    """Return the run of this very mask; void the run of another one, for a reason.

    Everything that was looked at before is looked at again, now that the visit is held.
    """
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    _require_allowed(visit)
    mask_corrections.require_origin(made)
    if not usable_scans(Sequence.T1W).filter(visit=visit, pk=checked.scan.pk).exists():
        raise ImageError(
            FailureCode.IMAGES_CHANGED,
            "The T1w image of this mask was moved or replaced meanwhile. Import the mask again.",
        )
    if not checked.is_scan_named:
        mask_scans.drawn_on(checked.mask, visit=visit, scan_id=None)
    before = (
        standing_imports(visit)
        .filter(
            model_version__name=made.software.strip(),
            model_version__version=made.version.strip(),
        )
        .first()
    )
    if before is None:
        return None
    is_same = before.result.mask_sha256 == mask_sha256 and before.t1w_scan_id == checked.scan.pk
    if is_same and before.parameters == _particulars(made):
        return before
    if not reason.strip():
        raise ValidationError(
            {
                "reason": f"This visit has a mask of {before.model_version} already, of "
                f"{before.result.demyelination_load_ml:.1f} mL. Give a reason to put this one in "
                "its place; the one before it stays readable."
            }
        )
    with because(reason.strip()):
        SegmentationRun.objects.filter(pk=before.pk).update(is_voided=True, analysis_flag=False)
    return None


def _record(
    visit: Visit, checked: _Checked, made: MadeElsewhere, target: Path, mask_sha256: str
) -> SegmentationRun:
    model = models.register_made_elsewhere(
        name=made.software.strip(),
        version=made.version.strip(),
        method=made.method,
        is_demonstration=mask_corrections.is_of_demonstration(made),
    )
    particulars = _particulars(made)
    voxels = int(np.count_nonzero(checked.mask.data))
    run = SegmentationRun.objects.create(
        visit=visit,
        site=visit.patient.site,
        state=JobState.SUCCEEDED,
        finished_at=Now(),
        progress=1.0,
        attempt=1,
        t1w_scan=checked.scan,
        model_version=model,
        purpose=IMPORTED,
        parameters=particulars,
        parameters_sha256=runs.sha256_of_json(particulars),
        input_sha256=runs.sha256_of_json({"T1w": checked.scan.image_sha256, "mask": mask_sha256}),
        provenance=_provenance(checked, particulars, model),
        origin=visit.patient.origin,
    )
    SegmentationResult.objects.create(
        run=run,
        mask_path=str(target.relative_to(store.root())),
        mask_sha256=mask_sha256,
        attempt=1,
        voxel_count=voxels,
        demyelination_load_ml=label_volume_ml(checked.mask.data, checked.mask.affine, 1),
    )
    with because("a mask was imported"):
        choosing.flag_for_analysis(visit=visit, model=model)
    run.refresh_from_db()
    return run


def _particulars(made: MadeElsewhere) -> dict[str, Any]:
    told = {**asdict(made), "method": str(made.method)}
    if not made.corrected_run:
        # Masks imported before there were corrected ones have no such particular.
        del told["corrected_run"]
    return told


def _provenance(
    checked: _Checked, particulars: dict[str, Any], model: ModelVersion
) -> dict[str, Any]:
    # No volume: whoever sees the run sees this, and need not be one who sees loads. Nor voxels that
    # were counted here, which bound one.
    told = {
        name: value
        for name, value in particulars.items()
        if name != "voxels_changed" or "corrected_run" not in particulars
    }
    return {
        **told,
        "made_elsewhere": True,
        "inputs": {"T1w": checked.scan.image_sha256},
        "t1w_scan": str(checked.scan.pk),
        "is_t1w_scan_named": checked.is_scan_named,
        "model_sha256": model.sha256,
        "is_brain_found": checked.brain_volume_ml is not None,
    }
