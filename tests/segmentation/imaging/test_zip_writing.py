"""An archive that we write is the one of zipfile, but for how it is compressed."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation.imaging import zip_writing
from segmentation.imaging.archive import unpack
from segmentation.imaging.zip_writing import write_zip

NAME = st.text("abcdefgh0123456789._-", min_size=1, max_size=20).filter(lambda n: n[0] not in "._")
FILES = st.dictionaries(NAME, st.binary(min_size=1, max_size=300), max_size=5)
INFORMATION = (
    "filename", "date_time", "compress_type", "comment", "extra", "create_system",
    "create_version", "extract_version", "flag_bits", "external_attr", "CRC", "file_size",
)  # fmt: skip


def information(path: Path) -> list[list[object]]:
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return [[getattr(entry, name) for name in INFORMATION] for entry in archive.infolist()]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_an_archive_says_of_its_files_what_zipfile_would(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    ours = write_zip(files.items(), tmp_path / "ours.zip")
    with ZipFile(tmp_path / "other.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    assert information(ours) == information(tmp_path / "other.zip")
    with ZipFile(ours) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_an_archive_can_be_taken_in_again(tmp_path: Path) -> None:
    write_zip([("a.dcm", b"one" * 100), ("b.dcm", b"two")], tmp_path / "a.zip")
    found = unpack(tmp_path / "a.zip", tmp_path / "into")
    assert [path.read_bytes() for path in found] == [b"one" * 100, b"two"]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    files = [("a", b"x" * 5000), ("b", bytes(range(256)) * 9)]
    first, second = (write_zip(files, tmp_path / name) for name in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()


def test_more_files_than_the_format_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_writing, "MOST_FILES", 3)
    write_zip(((str(index), b"") for index in range(3)), tmp_path / "most.zip")
    with pytest.raises(ValueError, match="More than a zip archive"):
        write_zip(((str(index), b"") for index in range(4)), tmp_path / "many.zip")
