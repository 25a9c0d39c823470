"""A tar archive gives every byte that `tarfile` put in, or is refused and leaves nothing behind."""

import gzip
import io
import struct
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation.imaging import archive, archive_rules, tar_files
from segmentation.imaging.archive import content_of, may_hold, unpack
from segmentation.imaging.content import Content
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.images import nifti_bytes

IMAGE = nifti_bytes()
LONG = "a folder with a long name/" * 9 + "IM0001"
FILES = {"./T1w/IM0001": IMAGE, "T1w/IM0002": IMAGE[::-1], "notes.txt": b"text", "empty": b""}
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "GNU": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
DICOM = b"\0" * 128 + b"DICM" + b"\0" * 64


def entry(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def tarred(
    *entries: tuple[tarfile.TarInfo, bytes], form: str = "ustar", compression: str = "", **more: Any
) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode=f"w:{compression}", format=FORMATS[form], **more
    ) as made:
        for info, content in entries or [entry(n, c) for n, c in FILES.items()]:
            made.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def patched(content: bytes, offset: int, field: bytes) -> bytes:
    """Overwrite a field of the first header, and mend its checksum."""
    changed = bytearray(content)
    changed[offset : offset + len(field)] = field
    changed[148:156] = b" " * 8
    changed[148:156] = b"%06o\0 " % sum(changed[:512])
    return bytes(changed)


def files_of(content: bytes, folder: Path) -> list[bytes]:
    source = folder / "upload"
    source.write_bytes(content)
    return [path.read_bytes() for path in unpack(source, folder / "into")]


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("compression", ["", "gz"])
def test_files_come_out_in_order_whatever_the_format(form, compression, tmp_path: Path) -> None:
    found = files_of(tarred(form=form, compression=compression), tmp_path)
    assert found == list(FILES.values())
    assert [path.name for path in sorted((tmp_path / "into").iterdir())] == [
        "00000", "00001", "00002", "00003",
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_a_long_name_belongs_to_its_own_file_only(form, tmp_path: Path) -> None:
    made = tarred(entry(LONG, IMAGE), entry("short", b"text"), form=form)
    assert files_of(made, tmp_path) == [IMAGE, b"text"]


def test_what_the_tar_of_the_system_packs_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    subprocess.run(["tar", "-czf", tmp_path / "a.tgz", "-C", folder, "."], check=True)
    paths = unpack(tmp_path / "a.tgz", tmp_path / "into")
    assert sorted(path.read_bytes() for path in paths) == sorted(FILES.values())


def test_folders_and_the_clutter_of_an_operating_system_are_left_out(tmp_path: Path) -> None:
    made = tarred(
        entry("T1w", type=tarfile.DIRTYPE),
        entry("T1w/._IM0001", b"fork"),
        entry("T1w/.DS_Store", b"icons"),
        entry("T1w/IM0001", IMAGE),
    )
    assert files_of(made, tmp_path) == [IMAGE]


def test_a_size_in_base_256_and_one_of_an_extended_header_are_read(tmp_path: Path) -> None:
    assert files_of(large(len(IMAGE)), tmp_path) == [IMAGE]
    extended = tarred(entry("a", IMAGE, pax_headers={"size": str(len(IMAGE))}), form="pax")
    assert files_of(extended, tmp_path / "into") == [IMAGE]


def test_an_archive_without_files_gives_an_empty_list(tmp_path: Path) -> None:
    made = tarred(entry("T1w", type=tarfile.DIRTYPE))
    assert files_of(made, tmp_path) == []
    with pytest.raises(ImageError) as caught:
        may_hold(tmp_path / "upload", Content.DICOM)
    assert caught.value.code is FailureCode.EMPTY


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """An archive whose first file has an extended header that nobody would write."""
    padded = records + b"\0" * (-len(records) % 512)
    header = patched(tarred(entry("pax", records))[:512], 156, kind)
    return header + padded + tarred(entry("IM0001", IMAGE))


def record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    return str(len(body) + 2).encode() + body


def damaged(content: bytes) -> bytes:
    """Change the checksum at the end of a gzip stream."""
    return content[:-8] + b"abcd" + content[-4:]


def sparse() -> bytes:
    return patched(tarred(entry("IM0001", IMAGE)), 156, b"S")


def bomb() -> bytes:
    return gzip.compress(tarred(entry("IM0001", bytes(64 * 2**20))), 9)


def large(size: int) -> bytes:
    return patched(tarred(entry("a", IMAGE)), 124, b"\x80" + struct.pack(">3xQ", size))


def stating(size: int) -> bytes:
    return patched(tarred(entry("IM0001", IMAGE)), 124, b"%011o\0" % size)


UNSAFE, BROKEN = FailureCode.UNSAFE_ARCHIVE, FailureCode.BAD_ARCHIVE
BAD: dict[str, tuple[FailureCode, Callable[[], bytes]]] = {
    "symbolic link": (
        UNSAFE, lambda: tarred(entry("a", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    ),
    "hard link": (UNSAFE, lambda: tarred(entry("a", type=tarfile.LNKTYPE, linkname="b"))),
    "pipe": (UNSAFE, lambda: tarred(entry("a", type=tarfile.FIFOTYPE))),
    "device": (UNSAFE, lambda: tarred(entry("a", type=tarfile.CHRTYPE))),
    "file with holes": (UNSAFE, sparse),
    "holes by an extended header": (UNSAFE, lambda: pax(record(b"GNU.sparse.major", b"1"))),
    "unknown kind": (UNSAFE, lambda: patched(tarred(entry("a", IMAGE)), 156, b"V")),
    "absolute name": (UNSAFE, lambda: tarred(entry("/etc/passwd", IMAGE))),
    "name with ../": (UNSAFE, lambda: tarred(entry("a/../../b", IMAGE))),
    "long name with ../": (UNSAFE, lambda: tarred(entry(LONG + "/../..", IMAGE), form="GNU")),
    "extended name with ../": (UNSAFE, lambda: pax(record(b"path", b"../IM0001"))),
    "name of 2 kB": (UNSAFE, lambda: tarred(entry("n/" * 1000 + "n", IMAGE), form="GNU")),
    "no name": (UNSAFE, lambda: patched(tarred(entry("a", IMAGE)), 0, bytes(100))),
    "one name for all": (UNSAFE, lambda: pax(record(b"path", b"IM"), b"g")),
    "extended header of 8 GB": (
        UNSAFE, lambda: patched(stating(0o77777777777), 156, b"x"),
    ),
    "bomb": (UNSAFE, bomb),
    "zip in a tar": (UNSAFE, lambda: tarred(entry("a", b"PK\x05\x06" + bytes(18)))),
    "tar in a tar": (UNSAFE, lambda: tarred(entry("a", tarred()))),
    "9 GB stated": (FailureCode.TOO_LARGE, lambda: large(9 * 2**30)),
    "more than there is": (BROKEN, lambda: stating(2**20)),
    "negative size": (BROKEN, lambda: patched(tarred(entry("a", IMAGE)), 124, b"\xff" * 12)),
    "size in letters": (BROKEN, lambda: patched(tarred(entry("a", IMAGE)), 124, b"many files..")),
    "damaged header": (BROKEN, lambda: tarred().replace(b"IM0001", b"IM0003", 1)),
    "damaged record": (BROKEN, lambda: pax(b"99 path=a\n")),
    "record without a length": (BROKEN, lambda: pax(b"path=a\n")),
    "header for no file": (BROKEN, lambda: pax(record(b"path", b"a"))[:1024] + bytes(1024)),
    "folder with content": (
        BROKEN, lambda: patched(tarred(entry("a", IMAGE)), 156, tarfile.DIRTYPE),
    ),
    "one block of zeros for an end": (BROKEN, lambda: tarred(entry("a", b""))[:1024] + DICOM * 9),
    "junk after the end": (BROKEN, lambda: tarred() + b"junk"),
    "cut off inside gzip": (FailureCode.TRUNCATED, lambda: tarred(compression="gz")[:-9]),
    "damaged gzip": (FailureCode.CHECKSUM, lambda: damaged(tarred(compression="gz"))),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_refused_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    code, build = BAD[name]
    source, into = tmp_path / "upload", tmp_path / "into"
    source.write_bytes(build())
    assert content_of(source) is Content.TAR
    with pytest.raises(ImageError) as caught:
        unpack(source, into)
    assert caught.value.code is code, caught.value.message
    assert caught.value.message.endswith(".")
    assert leftovers(tmp_path) == [source]


@pytest.mark.parametrize("compression", ["", "gz"])
def test_an_archive_that_is_cut_anywhere_is_refused(compression: str, tmp_path: Path) -> None:
    """Between two files as well, where `tarfile` sees a whole archive with a slice missing."""
    whole = tarred(compression=compression)
    end = len(tarred(compression="")) - 9216 if not compression else len(whole)
    step = 256 if not compression else 7
    for length in range(step, end, step):
        part = tmp_path / str(length)
        part.mkdir()
        (part / "upload").write_bytes(whole[:length])
        with pytest.raises(ImageError):
            unpack(part / "upload", part / "into")
        assert leftovers(part) == [part / "upload"]


def test_more_files_than_the_limit_are_too_many(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tar_files, "MAX_ENTRIES", 3)
    with pytest.raises(ImageError) as caught:
        files_of(tarred(), tmp_path)
    assert caught.value.code is FailureCode.TOO_LARGE
    assert archive_rules.MAX_ENTRIES == 20_000


def test_a_person_who_waits_is_answered_by_the_first_image(tmp_path: Path, monkeypatch) -> None:
    source = tmp_path / "upload"
    source.write_bytes(tarred(entry("notes", b"text"), entry("IM", DICOM))[:-3000])
    assert may_hold(source, Content.DICOM)
    source.write_bytes(tarred(entry("notes", b"text")))
    assert not may_hold(source, Content.DICOM)
    source.write_bytes(tarred(entry("a", bytes(5000)), entry("b", b"")))
    monkeypatch.setattr(archive, "LOOKED_AT_BYTES", 4000)
    assert may_hold(source, Content.DICOM)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    form=st.sampled_from(sorted(FORMATS)),
)
def test_a_changed_archive_gives_files_of_the_right_size_or_is_refused(
    changes: list[tuple[float, int]], form: str, tmp_path: Path
) -> None:
    content = bytearray(tarred(entry("IM0001", IMAGE[:600]), entry(LONG, b"text" * 9), form=form))
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    source, into = tmp_path / "upload", tmp_path / "into"
    source.write_bytes(content)
    try:
        paths = unpack(source, into)
    except ImageError:
        paths = []
    assert sum(path.stat().st_size for path in paths) <= len(content)
    for path in paths:
        path.unlink()
    assert leftovers(into) == [] if into.exists() else True


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_compressed_archive_gives_its_bytes_or_is_refused(
    changes: list[tuple[float, int]], tmp_path: Path
) -> None:
    content = bytearray(gzip.compress(tarred(entry("IM0001", IMAGE[:600])), mtime=0))
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    source = tmp_path / "upload"
    source.write_bytes(content)
    try:
        paths = unpack(source, tmp_path / "into")
    except ImageError:
        return
    assert [path.read_bytes() for path in paths] == [IMAGE[:600]]
    for path in paths:
        path.unlink()
