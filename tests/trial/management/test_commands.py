"""Records from the command line: what is stored, and how a mistake is said."""

import io
import json

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command, load_command_class
from django.core.management.base import BaseCommand, CommandError

from mldtrial.trial.models import GmfcMldAssessment, Membership, MriSeverityRead, Patient, Visit
from mldtrial.trial.rules.severity import severity_instrument
from tests.support.world import World

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> dict:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_a_study_is_built_up_from_the_command_line(db: None, monkeypatch):
    monkeypatch.setenv("MLDTRIAL_NEW_PASSWORD", "a long pass phrase")
    assert run("create_study", "NEW", "--name", "New study")["visits"] == 6
    assert run("create_site", "S1", "--study", "NEW")["code"] == "S1"
    user = run("create_user", "ada", "--role", "coordinator", "--study", "NEW", "--site", "S1")
    assert user["roles"] == [{"study": "NEW", "role": "coordinator", "site": "S1"}]
    patient = run(
        "create_patient", "S1-01", "--study", "NEW", "--site", "S1", "--sex", "F",
        "--birth-month", "2020-03", "--onset-age-months", "20",
    )  # fmt: skip
    assert (patient["subtype"], patient["birth_month"]) == ("LI", "2020-03")
    where = ("--study", "NEW", "--patient", "S1-01")
    visit = run("create_visit", "M00", *where, "--date", "2023-05-10")
    assert visit["days_outside_window"] == 0
    late = run("create_visit", "M06", *where, "--date", "2023-11-25")
    assert late["days_outside_window"] == 2
    unscheduled = run("create_visit", *where, "--date", "2023-06-01")
    assert unscheduled["number"] == "1.1"
    score = run("record_score", *where, "--visit", "M00", "--by", "ada", "--value", "3")
    assert score["value"] == 3
    stored = GmfcMldAssessment.objects.get()
    assert stored.assessed_by.username == "ada"


def test_the_history_names_the_command(world: World):
    run("create_site", "C", "--study", "MLD-1")
    event = apps.get_model("trial", "SiteEvent").objects.get(code="C")
    assert event.pgh_context["origin"] == "command:create_site"


A = ("--study", "MLD-1", "--patient", "A-001")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create_study", "MLD-1"), "already exists"),
        (("create_study", "has space"), "Use letters, digits"),
        (("create_site", "C", "--study", "NOPE"), "No study 'NOPE'; known: MLD-1, MLD-2."),
        (("create_site", "A", "--study", "MLD-1"), "a site with this code already"),
        (
            ("create_patient", "N", "--study", "MLD-1", "--site", "Z", "--sex", "F",
             "--birth-month", "2020-01"),
            "No site 'Z' in study MLD-1; known: A, B.",
        ),
        (
            ("create_patient", "A-001", "--study", "MLD-1", "--site", "A", "--sex", "F",
             "--birth-month", "2020-01"),
            "a patient with this subject code already",
        ),
        (
            ("create_patient", "N", "--study", "MLD-1", "--site", "A", "--sex", "F",
             "--birth-month", "January"),
            "expected a month as YYYY-MM, found 'January'",
        ),
        (("create_visit", "M99", *A, "--date", "2023-06-01"), "No planned visit 'M99'"),
        (("create_visit", "M06", *A, "--date", "2019-06-01"), "before the patient's birth"),
        (("create_visit", "M06", *A, "--date", "soon"), "expected a day as YYYY-MM-DD"),
        (
            ("create_visit", "M06", "--study", "MLD-1", "--patient", "Q", "--date", "2023-06-01"),
            "No patient 'Q' in study MLD-1.",
        ),
        (
            ("record_score", *A, "--visit", "M00", "--by", "coordinator", "--value", "7"),
            "GMFC-MLD has levels 0 to 6; 7 is not one of them.",
        ),
        (
            ("record_score", *A, "--visit", "M06", "--by", "coordinator", "--value", "3"),
            "No visit 'M06' of patient A-001; known: M00.",
        ),
        (
            ("record_score", *A, "--visit", "M00", "--by", "ghost", "--value", "3"),
            "No user 'ghost'.",
        ),
        (
            ("record_score", *A, "--visit", "M00", "--by", "reader", "--instrument",
             "mri_severity", "--item", "pons=1"),
            "Items missing or unknown",
        ),
        (
            ("record_score", *A, "--visit", "M00", "--by", "reader", "--instrument",
             "mri_severity", "--item", "pons:1"),
            "expected KEY=NUMBER",
        ),
        (("create_user", "new"), "Set MLDTRIAL_NEW_PASSWORD"),
        (("create_user", "new", "--role", "sponsor"), "A role needs a study"),
        (("create_user", "ghost", "--existing"), "No user 'ghost'."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_line_and_stores_nothing(world: World, arguments, sentence):
    counted = (Patient, Visit, GmfcMldAssessment, MriSeverityRead, get_user_model(), Membership)
    before = [model.objects.count() for model in counted]
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [model.objects.count() for model in counted] == before


@pytest.mark.parametrize("arguments", [["--study", "NOPE"], [], ["--what"]])
def test_a_failed_command_ends_with_its_reason_on_standard_error(db: None, capsys, arguments):
    command = load_command_class("mldtrial.trial", "create_site")
    assert isinstance(command, BaseCommand)
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", "create_site", *arguments])
    assert ended.value.code not in (0, None)
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1


def items(**changes: str) -> list[str]:
    values = {item.key: "1" for item in severity_instrument().items} | changes
    return [part for key, value in values.items() for part in ("--item", f"{key}={value}")]


def severity(*more: str) -> dict:
    return run("record_score", *A, "--visit", "M00", "--instrument", "mri_severity",
               "--by", "reader", *more)  # fmt: skip


def test_a_severity_total_is_computed_from_its_items(world: World):
    assert severity(*items(pons="2"))["value"] == 20


def test_a_total_that_differs_from_its_items_is_refused(world: World):
    with pytest.raises(CommandError, match="The items add to 19, not to 20"):
        severity("--value", "20", *items())
    assert not MriSeverityRead.objects.exists()


def test_an_item_not_evaluable_leaves_no_total(world: World):
    assert severity(*items(pons=""))["value"] is None


def test_a_login_and_its_role_are_made_together_or_not_at_all(world: World, monkeypatch):
    monkeypatch.setenv("MLDTRIAL_NEW_PASSWORD", "a long pass phrase")
    with pytest.raises(CommandError):
        run("create_user", "new", "--role", "coordinator", "--study", "MLD-1")
    assert not get_user_model().objects.filter(username="new").exists()


def test_a_password_may_come_from_standard_input(world: World, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("another long pass phrase\n"))
    run("create_user", "new", "--password-stdin")
    assert get_user_model().objects.get(username="new").check_password("another long pass phrase")


def test_a_role_is_added_to_an_existing_login(world: World):
    roles = run("create_user", "stranger", "--existing", "--role", "sponsor", "--study", "MLD-2")
    assert roles["roles"] == [{"study": "MLD-2", "role": "sponsor", "site": None}]


def test_a_password_is_never_an_argument():
    parser = load_command_class("mldtrial.trial", "create_user").create_parser("manage.py", "x")
    options = {option for action in parser._actions for option in action.option_strings}
    assert "--password" not in options
