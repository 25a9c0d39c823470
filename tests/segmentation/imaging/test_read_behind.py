"""A file is read back as it is written, whole, and whoever refuses it is heard."""

import threading
from pathlib import Path

import pytest

from segmentation.imaging.gzip_stream import Readable
from segmentation.imaging.read_behind import reading_behind

PIECES = [bytes([index]) * (index * 997) for index in range(1, 40)]


def whole(file: Readable) -> bytes:
    parts = []
    while part := file.read(5000):
        parts.append(part)
    return b"".join(parts)


def test_all_that_is_written_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with reading_behind(path, whole) as (behind, found), path.open("wb", buffering=0) as file:
        for piece in PIECES:
            file.write(piece)
            behind.grown(len(piece))
        behind.end()
        assert found() == b"".join(PIECES)


def test_what_is_not_written_yet_is_waited_for(tmp_path: Path) -> None:
    path, first = tmp_path / "file", threading.Event()

    def reading(file: Readable) -> bytes:
        assert file.read(3) == b"one"
        first.set()
        return file.read(3)

    with reading_behind(path, reading) as (behind, found), path.open("wb", buffering=0) as file:
        file.write(b"one")
        behind.grown(3)
        assert first.wait(timeout=20)
        file.write(b"two")
        behind.grown(3)
        behind.end()
        assert found() == b"two"


def test_who_refuses_the_file_is_heard(tmp_path: Path) -> None:
    def refuse(file: Readable) -> None:
        raise ValueError(file.read(4).decode())

    path = tmp_path / "file"
    with reading_behind(path, refuse) as (behind, found):
        path.write_bytes(b"nope")
        behind.grown(4)
        behind.end()
        with pytest.raises(ValueError, match="nope"):
            found()


def test_who_writes_and_fails_does_not_wait_for_who_reads(tmp_path: Path) -> None:
    def write() -> None:
        with reading_behind(tmp_path / "file", whole):
            (tmp_path / "file").write_bytes(b"some")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()


def test_the_file_is_closed_when_the_writer_fails(tmp_path: Path) -> None:
    path, begun, kept = tmp_path / "file", threading.Event(), []

    def reading(file: Readable) -> bytes:
        first = file.read(3)
        begun.set()
        return first + file.read(3)

    def write() -> None:
        with reading_behind(path, reading) as (behind, _):
            kept.append(behind)
            path.write_bytes(b"one")
            behind.grown(3)
            assert begun.wait(20)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()
    assert kept[0]._file is not None
    assert kept[0]._file.closed
