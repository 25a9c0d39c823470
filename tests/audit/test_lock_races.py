"""Two people at the same moment: one of them wins, and no change slips past a lock."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from mldtrial.audit.context import acting
from mldtrial.audit.models import ApprovalRequest, LockedRecord
from mldtrial.trial.models import Role, Visit
from mldtrial.trial.services import locking, studies
from tests.support.locking import decide, lock, request_unlock, second_manager
from tests.support.world import World, person

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_approvals_at_once_one_counts(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    third = person("third_manager")
    studies.grant_membership(user=third, study=world.study, role=Role.DATA_MANAGER)
    together = Barrier(2)

    def approve(by: Any) -> str:
        try:
            together.wait(timeout=10)
            decide(request, by=by)
        except ValidationError as error:
            return error.messages[0]
        finally:
            connection.close()
        return "approved"

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(approve, [second_manager(world), third]))
    assert outcomes == ["Somebody has decided this already.", "approved"]
    assert ApprovalRequest.objects.filter(is_approved=True).count() == 1
    assert not LockedRecord.objects.exists()


def test_a_lock_waits_for_the_change_under_way_and_the_next_change_is_refused(world: World):
    by = world.user("data_manager")
    changed, locked = Event(), Event()

    def set_lock() -> None:
        try:
            changed.wait(timeout=10)
            with acting(user=by, origin="web"):
                locking.lock(record=world.patient_a, reason="Done", by=by)
            locked.set()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(set_lock)
        with transaction.atomic():
            # A visit that the lock could not see yet, and must hold nevertheless.
            late = Visit.objects.create(
                patient=world.patient_a, number=9, name="Late", date="2024-01-01"
            )
            changed.set()
            assert not locked.wait(timeout=0.5)
        done.result(timeout=10)
    assert LockedRecord.objects.filter(record_id=late.pk).exists()
    with pytest.raises(IntegrityError, match="locked"):
        Visit.objects.filter(pk=late.pk).update(name="Later")
