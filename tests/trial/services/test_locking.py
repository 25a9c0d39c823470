"""Freezing, locking, and the two people that an unlocking takes."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from mldtrial.audit.context import acting
from mldtrial.audit.models import ApprovalRequest, Lock, LockedRecord, LockLevel
from mldtrial.trial import selectors
from mldtrial.trial.models import Audience, Visit
from mldtrial.trial.selectors.signatures import unchanged
from mldtrial.trial.services import assessments, locking, patients, queries
from tests.support.locking import decide, freeze, lock, request_unlock, second_manager
from tests.support.signing import full_visit, sign
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db

REFUSED = "This record is locked: nothing of it is changed any more."


def change(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(name="Changed")


def test_a_service_says_in_words_that_a_record_is_locked(world: World):
    lock(world, world.patient_a)
    by = world.user("coordinator")
    with pytest.raises(ValidationError, match="This record is locked"):
        patients.change_patient(
            patient=world.patient_a, changes={"sex": "M"}, reason="typing error", by=by
        )
    with pytest.raises(ValidationError, match="This record is locked"):
        assessments.record_gmfc_mld(
            visit=world.visit_a, level=2, assessed_on=world.visit_a.date, by=by
        )


@pytest.mark.parametrize("key", ["coordinator", "investigator", "monitor", "sponsor", "auditor"])
def test_only_a_data_manager_freezes_and_locks(world: World, key):
    for service in (locking.freeze, locking.lock, locking.thaw):
        with pytest.raises(PermissionDenied):
            service(record=world.visit_a, reason="why", by=world.user(key))


def test_a_lock_needs_a_reason(world: World):
    with pytest.raises(ValidationError, match="Give the reason"):
        locking.lock(record=world.visit_a, reason=" ", by=world.user("data_manager"))
    assert not Lock.objects.exists()


def test_a_record_is_locked_once_its_queries_are_closed(world: World):
    query = queries.open_query(
        patient=world.patient_a, visit=world.visit_a, audience="SITE", rule="R", question="?"
    )
    with pytest.raises(ValidationError, match="1 query is not closed"):
        lock(world, world.study)
    freeze(world, world.study)
    queries.close_query(query=query, reason="Seen", by=None)
    assert lock(world, world.study).level == LockLevel.LOCKED


def test_a_freeze_is_ended_by_one_person_and_becomes_a_lock(world: World):
    freeze(world, world.visit_a)
    with pytest.raises(IntegrityError), transaction.atomic():
        change(world.visit_a)
    locking.thaw(record=world.visit_a, reason="Review done", by=world.user("data_manager"))
    change(world.visit_a)
    freeze(world, world.visit_a)
    lock(world, world.visit_a)
    assert [str(one) for one in selectors.own_locks(world.visit_a)] == [
        "locked", "frozen", "frozen",
    ]  # fmt: skip
    with pytest.raises(ValidationError, match="locked already"):
        lock(world, world.visit_a)
    with pytest.raises(ValidationError, match="not frozen by itself"):
        locking.thaw(record=world.visit_a, reason="why", by=world.user("data_manager"))


def test_a_patient_is_unlocked_and_the_visit_that_was_locked_alone_stays(world: World):
    lock(world, world.visit_a)
    lock(world, world.patient_a)
    held = selectors.lock_of(world.visit_a)
    assert str(held) == "locked"
    decide(request_unlock(world, world.patient_a), by=second_manager(world))
    assert selectors.lock_of(world.patient_a) is None
    assert selectors.lock_of(world.visit_a) is not None
    decide(request_unlock(world, world.visit_a), by=second_manager(world))
    assert not LockedRecord.objects.exists()
    change(world.visit_a)


@pytest.mark.requirement("21CFR11.10(g)")
@pytest.mark.requirement("ICH-E6R3-4.2.6")
def test_nobody_unlocks_alone(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    with pytest.raises(ValidationError, match="another person must approve"):
        decide(request, by=world.user("data_manager"))
    assert selectors.lock_of(world.visit_a) is not None


@pytest.mark.requirement("21CFR11.10(g)")
def test_the_database_itself_lets_nobody_unlock_alone(world: World):
    held = lock(world, world.visit_a)
    by = world.user("data_manager")
    lift = {"lifted_at": Now(), "lifted_by": by, "lift_reason": "mine"}
    with pytest.raises(DatabaseError, match="lifted by two people"), transaction.atomic():
        Lock.objects.filter(pk=held.pk).update(**lift)
    request = request_unlock(world, world.visit_a)
    decision = {"decided_by": by, "decided_at": Now(), "is_approved": True}
    with (
        acting(user=by, origin="web"),
        pytest.raises(IntegrityError, match="request_approved_by_another_person"),
        transaction.atomic(),
    ):
        ApprovalRequest.objects.filter(pk=request.pk).update(**decision)
    decision["decided_by"] = second_manager(world)
    with (
        acting(user=by, origin="web"),
        pytest.raises(DatabaseError, match="acts for another person"),
        transaction.atomic(),
    ):
        ApprovalRequest.objects.filter(pk=request.pk).update(**decision)
    with pytest.raises(DatabaseError, match="lifted by two people"), transaction.atomic():
        Lock.objects.filter(pk=held.pk).update(**lift)


def test_an_investigator_asks_and_the_data_manager_approves(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a, by=world.user("investigator"))
    decided = decide(request, by=world.user("data_manager"))
    assert decided.is_approved
    assert decided.decided_at is not None
    change(world.visit_a)


@pytest.mark.parametrize("key", ["investigator_b", "coordinator", "auditor"])
def test_who_may_not_ask(world: World, key):
    lock(world, world.visit_a)
    with pytest.raises(PermissionDenied):
        request_unlock(world, world.visit_a, by=world.user(key))


def test_a_site_does_not_ask_for_the_whole_study(world: World):
    lock(world, world.study)
    with pytest.raises(PermissionDenied):
        request_unlock(world, world.study, by=world.user("investigator"))


def test_who_may_not_approve(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    for key in ("investigator", "coordinator", "auditor", "sponsor"):
        with pytest.raises(PermissionDenied):
            decide(request, by=world.user(key))


@pytest.mark.requirement("21CFR11.200")
def test_asking_and_approving_need_the_password(world: World):
    lock(world, world.visit_a)
    by = world.user("data_manager")
    with pytest.raises(ValidationError, match="not your password"):
        locking.request_unlock(record=world.visit_a, reason="why", password="no", by=by)
    request = request_unlock(world, world.visit_a)
    with pytest.raises(ValidationError, match="not your password"):
        locking.decide_unlock(
            request=request, is_approved=True, reason="ok", password="no", by=second_manager(world)
        )
    assert selectors.lock_of(world.visit_a) is not None


def test_a_refused_request_leaves_the_lock_and_makes_room_for_another(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    with pytest.raises(ValidationError, match="asked for this already"):
        request_unlock(world, world.visit_a, by=world.user("investigator"))
    decide(request, by=second_manager(world), is_approved=False)
    assert selectors.lock_of(world.visit_a) is not None
    assert request_unlock(world, world.visit_a)


def test_a_request_is_decided_once(world: World):
    lock(world, world.visit_a)
    request = request_unlock(world, world.visit_a)
    decide(request, by=second_manager(world))
    with pytest.raises(ValidationError, match="decided this already"):
        decide(request, by=second_manager(world))
    lock(world, world.visit_a)
    with pytest.raises(ValidationError, match="decided this already"):
        decide(request, by=second_manager(world))
    assert selectors.lock_of(world.visit_a) is not None


def test_unlocking_voids_no_signature_but_the_change_does(world: World):
    visit = full_visit(world)
    signature = sign(world, visit)
    lock(world, visit)
    decide(request_unlock(world, visit), by=second_manager(world))
    assert unchanged([signature]) == {signature.pk}
    change(visit)
    assert unchanged([signature]) == set()


def test_visits_are_locked_together_and_each_refusal_is_named(world: World):
    queries.open_query(
        patient=world.patient_b, visit=world.visit_b, audience="SITE", rule="R", question="?"
    )
    done, refused = locking.set_for_visits(
        visits=[world.visit_a, world.visit_b],
        action="lock",
        reason="Interim analysis",
        by=world.user("data_manager"),
    )
    assert done == 1
    assert refused == [
        "B-001, Baseline: 1 query is not closed. Close every query of this visit before you "
        "lock it."
    ]


def test_a_complete_visit_lacks_nothing(world: World):
    by = world.user("data_manager")
    visit = full_visit(world)
    rows = {
        row.visit.pk: row.missing
        for row in selectors.lock_rows(selectors.visits_to_lock(world.study, user=by))
    }
    assert rows[visit.pk] == ("T2w", "signature")
    assert rows[world.visit_b.pk] == ("GMFC-MLD", "T1w", "T2w", "signature")
    from tests.support.loads import make_scan

    make_scan(visit, "T2w")
    assert selectors.complete_visits(world.study, user=by) == []
    sign(world, visit)
    assert selectors.complete_visits(world.study, user=by) == [visit]
    lock(world, visit)
    assert selectors.complete_visits(world.study, user=by) == []


def test_the_password_is_asked_before_a_reason_is_kept(world: World):
    lock(world, world.visit_a)
    assert PASSWORD not in str(Lock.objects.values())


def test_a_site_is_not_told_of_a_query_born_from_loads(world: World):
    queries.open_query(
        patient=world.patient_a,
        visit=world.visit_a,
        audience=Audience.IMAGING,
        rule="LOAD-JUMP",
        question="Is the mask right?",
    )

    def missing(key: str) -> tuple[str, ...]:
        found = selectors.visits_to_lock(world.study, user=world.user(key))
        (row,) = selectors.lock_rows(found.filter(pk=world.visit_a.pk))
        return row.missing

    assert "closed queries" in missing("data_manager")
    assert "closed queries" not in missing("investigator")


def test_a_visit_that_the_schedule_does_not_plan_owes_nothing(world: World):
    visit = patients.create_visit(
        patient=world.patient_a,
        definition=None,
        visit_date=world.visit_a.date + timedelta(days=3),
        by=None,
    )
    sign(world, visit)
    assert selectors.complete_visits(world.study, user=world.user("data_manager")) == [visit]
