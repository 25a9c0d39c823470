"""Archives that are sound come out complete; the others leave nothing behind."""

import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation.imaging.archive import content_of, unpack
from segmentation.imaging.content import Content
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.images import gzipped, nifti_bytes, write_nifti

IMAGE = nifti_bytes()
FILES = {"T1w/IM0001": IMAGE, "T1w/IM0002": IMAGE[::-1], "notes.txt": b"text", "empty": b""}


def zipped(
    files: dict[str, bytes] | None = None,
    *,
    method: int = zipfile.ZIP_DEFLATED,
    mode: int = 0,
    comment: bytes = b"",
) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.comment = comment
        for name, content in (FILES if files is None else files).items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return bytearray(buffer.getvalue())


def patched(content: bytearray, mark: bytes, offset: int, form: str, value: int) -> bytearray:
    """Overwrite one field of the first record that starts with `mark`."""
    struct.pack_into(form, content, content.index(mark) + offset, value)
    return content


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def raw_name(name: bytes) -> bytearray:
    """An archive of one file whose name `zipfile` would not write."""
    placeholder = b"n" * len(name)
    return zipped({placeholder.decode(): IMAGE}).replace(placeholder, name)


def unicode_name(name: str) -> bytearray:
    return zipped({name: IMAGE})


def bomb() -> bytearray:
    return zipped({"IM0001": bytes(64 * 2**20)})


def overlapping(copies: int = 500) -> bytearray:
    """One stored file that every entry of the directory points at."""
    content = zipped({"IM0001": IMAGE})
    start, end = content.index(CENTRAL), content.index(END)
    record = content[start:end]
    directory = record * copies
    tail = struct.pack("<4s4H2IH", END, 0, 0, copies, copies, len(directory), start, 0)
    return content[:start] + directory + tail


def two_hundred_thousand() -> bytearray:
    content = zipped({"IM0001": IMAGE})
    start = content.index(CENTRAL)
    return (
        content[:start]
        + struct.pack(
            "<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 200_000, 200_000, 46 * 200_000, start
        )
        + struct.pack("<4sIQI", b"PK\x06\x07", 0, start, 1)
        + struct.pack("<4s4H2IH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )


def zip64(*, entries: int = 1, record_bytes: int = 44) -> bytearray:
    """A small archive with the long end record, as some tools write it."""
    content = zipped({"IM0001": IMAGE})
    start, end = content.index(CENTRAL), content.index(END)
    record = struct.pack(
        "<4sQ2H2I4Q",
        b"PK\x06\x06",
        record_bytes,
        45,
        45,
        0,
        0,
        entries,
        entries,
        end - start,
        start,
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4s4H2IH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:end] + record + locator + tail


def inflating_to(size: int, stated: int) -> bytearray:
    content = zipped({"IM0001": bytes(range(256)) * (size // 256)})
    patched(content, LOCAL, 22, "<I", stated)
    return patched(content, CENTRAL, 24, "<I", stated)


def tar_bytes(compression: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        info = tarfile.TarInfo("IM0001")
        info.size = len(IMAGE)
        archive.addfile(info, io.BytesIO(IMAGE))
    return buffer.getvalue()


BAD: dict[str, tuple[FailureCode, Callable[[], bytes | bytearray]]] = {
    "zero bytes": (FailureCode.EMPTY, lambda: b""),
    "text": (FailureCode.BAD_ARCHIVE, lambda: b"not an archive"),
    "image": (FailureCode.BAD_ARCHIVE, lambda: IMAGE),
    "tar compressed otherwise": (FailureCode.BAD_ARCHIVE, lambda: tar_bytes("xz")),
    "cut at 50 %": (FailureCode.BAD_ARCHIVE, lambda: zipped()[: len(zipped()) // 2]),
    "one byte short": (FailureCode.BAD_ARCHIVE, lambda: zipped()[:-1]),
    "junk after the end": (FailureCode.BAD_ARCHIVE, lambda: zipped() + b"junk"),
    "junk before the start": (FailureCode.BAD_ARCHIVE, lambda: b"PK\x03\x04junk" + zipped()),
    "bomb": (FailureCode.UNSAFE_ARCHIVE, bomb),
    "overlapping files": (FailureCode.UNSAFE_ARCHIVE, overlapping),
    "200,000 files stated": (FailureCode.TOO_LARGE, two_hundred_thousand),
    "9 GB stated": (
        FailureCode.TOO_LARGE,
        lambda: huge_together(),
    ),
    "more bytes than stated": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: inflating_to(4096, stated=256),
    ),
    "fewer bytes than stated": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: inflating_to(4096, stated=8192),
    ),
    "more entries stated than there are": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(patched(zipped(), END, 8, "<H", 9), END, 10, "<H", 9),
    ),
    "fewer entries stated than there are": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(patched(zipped(), END, 8, "<H", 1), END, 10, "<H", 1),
    ),
    "part of several": (FailureCode.BAD_ARCHIVE, lambda: patched(zipped(), END, 4, "<H", 1)),
    "directory elsewhere": (FailureCode.BAD_ARCHIVE, lambda: patched(zipped(), END, 16, "<I", 3)),
    "directory too short": (FailureCode.BAD_ARCHIVE, lambda: patched(zipped(), END, 12, "<I", 9)),
    "damaged directory": (FailureCode.BAD_ARCHIVE, lambda: patched(zipped(), CENTRAL, 0, "<I", 7)),
    "name longer than the directory": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(zipped(), CENTRAL, 28, "<H", 900),
    ),
    "entry outside": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(zipped(), CENTRAL, 42, "<I", 0x7FFFFFFF),
    ),
    "entry that is no entry": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(zipped(), CENTRAL, 42, "<I", 2),
    ),
    "data that reach into the directory": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(zipped({"IM0001": IMAGE}), CENTRAL, 20, "<I", 10**6),
    ),
    "two names for one entry": (
        FailureCode.BAD_ARCHIVE,
        lambda: zipped({"IM0001": IMAGE}).replace(b"IM0001", b"IM0002", 1),
    ),
    "size in a long field that is missing": (
        FailureCode.BAD_ARCHIVE,
        lambda: patched(zipped(), CENTRAL, 24, "<I", 0xFFFFFFFF),
    ),
    "long end record of another count": (FailureCode.BAD_ARCHIVE, lambda: zip64(entries=2)),
    "long end record of another length": (
        FailureCode.BAD_ARCHIVE,
        lambda: zip64(record_bytes=2**40),
    ),
    "folder with content": (
        FailureCode.BAD_ARCHIVE,
        lambda: zipped({"IM0001x": IMAGE}).replace(b"IM0001x", b"IM0001/"),
    ),
    "compressed data without their last byte": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: one_byte_less_stored(),
    ),
    "wrong checksum": (
        FailureCode.CHECKSUM,
        lambda: patched(zipped({"IM0001": IMAGE}), CENTRAL, 16, "<I", 7),
    ),
    "damaged data": (
        FailureCode.CHECKSUM,
        lambda: patched(zipped({"IM0001": IMAGE}), b"IM0001", 6, "<I", 0xFFFFFFFF),
    ),
    "encrypted": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: patched(zipped(), CENTRAL, 8, "<H", 1),
    ),
    "encrypted by its own header alone": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: patched(zipped(), LOCAL, 6, "<H", 1),
    ),
    "bzip2": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped(method=zipfile.ZIP_BZIP2)),
    "LZMA": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped(method=zipfile.ZIP_LZMA)),
    "Zstandard": (FailureCode.UNSAFE_ARCHIVE, lambda: patched(zipped(), CENTRAL, 10, "<H", 93)),
    "symbolic link": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped(mode=stat.S_IFLNK | 0o777)),
    "device": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped(mode=stat.S_IFBLK | 0o600)),
    "zip in a zip": (
        FailureCode.UNSAFE_ARCHIVE,
        lambda: zipped({"IM0001": IMAGE, "IM0002": bytes(zipped())}),
    ),
    "empty zip in a zip": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped({"a": bytes(zipped({}))})),
    "tar in a zip": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped({"a": tar_bytes("")})),
    "compressed tar in a zip": (FailureCode.UNSAFE_ARCHIVE, lambda: zipped({"a": tar_bytes("gz")})),
    "name with ../": (FailureCode.UNSAFE_ARCHIVE, lambda: unicode_name("../IM0001")),
    "name with .. inside": (FailureCode.UNSAFE_ARCHIVE, lambda: unicode_name("a/../../IM0001")),
    "name with ..\\": (FailureCode.UNSAFE_ARCHIVE, lambda: raw_name(b"a\\..\\IM0001")),
    "name that ends in ..": (FailureCode.UNSAFE_ARCHIVE, lambda: unicode_name("a/..")),
    "absolute name": (FailureCode.UNSAFE_ARCHIVE, lambda: raw_name(b"/etc/passwd")),
    "network name": (FailureCode.UNSAFE_ARCHIVE, lambda: raw_name(b"\\\\host\\share")),
    "name with a drive": (FailureCode.UNSAFE_ARCHIVE, lambda: unicode_name("C:IM0001")),
    "name with NUL": (FailureCode.UNSAFE_ARCHIVE, lambda: raw_name(b"IM\x000001")),
    "name of 65 kB": (FailureCode.UNSAFE_ARCHIVE, lambda: unicode_name("n" * 65_000)),
}

HARMLESS_NAMES = (
    "CON",
    "com1.dcm",
    "n" * 300,
    "a/b/c/d/e/IM0001",
    "..IM0001",
    "IM0001..",
    "~/.ssh/keys",
    "-rf",
    "$(id)",
    "caf\u00e9",
    "cafe\u0301",
    "\u202egnp.exe",
    "\U0001f9e0",
    "a\nb",
)


def huge_together() -> bytearray:
    """Three files that state 4 GB each, by their directory only."""
    content = zipped({"a": IMAGE, "b": IMAGE, "c": IMAGE})
    position = content.index(CENTRAL)
    while position >= 0:
        struct.pack_into("<I", content, position + 24, 0xFFFFFFF0)
        position = content.find(CENTRAL, position + 1)
    return content


def one_byte_less_stored() -> bytearray:
    """Every byte of the file is there, but not the mark that ends its compressed data."""
    content = zipped({"IM0001": IMAGE})
    (stored,) = struct.unpack_from("<I", content, content.index(CENTRAL) + 20)
    return patched(content, CENTRAL, 20, "<I", stored - 1)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_refused_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    code, build = BAD[name]
    source, into = tmp_path / "upload", tmp_path / "into"
    source.write_bytes(build())
    with pytest.raises(ImageError) as caught:
        unpack(source, into)
    assert caught.value.code is code, caught.value.message
    assert caught.value.message.endswith(".")
    assert leftovers(tmp_path) == [source]


def test_of_several_faults_the_first_in_the_archive_is_named(tmp_path: Path) -> None:
    large = IMAGE * 200
    files = {"IM0001": IMAGE, "IM0002": large, "inner.zip": bytes(zipped()), "IM0004": IMAGE}
    content = zipped(files)
    crc32 = struct.pack("<I", zlib.crc32(large))
    damaged = content.replace(crc32, struct.pack("<I", zlib.crc32(large) ^ 1))
    source, into = tmp_path / "upload", tmp_path / "into"
    for archive, code in ((content, FailureCode.UNSAFE_ARCHIVE), (damaged, FailureCode.CHECKSUM)):
        source.write_bytes(archive)
        with pytest.raises(ImageError) as caught:
            unpack(source, into)
        assert caught.value.code is code
        assert leftovers(tmp_path) == [source]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_out_in_order_under_numbers(method: int, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped(method=method, comment=b"a comment PK\x05\x06 with a mark"))
    paths = unpack(source, tmp_path / "into")
    assert [path.name for path in paths] == ["00000", "00001", "00002", "00003"]
    assert [path.read_bytes() for path in paths] == list(FILES.values())


def test_an_archive_that_was_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, chunk: bytes) -> int:  # type: ignore[override]
            self.content += bytes(chunk)
            return len(chunk)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, content in FILES.items():
            archive.writestr(name, content)
    source = tmp_path / "upload"
    source.write_bytes(pipe.content)
    paths = unpack(source, tmp_path / "into")
    assert [path.read_bytes() for path in paths] == list(FILES.values())


def test_long_records_of_small_archives_are_read(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zip64())
    (path,) = unpack(source, tmp_path / "into")
    assert path.read_bytes() == IMAGE
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("IM0001", "w", force_zip64=True) as entry,
    ):
        entry.write(IMAGE)
    source.write_bytes(buffer.getvalue())
    (path,) = unpack(source, tmp_path / "again")
    assert path.read_bytes() == IMAGE


def test_sizes_in_a_long_field_are_read(tmp_path: Path) -> None:
    content = zipped({"IM0001": IMAGE}, method=zipfile.ZIP_STORED)
    start, end = content.index(CENTRAL), content.index(END)
    record = content[start:end]
    struct.pack_into("<2I", record, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    extra = struct.pack("<HHQQ", 1, 16, len(IMAGE), len(IMAGE))
    struct.pack_into("<H", record, 30, len(extra))
    tail = struct.pack("<4s4H2IH", END, 0, 0, 1, 1, len(record) + len(extra), start, 0)
    source = tmp_path / "upload"
    source.write_bytes(content[:start] + record + extra + tail)
    (path,) = unpack(source, tmp_path / "into")
    assert path.read_bytes() == IMAGE


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_name_that_is_only_odd_is_accepted_and_not_used(name: str, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped({name: IMAGE}))
    (path,) = unpack(source, tmp_path / "into")
    assert path == tmp_path / "into" / "00000"


def test_names_that_collide_on_some_disks_give_two_files(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped({"IM0001": IMAGE, "im0001": IMAGE, "caf\u00e9": b"1"}))
    assert len(unpack(source, tmp_path / "into")) == 3


def test_an_archive_without_files_gives_an_empty_list(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    for files in ({}, {"folder/": b""}, {"__MACOSX/._IM1": b"x", ".DS_Store": b"x"}):
        source.write_bytes(zipped(files))
        assert unpack(source, tmp_path / "into") == []


def test_a_compressed_image_in_an_archive_is_no_nested_archive(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped({"T1w.nii.gz": gzipped(IMAGE), "small.gz": gzipped(b"text")}))
    image, text = unpack(source, tmp_path / "into")
    assert content_of(image) is Content.NIFTI
    assert content_of(text) is Content.GZIP


def test_an_empty_slice_may_shrink_a_thousandfold(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped({f"IM{index}": bytes(2**19) for index in range(8)}))
    assert len(unpack(source, tmp_path / "into")) == 8


def test_twenty_thousand_and_one_files_are_too_many(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(zipped({f"IM{index}": b"" for index in range(20_001)}))
    with pytest.raises(ImageError) as caught:
        unpack(source, tmp_path / "into")
    assert caught.value.code is FailureCode.TOO_LARGE


def test_a_folder_gives_its_files_in_order_of_path(tmp_path: Path) -> None:
    folder = tmp_path / "dicom"
    for name in ("b/2", "b/1", "a", ".DS_Store", "c/d/3"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(IMAGE)
    found = unpack(folder, tmp_path / "into")
    assert [str(path.relative_to(folder)) for path in found] == ["a", "b/1", "b/2", "c/d/3"]
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("odd", ["link", "pipe", "nested"])
def test_a_folder_with_anything_but_plain_files_is_refused(odd: str, tmp_path: Path) -> None:
    folder = tmp_path / "dicom"
    folder.mkdir()
    write_nifti(folder / "T1w.nii.gz")
    if odd == "link":
        (folder / "link").symlink_to("/etc/passwd")
    elif odd == "pipe":
        os.mkfifo(folder / "pipe")
    else:
        (folder / "archive").write_bytes(zipped())
    with pytest.raises(ImageError) as caught:
        unpack(folder, tmp_path / "into")
    assert caught.value.code is FailureCode.UNSAFE_ARCHIVE


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_changed_archive_gives_its_bytes_or_is_refused(
    changes: list[tuple[float, int]], tmp_path: Path
) -> None:
    content = zipped({"IM0001": IMAGE[:600], "IM0002": b"text" * 9})
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    source, into = tmp_path / "upload", tmp_path / "into"
    source.write_bytes(content)
    try:
        paths = unpack(source, into)
    except ImageError:
        paths = []
    known = {zlib.crc32(IMAGE[:600]), zlib.crc32(b"text" * 9)}
    for path in paths:
        assert zlib.crc32(path.read_bytes()) in known
        path.unlink()
    assert leftovers(into) == [] if into.exists() else True
