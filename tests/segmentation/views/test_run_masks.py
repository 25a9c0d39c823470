"""The mask of a run is taken out to be corrected, by who takes images out and sees the load."""

from datetime import date
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Role, Visit
from mldtrial.trial.services import locking, participation, reads, studies
from segmentation.models import Method, SegmentationRun
from segmentation.services import mask_import, models, runs, store, voiding
from segmentation.services.mask_import import MadeElsewhere
from tests.support.foreign_masks import find_no_head, write_mask
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db
MADE = MadeElsewhere(software="toolbox", version="1.0", operator="OP-2", is_edited=False)
BUTTON = "Take the mask"


@pytest.fixture
def visit(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A visit with its images."""
    find_no_head(monkeypatch)
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    return world.visit_a


@pytest.fixture
def run(visit: Visit, tmp_path: Path) -> SegmentationRun:
    """A run of the visit with a mask of 5 voxels."""
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)
    return mask_import.import_mask(visit=visit, path=path, made=MADE)


def page(run: SegmentationRun) -> str:
    return reverse("run", args=["MLD-1", run.pk])


def address(run: SegmentationRun) -> str:
    return reverse("run_mask", args=["MLD-1", run.pk])


def taken() -> list[AccessEvent]:
    return list(AccessEvent.objects.filter(action=AccessAction.EXPORT_BEGUN))


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_file_opens_in_the_voxels_of_the_t1w_image_and_is_logged(
    client: Client, world: World, run: SegmentationRun, tmp_path: Path
):
    client.force_login(world.user("data_manager"))
    shown = said(client.get(page(run)))
    assert f'href="{address(run)}">{BUTTON}' in shown
    assert f"{reverse('image_exports', args=['MLD-1'])}?visit=" in shown
    assert "software <code>toolbox</code>, version <code>1.0</code>" in shown
    answer = client.get(address(run))
    name = 'attachment; filename="sub-A001_ses-M00_acq-3D_desc-toolbox1p0_mask.nii.gz"'
    assert answer["Content-Disposition"] == name
    path = tmp_path / "out.nii.gz"
    path.write_bytes(answer.content)
    assert store.sha256_of(path) == run.result.mask_sha256
    mask, t1w = nib.load(path), nib.load(store.image_path(run.t1w_scan.image_sha256))
    assert mask.shape == t1w.shape
    assert np.allclose(mask.affine, t1w.affine)
    voxels = np.asarray(mask.dataobj)
    assert np.argwhere(voxels).tolist() == [[2, 2, number] for number in range(5)]
    assert voxels.max() == 1
    (event,) = taken()
    assert (event.user, event.subject) == (world.user("data_manager"), "A-001")
    assert event.details == {
        "images": "mask",
        "run": str(run.pk),
        "sha256": run.result.mask_sha256,
    }


def test_what_was_taken_comes_back_corrected(
    client: Client, world: World, run: SegmentationRun, tmp_path: Path
):
    client.force_login(world.user("data_manager"))
    path = tmp_path / "out.nii.gz"
    path.write_bytes(client.get(address(run)).content)
    image = nib.load(path)
    voxels = np.asarray(image.dataobj).copy()
    voxels[3, 3, 3] = 1
    nib.save(nib.Nifti1Image(voxels, image.affine), tmp_path / "corrected.nii.gz")
    made = MadeElsewhere(
        software="toolbox", version="1.0", operator="OP-3", is_edited=True, method=Method.CORRECTED
    )
    corrected = mask_import.import_mask(
        visit=run.visit, path=tmp_path / "corrected.nii.gz", made=made
    )
    assert corrected.parameters["corrected_run"] == str(run.pk)
    assert corrected.parameters["voxels_changed"] == 1
    # Of a correction no correction is made: its page does not ask for one.
    shown = said(client.get(page(corrected)))
    assert BUTTON in shown
    assert "Correction of a mask here" not in shown


@pytest.mark.parametrize(
    "role", ["coordinator", "investigator", "monitor", "statistician", "sponsor", "auditor"]
)
def test_who_takes_no_images_out_is_offered_no_mask(
    client: Client, world: World, run: SegmentationRun, role: str
):
    client.force_login(world.user(role))
    assert BUTTON not in said(client.get(page(run)))
    assert client.get(address(run)).status_code == 403
    assert taken() == []


@pytest.mark.parametrize("role", ["reader", "adjudicator", "operator", "administrator"])
def test_for_who_sees_no_patient_there_is_no_such_run(
    client: Client, world: World, run: SegmentationRun, role: str
):
    client.force_login(world.user(role))
    assert client.get(address(run)).status_code == 404


def refused(client: Client, world: World, run: SegmentationRun, words: str) -> None:
    client.force_login(world.user("data_manager"))
    shown = said(client.get(page(run)))
    assert BUTTON not in shown
    assert words in shown
    answer = client.get(address(run), follow=True)
    assert answer.redirect_chain == [(page(run), 302)]
    assert words in said(answer)
    assert taken() == []


def test_a_void_mask_is_not_given_out(client: Client, world: World, run: SegmentationRun):
    voiding.void_runs([run.t1w_scan])
    refused(client, world, run, "This result is void, so its mask is not given out")


def test_without_consent_for_images_no_mask_is_given_out(
    client: Client, world: World, run: SegmentationRun
):
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 6, 1), by=None
    )
    refused(client, world, run, "The consent for images has ended, so the mask is not given out.")


def test_who_has_yet_to_sign_a_read_of_the_visit_takes_no_mask_of_it(
    client: Client, world: World, run: SegmentationRun
):
    both = world.user("data_manager")
    studies.grant_membership(user=both, study=world.study, role=Role.READER)
    reads.assign_cases(visits=[run.visit], first=both, second=world.user("reader"), by=None)
    refused(client, world, run, "You have yet to sign a severity read of this visit")


def test_a_file_that_was_changed_is_not_sent(client: Client, world: World, run: SegmentationRun):
    client.force_login(world.user("data_manager"))
    path = store.root() / run.result.mask_path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\0")
    answer = client.get(address(run))
    assert answer.url == page(run)  # type: ignore[attr-defined]
    assert taken() == []


def test_a_frozen_visit_gives_its_mask(client: Client, world: World, run: SegmentationRun):
    locking.freeze(record=run.visit, reason="cleaning", by=world.user("data_manager"))
    client.force_login(world.user("data_manager"))
    assert client.get(address(run)).status_code == 200


def test_a_run_without_a_result_has_no_mask(client: Client, world: World, visit: Visit):
    models.activate(model=models.register_threshold(), reason="test")
    run = runs.queue_run(visit=visit)
    assert run is not None
    client.force_login(world.user("data_manager"))
    assert client.get(address(run)).status_code == 404
    assert BUTTON not in said(client.get(page(run)))


def test_the_order_of_images_is_for_the_visit_that_led_there(
    client: Client, world: World, visit: Visit
):
    client.force_login(world.user("data_manager"))
    code = visit.definition.code  # type: ignore[union-attr]
    orders = reverse("image_exports", args=["MLD-1"])
    assert f'<option value="{code}" selected>' in said(client.get(f"{orders}?visit={code}"))
    assert "selected" not in said(client.get(f"{orders}?visit=nothing")).replace(
        '<option value="" selected>', ""
    )
