"""Every event is chained; whatever is done to the chain or its events is found and named."""

import hashlib
import json
import random
import time
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from mldtrial.audit import chained
from mldtrial.audit.context import because
from mldtrial.audit.services import anchors, verification
from mldtrial.trial.models import Patient
from tests.support.chain import application_role
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("21CFR11.10(e)")]

EVENT = "public.trial_patientevent"


def first_fault() -> tuple[str, int | None, str]:
    first = verification.verify().first
    assert first is not None
    return first.fault, first.seq, first.table


def link_of(sql, world: World) -> tuple[int, int]:
    """Return number and event of the first link of the patient of site A."""
    return sql(
        "SELECT l.seq, e.pgh_id FROM audit.link l JOIN trial_patientevent e "
        "ON e.pgh_id = l.event_pk AND l.event_table = %s WHERE e.pgh_obj_id = %s ORDER BY 1",
        EVENT,
        world.patient_a.pk,
    )[0]


def test_every_event_table_is_chained():
    events = {
        chained.qualified(model)
        for model in apps.get_models()
        if "pgh_obj" in {field.name for field in model._meta.fields}
    }
    assert len(events) > 10
    assert events <= set(chained.chained_tables())


def test_the_chain_is_triggered_for_every_event_table(sql):
    rows = sql(
        "SELECT n.nspname || '.' || c.relname FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgfoid = 'audit.append'::regproc "
        "AND t.tgenabled = 'O' AND t.tgdeferrable AND t.tginitdeferred"
    )
    assert sorted(name for (name,) in rows) == chained.chained_tables()


def test_an_untouched_history_is_whole(chained_world: World):
    result = verification.verify()
    assert (result.findings, result.is_complete) == ([], True)
    assert result.links == result.head.seq > 30


def test_each_link_is_what_its_definition_says(chained_world: World, sql):
    # Computed a second time outside the database.
    before = b"\0"
    for seq, payload, digest in sql("SELECT seq, payload, hash FROM audit.link ORDER BY seq"):
        row_hash = hashlib.sha256(payload.encode()).digest()
        before = hashlib.sha256(before + seq.to_bytes(8, "big") + row_hash).digest()
        assert bytes(digest) == before
    assert before.hex() == anchors.current().hash


@pytest.mark.requirement("21CFR11.10(a)")
def test_one_edited_event_is_named(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser("UPDATE trial_patientevent SET onset_age_months = 99 WHERE pgh_id = %s", event)
    result = verification.verify()
    assert [(f.fault, f.seq, f.table, f.row) for f in result.findings if f.seq is not None] == [
        ("EVENT_CHANGED", seq, EVENT, str(event))
    ]


def test_an_edit_of_who_or_why_is_found(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser(
        'UPDATE trial_patientevent SET pgh_context = pgh_context || \'{"reason": "typo"}\' '
        "WHERE pgh_id = %s",
        event,
    )
    assert first_fault() == ("EVENT_CHANGED", seq, EVENT)


def test_a_removed_event_is_named(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser("DELETE FROM trial_patientevent WHERE pgh_id = %s", event)
    assert first_fault() == ("EVENT_MISSING", seq, EVENT)


def test_a_removed_link_is_found_with_the_event_that_lost_it(
    chained_world: World, sql, as_superuser
):
    seq, event = link_of(sql, chained_world)
    as_superuser("DELETE FROM audit.link WHERE seq = %s", seq)
    result = verification.verify()
    assert (result.findings[0].fault, result.findings[0].seq) == ("LINK_MISSING", seq + 1)
    assert ("EVENT_UNLINKED", EVENT, str(event)) in {
        (f.fault, f.table, f.row) for f in result.findings
    }


def test_a_removed_event_with_its_link_is_found(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser("DELETE FROM trial_patientevent WHERE pgh_id = %s", event)
    as_superuser("DELETE FROM audit.link WHERE seq = %s", seq)
    assert first_fault()[:2] == ("LINK_MISSING", seq + 1)


def test_an_edited_link_is_named(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser("UPDATE trial_patientevent SET sex = 'M' WHERE pgh_id = %s", event)
    as_superuser(
        'UPDATE audit.link SET payload = replace(payload, \'"sex": "F"\', \'"sex": "M"\') '
        "WHERE seq = %s",
        seq,
    )
    assert first_fault()[:2] == ("LINK_CHANGED", seq)


def test_two_exchanged_links_are_found(chained_world: World, as_superuser):
    as_superuser("UPDATE audit.link SET seq = seq + 100000 WHERE seq IN (5, 6)")
    as_superuser("UPDATE audit.link SET seq = 100011 - seq WHERE seq > 100000")
    assert first_fault()[:2] == ("ORDER_CHANGED", 5)


LOG = "audit_accessevent"


def key_of(table: str) -> str:
    """Return the key of a chained table: the access log is no table of events of another one."""
    return "id" if table.endswith(LOG) else "pgh_id"


def test_a_cut_tail_is_found_by_the_head(chained_world: World, as_superuser):
    last = anchors.current().seq
    cut = as_superuser(
        "DELETE FROM audit.link WHERE seq > %s RETURNING event_table, event_pk", last - 2
    )
    for table, event in cut:
        as_superuser(f"DELETE FROM {table} WHERE {key_of(table)} = %s", event)  # noqa: S608
    assert first_fault()[:2] == ("TAIL_CUT", last - 1)


def test_a_cut_tail_stays_a_gap_when_writing_goes_on(chained_world: World, sql, as_superuser):
    last = anchors.current().seq
    as_superuser("DELETE FROM audit.link WHERE seq = %s", last)
    with because("Source checked"):
        Patient.objects.filter(pk=chained_world.patient_a.pk).update(sex="M")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert first_fault()[:2] == ("LINK_MISSING", last + 1)


def test_a_full_rewrite_is_found_by_the_anchors(chained_world: World, sql, as_superuser):
    anchor = anchors.write()
    as_superuser("UPDATE trial_patientevent SET sex = 'M'")
    as_superuser("UPDATE trial_patient SET sex = 'M'")
    rewrite_chain(sql, as_superuser)
    found = verification.verify().findings
    assert [(f.fault, f.seq) for f in found] == [("ANCHOR_BROKEN", anchor.seq)]


def rewrite_chain(sql, as_superuser) -> None:
    """Compute every link again over the events as they are, as a superuser could."""
    as_superuser(
        "UPDATE audit.link l SET payload = jsonb_build_array(l.event_table, to_jsonb(e))::text "
        "FROM trial_patientevent e WHERE l.event_table = %s AND e.pgh_id = l.event_pk",
        EVENT,
    )
    before = b"\0"
    for seq, payload in sql("SELECT seq, payload FROM audit.link ORDER BY seq"):
        row_hash = hashlib.sha256(payload.encode()).digest()
        digest = hashlib.sha256(before + seq.to_bytes(8, "big") + row_hash).digest()
        as_superuser(
            "UPDATE audit.link SET row_hash = %s, prev = %s, hash = %s WHERE seq = %s",
            row_hash,
            before,
            digest,
            seq,
        )
        before = digest
    as_superuser("UPDATE audit.head SET hash = %s", before)


def test_an_event_outside_the_chain_is_found(chained_world: World, as_superuser):
    as_superuser(
        "INSERT INTO trial_patientevent SELECT (jsonb_populate_record(e, '{\"pgh_id\": 999}')).* "
        "FROM trial_patientevent e LIMIT 1"
    )
    found = verification.verify().findings
    assert ("EVENT_UNLINKED", "999") in {(f.fault, f.row) for f in found}


def test_a_record_changed_behind_its_history_is_found(chained_world: World, as_superuser):
    as_superuser("UPDATE trial_patient SET sex = 'M' WHERE id = %s", chained_world.patient_a.pk)
    found = verification.verify().findings
    assert [(f.fault, f.table, f.row) for f in found] == [
        ("RECORD_UNRECORDED", "public.trial_patient", str(chained_world.patient_a.pk))
    ]


def test_a_trigger_that_is_off_is_found(chained_world: World, sql):
    sql("ALTER TABLE trial_patient DISABLE TRIGGER USER")
    found = {(f.fault, f.table) for f in verification.verify().findings}
    assert found == {("TRIGGER_OFF", "public.trial_patient")}


def test_a_link_without_payload_is_refused(chained_world: World, sql):
    with pytest.raises(DatabaseError, match="not-null"), transaction.atomic():
        sql("UPDATE audit.link SET payload = NULL WHERE seq = 5")


def test_a_link_without_payload_is_named(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    sql("ALTER TABLE audit.link ALTER COLUMN payload DROP NOT NULL")
    as_superuser("UPDATE trial_patientevent SET sex = 'M' WHERE pgh_id = %s", event)
    as_superuser("UPDATE audit.link SET payload = NULL WHERE seq = %s", seq)
    assert first_fault()[:2] == ("LINK_CHANGED", seq)


def trigger_of(sql, table: str, name: str) -> str:
    """Return the whole name of a trigger, which is also that of its function."""
    found = sql(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
        table,
        f"pgtrigger_{name}_%",
    )
    return found[0][0]


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("trial_patientevent", "append_only"),
        ("trial_patient", "update_update"),
        ("trial_patient", "refuse_locked"),
        ("trial_visit", "refuse_truncate"),
        ("audit_lock", "lock_rules"),
    ],
)
def test_the_emptied_function_of_a_trigger_is_found(
    chained_world: World, sql, table: str, name: str
):
    function = trigger_of(sql, table, name)
    sql(
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'"
    )
    found = [(f.fault, f.table, f.row) for f in verification.verify().findings]
    assert found == [("FUNCTION_CHANGED", "public", function)]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (
            "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) "
            "RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "_pgtrigger_should_ignore",
        ),
        (
            "CREATE OR REPLACE FUNCTION audit_cover() RETURNS trigger LANGUAGE plpgsql "
            "SECURITY DEFINER AS 'BEGIN RETURN NULL; END'",
            "audit_cover",
        ),
        (
            "CREATE OR REPLACE FUNCTION blinded.reveal(by_event uuid) "
            "RETURNS TABLE (patient_id uuid, arm text) LANGUAGE sql SECURITY DEFINER "
            "AS 'SELECT a.patient_id, a.arm FROM blinded.allocation a'",
            "reveal",
        ),
        ("ALTER FUNCTION audit.append() RESET search_path", "append"),
        ("ALTER FUNCTION audit.append() SECURITY INVOKER", "append"),
    ],
)
def test_a_function_that_others_call_is_compared_too(
    chained_world: World, sql, change: str, name: str
):
    sql(change)
    assert [(f.fault, f.row) for f in verification.verify().findings] == [
        ("FUNCTION_CHANGED", name)
    ]


@pytest.mark.parametrize(
    ("drop", "make", "fault"),
    [
        ("DROP TRIGGER cover ON audit_lock", "", "TRIGGER_OFF"),
        ("ALTER TABLE audit_lock DISABLE TRIGGER cover", "", "TRIGGER_OFF"),
        (
            "DROP TRIGGER cover ON audit_lock",
            "CREATE TRIGGER cover AFTER INSERT ON audit_lock "
            "FOR EACH ROW EXECUTE FUNCTION audit_cover()",
            "TRIGGER_CHANGED",
        ),
        (
            "DROP TRIGGER cover ON audit_lock",
            "CREATE TRIGGER cover AFTER INSERT OR UPDATE ON audit_lock FOR EACH ROW "
            "WHEN (NEW.level > 5) EXECUTE FUNCTION audit_cover()",
            "TRIGGER_CHANGED",
        ),
    ],
)
def test_the_trigger_that_covers_locked_records_is_guarded(
    chained_world: World, sql, drop: str, make: str, fault: str
):
    sql(drop)
    if make:
        sql(make)
    found = [(f.fault, f.table, f.row) for f in verification.verify().findings]
    assert found == [(fault, "public.audit_lock", "cover")]


def test_a_trigger_that_calls_another_function_is_found(chained_world: World, sql):
    name = trigger_of(sql, "trial_patient", "guard")
    sql(f"DROP TRIGGER {name} ON trial_patient")
    sql(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE ON trial_patient "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit.advance()"
    )
    found = [(f.fault, f.row) for f in verification.verify().findings]
    assert found == [("TRIGGER_CHANGED", name)]


STEPS = [
    "triggers",
    "functions",
    "head of the chain",
    "anchors",
    "events outside the chain",
    "records against their last event",
]


def test_no_step_begins_after_the_time(chained_world: World, django_assert_num_queries):
    with django_assert_num_queries(1):
        result = verification.verify(limit_seconds=-1.0)
    assert (result.is_complete, result.links) == (False, 0)
    assert result.not_done == [verification.LINKS, *STEPS]
    assert result.summary()["not_done"] == ", ".join(["links", *STEPS])


def test_what_the_time_did_not_allow_is_named(chained_world: World):
    # The links take all of the time.
    def slowly(_done: int, _all: int) -> None:
        time.sleep(0.6)

    result = verification.verify(limit_seconds=0.5, on_progress=slowly)
    assert result.links == result.head.seq
    assert (result.is_complete, result.not_done) == (False, STEPS)


def test_a_changed_function_is_found(chained_world: World, sql):
    sql(
        "CREATE OR REPLACE FUNCTION audit.append() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NULL; END'"
    )
    found = [(f.fault, f.row) for f in verification.verify().findings]
    assert found == [("FUNCTION_CHANGED", "append")]


@pytest.mark.faults
def test_random_tampering_is_found_every_time(chained_world: World, sql, as_superuser):
    draw = random.Random(20261124)  # noqa: S311 - a test's choices
    last = anchors.current().seq
    statements = {
        "edit": "UPDATE {table} SET {time} = {time} + interval '1 second' WHERE {key} = {event}",
        "delete": "DELETE FROM {table} WHERE {key} = {event}",
        "unlink": "DELETE FROM audit.link WHERE seq = {seq}",
        "forge": "UPDATE audit.link SET hash = sha256('x') WHERE seq = {seq}",
        "cut": "DELETE FROM audit.link WHERE seq >= {seq}",
    }
    missed = []
    for attempt in range(50):
        kind = draw.choice(sorted(statements))
        seq = draw.randint(1, last)
        table, event = sql("SELECT event_table, event_pk FROM audit.link WHERE seq = %s", seq)[0]
        with transaction.atomic():
            time = "at" if table.endswith(LOG) else "pgh_created_at"
            statement = statements[kind].format(
                table=table, event=event, seq=seq, key=key_of(table), time=time
            )
            as_superuser(statement)
            first = verification.verify().first
            if first is None or first.seq not in (seq, seq + 1):
                missed.append((attempt, kind, seq, first))
            transaction.set_rollback(True)
    assert missed == []


def test_an_added_column_and_another_time_zone_raise_no_alarm(chained_world: World, sql):
    sql("SET timezone = 'Asia/Tokyo'")
    sql("SET extra_float_digits = 0")
    sql("ALTER TABLE trial_patientevent ADD COLUMN added text NOT NULL DEFAULT 'later'")
    sql("ALTER TABLE trial_patient ADD COLUMN added text NOT NULL DEFAULT 'later'")
    assert verification.verify().findings == []


TAMPERING = [
    "UPDATE trial_patientevent SET sex = 'M'",
    "DELETE FROM trial_patientevent",
    "TRUNCATE trial_patientevent",
    "INSERT INTO trial_patientevent SELECT (jsonb_populate_record(e, '{\"pgh_id\": 999}')).* "
    "FROM trial_patientevent e LIMIT 1",
    "ALTER TABLE trial_patientevent DISABLE TRIGGER ALL",
    "DROP TABLE trial_patientevent CASCADE",
    "DROP TRIGGER pgtrigger_chain_0 ON trial_patientevent",
    "SET session_replication_role = replica",
    "UPDATE audit.head SET seq = 0",
    "DELETE FROM audit.link",
    "INSERT INTO audit.link VALUES (1000, 'public.trial_patientevent', 1, '', '', '', '')",
    "SELECT payload FROM audit.link",
    "CREATE TEMP TABLE trial_patientevent (LIKE trial_patientevent)",
    "CREATE OR REPLACE FUNCTION audit.append() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "DELETE FROM trial_patient",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_application_cannot_tamper(chained_world: World, statement: str):
    before = anchors.current()
    database = connection.settings_dict["NAME"]
    with (
        application_role(),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.replace("{database}", database))
    assert (anchors.current().seq, anchors.current().hash) == (before.seq, before.hash)
    assert verification.verify().findings == []


@pytest.mark.parametrize("event", ["pgtrigger_update_update_%", "pgtrigger_append_only_%"])
def test_the_application_cannot_switch_a_trigger_off(chained_world: World, sql, event: str):
    names = [name for (name,) in sql("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", event)]
    assert names
    table = "trial_patientevent" if "append" in event else "trial_patient"
    with (
        application_role(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{','.join(names)}}}"]
        )
        with pytest.raises(DatabaseError, match="cannot be switched off"), transaction.atomic():
            cursor.execute(f"UPDATE {table} SET sex = 'M'")  # noqa: S608
        cursor.execute("SELECT set_config('pgtrigger.ignore', '', true)")


def test_the_application_verifies_without_reading_a_payload(chained_world: World):
    with application_role():
        assert verification.verify().findings == []


def test_the_command_says_that_all_is_whole(chained_world: World):
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "The audit trail is whole." in out.getvalue()


def test_the_command_fails_and_names_the_first_broken_link(chained_world: World, sql, as_superuser):
    seq, event = link_of(sql, chained_world)
    as_superuser("UPDATE trial_patientevent SET sex = 'M' WHERE pgh_id = %s", event)
    out = StringIO()
    with pytest.raises(CommandError, match=rf"first: link {seq}, {EVENT} {event}: the event"):
        call_command("verify_audit", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["is_whole"] is False
    assert told["first_broken"]["seq"] == seq
    assert told["first_broken"]["row"] == str(event)


def test_a_refused_link_takes_the_change_back(chained_world: World, sql):
    sql("ALTER TABLE audit.link ADD CONSTRAINT full_disk CHECK (seq < 0) NOT VALID")
    # As at a commit: the link is made at once here.
    with pytest.raises(DatabaseError, match="full_disk"), transaction.atomic():
        Patient.objects.filter(pk=chained_world.patient_a.pk).update(sex="M")
    assert Patient.objects.get(pk=chained_world.patient_a.pk).sex == "F"
