"""Every bad file and value gets one clear sentence, and nothing of it is stored."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from segmentation.models import Upload
from segmentation.services import store
from tests.support.images import write_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db


def good(folder: Path) -> bytes:
    return write_visit(folder, seed=1)["T1w"].read_bytes()


def plain(folder: Path) -> bytearray:
    return bytearray(gzip.decompress(good(folder)))


def with_float(folder: Path, offset: int, value: float) -> bytes:
    content = plain(folder)
    content[offset : offset + 4] = np.float32(value).tobytes()
    return bytes(content)


def four_dimensional(folder: Path) -> bytes:
    content = plain(folder)
    dim = np.frombuffer(bytes(content[40:56]), "<i2").copy()
    dim[0], dim[4] = 4, 2
    content[40:56] = dim.tobytes()
    return bytes(content) + bytes(content[352:])


def zipped(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as archive:
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def broken_crc(folder: Path) -> bytes:
    content = bytearray(good(folder))
    content[-8] ^= 0xFF
    return bytes(content)


NIFTI: dict[str, Callable[[Path], bytes]] = {
    "not an image": lambda _: b"not an image" * 50,
    "truncated gzip": lambda f: good(f)[:-200],
    "truncated nii": lambda f: bytes(plain(f)[:-100]),
    "broken crc": broken_crc,
    "zero voxel size": lambda f: with_float(f, 80, 0.0),
    "NaN voxel size": lambda f: with_float(f, 80, float("nan")),
    "4D": four_dimensional,
}
ARCHIVES: dict[str, Callable[[Path], bytes]] = {
    "a zip with ../": lambda _: zipped({"../evil.dcm": b"\0" * 128 + b"DICM"}),
    "an empty zip": lambda _: zipped({}),
    "a tar with ../": lambda _: tarred({"../evil.dcm": b"\0" * 128 + b"DICM"}),
    "an empty tar": lambda _: tarred({}),
    "a tar of text files": lambda _: tarred({"notes.txt": b"hello"}),
    "a tar that is cut off": lambda _: tarred({"notes.txt": b"hello" * 900})[:3000],
    "a zip of text files": lambda _: zipped({"notes.txt": b"hello", "more.txt": b"world"}),
}
ALL = [("t1w", name) for name in NIFTI] + [("dicom", name) for name in ARCHIVES]


def make(name: str, folder: Path) -> bytes:
    return {**NIFTI, **ARCHIVES}[name](folder)


@pytest.mark.parametrize(("field", "name"), ALL, ids=[name for _, name in ALL])
@pytest.mark.requirement("21CFR11.10(a)")
def test_the_page_refuses_it_at_the_field(
    field: str, name: str, world: World, tmp_path: Path, client: Client
):
    client.force_login(world.user("coordinator"))
    url = reverse("upload_new", args=[world.study.code, world.visit_a.pk])
    file = SimpleUploadedFile("child_name.nii.gz", make(name, tmp_path))
    answer = client.post(url, {field: file, "acquired_on": "2023-05-10"})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert "child_name" not in answer.content.decode()
    assert_nothing_stored()


@pytest.mark.parametrize(("field", "name"), ALL, ids=[name for _, name in ALL])
def test_the_command_refuses_it_in_one_line(field: str, name: str, world: World, tmp_path: Path):
    path = tmp_path / "child_name.bin"
    path.write_bytes(make(name, tmp_path))
    given = [] if field == "dicom" else ["--sequence", "T1w", "--acquired-on", "2023-05-10"]
    with pytest.raises(CommandError) as refused:
        call_command(
            "import_scan", str(path), "--study", "MLD-1", "--patient", "A-001",
            "--visit", "M00", "--inline", *given,
        )  # fmt: skip
    assert "\n" not in str(refused.value)
    assert "child_name" not in str(refused.value)
    assert_nothing_stored()


def test_an_unknown_patient_is_refused(world: World, tmp_path: Path):
    path = tmp_path / "x.nii.gz"
    path.write_bytes(good(tmp_path))
    with pytest.raises(CommandError, match="No visit of such a patient"):
        call_command(
            "import_scan", str(path), "--study", "MLD-1", "--patient", "NOBODY", "--visit", "M00"
        )


def test_a_sender_s_checksum_that_differs_is_refused(world: World, tmp_path: Path):
    path = tmp_path / "x.nii.gz"
    path.write_bytes(good(tmp_path))
    with pytest.raises(CommandError, match="checksums differ"):
        call_command(
            "import_scan", str(path), "--study", "MLD-1", "--patient", "A-001", "--visit", "M00",
            "--sequence", "T1w", "--acquired-on", "2023-05-10", "--sha256", "0" * 64,
        )  # fmt: skip
    assert_nothing_stored()


def assert_nothing_stored() -> None:
    assert not Upload.objects.exists()
    left = [path for path in store.root().rglob("*") if path.is_file()]
    assert left == []
