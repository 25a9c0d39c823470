"""A file that is sent in pieces: every answer of the protocol, and what is left after each."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mldtrial.trial.models import Scan
from segmentation.models import JobState, Transfer, TransferState, Upload
from segmentation.services import intake, pieces, store, transfers
from tests.support.images import nifti_bytes
from tests.support.standing import read_again, standing
from tests.support.tus import VERSION, Sender, list_address, metadata
from tests.support.world import World

pytestmark = pytest.mark.django_db
IMAGE = nifti_bytes()
DECLARED = {"sequence": "T1w", "acquired_on": "2023-05-10"}


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Build the world once; each test here undoes what it changes."""
    with standing(django_db_blocker) as made:
        yield made


@pytest.fixture
def world(built: World, db: None) -> World:
    """The world as each test finds it."""
    return read_again(built)


@pytest.fixture
def sender(world: World) -> Sender:
    """The coordinator of site A, about to send to the visit there."""
    return Sender(world.user("coordinator"), world.visit_a)


def row(path: str) -> Transfer:
    return Transfer.objects.get(pk=path.rstrip("/").rsplit("/", 1)[1])


def file_of(path: str) -> Path:
    return store.quarantine_path(row(path).pk)


def message(answer: Any) -> str:
    assert answer["Content-Type"] == "application/json"
    return str(answer.json()["message"])


def quarantined() -> list[Path]:
    folder = store.root() / "quarantine"
    return list(folder.iterdir()) if folder.is_dir() else []


def send_whole(sender: Sender, content: bytes = IMAGE, piece_bytes: int = 1000) -> str:
    path = sender.begun(len(content), **DECLARED)
    for offset in range(0, len(content), piece_bytes):
        piece = content[offset : offset + piece_bytes]
        assert sender.piece(path, offset, piece).status_code == 204
    return path


def test_the_server_says_what_it_can_do(sender: Sender, settings):
    for path in (list_address(sender.visit), sender.begun(9, **DECLARED)):
        answer = sender.client.options(path)
        assert answer.status_code == 204
        assert answer["Tus-Resumable"] == answer["Tus-Version"] == "1.0.0"
        assert answer["Tus-Extension"] == "creation,termination,checksum,expiration"
        assert answer["Tus-Checksum-Algorithm"] == "sha256,sha1"
        assert answer["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)


def test_a_file_in_pieces_becomes_the_upload_of_the_same_id(sender: Sender):
    path = send_whole(sender)
    upload = Upload.objects.get()
    assert (upload.pk, upload.state) == (row(path).pk, JobState.QUEUED)
    assert (upload.size_bytes, upload.declared_sequence) == (len(IMAGE), "T1w")
    assert upload.sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert store.quarantine_path(upload.pk).read_bytes() == IMAGE
    assert upload.uploaded_by.username == "coordinator"
    assert intake.execute_next(worker="test").state == JobState.SUCCEEDED
    assert Scan.objects.get().source_sha256 == upload.sha256


def test_intake_is_rung_for_once_all_has_arrived(
    sender: Sender, monkeypatch, django_capture_on_commit_callbacks
):
    rung: list[str] = []
    monkeypatch.setattr("segmentation.tasks._send", lambda task, _queue: rung.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        path = sender.begun(len(IMAGE), **DECLARED)
        sender.piece(path, 0, IMAGE[:100])
    assert rung == []
    with django_capture_on_commit_callbacks(execute=True):
        sender.piece(path, 100, IMAGE[100:])
    assert rung == ["segmentation.tasks.intake_queued"]


def test_head_says_how_far_a_file_has_come(sender: Sender):
    path = sender.begun(len(IMAGE), after_end_reason="Für später", **DECLARED)
    sender.piece(path, 0, IMAGE[:700])
    answer = sender.state(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Upload-Offset"] == "700"
    assert answer["Upload-Length"] == str(len(IMAGE))
    assert answer["Upload-Metadata"] == metadata(**DECLARED, after_end_reason="Für später")
    assert answer["Upload-Expires"].endswith("GMT")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Tus-Resumable"] == "1.0.0"


def test_the_name_of_a_file_is_read_nowhere(sender: Sender):
    path = sender.begun(len(IMAGE), filename="DOE_JANE.nii.gz", filetype="x", **DECLARED)
    assert "DOE" not in str(vars(row(path)))
    assert "filename" not in sender.state(path)["Upload-Metadata"]


def test_a_lost_last_answer_is_no_loss(sender: Sender):
    path = send_whole(sender)
    assert sender.state(path)["Upload-Offset"] == str(len(IMAGE))
    assert sender.piece(path, len(IMAGE), b"").status_code == 204
    again = sender.piece(path, 0, IMAGE)
    assert (again.status_code, again["Upload-Offset"]) == (409, str(len(IMAGE)))
    assert Upload.objects.count() == 1
    # Also when intake is done with it, and its raw bytes are gone.
    intake.execute_next(worker="test")
    assert sender.state(path)["Upload-Offset"] == str(len(IMAGE))


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}])
def test_another_version_of_the_protocol_is_refused(sender: Sender, method: str, headers):
    path = list_address(sender.visit) if method == "POST" else sender.begun(9, **DECLARED)
    answer = sender.client.generic(method, path, headers=headers)
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_no_other_method_is_answered(sender: Sender, method: str):
    answer = sender.client.generic(method, sender.begun(9, **DECLARED), headers=VERSION)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    ("size", "headers", "status", "said"),
    [
        ("", {}, 400, "Upload-Length has to be a whole number"),
        ("-5", {}, 400, "Upload-Length has to be a whole number"),
        ("5", {"Upload-Defer-Length": "1"}, 400, "has to be given when it is begun"),
        ("5", {"Upload-Metadata": "sequence !"}, 400, "sequence in Upload-Metadata is not base64"),
        ("0", {}, 422, "The file is empty"),
        (str(3 * 1024**3), {}, 413, "3072 MiB; the limit is 2048 MiB"),
    ],
)
def test_a_begin_that_is_not_sound_is_refused_in_words(
    sender: Sender, size: str, headers, status: int, said: str
):
    answer = sender.begin(size, headers=headers)
    assert (answer.status_code, said in message(answer)) == (status, True), message(answer)
    assert not Transfer.objects.exists()
    assert quarantined() == []


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"head": b"\x89PNG\r\n\x1a\n"}, "this file is a PNG picture"),
        ({"head": b"%PDF-1.7"}, "this file is a PDF document"),
        ({"head": b"\0" * 128 + b"DICM"}, "this file is a DICOM file"),
        ({"head": b"some notes of the visit"}, "of a kind that is not known here"),
        ({"head": IMAGE[:512]}, "says neither its sequence nor its date"),
        ({"head": IMAGE[:512], "sequence": "T1w"}, "says neither its sequence nor its date"),
        ({"sequence": "PET"}, "one of T1w, T2w, FLAIR, other"),
        ({"acquired_on": "2019-01-01"}, "before the patient's birth"),
        ({"acquired_on": "2999-01-01"}, "in the future"),
    ],
)
def test_the_wrong_kind_of_file_is_refused_before_its_first_byte(
    sender: Sender, declared: dict[str, Any], said: str
):
    answer = sender.begin(5000, **declared)
    assert (answer.status_code, said in message(answer)) == (422, True), message(answer)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("head", "more"),
    [(b"PK\x03\x04" + bytes(508), {}), (IMAGE[:512], DECLARED), (b"\x1f\x8b" + bytes(9), DECLARED)],
)
def test_what_may_be_an_image_is_let_in(sender: Sender, head: bytes, more: dict[str, str]):
    assert sender.begin(5000, head=head, **more).status_code == 201


def test_a_file_that_is_known_already_is_refused_before_its_first_byte(sender: Sender):
    send_whole(sender)
    known = hashlib.sha256(IMAGE).hexdigest()
    answer = sender.begin(len(IMAGE), sha256=known.upper(), **DECLARED)
    assert (answer.status_code, "uploaded for this visit already" in message(answer)) == (422, True)


def test_too_many_files_of_one_person_on_their_way_are_refused(world, sender: Sender, settings):
    settings.TRANSFERS_OF_PERSON = 2
    paths = [sender.begun(9, **DECLARED) for _ in range(2)]
    answer = sender.begin(9, **DECLARED)
    assert (answer.status_code, "You have 2 unfinished" in message(answer)) == (429, True)
    other = Sender(world.user("investigator"), world.visit_a)
    assert other.begin(9, **DECLARED).status_code == 201
    sender.cancel(paths[0])
    assert sender.begin(9, **DECLARED).status_code == 201


def test_too_many_files_of_one_site_on_their_way_are_refused(world, sender: Sender, settings):
    settings.TRANSFERS_OF_SITE = 1
    sender.begun(9, **DECLARED)
    answer = Sender(world.user("investigator"), world.visit_a).begin(9, **DECLARED)
    assert (answer.status_code, "Your site has 1 unfinished" in message(answer)) == (429, True)
    other = Sender(world.user("coordinator_b"), world.visit_b)
    assert other.begin(9, **DECLARED).status_code == 201


def test_a_file_for_which_there_is_no_room_is_refused(sender: Sender, monkeypatch, settings):
    settings.TRANSFER_KEEP_FREE_BYTES = 100
    monkeypatch.setattr(store, "free_bytes", lambda: 1000)
    assert sender.begin(901, **DECLARED).status_code == 507
    assert sender.begin(600, **DECLARED).status_code == 201
    # What is on its way has its room already.
    answer = sender.begin(301, **DECLARED)
    assert (answer.status_code, "no room for a file of 1 MiB" in message(answer)) == (507, True)


@pytest.mark.parametrize(
    ("offset", "size", "more", "status", "said"),
    [
        ("x", 10, {}, 400, "Upload-Offset has to be a whole number"),
        ("1", 10, {}, 409, "begins at byte 1; 0 bytes are here"),
        ("0", 10, {"Upload_Checksum": "md5 abc"}, 400, "no algorithm that is understood"),
        ("0", 10, {"content_type": "application/octet-stream"}, 415, "application/offset+octet-st"),
        ("0", len(IMAGE) + 1, {}, 413, "longer than was said"),
    ],
)
def test_a_piece_that_is_not_sound_is_refused_in_words(
    sender: Sender, offset: str, size: int, more: dict[str, str], status: int, said: str
):
    path = sender.begun(len(IMAGE), **DECLARED)
    answer = sender.piece(path, offset, (IMAGE + b"x")[:size], **more)
    assert (answer.status_code, said in message(answer)) == (status, True), message(answer)
    assert (row(path).offset_bytes, file_of(path).read_bytes()) == (0, b"")
    assert sender.piece(path, 0, IMAGE).status_code == 204


def test_a_piece_without_its_length_is_refused(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    request = {"Upload-Offset": "0", **VERSION}
    answer = sender.client.generic(
        "PATCH", path, b"", headers=request, CONTENT_TYPE="application/offset+octet-stream"
    )
    assert (answer.status_code, "Content-Length" in message(answer)) == (411, True)


def test_a_piece_shorter_than_announced_counts_for_nothing(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    with pytest.raises(transfers.IncompleteError, match="as it was announced"):
        pieces.receive_piece(
            transfer=row(path),
            offset_bytes=0,
            piece=BytesIO(IMAGE[:50]),
            size_bytes=60,
            by=row(path).sent_by,
        )
    assert (row(path).offset_bytes, file_of(path).read_bytes()) == (0, b"")


def test_a_piece_beyond_the_limit_is_refused_with_the_limit(sender: Sender, settings):
    settings.TRANSFER_PIECE_BYTES = 1024**2
    path = sender.begun(3 * 1024**2, **DECLARED)
    answer = sender.piece(path, 0, bytes(1024**2 + 1))
    assert (answer.status_code, "at most 1 MiB" in message(answer)) == (413, True)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_decides_whether_a_piece_counts(sender: Sender, algorithm: str):
    path = sender.begun(len(IMAGE), **DECLARED)
    digest = hashlib.new(algorithm, IMAGE[:900]).digest()
    checksum = f"{algorithm} {b64encode(digest).decode()}"
    damaged = b"\x00" + IMAGE[1:900]
    answer = sender.piece(path, 0, damaged, Upload_Checksum=checksum)
    assert (answer.status_code, "checksums differ" in message(answer)) == (460, True)
    assert (row(path).offset_bytes, file_of(path).read_bytes()) == (0, b"")
    assert sender.piece(path, 0, IMAGE[:900], Upload_Checksum=checksum).status_code == 204
    assert sender.piece(path, 900, IMAGE[900:]).status_code == 204
    assert Upload.objects.get().sha256 == hashlib.sha256(IMAGE).hexdigest()


def test_the_first_piece_shows_another_kind_of_file_than_was_declared(sender: Sender):
    path = sender.begun(5000, head=IMAGE[:512], **DECLARED)
    answer = sender.piece(path, 0, (b"%PDF-1.7" + bytes(5000))[:2000])
    assert (answer.status_code, "a PDF document" in message(answer)) == (422, True)
    assert row(path).state == TransferState.REFUSED
    assert quarantined() == []


def test_a_file_that_is_refused_at_its_end_leaves_nothing_but_the_reason(sender: Sender):
    broken = IMAGE[:-10]
    path = sender.begun(len(broken), **DECLARED)
    sender.piece(path, 0, broken[:1000])
    answer = sender.piece(path, 1000, broken[1000:])
    assert answer.status_code == 422
    assert "voxel" in message(answer) or "bytes" in message(answer)
    assert quarantined() == []
    assert not Upload.objects.exists()
    found = row(path)
    assert (found.state, found.message) == (TransferState.REFUSED, message(answer))
    assert sender.state(path).status_code == 410
    again = sender.piece(path, 1000, broken[1000:])
    assert (again.status_code, message(again)) == (410, message(answer))


def test_a_file_that_does_not_fit_its_checksum_is_refused(sender: Sender):
    path = sender.begun(len(IMAGE), sha256="0" * 64, **DECLARED)
    answer = sender.piece(path, 0, IMAGE)
    assert (answer.status_code, "checksums differ" in message(answer)) == (422, True)
    assert quarantined() == []


def test_the_second_of_two_equal_files_is_refused_at_its_end(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    send_whole(sender)
    answer = sender.piece(path, 0, IMAGE)
    assert (answer.status_code, "uploaded for this visit already" in message(answer)) == (422, True)
    assert Upload.objects.count() == 1


def test_a_cancelled_transfer_is_gone_with_its_bytes(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.piece(path, 0, IMAGE[:500])
    assert sender.cancel(path).status_code == 204
    assert quarantined() == []
    assert row(path).state == TransferState.CANCELLED
    assert sender.state(path).status_code == 410
    assert sender.cancel(path).status_code == 410
    assert sender.piece(path, 500, IMAGE[500:]).status_code == 410


def test_a_file_that_has_arrived_is_not_cancelled(sender: Sender):
    path = send_whole(sender)
    answer = sender.cancel(path)
    assert (answer.status_code, "is being checked" in message(answer)) == (410, True)
    assert file_of(path).exists()


def test_a_file_left_lying_is_not_continued(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    Transfer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sender.state(path).status_code == 410
    answer = sender.piece(path, 0, IMAGE)
    assert (answer.status_code, "lay untouched for 7 days" in message(answer)) == (410, True)
    assert sender.unfinished() == []


def test_each_piece_gives_a_file_another_week(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    Transfer.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    sender.piece(path, 0, IMAGE[:500])
    assert row(path).expires_at > timezone.now() + timedelta(days=6)


def test_what_a_crash_left_behind_the_offset_is_cut_off(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.piece(path, 0, IMAGE[:500])
    with file_of(path).open("ab") as handle:
        handle.write(b"half a piece, never counted" * 1000)
    sender.piece(path, 500, IMAGE[500:600])
    assert file_of(path).read_bytes() == IMAGE[:600]
    sender.piece(path, 600, IMAGE[600:])
    assert Upload.objects.get().sha256 == hashlib.sha256(IMAGE).hexdigest()


@pytest.mark.parametrize("left", [0, 499])
def test_bytes_that_are_lost_end_a_transfer(sender: Sender, left: int):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.piece(path, 0, IMAGE[:500])
    os.truncate(file_of(path), left)
    answer = sender.piece(path, 500, IMAGE[500:])
    assert (answer.status_code, "no longer here" in message(answer)) == (422, True)
    assert row(path).state == TransferState.REFUSED


def test_a_full_disk_keeps_what_had_arrived(sender: Sender, monkeypatch):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.piece(path, 0, IMAGE[:500])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("segmentation.services.pieces.os.fsync", full)
        answer = sender.piece(path, 500, IMAGE[500:])
    assert (answer.status_code, "no room left" in message(answer)) == (507, True)
    assert file_of(path).read_bytes() == IMAGE[:500]
    assert sender.piece(path, 500, IMAGE[500:]).status_code == 204


def test_a_person_finds_the_own_unfinished_files_of_a_visit_again(world, sender: Sender):
    send_whole(sender)
    path = sender.begun(6000, sha256="1" * 64, **DECLARED)
    sender.piece(path, 0, IMAGE[:2048])
    Sender(world.user("investigator"), world.visit_a).begun(9, **DECLARED)
    (found,) = sender.unfinished()
    assert found["url"] == path
    assert (found["size_bytes"], found["offset_bytes"]) == (6000, 2048)
    assert (found["sequence"], found["acquired_on"]) == ("T1w", "2023-05-10")
    assert found["sha256"] == "1" * 64


@pytest.mark.requirement("21CFR11.10(d)")
def test_a_transfer_exists_for_its_sender_alone(world: World, sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.piece(path, 0, IMAGE[:500])
    found = {}
    for key in sorted(world.users):
        person = Sender(world.user(key), world.visit_a)
        asked = [
            person.piece(path, 500, IMAGE[500:600]),
            person.client.options(path),
            person.state(path),
        ]
        if key != "coordinator":
            asked.append(person.cancel(path))
        found[key] = [answer.status_code for answer in asked]
    assert found.pop("coordinator") == [204, 204, 200]
    assert len(found) > 10
    assert {status for statuses in found.values() for status in statuses} == {404}
    assert row(path).offset_bytes == 600


def test_each_role_at_each_site_begins_and_lists_what_it_may(world: World):
    found = {}
    for key in sorted(world.users):
        own, other = (Sender(world.user(key), visit) for visit in (world.visit_a, world.visit_b))
        found[key] = [
            answer.status_code
            for person in (own, other)
            for answer in (
                person.begin(9, **DECLARED),
                person.client.get(list_address(person.visit)),
            )
        ]
    entry = {"coordinator", "investigator"}
    for key, statuses in found.items():
        role = key.removesuffix("_b")
        at_a, at_b = statuses[:2], statuses[2:]
        if role in entry:
            allowed, refused = (at_b, at_a) if key.endswith("_b") else (at_a, at_b)
            assert (allowed, refused) == ([201, 200], [404, 404]), key
        else:
            assert set(statuses) <= {403, 404}, key


def test_who_is_signed_out_is_told_so_where_a_file_is_sent(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.client.logout()
    for answer in (sender.piece(path, 0, IMAGE), sender.begin(9, **DECLARED)):
        assert (answer.status_code, "Sign in again" in message(answer)) == (401, True)
    assert row(path).offset_bytes == 0


def test_a_request_without_its_token_is_refused(world: World, sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    sender.client = Client(enforce_csrf_checks=True)
    sender.client.force_login(world.user("coordinator"))
    answers = sender.begin(9, **DECLARED), sender.piece(path, 0, IMAGE), sender.cancel(path)
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert row(path).state == TransferState.OPEN


def test_the_list_says_how_large_pieces_and_files_may_be(sender: Sender):
    found = sender.client.get(list_address(sender.visit)).json()
    assert (found["piece_bytes"], found["max_size_bytes"]) == (8 * 1024**2, 2 * 1024**3)


def test_a_beginning_that_was_damaged_on_its_way_is_asked_for_again(sender: Sender):
    path = sender.begun(len(IMAGE), **DECLARED)
    checksum = f"sha256 {b64encode(hashlib.sha256(IMAGE).digest()).decode()}"
    damaged = b"%PDF-1.7" + IMAGE[8:]
    assert sender.piece(path, 0, damaged, Upload_Checksum=checksum).status_code == 460
    assert (row(path).state, row(path).offset_bytes) == (TransferState.OPEN, 0)
    assert sender.piece(path, 0, IMAGE, Upload_Checksum=checksum).status_code == 204
