"""The cohort is counted once for each state of the records, and never shown as it was before."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.selectors import kept
from mldtrial.audit.context import because
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, GmfcMldAssessment, Membership, Study, Treatment, Visit
from tests.support.loads import make_load
from tests.support.meanwhile import meanwhile
from tests.support.numbered import numbered_tables
from tests.support.world import World

pytestmark = pytest.mark.django_db

DAYS = [date(2024, month, 10) for month in (1, 5, 9)]
LOADS = "segmentation_segmentationresult"
NOT_OF_THE_CHAIN = {"django_session", "accounts_user", "analytics_intervalestimate"}
"""Who asks, and intervals that are named by the numbers they rest on."""


@pytest.fixture
def committed(chained_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of three patients' loads whose every change is numbered at once, as by a commit."""
    monkeypatch.setattr(kept, "connection", SimpleNamespace(in_atomic_block=False))
    for number, day in enumerate(DAYS):
        make_load(chained_world.patient_a, day, 10.0 + 7 * number)
        make_load(chained_world.patient_b, day, 30.0 + 5 * number)
    yield chained_world
    kept.forget()


@pytest.fixture
def look(client, committed: World) -> Callable[..., tuple[str, set[str]]]:
    """Return what a person is sent, and which tables were read for it."""

    def looked(
        key: str = "sponsor", query: str = "", path: str = "", page: str = "cohort"
    ) -> tuple[str, set[str]]:
        client.force_login(committed.user(key))
        with CaptureQueriesContext(connection) as asked:
            content = client.get(f"{reverse(page, args=['MLD-1'])}{path}{query}").content
        read = (re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"]) for query in asked)
        text = re.sub(r'name="csrf\S+ value="\w+"|"X-CSRFToken": "\w+"', "", content.decode())
        return text, {table for tables in read for table in tables}

    return looked


@pytest.mark.parametrize("path", ["", "load-age.json", "derived.json"])
def test_the_second_look_says_the_same_without_reading_a_load(look, path: str):
    chained = numbered_tables()
    (first, read), (second, read_again) = look(path=path), look(path=path)
    assert first == second
    assert LOADS in read
    assert LOADS not in read_again
    assert read - NOT_OF_THE_CHAIN <= chained


@pytest.mark.parametrize("path", ["", "load-age.json", "derived.json"])
@pytest.mark.parametrize("what", ["a load", "a treatment", "a rule", "a role"])
def test_whatever_is_recorded_is_counted_at_the_next_look(look, committed, path: str, what: str):
    look(path=path)
    if what == "a load":
        make_load(committed.patient_b, date(2025, 1, 10), 95.0)
    elif what == "a treatment":
        Treatment.objects.create(patient=committed.patient_a, kind="HSCT", started_on=DAYS[1])
    elif what == "a rule":
        committed.study.pairing_days_others = 1
        committed.study.save()
    else:
        Membership.objects.filter(user=committed.user("coordinator")).update(is_active=False)
    assert LOADS in look(path=path)[1]


def test_nobody_is_shown_what_was_counted_for_somebody_else(look, committed: World):
    """A coordinator sees the loads of one site, where the study lets sites see loads at all."""
    committed.study.site_roles_see_loads = True
    committed.study.save()
    of_all = look("data_manager")[0]
    assert "6 segmented scans of 2 patients" in of_all
    for key in ("sponsor", "statistician"):
        assert LOADS in look(key)[1]
    assert look("data_manager", "?site=B")[0] != of_all
    assert "3 segmented scans of 1 patient" in look("data_manager", "?site=B")[0]


def test_what_is_kept_is_logged_as_a_look_each_time_it_is_shown(look, committed: World):
    committed.study.blinding = Blinding.BLINDED
    committed.study.save()
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    for path in ("", "load-age.json", "derived.json"):
        before = seen.count()
        look(path=path)
        look(path=path)
        assert seen.count() == before + 2


def test_who_has_lost_the_role_is_shown_nothing(look, committed: World):
    assert "segmented scan" in look()[0]
    Membership.objects.filter(user=committed.user("sponsor")).update(is_active=False)
    text, read = look()
    assert "segmented scan" not in text
    assert LOADS not in read


@pytest.mark.parametrize("path", ["", "load-age.json", "derived.json"])
def test_what_is_narrowed_to_an_arm_is_counted_each_time(look, path: str):
    """Arms are no records: no number says that they have changed."""
    for _ in range(2):
        assert LOADS in look(path=path, query="?arm=VERUM")[1]


def test_numbers_that_wait_for_something_are_not_kept(committed: World):
    made = iter([SimpleNamespace(is_pending=True), SimpleNamespace(is_pending=False)])
    asked = [
        kept.by_state("a", lambda: next(made), is_whole=lambda one: not one.is_pending).is_pending
        for _ in range(3)
    ]
    assert asked == [True, False, False]


def test_inside_a_transaction_nothing_is_kept(db):
    assert connection.in_atomic_block
    numbers = iter(range(2))
    assert [kept.by_state("a", lambda: next(numbers)) for _ in range(2)] == [0, 1]


def test_only_the_answers_asked_for_last_are_kept(committed: World):
    for number in range(kept.MOST):
        kept.by_state(number, lambda: "first")
    kept.by_state(0, lambda: "again")
    kept.by_state("one more", lambda: "first")
    assert kept.by_state(0, lambda: "again") == "first"
    assert kept.by_state(1, lambda: "again") == "again"


@pytest.mark.parametrize("path", ["", "load-gmfc.json"])
def test_a_rule_that_changes_while_a_request_begins_is_not_kept_as_it_was(look, committed, path):
    """The study is read before the number of the state is."""
    visit = Visit.objects.get(patient=committed.patient_b, date=DAYS[2])
    day = DAYS[2] + timedelta(days=30)
    GmfcMldAssessment.objects.create(
        visit=visit, level=3, assessed_on=day, assessed_by=committed.user("coordinator")
    )
    windows = itertools.cycle((1, 90))

    def change() -> None:
        with because("another window"):
            Study.objects.filter(pk=committed.study.pk).update(pairing_days_others=next(windows))

    with CaptureQueriesContext(connection) as asked:
        look(path=path)
    numbered = [n for n, one in enumerate(asked) if "audit.recorded" in one["sql"]]
    for number in range(numbered[-1] + 1):
        with meanwhile(number, change):
            look(path=path)
        was_kept = look(path=path)[0]
        kept.forget()
        assert look(path=path)[0] == was_kept


def test_longitudinal_models_are_fitted_once_for_their_page_and_file(look, committed: World):
    page, file = (
        {"key": "statistician", "page": name}
        for name in ("longitudinal_models", "longitudinal_data")
    )
    committed.study.blinding = Blinding.BLINDED
    committed.study.save()
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    before = seen.count()
    first, read = look(**page)
    assert LOADS in read
    assert "not estimable: no group has 3 patients with two scans or more" in first
    again, read_again = look(**page)
    assert again == first
    assert LOADS not in read_again | look(**file)[1]
    assert seen.count() == before + 2
    # Whoever else asks, what else is asked, and arms, which are no records.
    assert LOADS in look("data_manager", page="longitudinal_models")[1]
    assert LOADS in look(**page, query="?subtype=LI")[1]
    for _ in range(2):
        assert LOADS in look(**page, query="?arm=VERUM")[1]
    make_load(committed.patient_b, date(2025, 1, 10), 95.0)
    assert LOADS in look(**page)[1]
