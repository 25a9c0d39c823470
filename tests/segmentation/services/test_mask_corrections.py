"""A corrected mask is a method of its own, held to the mask that it began as."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial.models import Visit
from segmentation.models import Method, ModelVersion, SegmentationRun
from segmentation.selectors.mask_reviews import reviewable
from segmentation.services import mask_corrections, mask_import, voiding
from segmentation.services.mask_import import MadeElsewhere
from tests.support.foreign_masks import find_no_head, masks, write_mask
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db
MADE = MadeElsewhere(software="toolbox", version="1.0", operator="OP-2", is_edited=False)
CORRECTED = replace(MADE, method=Method.CORRECTED, is_edited=True, operator="OP-3")


@pytest.fixture
def visit(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A visit with its images and a conventional mask of 5 voxels."""
    find_no_head(monkeypatch)
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    take_in(world.visit_a, write_mask(world.visit_a, tmp_path / "first.nii.gz", 5), MADE)
    return world.visit_a


def take_in(visit: Visit, path: Path, made: MadeElsewhere) -> SegmentationRun:
    return mask_import.import_mask(visit=visit, path=path, made=made)


def test_its_origin_is_named_and_the_changed_voxels_are_counted(visit: Visit, tmp_path: Path):
    origin = SegmentationRun.objects.get()
    path = write_mask(visit, tmp_path / "mask.nii.gz", 8)
    run = take_in(visit, path, CORRECTED)
    origin.refresh_from_db()
    assert str(run.model_version) == "toolbox corrected 1.0"
    assert run.model_version.method == Method.CORRECTED
    assert not run.model_version.is_demonstration
    assert run.model_version.corrects(origin.model_version)
    assert not origin.model_version.corrects(run.model_version)
    assert run.parameters["corrected_run"] == str(origin.pk)
    assert run.parameters["voxels_changed"] == 3
    # Both stand; the origin is another method, and neither takes the place of the other.
    assert (origin.analysis_flag, run.analysis_flag) == (True, True)
    assert "corrected_run" not in origin.parameters
    assert take_in(visit, path, CORRECTED) == run
    # No network learns from it: it may have begun as a network's own mistake.
    assert set(reviewable()) == {origin}


def test_of_a_demonstration_a_demonstration_is_left_and_the_run_tells_no_volume(
    visit: Visit, tmp_path: Path
):
    path = write_mask(visit, tmp_path / "mask.nii.gz", 8)
    ModelVersion.objects.filter(name="toolbox").update(is_demonstration=True)
    run = take_in(visit, path, CORRECTED)
    assert run.model_version.is_demonstration
    # Whoever sees the run sees its provenance, and need not be one who sees loads.
    assert "voxels_changed" not in run.provenance
    assert run.provenance["corrected_run"] == run.parameters["corrected_run"]


@pytest.mark.parametrize(
    ("voxels", "changes", "field", "words"),
    [
        (5, {}, "mask", "This is the very mask of toolbox 1.0"),
        (8, {"version": "2.0"}, "software", "There is no mask of toolbox 2.0 at this T1w image"),
        (8, {"voxels_changed": 4}, "voxels_changed", "3 voxels are changed"),
        (8, {"is_edited": False}, "is_edited", "changed by hand"),
    ],
)
def test_what_does_not_fit_its_origin_is_refused_and_leaves_nothing(
    visit: Visit, tmp_path: Path, voxels: int, changes: dict[str, object], field: str, words: str
):
    path = write_mask(visit, tmp_path / "mask.nii.gz", voxels)
    with pytest.raises(ValidationError, match=words) as refused:
        take_in(visit, path, replace(CORRECTED, **changes))
    assert list(refused.value.message_dict) == [field]
    assert len(masks()) == SegmentationRun.objects.count() == 1


def test_a_correction_is_not_corrected_again(visit: Visit, tmp_path: Path):
    take_in(visit, write_mask(visit, tmp_path / "one.nii.gz", 8), CORRECTED)
    again = replace(CORRECTED, software="toolbox corrected")
    with pytest.raises(ValidationError, match="There is no mask of toolbox corrected"):
        take_in(visit, write_mask(visit, tmp_path / "two.nii.gz", 9), again)


def test_a_correction_is_void_with_its_origin(visit: Visit, tmp_path: Path):
    """It was drawn on the same images, whether or not it names them all."""
    take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 8), CORRECTED)
    origin, corrected = SegmentationRun.objects.order_by("queued_at")
    t2w = visit.scans.get(sequence="T2w")
    SegmentationRun.objects.filter(pk=origin.pk).update(t2w_scan=t2w)
    assert corrected.t2w_scan is None
    with because("Wrong patient"), transaction.atomic():
        assert voiding.void_runs([t2w]) == 2
    states = SegmentationRun.objects.values_list("is_voided", "analysis_flag")
    assert list(states) == [(True, False), (True, False)]


def test_an_origin_that_was_voided_meanwhile_is_refused(visit: Visit):
    run = SegmentationRun.objects.get()
    made = replace(CORRECTED, corrected_run=str(run.pk))
    mask_corrections.require_origin(made)
    SegmentationRun.objects.filter(pk=run.pk).update(is_voided=True, analysis_flag=False)
    with pytest.raises(ValidationError, match="void since a moment"):
        mask_corrections.require_origin(made)
