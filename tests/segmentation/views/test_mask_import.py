"""A mask made elsewhere comes in by its page: checked at once, kept whole or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Role, Visit
from mldtrial.trial.services import locking, reads, studies
from segmentation.imaging.nifti import write_label_map
from segmentation.models import Method, ModelVersion, SegmentationRun
from segmentation.selectors.mask_reviews import is_maker
from segmentation.services import mask_receiving, store
from tests.support.foreign_masks import find_no_head, masks, write_mask
from tests.support.images import intensities, nifti_bytes, write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db
TYPED = {
    "software": "clusterize-toolbox",
    "version": "1.0",
    "method": Method.CONVENTIONAL,
    "operator": "OP-2",
    "is_edited": "no",
    "has_t1w_fluid_mask": "yes",
    "lowest_percent": "20",
    "minutes": "8.5",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(400)


@pytest.fixture(autouse=True)
def _no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    find_no_head(monkeypatch)


@pytest.fixture
def visit(world: World, tmp_path: Path) -> Visit:
    """A visit with its T1w image."""
    take_in_visit(world.visit_a, {"T1w": write_visit(tmp_path, seed=3)["T1w"]})
    return world.visit_a


def address(visit: Visit) -> str:
    return reverse("mask_import", args=["MLD-1", visit.pk])


def sent(client: Client, world: World, visit: Visit, content: bytes, **changes: Any) -> Any:
    client.force_login(world.user("data_manager"))
    file = SimpleUploadedFile("Jane Doe 2019-04-01.nii.gz", content)
    return client.post(address(visit), {**TYPED, "mask": file, **changes})


def mask_of(visit: Visit, folder: Path, voxels: int = 5, value: int = 1) -> bytes:
    return write_mask(visit, folder / "made.nii.gz", voxels, value).read_bytes()


def stored() -> list[Path]:
    """Return whatever lies about: masks, and what an attempt left behind."""
    folder = store.root() / "tmp"
    return [*masks(), *(folder.iterdir() if folder.exists() else [])]


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_mask_leads_to_its_run_with_how_it_was_made(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    answer = sent(client, world, visit, mask_of(visit, tmp_path))
    run = SegmentationRun.objects.get()
    assert answer.url == reverse("run", args=["MLD-1", run.pk])
    shown = said(client.get(answer.url))
    assert "clusterize-toolbox 1.0" in shown
    assert "OP-2" in shown
    assert "Jane" not in shown
    kept = run.provenance
    assert (kept["minutes"], kept["lowest_percent"], kept["is_edited"]) == (8.5, 20, False)
    assert (kept["has_t1w_fluid_mask"], kept["step_percent"]) == (True, None)
    assert is_maker(world.user("data_manager"), run)
    assert stored() == masks()


def test_who_comes_from_a_run_finds_its_method_and_image_in_the_form(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    sent(client, world, visit, mask_of(visit, tmp_path))
    run = SegmentationRun.objects.get()
    form = client.get(f"{address(visit)}?corrects={run.pk}").context["form"]
    assert form.initial == {
        "method": Method.CORRECTED, "software": "clusterize-toolbox", "version": "1.0",
        "scan": str(run.t1w_scan_id),
    }  # fmt: skip
    assert client.get(f"{address(visit)}?corrects=no-such").status_code == 404
    elsewhere = reverse("mask_import", args=["MLD-1", world.visit_b.pk])
    assert client.get(f"{elsewhere}?corrects={run.pk}").status_code == 404
    page = said(client.get(reverse("run", args=["MLD-1", run.pk])))
    assert f"{address(visit)}?corrects={run.pk}" in page


def test_the_same_mask_twice_is_one_and_the_page_says_so(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    content = mask_of(visit, tmp_path)
    first = sent(client, world, visit, content)
    again = sent(client, world, visit, content)
    assert again.url == first.url
    assert "imported before" in said(client.get(again.url))
    assert SegmentationRun.objects.count() == len(masks()) == 1


def test_another_mask_needs_a_reason_and_what_was_typed_is_kept(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    sent(client, world, visit, mask_of(visit, tmp_path))
    other = mask_of(visit, tmp_path, voxels=6)
    refused = sent(client, world, visit, other)
    assert refused.status_code == 422
    assert "Give a reason" in refused.context["form"].errors["reason"][0]
    assert 'value="OP-2"' in said(refused)
    assert "What you typed is kept" in said(refused)
    sent(client, world, visit, other, reason="One more was found.")
    assert SegmentationRun.objects.filter(is_voided=False).get().result.voxel_count == 6
    assert SegmentationRun.objects.filter(is_voided=True).get().result.voxel_count == 5


def bad_files(visit: Visit, folder: Path) -> dict[str, tuple[bytes, str]]:
    path = folder / "bad.nii.gz"
    write_label_map(path, np.ones((8, 9, 10), np.uint8), np.eye(4))
    whole = mask_of(visit, folder)
    return {
        "a picture": (PNG, "NIfTI"),
        "no bytes": (b"", "The file is empty"),
        "half a file": (whole[: len(whole) // 2], ""),
        "other voxels": (path.read_bytes(), "Expected the voxels of the T1w image"),
        "another label": (mask_of(visit, folder, value=7), "Say which label"),
        "the image itself": (
            nifti_bytes(intensities().astype(np.float32) + 0.5),
            "Send the mask, not the image",
        ),
    }


def test_a_wrong_file_is_refused_at_its_field_and_nothing_stays(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    for kind, (content, words) in bad_files(visit, tmp_path).items():
        answer = sent(client, world, visit, content)
        (message,) = answer.context["form"].errors["mask"]
        assert answer.status_code == 422, kind
        assert words in message, kind
        assert 'value="clusterize-toolbox"' in said(answer), kind
        assert stored() == [], kind
    assert not SegmentationRun.objects.exists()
    assert not ModelVersion.objects.exists()


def test_a_file_above_the_limit_is_refused(
    client: Client, world: World, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_receiving, "LARGEST_MIB", 0)
    answer = sent(client, world, visit, mask_of(visit, tmp_path))
    assert "larger than the limit" in answer.context["form"].errors["mask"][0]
    assert stored() == []


def test_a_name_in_place_of_a_code_is_refused(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    answer = sent(client, world, visit, mask_of(visit, tmp_path), operator="Eva Reader")
    assert "never a name" in answer.context["form"].errors["operator"][0]
    assert stored() == []


def test_the_next_mask_starts_from_the_last_method_but_asks_who_operated(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    sent(client, world, visit, mask_of(visit, tmp_path), software="itk-snap", method=Method.MANUAL)
    form = client.get(address(visit)).context["form"]
    assert (form["software"].value(), form["method"].value()) == ("itk-snap", Method.MANUAL)
    assert form["operator"].value() is None
    assert "reason" in form.fields


def test_a_frozen_visit_offers_no_import_and_takes_none(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    content = mask_of(visit, tmp_path)
    status = reverse("visit_status", args=["MLD-1", visit.pk])
    client.force_login(world.user("data_manager"))
    assert address(visit) in said(client.get(status))
    locking.freeze(record=visit, reason="cleaning", by=world.user("data_manager"))
    assert address(visit) not in said(client.get(status))
    shown = said(client.get(address(visit)))
    assert "This record is frozen" in shown
    assert "Check and import" not in shown
    assert sent(client, world, visit, content).status_code == 409
    assert stored() == []


@pytest.mark.parametrize("role", ["coordinator", "investigator", "sponsor", "auditor"])
def test_who_may_not_import_is_not_offered_it(
    client: Client, world: World, visit: Visit, role: str
) -> None:
    client.force_login(world.user(role))
    status = reverse("visit_status", args=["MLD-1", visit.pk])
    assert "Import a mask" not in said(client.get(status))
    assert client.get(address(visit)).status_code == 403


def test_a_visit_without_t1w_says_what_comes_first(client: Client, world: World) -> None:
    client.force_login(world.user("data_manager"))
    shown = said(client.get(address(world.visit_a)))
    assert "This visit has no T1w image in use." in shown
    assert "Check and import" not in shown


def test_who_has_yet_to_sign_a_read_of_the_visit_imports_no_mask_of_it(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    both = world.user("data_manager")
    studies.grant_membership(user=both, study=world.study, role=Role.READER)
    reads.assign_cases(visits=[visit], first=both, second=world.user("reader"), by=None)
    answer = sent(client, world, visit, mask_of(visit, tmp_path))
    assert "You have yet to sign a severity read of this visit" in said(answer)
    shown = said(client.get(address(visit)))
    assert "You have yet to sign a severity read of this visit" in shown
    assert "Check and import" not in shown
    assert stored() == []


def test_of_two_t1w_images_the_page_asks_on_which_the_mask_was_drawn(
    client: Client, world: World, visit: Visit, tmp_path: Path
) -> None:
    content = mask_of(visit, tmp_path)
    client.force_login(world.user("data_manager"))
    assert "Drawn on" not in said(client.get(address(visit)))
    first = visit.scans.get(sequence="T1w")
    take_in_visit(visit, {"T1w": write_visit(tmp_path / "again", seed=7)["T1w"]})
    later = visit.scans.exclude(pk=first.pk).get()
    shown = said(client.get(address(visit)))
    for scan in (first, later):
        assert f'value="{scan.pk}"' in shown
        assert f"sha256 {scan.image_sha256[:16]}…" in shown
        assert f"taken in on {scan.created_at:%Y-%m-%d at %H:%M:%S} UTC" in shown
    refused = sent(client, world, visit, content)
    assert refused.status_code == 422
    (words,) = refused.context["form"].errors["scan"]
    assert "Choose the one that it was drawn on" in words
    assert stored() == []
    sent(client, world, visit, content, scan=str(first.pk))
    assert SegmentationRun.objects.get().t1w_scan == first
