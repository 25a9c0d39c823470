"""Bad NIfTI headers and bad gzip streams, each refused with its code and one sentence."""

import gzip
import math
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import inspect_nifti, read_volume, store_clean_copy
from tests.support.images import (
    ISOTROPIC,
    OBLIQUE,
    affine_of,
    extension_of,
    gzipped,
    intensities,
    nifti_bytes,
)

NAN, INF = math.nan, math.inf
NUMBER_OF_PIXDIM = {"x": 1, "y": 2, "z": 3}


def pixdim(**changed: float) -> tuple[float, ...]:
    sizes = [1.0] * 4 + [0.0] * 4
    for axis, value in changed.items():
        sizes[NUMBER_OF_PIXDIM[axis]] = value
    return tuple(sizes)


def sheared(amount: float) -> Any:
    affine = ISOTROPIC.copy()
    affine[0, 1] = amount
    return affine


HEADERS: dict[str, tuple[FailureCode, Callable[[], bytes]]] = {
    "negative side": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(dim=(3, -9, 10, 11, 1, 1, 1, 1)),
    ),
    "zero side": (FailureCode.BAD_DIMENSIONS, lambda: nifti_bytes(dim=(3, 9, 0, 11, 1, 1, 1, 1))),
    "side of 32767": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(dim=(3, 32767, 10, 11, 1, 1, 1, 1)),
    ),
    "side below the minimum": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(intensities((9, 10, 7))),
    ),
    "no dimension": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(dim=(0, 9, 10, 11, 1, 1, 1, 1)),
    ),
    "eight dimensions": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(dim=(8, 9, 10, 11, 1, 1, 1, 1)),
    ),
    "two dimensions": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(intensities((30, 33, 1)), dim=(2, 30, 33, 1, 1, 1, 1, 1)),
    ),
    "two volumes": (FailureCode.BAD_DIMENSIONS, lambda: nifti_bytes(intensities((9, 10, 11, 2)))),
    "three vectors": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(intensities((9, 10, 11, 1, 3))),
    ),
    "2048 cubed": (
        FailureCode.TOO_LARGE,
        lambda: nifti_bytes(dim=(3, 2048, 2048, 2048, 1, 1, 1, 1)),
    ),
    "NIfTI-2 overflow": (
        FailureCode.BAD_DIMENSIONS,
        lambda: nifti_bytes(version=2, dim=(3, 2**62, 2**62, 2**62, 1, 1, 1, 1)),
    ),
    "complex": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=32, bitpix=64)),
    "RGB": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=128, bitpix=24)),
    "RGBA": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=2304, bitpix=32)),
    "single bits": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=1, bitpix=1)),
    "128-bit float": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=1536, bitpix=128)),
    "no data type": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=0)),
    "made-up data type": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(datatype=999)),
    "bits do not fit the type": (FailureCode.BAD_DATATYPE, lambda: nifti_bytes(bitpix=32)),
    "voxel size 0": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(pixdim=pixdim(y=0))),
    "voxel size NaN": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(pixdim=pixdim(x=NAN))),
    "voxel size infinite": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(pixdim=pixdim(z=INF))),
    "voxel size 1e30": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(pixdim=pixdim(z=1e30))),
    "negative voxel size": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(pixdim=pixdim(x=-1))),
    "voxel size in micrometres": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(xyzt_units=3)),
    "voxel size in metres": (FailureCode.BAD_VOXEL_SIZE, lambda: nifti_bytes(xyzt_units=1)),
    "sform of 2 mm, pixdim of 5": (
        FailureCode.BAD_VOXEL_SIZE,
        lambda: nifti_bytes(affine=affine_of((2, 2, 2)), pixdim=(1, 5, 5, 5, 0, 0, 0, 0)),
    ),
    "voxel size off by 2 in 1000": (
        FailureCode.BAD_VOXEL_SIZE,
        lambda: nifti_bytes(pixdim=pixdim(z=1.002)),
    ),
    "neither sform nor qform": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(sform_code=0, qform_code=0),
    ),
    "singular sform": (
        FailureCode.BAD_VOXEL_SIZE,
        lambda: nifti_bytes(qform_code=0, sform=np.diag([1.0, 1.0, 0.0, 1.0])),
    ),
    "sform with two equal axes": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(
            qform_code=0, sform=np.array([[1.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])
        ),
    ),
    "NaN in the sform": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(qform_code=0, sform=np.full((3, 4), NAN)),
    ),
    "sheared sform": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(
            affine=sheared(0.2), qform_code=0, pixdim=(1, 1, 1.0198, 1, 0, 0, 0, 0)
        ),
    ),
    "sform and qform mirrored": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(affine=affine_of(axes="LAS"), sform=affine_of(axes="RAS")),
    ),
    "sform and qform 5 mm apart": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(qoffset=(1.0, -5.0, -6.0)),
    ),
    "quaternion longer than one": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(sform_code=0, quaternion=(0.9, 0.9, 0.9)),
    ),
    "NaN in the quaternion": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(sform_code=0, quaternion=(NAN, 0, 0)),
    ),
    "infinite qform offset": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(sform_code=0, qoffset=(INF, 0, 0)),
    ),
    "odd handedness": (FailureCode.BAD_ORIENTATION, lambda: nifti_bytes(qfac=5.0)),
    "made-up orientation code": (FailureCode.BAD_ORIENTATION, lambda: nifti_bytes(sform_code=900)),
    "a kilometre away": (
        FailureCode.BAD_ORIENTATION,
        lambda: nifti_bytes(affine=affine_of(origin_mm=(1e6, 0, 0))),
    ),
    "voxels start at 2**40": (FailureCode.NOT_AN_IMAGE, lambda: nifti_bytes(vox_offset=2.0**40)),
    "voxels start inside the header": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(vox_offset=100.0),
    ),
    "voxels start at half a byte": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(vox_offset=352.5),
    ),
    "voxels start at NaN": (FailureCode.NOT_AN_IMAGE, lambda: nifti_bytes(vox_offset=NAN)),
    "voxels start 16 bytes late": (FailureCode.TRUNCATED, lambda: nifti_bytes(vox_offset=368.0)),
    "infinite slope": (FailureCode.BAD_VALUES, lambda: nifti_bytes(slope=INF)),
    "slope with NaN intercept": (FailureCode.BAD_VALUES, lambda: nifti_bytes(slope=2.0, inter=NAN)),
    "slope that single precision makes 0": (
        FailureCode.BAD_VALUES,
        lambda: nifti_bytes(version=2, slope=1e-60),
    ),
    "slope that makes all values equal": (
        FailureCode.BAD_VALUES,
        lambda: nifti_bytes(slope=1e-30, inter=1.0),
    ),
    "slope that leaves single precision": (
        FailureCode.BAD_VALUES,
        lambda: nifti_bytes(slope=3e38),
    ),
    "extension of size 0": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(extension=b"\0" * 16, vox_offset=368.0),
    ),
    "extension of size 2**31 - 1": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(extension=b"\xff\xff\xff\x7f" + b"\0" * 12, vox_offset=368.0),
    ),
    "pair": (FailureCode.NOT_AN_IMAGE, lambda: nifti_bytes(magic=b"ni1\0")),
    "NIfTI-2 pair": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(version=2, magic=b"ni2\0\r\n\x1a\n"),
    ),
    "Analyze": (FailureCode.NOT_AN_IMAGE, lambda: nifti_bytes(magic=b"\0\0\0\0")),
    "NIfTI-2 through text mode": (
        FailureCode.NOT_AN_IMAGE,
        lambda: nifti_bytes(version=2, magic=b"n+2\0\n\n\x1a\n"),
    ),
    "unknown header length": (FailureCode.NOT_AN_IMAGE, lambda: nifti_bytes(other={0: ("i", 349)})),
}

SOUND = nifti_bytes(affine=OBLIQUE)
PACKED = gzipped(SOUND)


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 0x40
    return bytes(changed)


STREAMS: dict[str, tuple[FailureCode, Callable[[], bytes]]] = {
    "empty": (FailureCode.EMPTY, lambda: b""),
    "text": (FailureCode.NOT_AN_IMAGE, lambda: b"not an image at all\n" * 40),
    "compressed text": (FailureCode.NOT_AN_IMAGE, lambda: gzipped(b"not an image at all\n" * 40)),
    "JPEG": (FailureCode.NOT_AN_IMAGE, lambda: b"\xff\xd8\xff\xe0" + b"\0" * 600),
    "one byte": (FailureCode.NOT_AN_IMAGE, lambda: b"\x5c"),
    "nothing compressed": (FailureCode.NOT_AN_IMAGE, lambda: gzipped(b"")),
    "plain, cut at 50 %": (FailureCode.TRUNCATED, lambda: SOUND[: len(SOUND) // 2]),
    "plain, cut at 99.9 %": (FailureCode.TRUNCATED, lambda: SOUND[: len(SOUND) * 999 // 1000]),
    "plain, one byte short": (FailureCode.TRUNCATED, lambda: SOUND[:-1]),
    "plain, cut in the header": (FailureCode.TRUNCATED, lambda: SOUND[:350]),
    "plain, one byte more": (FailureCode.TRAILING_DATA, lambda: SOUND + b"\0"),
    "cut in the gzip header": (FailureCode.TRUNCATED, lambda: PACKED[:6]),
    "cut at 50 %": (FailureCode.TRUNCATED, lambda: PACKED[: len(PACKED) // 2]),
    "cut at 90 %": (FailureCode.TRUNCATED, lambda: PACKED[: len(PACKED) * 9 // 10]),
    "cut at 99.9 %": (FailureCode.TRUNCATED, lambda: PACKED[: len(PACKED) * 999 // 1000]),
    "without its checksum": (FailureCode.TRUNCATED, lambda: PACKED[:-8]),
    "without its length": (FailureCode.TRUNCATED, lambda: PACKED[:-1]),
    "wrong checksum": (FailureCode.CHECKSUM, lambda: flipped(PACKED, -8)),
    "wrong length": (FailureCode.CHECKSUM, lambda: flipped(PACKED, -4)),
    "flip in the body": (FailureCode.CHECKSUM, lambda: flipped(PACKED, len(PACKED) * 3 // 4)),
    "two members": (FailureCode.TRAILING_DATA, lambda: PACKED + PACKED),
    "image in two members": (
        FailureCode.TRAILING_DATA,
        lambda: gzipped(SOUND[:900]) + gzipped(SOUND[900:]),
    ),
    "trailing junk": (FailureCode.TRAILING_DATA, lambda: PACKED + b"junk"),
    "trailing zeros": (FailureCode.TRAILING_DATA, lambda: PACKED + b"\0" * 512),
    "compressed twice": (FailureCode.NOT_AN_IMAGE, lambda: gzipped(PACKED)),
    "more voxels inside than stated": (
        FailureCode.TRAILING_DATA,
        lambda: gzipped(SOUND + b"\0" * 4096),
    ),
    "fewer voxels inside than stated": (FailureCode.TRUNCATED, lambda: gzipped(SOUND[:-2])),
    "NaN voxel": (
        FailureCode.BAD_VALUES,
        lambda: gzipped(nifti_bytes(np.where(intensities() == 3, NAN, 1.0).astype("float32"))),
    ),
    "infinite voxel": (
        FailureCode.BAD_VALUES,
        lambda: gzipped(nifti_bytes(np.where(intensities() == 3, INF, 1.0).astype("float64"))),
    ),
    "the same value everywhere": (
        FailureCode.BAD_VALUES,
        lambda: gzipped(nifti_bytes(np.full((9, 10, 11), 7, "int16"))),
    ),
    "values beyond single precision": (
        FailureCode.BAD_VALUES,
        lambda: gzipped(nifti_bytes(intensities(dtype="float64") * 1e300)),
    ),
}

CORPUS = HEADERS | STREAMS


@pytest.mark.parametrize("name", CORPUS)
def test_a_bad_file_is_refused_with_its_code_by_every_reader(name: str, tmp_path: Path) -> None:
    code, build = CORPUS[name]
    path, copy = tmp_path / "image.nii.gz", tmp_path / "copy.nii.gz"
    path.write_bytes(build())
    messages = []
    for read in (inspect_nifti, read_volume, lambda source: store_clean_copy(source, copy)):
        with pytest.raises(ImageError) as caught:
            read(path)
        assert caught.value.code is code, caught.value.message
        messages.append(caught.value.message)
    assert len(set(messages)) == 1
    assert messages[0].endswith(".")
    assert not copy.exists()


@pytest.mark.parametrize("name", [name for name in HEADERS if name != "pair"])
def test_a_bad_header_is_refused_through_gzip_as_well(name: str, tmp_path: Path) -> None:
    code, build = HEADERS[name]
    path = tmp_path / "image.nii.gz"
    path.write_bytes(gzipped(build()))
    with pytest.raises(ImageError) as caught:
        inspect_nifti(path)
    assert caught.value.code is code


GOOD: dict[str, Callable[[], bytes]] = {
    "plain": lambda: SOUND,
    "compressed": lambda: PACKED,
    "name and time in the gzip header": lambda: (
        b"\x1f\x8b\x08\x08\x12\x34\x56\x78\x00\x03patient.nii\0" + PACKED[10:]
    ),
    "checksum in the gzip header": lambda: (
        b"\x1f\x8b\x08\x02\0\0\0\0\0\x03"
        + (zlib.crc32(b"\x1f\x8b\x08\x02\0\0\0\0\0\x03") & 0xFFFF).to_bytes(2, "little")
        + PACKED[10:]
    ),
    "big endian": lambda: nifti_bytes(affine=OBLIQUE, endian=">"),
    "NIfTI-2": lambda: nifti_bytes(affine=OBLIQUE, version=2),
    "big-endian NIfTI-2": lambda: nifti_bytes(affine=OBLIQUE, version=2, endian=">"),
    "sform alone": lambda: nifti_bytes(affine=OBLIQUE, qform_code=0),
    "qform alone": lambda: nifti_bytes(affine=OBLIQUE, sform_code=0),
    "qfac of 0": lambda: nifti_bytes(affine=OBLIQUE, qfac=0.0),
    "four dimensions, one volume": lambda: nifti_bytes(
        affine=OBLIQUE, dim=(4, 9, 10, 11, 1, 1, 1, 1)
    ),
    "sides beyond the dimensions are not read": lambda: nifti_bytes(
        affine=OBLIQUE, dim=(3, 9, 10, 11, 0, 0, -4, 77)
    ),
    "extension": lambda: nifti_bytes(affine=OBLIQUE, extension=extension_of(b"a comment")),
    "gap before the voxels": lambda: nifti_bytes(
        affine=OBLIQUE, extension=b"\0" * 64, extender=b"\0\0\0\0"
    ),
    "units not given": lambda: nifti_bytes(affine=OBLIQUE, xyzt_units=0),
    "slope of 0": lambda: nifti_bytes(affine=OBLIQUE, slope=0.0, inter=5.0),
    "slope of NaN": lambda: nifti_bytes(affine=OBLIQUE, slope=NAN, inter=NAN),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_file_is_accepted_whatever_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "anything.dat"
    path.write_bytes(GOOD[name]())
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.data, intensities())
    np.testing.assert_allclose(volume.affine, OBLIQUE, atol=1e-6)
    assert inspect_nifti(path).shape == (9, 10, 11)


def test_data_after_the_end_are_found_in_a_later_piece_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.nii.gz"
    path.write_bytes(PACKED + b"junk")
    monkeypatch.setattr("segmentation.imaging.gzip_stream.CHUNK_BYTES", len(PACKED))
    with pytest.raises(ImageError) as caught:
        inspect_nifti(path)
    assert caught.value.code is FailureCode.TRAILING_DATA


@pytest.mark.parametrize("piece", [2, 7, 353])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
def test_the_size_of_the_pieces_does_not_change_what_is_read(
    dtype: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.nii.gz"
    path.write_bytes(gzipped(nifti_bytes(intensities(dtype=dtype), OBLIQUE)))
    whole = inspect_nifti(path)
    monkeypatch.setattr("segmentation.imaging.gzip_stream.CHUNK_BYTES", piece)
    np.testing.assert_array_equal(read_volume(path).data, intensities(dtype=dtype))
    assert inspect_nifti(path).sha256 == whole.sha256


def test_a_bomb_is_refused_at_the_stated_length_and_not_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inflated = 0
    inflater_of = zlib.decompressobj

    class Counting:
        def __init__(self, window: int) -> None:
            self._inflater = inflater_of(window)

        def decompress(self, data: bytes, most: int) -> bytes:
            nonlocal inflated
            chunk = self._inflater.decompress(data, most)
            inflated += len(chunk)
            return chunk

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inflater, name)

    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(SOUND + bytes(256 * 2**20), compresslevel=1))
    monkeypatch.setattr("segmentation.imaging.gzip_stream.zlib.decompressobj", Counting)
    with pytest.raises(ImageError) as caught:
        inspect_nifti(path)
    assert caught.value.code is FailureCode.TRAILING_DATA
    assert inflated <= 2 * 2**20


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=4),
    version=st.sampled_from([1, 2]),
)
def test_a_changed_header_is_read_or_refused_but_never_breaks_the_reader(
    changes: list[tuple[int, int]], version: int, tmp_path: Path
) -> None:
    content = bytearray(nifti_bytes(affine=OBLIQUE, version=version))
    for position, value in changes:
        content[position] = value
    path = tmp_path / "mutant.nii"
    path.write_bytes(content)
    try:
        facts = inspect_nifti(path)
    except ImageError:
        return
    assert math.prod(facts.shape) == 990
    assert 0 < abs(np.linalg.det(facts.affine[:3, :3])) < 8000
