"""The web server dies while a file is on its way: the file arrives, byte for byte."""

import hashlib
import io
import json
import logging
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from segmentation.models import Transfer, TransferState, Upload
from segmentation.services import store
from tests.support.tus import PIECE_TYPE, list_address
from tests.support.web import Answer, Person, Server, server
from tests.support.world import build_world

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
MIB = 1024**2
PIECE_BYTES = 8 * MIB
SHARES = (0.05, 0.60, 0.99)
DICOM = b"\0" * 128 + b"DICM" + b"\0" * 380


def write_scan(path: Path, size_bytes: int) -> str:
    """Write a tar archive that passes the first look, of noise for the most; returns its sha256."""
    noise = np.random.default_rng(7)
    with tarfile.open(path, "w") as archive:
        for name, size in (("first.dcm", len(DICOM)), ("rest.dcm", size_bytes)):
            entry = tarfile.TarInfo(name)
            entry.size = size
            content = io.BytesIO(DICOM) if size == len(DICOM) else Noise(noise)
            archive.addfile(entry, content)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Noise(io.RawIOBase):
    """As many random bytes as are asked for."""

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__()
        self._random = random

    def read(self, size: int = -1) -> bytes:
        return self._random.bytes(size)


class Sending:
    """A file on its way from a person, who goes on where the server says."""

    def __init__(self, person: Person, path: Path, address: str) -> None:
        self.person, self.path, self.address = person, path, address
        self.size_bytes = path.stat().st_size
        self.sent_bytes = 0

    def headers(self, offset: int) -> dict[str, str]:
        return {"Upload-Offset": str(offset), "Content-Type": PIECE_TYPE}

    def read(self, offset: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(PIECE_BYTES)

    def offset(self) -> int:
        answer = self.person.ask("HEAD", self.address)
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])

    def piece(self, offset: int) -> Answer:
        content = self.read(offset)
        self.sent_bytes += len(content)
        return self.person.ask("PATCH", self.address, self.headers(offset), content)

    def up_to(self, until: int) -> int:
        """Send pieces until so many bytes have been taken; returns how many have."""
        offset = self.offset()
        while offset < until:
            answer = self.piece(offset)
            assert answer.status == 204, answer.content
            offset = int(answer.headers["Upload-Offset"])
        return offset

    def break_off(self, offset: int, share: float) -> None:
        """Send a share of a piece, all of it for 1, and stay for no answer."""
        content = self.read(offset)
        headers = {**self.headers(offset), "Content-Length": str(len(content))}
        sent = content[: int(len(content) * share)]
        self.sent_bytes += len(sent)
        self.person.begin_to_ask("PATCH", self.address, headers, sent)


def begin(person: Person, path: Path, listed: str) -> Sending:
    answer = person.ask("POST", listed, {"Upload-Length": str(path.stat().st_size)})
    assert answer.status == 201, answer.content
    return Sending(person, path, answer.headers["Location"])


def send_through_kills(path: Path, size_bytes: int) -> Sending:
    """Send a file while the server is killed in the middle of a piece at each of the shares."""
    world = build_world()
    expected = write_scan(path, size_bytes)
    with server() as web:
        person = Person(world.user("coordinator"), web.start().port)
        sending = begin(person, path, list_address(world.visit_a))
        for number, share in enumerate(SHARES):
            # Short of the last piece, so that the kill at 99 % still finds one to interrupt.
            until = min(int(share * sending.size_bytes), sending.size_bytes - PIECE_BYTES)
            offset = sending.up_to(until)
            # Half a piece on the line, then a whole one that is being written.
            sending.break_off(offset, 0.5 if number % 2 else 1.0)
            time.sleep(0.02 * number)
            web.kill()
            person.hang_up()
            web.start()
        assert sending.up_to(sending.size_bytes) == sending.size_bytes
    upload = Upload.objects.get()
    kept = store.quarantine_path(upload.pk)
    assert (upload.sha256, store.sha256_of(kept)) == (expected, expected)
    assert sending.sent_bytes <= sending.size_bytes + len(SHARES) * PIECE_BYTES
    return sending


@pytest.mark.faults
def test_a_file_survives_three_deaths_of_the_server(tmp_path: Path):
    send_through_kills(tmp_path / "scan.tar", 40 * MIB)


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_a_file_of_a_gigabyte_survives_three_deaths_of_the_server(tmp_path: Path):
    started = time.monotonic()
    sending = send_through_kills(tmp_path / "scan.tar", 1024 * MIB)
    log.info(
        "%d bytes, of which %d were sent twice, in %.0f s with four starts of the server",
        sending.size_bytes,
        sending.sent_bytes - sending.size_bytes,
        time.monotonic() - started,
    )


@pytest.mark.faults
@pytest.mark.parametrize(
    ("place", "counted"),
    [("piece_after_write", False), ("piece_after_fsync", False), ("piece_after_commit", True)],
)
@pytest.mark.parametrize("which", ["a piece", "the last piece"])
def test_a_kill_at_any_place_of_a_piece_leaves_a_file_that_goes_on(
    tmp_path: Path, place: str, counted: bool, which: str
):
    world = build_world()
    expected = write_scan(tmp_path / "scan.tar", 20 * MIB)
    with server() as web:
        person = Person(world.user("coordinator"), web.start().port)
        sending = begin(person, tmp_path / "scan.tar", list_address(world.visit_a))
        before = sending.up_to(PIECE_BYTES if which == "a piece" else 2 * PIECE_BYTES)
        web.kill()
        person.hang_up()
        web.start(FAILPOINT=place)
        sending.break_off(before, 1.0)
        web.wait_for_its_death()
        person.hang_up()
        found = Transfer.objects.get()
        kept = store.quarantine_path(found.pk)
        end = min(before + PIECE_BYTES, sending.size_bytes)
        assert kept.stat().st_size == end
        assert found.offset_bytes == (end if counted else before)
        is_whole = counted and which == "the last piece"
        assert (found.state == TransferState.RECEIVED) == is_whole == Upload.objects.exists()
        web.start()
        assert sending.up_to(sending.size_bytes) == sending.size_bytes
    assert Upload.objects.get().sha256 == store.sha256_of(kept) == expected


@pytest.fixture
def running() -> Iterator[Server]:
    with server() as web:
        yield web.start()


@pytest.mark.faults
def test_of_two_pieces_at_once_one_counts(tmp_path: Path, running: Server):
    world = build_world()
    expected = write_scan(tmp_path / "scan.tar", 40 * MIB)
    people = [Person(world.user("coordinator"), running.port) for _ in range(2)]
    first = begin(people[0], tmp_path / "scan.tar", list_address(world.visit_a))
    sendings = [first, Sending(people[1], first.path, first.address)]
    gate = Barrier(2)

    def piece(sending: Sending, offset: int) -> int:
        gate.wait()
        return sending.piece(offset).status

    statuses = []
    with ThreadPoolExecutor(2) as threads:
        while (offset := first.offset()) < first.size_bytes:
            pair = list(threads.map(piece, sendings, [offset] * 2))
            statuses.append(sorted(pair))
    assert all(pair[0] == 204 and pair[1] in (409, 423) for pair in statuses), statuses
    upload = Upload.objects.get()
    assert upload.sha256 == store.sha256_of(store.quarantine_path(upload.pk)) == expected


@pytest.mark.faults
def test_several_files_arrive_at_once(tmp_path: Path, running: Server):
    world = build_world()
    visits = [world.visit_a, world.visit_b]
    senders = [world.user("coordinator"), world.user("coordinator_b")]
    expected = write_scan(tmp_path / "scan.tar", 20 * MIB)

    def send(number: int) -> int:
        person = Person(senders[number], running.port)
        sending = begin(person, tmp_path / "scan.tar", list_address(visits[number]))
        return sending.up_to(sending.size_bytes)

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(send, range(2)))) == 1
    assert set(Upload.objects.values_list("sha256", flat=True)) == {expected}
    assert Upload.objects.count() == 2


def test_the_list_over_the_line_names_what_can_go_on(tmp_path: Path, running: Server):
    world = build_world()
    write_scan(tmp_path / "scan.tar", 9 * MIB)
    person = Person(world.user("coordinator"), running.port)
    listed = list_address(world.visit_a)
    sending = begin(person, tmp_path / "scan.tar", listed)
    sending.up_to(1)
    (found,) = json.loads(person.ask("GET", listed).content)["transfers"]
    assert (found["url"], found["offset_bytes"]) == (sending.address, PIECE_BYTES)
