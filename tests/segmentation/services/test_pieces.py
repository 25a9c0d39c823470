"""Pieces one by one: who may still send, what waits and what ends, which bytes were hashed."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from mldtrial.audit.context import acting
from mldtrial.trial.services import memberships, participation
from segmentation.models import Transfer, TransferState, Upload
from segmentation.selectors.transfers import unfinished_transfers
from segmentation.services import (
    pieces,
    receiving,
    running_hashes,
    store,
    transfers,
    upkeep,
)
from tests.support.images import nifti_bytes
from tests.support.locking import freeze, lock, thaw
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db
IMAGE = nifti_bytes()
SHA256 = hashlib.sha256(IMAGE).hexdigest()


def begin(world: World, key: str = "coordinator", **more: Any) -> Transfer:
    return transfers.begin(
        visit=world.visit_a,
        size_bytes=len(IMAGE),
        declared_sequence="T1w",
        declared_acquired_on=world.visit_a.date,
        by=world.user(key),
        **more,
    )


def add(transfer: Transfer, begin: int, end: int) -> Transfer:
    content = IMAGE[begin:end]
    with acting(user=transfer.sent_by, origin="web"):
        return pieces.receive_piece(
            transfer=transfer,
            offset_bytes=begin,
            piece=BytesIO(content),
            size_bytes=len(content),
            by=transfer.sent_by,
        )


def is_kept(transfer: Transfer) -> bool:
    return store.quarantine_path(transfer.pk).exists()


def withdraw(world: World) -> None:
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 1, 10), by=None
    )


def state(transfer: Transfer) -> str:
    transfer.refresh_from_db()
    return transfer.state


@pytest.mark.parametrize("hold", [freeze, lock])
@pytest.mark.parametrize("begun_bytes", [100, 2000])
def test_a_lock_between_pieces_stops_a_transfer_and_ends_nothing(
    world: World, hold: Callable[..., Any], begun_bytes: int
):
    transfer = begin(world)
    add(transfer, 0, begun_bytes)
    hold(world, world.visit_a)
    with pytest.raises(ValidationError, match="This record is"):
        add(transfer, begun_bytes, len(IMAGE))
    assert (state(transfer), transfer.offset_bytes) == (TransferState.OPEN, begun_bytes)
    assert store.quarantine_path(transfer.pk).read_bytes() == IMAGE[:begun_bytes]
    assert not Upload.objects.exists()


def test_a_transfer_that_met_a_freeze_goes_on_once_the_visit_is_open(world: World):
    transfer = begin(world)
    add(transfer, 0, 1000)
    freeze(world, world.visit_a)
    with pytest.raises(ValidationError, match="frozen for now"):
        add(transfer, 1000, len(IMAGE))
    thaw(world, world.visit_a)
    add(transfer, 1000, len(IMAGE))
    assert Upload.objects.get().sha256 == SHA256


@pytest.mark.django_db(transaction=True)
def test_a_lock_at_the_last_moment_is_said_in_words_and_loses_no_piece_before(monkeypatch):
    world = build_world()
    transfer = begin(world)
    add(transfer, 0, 1000)
    check = receiving._check_at_once

    def check_and_be_overtaken(*args: Any) -> None:
        check(*args)
        in_a_thread(lambda: lock(world, world.visit_a))

    monkeypatch.setattr(receiving, "_check_at_once", check_and_be_overtaken)
    with pytest.raises(ValidationError, match="This record is locked"):
        add(transfer, 1000, len(IMAGE))
    assert (state(transfer), transfer.offset_bytes) == (TransferState.OPEN, 1000)
    assert not Upload.objects.exists()


def test_a_locked_visit_takes_no_new_transfer(world: World):
    lock(world, world.visit_a)
    with pytest.raises(ValidationError, match="This record is locked"):
        begin(world)
    assert not Transfer.objects.exists()


def test_a_transfer_of_a_locked_visit_can_be_cancelled(world: World):
    transfer = begin(world)
    add(transfer, 0, 1000)
    lock(world, world.visit_a)
    transfers.cancel(transfer=transfer)
    assert (state(transfer), is_kept(transfer)) == (TransferState.CANCELLED, False)


def test_a_withdrawn_consent_ends_a_transfer_at_its_next_piece(world: World):
    transfer = begin(world)
    add(transfer, 0, 1000)
    withdraw(world)
    with pytest.raises(ValidationError, match="consent for images was withdrawn on 2024-01-10"):
        add(transfer, 1000, len(IMAGE))
    assert (state(transfer), is_kept(transfer)) == (TransferState.REFUSED, False)
    assert "destroyed" in transfer.message
    with pytest.raises(ValidationError, match="consent for images was withdrawn"):
        begin(world)


def test_whoever_loses_the_role_sends_no_further_piece(world: World):
    transfer = begin(world)
    add(transfer, 0, 1000)
    held = world.study.memberships.get(user=transfer.sent_by)
    memberships.end_membership(membership=held, reason="Has left", by=world.user("administrator"))
    with pytest.raises(PermissionDenied):
        add(transfer, 1000, len(IMAGE))
    assert (state(transfer), transfer.offset_bytes) == (TransferState.OPEN, 1000)
    assert not unfinished_transfers(world.visit_a, user=transfer.sent_by).exists()


@pytest.mark.parametrize("key", ["coordinator_b", "monitor", "data_manager", "stranger"])
def test_only_who_may_upload_begins_a_transfer(world: World, key: str):
    with pytest.raises(PermissionDenied):
        begin(world, key)


def test_a_scan_from_after_the_end_of_follow_up_needs_its_reason_before_the_first_byte(
    world: World,
):
    participation.record_step(
        patient=world.patient_a, step="FOLLOW_UP_WITHDRAWN", happened_on=date(2023, 5, 1), by=None
    )
    world.visit_a.patient.refresh_from_db()
    with pytest.raises(ValidationError, match="Give a reason"):
        begin(world)
    transfer = begin(world, after_end_reason="Safety scan")
    add(transfer, 0, len(IMAGE))
    assert Upload.objects.get().pk == transfer.pk


def test_the_history_tells_of_begin_and_end_and_of_no_piece(world: World):
    transfer = begin(world)
    for offset in range(0, len(IMAGE), 100):
        add(transfer, offset, min(offset + 100, len(IMAGE)))
    events = list(transfer.events.order_by("pgh_id").values_list("pgh_label", "state"))
    assert events == [("insert", "OPEN"), ("update", "RECEIVED")]


def test_a_transfer_left_lying_ends_with_its_bytes(world: World):
    lying, going = begin(world), begin(world, "investigator")
    add(lying, 0, 1000)
    Transfer.objects.filter(pk=lying.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert upkeep.end_overdue_transfers() == 1
    assert (state(lying), is_kept(lying)) == (TransferState.EXPIRED, False)
    assert (state(going), is_kept(going)) == (TransferState.OPEN, True)


def test_the_sweep_ends_the_transfers_of_a_withdrawn_consent(world: World):
    transfer = begin(world)
    add(transfer, 0, 1000)
    withdraw(world)
    assert upkeep.end_overdue_transfers() == 1
    assert (state(transfer), is_kept(transfer)) == (TransferState.REFUSED, False)
    assert upkeep.end_overdue_transfers() == 0


def test_the_clean_up_leaves_what_is_on_its_way_and_takes_what_has_ended(world: World):
    going, ended = begin(world), begin(world, "investigator")
    add(going, 0, 1000)
    # As a process leaves it that dies between the commit and the removal.
    Transfer.objects.filter(pk=ended.pk).update(state=TransferState.CANCELLED)
    for transfer in (going, ended):
        os.utime(store.quarantine_path(transfer.pk), (0, 0))
    upkeep.clean_up()
    assert (is_kept(going), is_kept(ended)) == (True, False)


def forget_all() -> None:
    running_hashes._states.clear()


def test_the_checksum_is_right_when_the_process_has_forgotten_it(
    world: World, django_capture_on_commit_callbacks
):
    transfer = begin(world)
    with django_capture_on_commit_callbacks(execute=True):
        add(transfer, 0, 700)
    forget_all()
    with django_capture_on_commit_callbacks(execute=True):
        add(transfer, 700, 1500)
    assert running_hashes.up_to(transfer.pk, 1500) is None
    add(transfer, 1500, len(IMAGE))
    assert Upload.objects.get().sha256 == SHA256


def test_the_checksum_is_right_when_another_process_took_a_piece(
    world: World, django_capture_on_commit_callbacks
):
    transfer = begin(world)
    with django_capture_on_commit_callbacks(execute=True):
        add(transfer, 0, 700)
    known = running_hashes._states[transfer.pk]
    with django_capture_on_commit_callbacks(execute=True):
        add(transfer, 700, 1500)
    # This process never saw the second piece.
    running_hashes._states[transfer.pk] = known
    add(transfer, 1500, len(IMAGE))
    assert Upload.objects.get().sha256 == SHA256


def test_a_piece_that_is_rolled_back_was_not_hashed(
    world: World, django_capture_on_commit_callbacks
):
    transfer = begin(world)
    with django_capture_on_commit_callbacks(execute=True):
        add(transfer, 0, 700)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        add(transfer, 700, 1500)
        transaction.set_rollback(True)
    assert state(transfer) == TransferState.OPEN
    assert transfer.offset_bytes == 700
    add(transfer, 700, len(IMAGE))
    assert Upload.objects.get().sha256 == SHA256


def test_no_more_checksums_are_remembered_than_are_allowed(world: World, monkeypatch):
    monkeypatch.setattr(running_hashes, "AT_MOST", 3)
    keys = [begin(world).pk for _ in range(5)]
    for key in keys:
        running_hashes.keep(key, 1, hashlib.sha256(b"x"))
    assert [running_hashes.up_to(key, 1) is not None for key in keys] == [
        False, False, True, True, True,
    ]  # fmt: skip


def in_a_thread(act: Callable[[], Any]) -> Any:
    """Do something on a connection of its own, as another request does."""

    def work() -> Any:
        try:
            with acting(origin="test suite", reason="test"):
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


@pytest.mark.django_db(transaction=True)
def test_a_piece_is_refused_at_once_while_another_request_writes_and_no_other_file_waits():
    world = build_world()
    taken, other = begin(world), begin(world, "investigator")
    Transfer.objects.filter(pk=taken.pk).update(expires_at=timezone.now() - timedelta(days=1))
    with transaction.atomic(), transfers.held(taken.pk):
        for act in (lambda: add(taken, 0, 100), lambda: transfers.cancel(transfer=taken)):
            with pytest.raises(transfers.BeingWrittenError, match="still writing"):
                in_a_thread(act)
        in_a_thread(lambda: add(other, 0, 100))
        # Nor does the sweep wait: it leaves the file for the next time.
        assert in_a_thread(upkeep.end_overdue_transfers) == 0
    other.refresh_from_db()
    assert other.offset_bytes == 100
    assert in_a_thread(upkeep.end_overdue_transfers) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_equal_files_that_end_at_once_one_is_taken(monkeypatch):
    world = build_world()
    first, second = begin(world), begin(world, "investigator")
    check = receiving._refuse_twin
    waiting = iter([lambda: in_a_thread(lambda: add(second, 0, len(IMAGE)))])

    def check_and_be_overtaken(upload: Upload) -> None:
        check(upload)
        next(waiting, lambda: None)()

    monkeypatch.setattr(receiving, "_refuse_twin", check_and_be_overtaken)
    with pytest.raises(ValidationError, match="uploaded for this visit already"):
        add(first, 0, len(IMAGE))
    assert Upload.objects.get().pk == second.pk
    assert (state(first), is_kept(first)) == (TransferState.REFUSED, False)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_a_scan_of_today_is_judged_by_the_day_at_its_site(world: World, zone: str):
    world.visit_a.patient.site.time_zone = zone
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    sent = {"visit": world.visit_a, "by": world.user("coordinator")}
    receiving.require_may_send(declared_acquired_on=today, **sent)
    with pytest.raises(ValidationError, match="future"):
        receiving.require_may_send(declared_acquired_on=today + timedelta(days=1), **sent)
