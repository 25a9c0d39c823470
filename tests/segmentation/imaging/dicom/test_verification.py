"""The second look at kept files: no false alarm from a hash, no identifier let through."""

from zipfile import ZipFile

import pytest

from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.procedure import current_procedure
from segmentation.imaging.dicom.verification import elements, verify
from segmentation.imaging.errors import ImageError
from tests.support.dicom import make_series, write_series

SOP_INSTANCE_UID = 0x00080018
IDENTITY = TrialIdentity("STUDY", "S01", "S01-001", "Baseline")
RULES = current_procedure()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("series")
    files = write_series(make_series(), folder / "in")
    (result,) = read_series(
        files,
        into=folder / "out",
        key=DeidentificationKey(b"k" * 32),
        identity=IDENTITY,
    )
    assert isinstance(result, ConvertedSeries)
    with ZipFile(result.dicom_zip) as archive:
        return archive.read(archive.namelist()[0])


def uid_of(content: bytes) -> str:
    found = {tag: value for tag, _vr, value in elements(content)}
    return found[SOP_INSTANCE_UID].decode().strip("\0")


def test_a_short_number_in_a_mapped_uid_is_there_by_chance(kept: bytes):
    verify(kept, {uid_of(kept)[12:17]}, IDENTITY, RULES)


def test_a_whole_identifier_in_a_uid_is_found(kept: bytes):
    with pytest.raises(ImageError, match=r"\(0008,0018\)"):
        verify(kept, {uid_of(kept)}, IDENTITY, RULES)


def test_a_uid_that_was_not_mapped_is_found(kept: bytes):
    uid = uid_of(kept).encode()
    original = b"1.2.840." + b"1" * (len(uid) - 8)
    with pytest.raises(ImageError, match="could not be verified"):
        verify(kept.replace(uid, original), set(), IDENTITY, RULES)
