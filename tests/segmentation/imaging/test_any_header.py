"""Whatever stands in a header, the answer is the image as nibabel reads it, or a refusal."""

import math
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation.imaging.archive import unpack
from segmentation.imaging.errors import ImageError
from segmentation.imaging.nifti import (
    inspect_nifti,
    read_label_map,
    read_volume,
    store_clean_copy,
)
from tests.segmentation.imaging.test_archive import CENTRAL, END, IMAGE, LOCAL, zip64, zipped
from tests.segmentation.imaging.test_tar_files import FORMATS, LONG, entry, patched, tarred
from tests.support.images import OBLIQUE, extension_of, nifti_bytes

SHARED_FOLDER = [HealthCheck.function_scoped_fixture]
NIFTI1 = {
    0: "i", **{40 + 2 * n: "h" for n in range(8)}, 68: "h", 70: "h", 72: "h",
    **{76 + 4 * n: "f" for n in range(8)}, 108: "f", 112: "f", 116: "f", 123: "B", 252: "h",
    254: "h", **{256 + 4 * n: "f" for n in range(18)}, 344: "i", 348: "i", 352: "i",
}  # fmt: skip
NIFTI2 = {
    0: "i", 4: "q", 12: "h", 14: "h", **{16 + 8 * n: "q" for n in range(8)},
    **{104 + 8 * n: "d" for n in range(8)}, 168: "q", 176: "d", 184: "d", 344: "i", 348: "i",
    **{352 + 8 * n: "d" for n in range(18)}, 500: "i", 540: "i", 544: "i",
}  # fmt: skip
BITS = {"B": (0, 8), "h": (15, 16), "i": (31, 32), "q": (63, 64)}


def any_number(form: str) -> st.SearchStrategy[Any]:
    """Every number of a field, the small and the outermost more often."""
    if form in "fd":
        return st.floats(width=32 if form == "f" else 64) | st.sampled_from([0.0, 1.0, -1.0, 352.0])
    low, bits = BITS[form]
    bounds = (-(2**low), 2**low - 1) if low else (0, 2**bits - 1)
    return st.integers(*bounds) | st.sampled_from([0, 1, 2, 3, 4, 8, 16, 64])


@st.composite
def changed_header(draw: st.DrawFn) -> bytes:
    version, endian = draw(st.sampled_from([1, 2])), draw(st.sampled_from("<>"))
    extension = draw(st.sampled_from([b"", extension_of(b"comment")]))
    content = bytearray(
        nifti_bytes(affine=OBLIQUE, version=version, endian=endian, extension=extension)
    )
    fields = NIFTI1 if version == 1 else NIFTI2
    for offset in draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=4)):
        form = endian + fields[offset]
        struct.pack_into(form, content, offset, draw(any_number(fields[offset])))
    return bytes(content)


def check_message(message: str) -> None:
    assert message.endswith(".")


def read_everywhere(path: Path) -> Any:
    """Return the volume, or None for a refusal; all readers of images agree in it."""
    outcomes, volume = [], None
    for read in (inspect_nifti, read_volume, lambda p: store_clean_copy(p, p.with_name("copy"))):
        try:
            result = read(path)
        except ImageError as error:
            check_message(error.message)
            outcomes.append(error.code)
        else:
            volume = result if read is read_volume else volume
            outcomes.append(None)
    assert len(set(outcomes)) == 1
    with suppress(ImageError):
        read_label_map(path)
    return volume


@settings(max_examples=500, suppress_health_check=SHARED_FOLDER)
@given(content=changed_header())
def test_any_number_in_a_header_gives_the_image_of_nibabel_or_a_refusal(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes(content)
    volume = read_everywhere(path)
    if volume is None:
        return
    assert math.prod(volume.data.shape) == 990
    assert 0 < abs(np.linalg.det(volume.affine[:3, :3])) < 8000
    stored = nib.load(path)
    shape = volume.data.shape
    values = stored.dataobj.get_unscaled().reshape(shape, order="F")
    scaled = stored.get_fdata(dtype=np.float64).reshape(shape, order="F")
    error = np.abs(volume.data - scaled)
    assert (error <= rounding(values, stored.dataobj.slope, stored.dataobj.inter)).all()
    kept = nib.load(rename(path.with_name("copy")))
    np.testing.assert_array_equal(kept.dataobj.get_unscaled(), values)
    np.testing.assert_allclose(kept.affine, volume.affine, rtol=1e-5, atol=1e-4)


def rounding(values: Any, slope: float, inter: float) -> Any:
    """Return how far intensities may be off whose scale and value are in single precision."""
    size = np.abs(values.astype(np.float64) * slope) + abs(inter)
    return size * np.finfo(np.float32).eps + np.finfo(np.float32).smallest_subnormal


def rename(path: Path) -> Path:
    """Give the clean copy the name by which nibabel knows what it is."""
    return path.rename(path.with_name("copy.nii.gz"))


@settings(max_examples=300, suppress_health_check=SHARED_FOLDER)
@given(
    tail=st.binary(max_size=700),
    start=st.sampled_from([b"", nifti_bytes()[:348], nifti_bytes(version=2)[:16], b"\x1f\x8b\x08"]),
)
def test_any_bytes_are_refused_by_every_reader(tail: bytes, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes(start + tail)
    assert read_everywhere(path) is None


LARGEST_BYTES = 16_384
"""No file that went in, and no archive here, is larger."""


def check_unpacked(content: bytes, folder: Path) -> None:
    """Unpack an archive; what comes out is a file that went in, or a refusal."""
    source, into = folder / "upload", folder / "into"
    source.write_bytes(content)
    try:
        paths = unpack(source, into)
    except ImageError as error:
        check_message(error.message)
        paths = []
    for path in paths:
        assert path.stat().st_size <= LARGEST_BYTES
        path.unlink()
    assert not [path for path in into.rglob("*") if path.is_file()]


ZIP_FIELDS = {
    CENTRAL: {4: "H", 6: "H", 8: "H", 10: "H", 16: "I", 20: "I", 24: "I", 28: "H", 30: "H",
              32: "H", 34: "H", 36: "H", 38: "I", 42: "I"},
    LOCAL: {4: "H", 6: "H", 8: "H", 14: "I", 18: "I", 22: "I", 26: "H", 28: "H"},
    END: {4: "H", 6: "H", 8: "H", 10: "H", 12: "I", 16: "I", 20: "H"},
    b"PK\x06\x06": {4: "Q", 16: "I", 20: "I", 24: "Q", 32: "Q", 40: "Q", 48: "Q"},
    b"PK\x06\x07": {4: "I", 8: "Q", 16: "I"},
}  # fmt: skip
ZIP_PLACES = [(mark, at, form) for mark, ats in ZIP_FIELDS.items() for at, form in ats.items()]


@settings(max_examples=300, suppress_health_check=SHARED_FOLDER)
@given(data=st.data(), places=st.lists(st.sampled_from(ZIP_PLACES), min_size=1, max_size=4))
def test_any_number_in_a_zip_directory_gives_files_or_a_refusal(
    data: st.DataObject, places: list[tuple[bytes, int, str]], tmp_path: Path
) -> None:
    content = data.draw(st.sampled_from([zipped({"a/IM1": IMAGE[:600], "IM2": b"x"}), zip64()]))[:]
    for mark, at, form in places:
        top = 2 ** (8 * struct.calcsize(form)) - 1
        number = data.draw(st.integers(0, top) | st.sampled_from([0, 1, 8, 64, top]))
        if mark in content:
            struct.pack_into("<" + form, content, content.index(mark) + at, number)
    check_unpacked(bytes(content), tmp_path)


TAR_FIELDS = {0: 100, 100: 8, 124: 12, 136: 12, 156: 1, 157: 100, 257: 8, 345: 155}


@settings(max_examples=300, suppress_health_check=SHARED_FOLDER)
@given(
    form=st.sampled_from(sorted(FORMATS)),
    changes=st.lists(
        st.tuples(
            st.sampled_from(sorted(TAR_FIELDS)),
            st.binary(max_size=155)
            | st.from_regex(rb"[0-7]{0,11}\0?", fullmatch=True)
            | st.sampled_from([b"x", b"g", b"L", b"K", b"S", b"5", b"\x80" + b"\xff" * 11]),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_any_field_of_a_tar_header_with_its_checksum_mended_gives_files_or_a_refusal(
    form: str, changes: list[tuple[int, bytes]], tmp_path: Path
) -> None:
    content = tarred(entry(LONG, IMAGE[:600]), entry("IM2", b"text" * 9), form=form)
    for offset, field in changes:
        content = patched(content, offset, field[: TAR_FIELDS[offset]])
    check_unpacked(content, tmp_path)
