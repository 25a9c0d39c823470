"""A small file that states gigabytes is refused without setting them aside."""

import io
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segmentation.imaging.archive import unpack
from segmentation.imaging.dicom.series import read_images
from segmentation.imaging.errors import ImageError
from segmentation.imaging.nifti import (
    inspect_nifti,
    read_label_map,
    read_volume,
    store_clean_copy,
)
from tests.segmentation.imaging.test_archive import CENTRAL, END, LOCAL, patched, zip64, zipped
from tests.segmentation.imaging.test_tar_files import entry, pax, tarred
from tests.segmentation.imaging.test_tar_files import patched as patched_tar
from tests.support.dicom import make_series
from tests.support.images import gzipped, nifti_bytes

MOST_BYTES = 16 * 2**20
HUGE = 0xFFFFFFF0


def peak_bytes(read: Callable[[], Any]) -> int:
    """Return the most memory held at once, whether the file is taken or refused."""
    tracemalloc.start()
    try:
        read()
    except ImageError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def stating(keyword_start: bytes, at: int, content: bytes) -> bytes:
    changed = bytearray(content)
    struct.pack_into("<I", changed, content.index(keyword_start) + at, HUGE)
    return bytes(changed)


def dicom() -> bytes:
    buffer = io.BytesIO()
    make_series(slices=1)[0].save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


LARGEST = {"dim": (3, 512, 512, 1024, 1, 1, 1, 1), "datatype": 64, "bitpix": 64}


@pytest.mark.parametrize("read", [inspect_nifti, read_volume, read_label_map, "copy"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("offset", [None, 16 * 2**20])
def test_a_nifti_header_that_states_gigabytes_sets_none_aside(
    read: Any, version: int, packed: bool, offset: int | None, tmp_path: Path
) -> None:
    content = nifti_bytes(version=version, vox_offset=offset, **LARGEST)
    path = tmp_path / "a"
    path.write_bytes(gzipped(content) if packed else content)
    if read == "copy":
        assert peak_bytes(lambda: store_clean_copy(path, tmp_path / "b")) < MOST_BYTES
    else:
        assert peak_bytes(lambda: read(path)) < MOST_BYTES


DICOM = {
    "file header": lambda: stating(struct.pack("<HH2s", 2, 1, b"OB"), 8, dicom()),
    "pixels": lambda: stating(struct.pack("<HH2s", 0x7FE0, 0x10, b"OW"), 8, dicom()),
    "a sequence": lambda: dicom() + struct.pack("<HH2sHI", 0x5200, 0x9229, b"SQ", 0, HUGE),
}


@pytest.mark.parametrize("place", DICOM)
def test_a_dicom_length_that_states_gigabytes_sets_none_aside(place: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(DICOM[place]())
    assert peak_bytes(lambda: read_images([path])) < MOST_BYTES


ARCHIVES: dict[str, Callable[[], bytes | bytearray]] = {
    "zip, size": lambda: patched(zipped(), CENTRAL, 24, "<I", HUGE),
    "zip, stored size": lambda: patched(zipped(), CENTRAL, 20, "<I", HUGE),
    "zip, size in the entry": lambda: patched(zipped(), LOCAL, 22, "<I", HUGE),
    "zip, directory": lambda: patched(zipped(), END, 12, "<I", HUGE),
    "zip, long end record": lambda: patched(zip64(), b"PK\x06\x06", 40, "<Q", 2**62),
    "zip, long number of files": lambda: zip64(entries=2**62),
    "tar, size": lambda: patched_tar(tarred(), 124, b"77777777777\0"),
    "tar, size in base 256": lambda: patched_tar(tarred(), 124, b"\x80" + b"\xff" * 11),
    "tar, extended size": lambda: pax(b"20 size=8000000000\n\n") + tarred(),
    "tar, extended header": lambda: patched_tar(pax(b"9 path=a\n"), 124, b"77777777777\0"),
    "tar, long name": lambda: patched_tar(
        tarred(entry("a", b"b" * 600, type=b"L")), 124, b"77777777777\0"
    ),
}


@pytest.mark.parametrize("place", ARCHIVES)
def test_an_archive_that_states_gigabytes_sets_none_aside(place: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(ARCHIVES[place]())
    assert peak_bytes(lambda: unpack(path, tmp_path / "into")) < MOST_BYTES
