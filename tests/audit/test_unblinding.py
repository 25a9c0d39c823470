"""Arms are told to whom an unblinding entitles, after it is on record, and to nobody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from mldtrial.audit.context import acting
from mldtrial.embedded.postgres import APP
from mldtrial.trial import selectors
from mldtrial.trial.models import Membership, Role, Study, UnblindingEvent
from mldtrial.trial.services import unblinding
from tests.access import addresses
from tests.access.routes import EXPECTED
from tests.support.chain import application_role
from tests.support.locking import second_manager
from tests.support.papers import text_of
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)

VERUM, CONTROL = "VERUM-7Q", "CONTROL-3X"
LISTS = ("home", "queries", "uploads")
"""Pages beside those of a study that show its records; the others are about a login alone."""
CHAIN = re.compile(r"audit chain [0-9a-f]+")
"""What a paper says of its data: it moves with every event."""
CLOCK = re.compile(rb"\d\d:\d\d(:\d\d)?")
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]*"')


@pytest.fixture
def blinded(world: World) -> World:
    Study.objects.filter(pk=world.study.pk).update(blinding="BLINDED")
    for record in (world.study, world.patient_a, world.patient_b):
        record.refresh_from_db()
    return world


@pytest.fixture
def allocated(blinded: World) -> World:
    load(blinded, {"A-001": VERUM, "B-001": CONTROL})
    return blinded


def load(world: World, arms: dict[str, str]) -> None:
    unblinding.load_allocations(study=world.study, rows=arms.items(), by_whom="Pharmacist")


def unblind(world: World, **more: Any) -> UnblindingEvent:
    by = world.user("investigator")
    given = {"patient": world.patient_a, "reason": "Seizure", "password": PASSWORD, "by": by}
    with acting(user=given["by"], origin="web"):
        return unblinding.unblind_in_emergency(**{**given, **more})


def arm(world: World, key: str, patient: Any = None) -> str | None:
    return selectors.arm_of(patient or world.patient_a, user=world.user(key))


def arms_of_groups(world: World, key: str) -> set[str]:
    """Return the arms by which figures of many patients may be told apart."""
    return set(selectors.arms_of_everybody(world.study, user=world.user(key)).values())


def everybody(world: World) -> list[str]:
    return [*Role.values, "coordinator_b", "investigator_b", "stranger", "other_sponsor"]


@pytest.mark.requirement("ICH-E6R3-4.1")
def test_nobody_is_told_an_arm_of_a_blinded_study(allocated: World):
    assert {key: arm(allocated, key) for key in everybody(allocated)} == dict.fromkeys(
        everybody(allocated)
    )


@pytest.mark.requirement("ICH-E6R3-4.1")
def test_an_emergency_tells_the_arm_of_one_patient_to_one_person(allocated: World):
    event = unblind(allocated)
    told = {key: arm(allocated, key) for key in everybody(allocated)}
    assert {key for key, value in told.items() if value} == {"investigator"}
    assert told["investigator"] == VERUM
    assert arm(allocated, "investigator", allocated.patient_b) is None
    assert (event.requested_by, event.reason) == (allocated.user("investigator"), "Seizure")


def test_who_has_left_the_site_is_told_nothing_any_more(allocated: World):
    unblind(allocated)
    Membership.objects.filter(user=allocated.user("investigator")).update(is_active=False)
    assert arm(allocated, "investigator") is None


def test_only_the_investigator_of_the_site_unblinds_in_an_emergency(allocated: World):
    for key in ("coordinator", "investigator_b", "data_manager", "statistician"):
        with pytest.raises(PermissionDenied):
            unblind(allocated, by=allocated.user(key))


def test_an_emergency_needs_a_reason_and_the_password(allocated: World):
    for wrong in ({"password": "no"}, {"reason": " "}):
        with pytest.raises(ValidationError):
            unblind(allocated, **wrong)
    assert not UnblindingEvent.objects.exists()


def test_an_open_study_is_not_unblinded_and_shows_its_arms(world: World):
    load(world, {"A-001": VERUM})
    with pytest.raises(ValidationError, match="This study is open"):
        unblind(world)
    assert arm(world, "coordinator") == VERUM
    assert arm(world, "reader") is None
    assert arm(world, "coordinator_b") is None


def test_only_the_arms_of_patients_in_reach_leave_the_database(
    world: World, django_assert_num_queries: Any
):
    load(world, {"A-001": VERUM, "B-001": CONTROL})
    for key, found in (("coordinator", {VERUM}), ("sponsor", {VERUM, CONTROL})):
        with django_assert_num_queries(2):  # the roles, then the arms
            assert arms_of_groups(world, key) == found


def test_a_study_that_was_blinded_shows_no_arm_by_being_set_open(allocated: World):
    Study.objects.filter(pk=allocated.study.pk).update(blinding="OPEN")
    allocated.patient_a.refresh_from_db()
    assert arm(allocated, "data_manager", allocated.patient_a) is None


def ask(world: World, statistician: Any = None) -> Any:
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        return unblinding.request_unblinding(
            study=world.study, statistician=statistician, reason="Interim", password=PASSWORD, by=by
        )


def decide(world: World, request: Any, by: Any, **more: Any) -> Any:
    given = {"is_approved": True, "reason": "Agreed", "password": PASSWORD}
    with acting(user=by, origin="web"):
        return unblinding.decide_unblinding(
            study=world.study, request=request, by=by, **{**given, **more}
        )


def test_the_second_person_reads_what_approving_an_unblinding_does(blinded: World):
    asked = ask(blinded)
    client = Client()
    client.force_login(second_manager(blinded))
    page = client.get(reverse("unblind_decision", args=["MLD-1", asked.pk])).content.decode()
    assert "the arms are told, and this cannot be taken back" in page
    assert "the record opens" not in page
    client.force_login(blinded.user("data_manager"))
    own = " ".join(
        client.get(reverse("unblind_decision", args=["MLD-1", asked.pk])).content.decode().split()
    )
    assert 'value="approve"' not in own
    assert f"It can be approved by {second_manager(blinded)}." in own


@pytest.mark.requirement("ICH-E6R3-4.1")
def test_a_grant_of_two_people_tells_every_arm_to_one_statistician(allocated: World):
    held = Membership.objects.get(user=allocated.user("statistician"))
    request = ask(allocated, held)
    assert arm(allocated, "statistician") is None
    with pytest.raises(ValidationError, match="another person must approve"):
        decide(allocated, request, allocated.user("data_manager"))
    decide(allocated, request, second_manager(allocated))
    told = {key for key in everybody(allocated) if arm(allocated, key)}
    assert told == {"statistician"}
    assert arm(allocated, "statistician", allocated.patient_b) == CONTROL
    assert arms_of_groups(allocated, "statistician") == set()


def test_the_planned_end_of_the_blinding_tells_every_role_that_sees_patients(allocated: World):
    decide(allocated, ask(allocated), second_manager(allocated))
    told = {key for key in everybody(allocated) if arm(allocated, key)}
    assert told == {
        "coordinator", "investigator", "monitor", "data_manager", "statistician", "sponsor",
        "auditor",
    }  # fmt: skip
    assert arms_of_groups(allocated, "sponsor") == {VERUM, CONTROL}
    assert arms_of_groups(allocated, "reader") == set()


def test_a_refused_request_tells_nothing(allocated: World):
    decide(allocated, ask(allocated), second_manager(allocated), is_approved=False)
    assert not UnblindingEvent.objects.exists()
    assert arm(allocated, "data_manager") is None


def test_the_database_unblinds_no_study_for_one_person(allocated: World):
    by = allocated.user("data_manager")
    request = ask(allocated)
    with (
        acting(user=by, origin="web"),
        pytest.raises(DatabaseError, match="unblinded by two people"),
        transaction.atomic(),
    ):
        UnblindingEvent.objects.create(
            study=allocated.study, kind="PLANNED", reason="mine", requested_by=by, request=request
        )


def test_nothing_is_told_before_the_unblinding_is_on_record(allocated: World):
    by = allocated.user("investigator")
    with transaction.atomic(), acting(user=by, origin="web"):
        UnblindingEvent.objects.create(
            study=allocated.study, patient=allocated.patient_a, kind="EMERGENCY",
            reason="Seizure", requested_by=by, entitled=by,
        )  # fmt: skip
        with pytest.raises(DatabaseError, match="not on record yet"), transaction.atomic():
            arm(allocated, "investigator")
    assert arm(allocated, "investigator") == VERUM


def test_an_unblinding_is_never_changed(allocated: World):
    event = unblind(allocated)
    with pytest.raises(DatabaseError, match="Cannot update"):
        UnblindingEvent.objects.filter(pk=event.pk).update(reason="other")


STATEMENTS = [
    "SELECT arm FROM blinded.allocation",
    "SELECT code FROM blinded.arm",
    "UPDATE blinded.allocation SET is_open = true",
    "INSERT INTO blinded.allocation SELECT * FROM blinded.allocation",
    "DELETE FROM blinded.allocation",
    "TRUNCATE blinded.allocation",
    "COPY blinded.allocation TO STDOUT",
    "CREATE TABLE blinded.mine (id int)",
]


@pytest.mark.requirement("21CFR11.10(d)")
def test_the_application_reads_and_writes_no_arm(allocated: World):
    with transaction.atomic(), application_role():
        for statement in STATEMENTS:
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


def test_the_application_reaches_arms_by_the_functions_alone(allocated: World):
    event = unblind(allocated)
    with transaction.atomic(), application_role(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP,)
        cursor.execute("SELECT arm FROM blinded.reveal(%s)", [event.pk])
        assert cursor.fetchall() == [(VERUM,)]
        cursor.execute("SELECT * FROM blinded.arms_of_open_study(%s)", [allocated.study.pk])
        assert cursor.fetchall() == []


def test_a_second_load_is_refused_in_the_same_words_for_every_arm(allocated: World):
    refusals = set()
    for guess in (VERUM, CONTROL):
        with pytest.raises(ValidationError) as refused:
            load(allocated, {"A-001": guess})
        refusals.add(refused.value.messages[0])
    assert len(refusals) == 1
    assert VERUM not in refusals.pop()


def test_a_file_is_loaded_whole_or_not_at_all_and_never_shown_back(
    blinded: World, tmp_path, capsys
):
    good = tmp_path / "good.csv"
    good.write_text(f"subject_code,arm\nA-001,{VERUM}\nB-001,{CONTROL}\n")
    bad = tmp_path / "bad.csv"
    bad.write_text(f"subject_code,arm\nA-001,{VERUM}\nNOBODY,{CONTROL}\n")
    for path, words in ((bad, "Row 2"), (tmp_path / "none.csv", "cannot be read")):
        with pytest.raises(CommandError, match=words) as refused:
            call_command("import_allocation", path, study="MLD-1", by="Pharmacist")
        assert VERUM not in str(refused.value)
    call_command("import_allocation", good, study="MLD-1", by="Pharmacist")
    out = capsys.readouterr().out
    assert "2 allocations" in out
    assert VERUM not in out
    unblind(blinded)
    assert arm(blinded, "investigator") == VERUM


def crawl(world: World, urls: dict[str, str], key: str) -> dict[str, bytes]:
    """Return the body of every GET route for a person; what the crawl writes is taken back."""
    client = Client()
    bodies = {}
    with transaction.atomic():
        client.force_login(world.user(key))
        for name, url in urls.items():
            answer = client.get(url)
            content = b"".join(answer) if answer.streaming else answer.content
            if answer.headers.get("Content-Type") == "application/pdf":
                content = CHAIN.sub("", text_of(content)).encode()
            bodies[name] = CLOCK.sub(b"", TOKEN.sub(b"", content))
        transaction.set_rollback(True)
    return bodies


@pytest.mark.requirement("ICH-E6R3-4.1")
@pytest.mark.timeout(900)  # a few thousand pages
def test_no_answer_to_anybody_depends_on_the_arms(blinded: World):
    urls = {
        name: addresses.address(
            blinded, addresses.routes()[name], addresses.SITE_A, dict(route.params)
        )
        # The address of a request to unlock comes last: it locks the visit of the others.
        for name, route in sorted(EXPECTED.items(), key=lambda item: item[0] == "unlock_decision")
        if route.get is not None and (route.scope in ("study", "site", "member") or name in LISTS)
    }

    def under(
        arms: dict[str, str], asked: dict[str, dict[str, str]]
    ) -> dict[str, dict[str, bytes]]:
        with transaction.atomic():
            load(blinded, arms)
            found = {key: crawl(blinded, some, key) for key, some in asked.items()}
            transaction.set_rollback(True)
        return found

    every = dict.fromkeys(Role.values, urls)
    one = under({"A-001": VERUM, "B-001": CONTROL}, every)
    other = under({"A-001": CONTROL, "B-001": VERUM}, every)
    changed = {
        key: {name: urls[name] for name, body in pages.items() if body != other[key][name]}
        for key, pages in one.items()
    }
    again = under({"A-001": VERUM, "B-001": CONTROL}, changed)
    differing = {
        f"{name} for {key}"
        for key, pages in again.items()
        for name, body in pages.items()
        # A page that holds a random token differs under the same arms as well.
        if body == one[key][name]
    }
    assert differing == set()
    bodies = [body for pages in one.values() for body in pages.values()]
    assert len(bodies) > 300
    assert not any(VERUM.encode() in body or CONTROL.encode() in body for body in bodies)


def test_the_page_tells_the_arm_after_the_reason_was_given(allocated: World):
    client = Client()
    client.force_login(allocated.user("investigator"))
    url = reverse("patient_unblind", args=["MLD-1", allocated.patient_a.pk])
    assert VERUM not in client.get(url).content.decode()
    wrong = client.post(url, {"reason": "Seizure", "password": "no"})
    assert wrong.status_code == 422
    page = client.post(url, {"reason": "Seizure", "password": PASSWORD}, follow=True)
    assert VERUM in page.content.decode()
    patient = reverse("patient", args=["MLD-1", allocated.patient_a.pk])
    assert VERUM in client.get(patient).content.decode()
    client.force_login(allocated.user("data_manager"))
    page = client.get(patient).content.decode()
    assert VERUM not in page
    study = client.get(reverse("study_unblind", args=["MLD-1"])).content.decode()
    assert "Seizure" in study
    assert VERUM not in study


def test_of_two_approvals_of_an_unblinding_one_counts(allocated: World):
    request = ask(allocated)
    by = second_manager(allocated)

    def approve(_: int) -> bool:
        try:
            decide(allocated, request, by)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(approve, range(2))) == [False, True]
    assert UnblindingEvent.objects.count() == 1
