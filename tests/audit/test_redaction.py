"""Personal data that got into the history by mistake is taken out by two people, on record."""

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction

from mldtrial.audit.context import because
from mldtrial.audit.models import AccessAction, AccessEvent, Redaction
from mldtrial.audit.services import anchors, redactions, verification
from mldtrial.trial.models import Patient
from mldtrial.trial.services import redaction
from mldtrial.trial.services.redaction import Signatory
from tests.support.chain import application_role
from tests.support.world import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("ICH-E6R3-4.2.2")]

EVENT = "public.trial_patientevent"
NAME = "Ada Lovelace"


@pytest.fixture
def leaked(chained_world: World) -> Any:
    """Return the event of a change whose reason names the patient."""
    with because(f"Mother of {NAME} rang"):
        Patient.objects.filter(pk=chained_world.patient_a.pk).update(sex="M")
    found = apps.get_model("trial", "PatientEvent").objects.order_by("pgh_id").last()
    assert NAME in found.pgh_context["reason"]
    return found


def redact(world: World, event: Any, **more: Any) -> Redaction:
    given = {
        "study": world.study,
        "event_table": EVENT,
        "event_pk": event.pgh_id,
        "field": "pgh_context.reason",
        "reason": "A reason named the patient",
        "requester": Signatory(world.user("data_manager"), PASSWORD),
        "approver": Signatory(world.user("administrator"), PASSWORD),
    }
    return redaction.redact_event(**{**given, **more})


def payloads(sql: Any) -> str:
    return str(sql("SELECT payload FROM audit.link"))


def test_the_value_is_gone_from_event_and_link(chained_world: World, leaked: Any, sql):
    assert NAME in payloads(sql)
    redact(chained_world, leaked)
    leaked.refresh_from_db()
    assert leaked.pgh_context["reason"] == "[redacted]"
    assert (leaked.sex, leaked.pgh_context["origin"]) == ("M", "test suite")
    assert NAME not in payloads(sql)


def test_the_chain_reports_a_redaction_and_no_break(chained_world: World, leaked: Any, sql):
    anchor = anchors.write()
    hashes = sql("SELECT seq, hash FROM audit.link ORDER BY seq")
    made = redact(chained_world, leaked)
    result = verification.verify()
    assert (result.findings, result.is_complete) == ([], True)
    assert [(f.fault, f.seq, f.table, f.row) for f in result.redacted] == [
        ("REDACTED", made.link_seq, EVENT, str(leaked.pgh_id))
    ]
    assert sql("SELECT seq, hash FROM audit.link WHERE seq <= %s ORDER BY seq", anchor.seq) == (
        hashes
    )
    assert verification.verify().summary()["redacted"] == 1


def test_the_redaction_is_a_chained_event_and_in_the_access_log(
    chained_world: World, leaked: Any, sql
):
    made = redact(chained_world, leaked)
    linked = sql(
        "SELECT payload FROM audit.link WHERE event_table = %s AND event_pk = %s",
        "public.audit_redaction",
        made.pk,
    )
    assert json.loads(linked[0][0])[1]["reason"] == "A reason named the patient"
    logged = AccessEvent.objects.get(action=AccessAction.REDACT)
    assert (logged.user, logged.study_id) == (
        chained_world.user("data_manager"),
        chained_world.study.pk,
    )
    assert logged.details["approved by"] == "Administrator"


def test_an_unrecorded_blanking_is_a_break(chained_world: World, leaked: Any, as_superuser):
    as_superuser(
        "UPDATE trial_patientevent SET pgh_context = "
        "jsonb_set(pgh_context, '{reason}', '\"[redacted]\"') WHERE pgh_id = %s",
        leaked.pgh_id,
    )
    assert verification.verify().first.fault == "EVENT_CHANGED"
    seq = as_superuser(
        "UPDATE audit.link SET payload = jsonb_set(payload::jsonb, '{1,pgh_context,reason}', "
        "'\"[redacted]\"')::text WHERE event_table = %s AND event_pk = %s RETURNING seq",
        EVENT,
        leaked.pgh_id,
    )[0][0]
    result = verification.verify()
    assert [(f.fault, f.seq) for f in result.findings] == [("LINK_CHANGED", seq)]
    assert result.redacted == []


def test_a_redacted_event_that_is_changed_again_is_a_break(
    chained_world: World, leaked: Any, as_superuser
):
    made = redact(chained_world, leaked)
    as_superuser("UPDATE trial_patientevent SET sex = 'F' WHERE pgh_id = %s", leaked.pgh_id)
    assert verification.verify().first.fault == "EVENT_CHANGED"
    as_superuser(
        "UPDATE audit.link SET payload = jsonb_set(payload::jsonb, '{1,sex}', '\"F\"')::text "
        "WHERE seq = %s",
        made.link_seq,
    )
    first = verification.verify().first
    assert (first.fault, first.seq) == ("LINK_CHANGED", made.link_seq)


def test_a_record_of_a_redaction_that_is_removed_is_a_break(
    chained_world: World, leaked: Any, as_superuser
):
    made = redact(chained_world, leaked)
    as_superuser("DELETE FROM audit_redaction WHERE id = %s", made.pk)
    faults = {(f.fault, f.table) for f in verification.verify().findings}
    assert faults == {("LINK_CHANGED", EVENT), ("EVENT_MISSING", "public.audit_redaction")}


def test_two_values_of_one_event_can_be_redacted(chained_world: World, leaked: Any, sql):
    earlier = (
        apps.get_model("trial", "PatientEvent")
        .objects.filter(pgh_obj_id=leaked.pgh_obj_id)
        .earliest("pgh_id")
    )
    redact(chained_world, earlier, field="sex")
    redact(chained_world, earlier, field="pgh_context.reason")
    result = verification.verify()
    assert (result.findings, len(result.redacted)) == ([], 1)


def test_the_history_is_append_only_again_afterwards(chained_world: World, leaked: Any, sql):
    redact(chained_world, leaked)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        sql("UPDATE trial_patientevent SET sex = 'F'")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        sql("UPDATE audit_redaction SET reason = 'x'")


def test_what_the_record_still_holds_is_corrected_first(chained_world: World, leaked: Any):
    with pytest.raises(ValidationError, match="correct the record first"):
        redact(chained_world, leaked, field="sex")
    assert verification.verify().findings == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"field": "pgh_label"}, "is not blanked"),
        ({"field": "pgh_obj_id"}, "is not blanked"),
        ({"field": "pgh_context"}, "is not blanked"),
        ({"field": "pgh_context.user"}, "is not blanked"),
        ({"field": "no_such_column"}, "has no value"),
        ({"field": "pgh_context.no_such_key"}, "has no value"),
        ({"event_pk": 999_999}, "has no event"),
        ({"event_table": "public.no_such_table"}, "has no event"),
        ({"reason": " "}, "Give the reason"),
    ],
)
def test_what_cannot_be_redacted_is_refused_in_words(
    chained_world: World, leaked: Any, more: dict[str, Any], sentence: str
):
    with pytest.raises(ValidationError, match=sentence):
        redact(chained_world, leaked, **more)
    assert not Redaction.objects.exists()


def test_a_value_that_cannot_be_empty_is_refused(chained_world: World, leaked: Any):
    earlier = (
        apps.get_model("trial", "PatientEvent")
        .objects.filter(pgh_obj_id=leaked.pgh_obj_id)
        .earliest("pgh_id")
    )
    with pytest.raises(ValidationError, match="cannot be empty"):
        redact(chained_world, earlier, field="birth_month")


def test_one_person_redacts_nothing(chained_world: World, leaked: Any):
    alone = Signatory(chained_world.user("data_manager"), PASSWORD)
    with pytest.raises(ValidationError, match="name two people"):
        redact(chained_world, leaked, approver=alone)
    with pytest.raises(IntegrityError, match="redaction_by_two_people"), transaction.atomic():
        redactions.blank(
            event_table=EVENT,
            event_pk=leaked.pgh_id,
            field="pgh_context.reason",
            reason="Alone",
            requested_by=alone.user,
            approved_by=alone.user,
        )


@pytest.mark.parametrize("role", ["investigator", "auditor", "sponsor", "stranger"])
def test_nobody_redacts_without_the_role(chained_world: World, leaked: Any, role: str):
    with pytest.raises(PermissionDenied):
        redact(chained_world, leaked, approver=Signatory(chained_world.user(role), PASSWORD))


def test_each_of_the_two_proves_who_is_there(chained_world: World, leaked: Any):
    wrong = Signatory(chained_world.user("administrator"), "a wrong one")
    with pytest.raises(ValidationError, match="not your password"):
        redact(chained_world, leaked, approver=wrong)
    logged = AccessEvent.objects.get(action=AccessAction.CONFIRM_FAILED)
    assert logged.user == chained_world.user("administrator")


def test_an_event_of_another_study_is_not_there(chained_world: World, leaked: Any):
    other = apps.get_model("trial", "PatientEvent").objects.get(
        pgh_obj_id=chained_world.other_patient.pk, pgh_label="insert"
    )
    with pytest.raises(ValidationError, match="has no event"):
        redact(chained_world, other)


def test_the_application_cannot_redact(chained_world: World, leaked: Any):
    with application_role(), pytest.raises(ProgrammingError, match="permission denied"):
        redact(chained_world, leaked)


def test_the_command_asks_both_and_says_what_was_done(
    chained_world: World, leaked: Any, monkeypatch
):
    asked: list[str] = []
    command = "mldtrial.trial.management.commands.redact_audit_event.getpass"
    monkeypatch.setattr(command, lambda prompt: asked.append(prompt) or PASSWORD)
    out = StringIO()
    given = {
        "study": "MLD-1",
        "table": EVENT,
        "event": leaked.pgh_id,
        "field": "pgh_context.reason",
        "reason": "A reason named the patient",
        "requested_by": "data_manager",
        "approved_by": "administrator",
    }
    call_command("redact_audit_event", **given, stdout=out)
    assert asked == ["Password of Data Manager: ", "Password of Administrator: "]
    assert f"pgh_context.reason of {EVENT} {leaked.pgh_id} is blanked" in out.getvalue()
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "a value was blanked by two people, on record" in out.getvalue()
    assert "The audit trail is whole." in out.getvalue()
    with pytest.raises(CommandError, match="data managers or administrators"):
        call_command("redact_audit_event", **{**given, "approved_by": "auditor"})
