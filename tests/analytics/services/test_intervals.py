"""Intervals are computed beside the page, once, and shown to whom their numbers belong."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from analytics.models import IntervalEstimate, IntervalOrder
from analytics.selectors import cohort as cohort_selectors
from analytics.selectors import intervals as known
from analytics.selectors.cohort import Filters
from analytics.selectors.samples import computed
from analytics.services import intervals
from analytics.services.intervals import Standing
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, GmfcMldAssessment, Patient, Study
from mldtrial.trial.services import patients
from tests.support.loads import make_load
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = [date(2024, month, 10) for month in (1, 4, 7)]
PENDING = "computing …"


@pytest.fixture
def cohort(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Six patients with three scans each, which are too many to resample while one waits."""
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    for number in range(6):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number:02}", sex="F",
            birth_month=date(2018, 3 + number, 1), onset_age_months=20, by=None,
        )  # fmt: skip
        for visit, day in enumerate(DAYS):
            make_load(patient, day, 20.0 + 7 * visit + (number * 13) % 9)
    return world


def page(client, world: World, role: str = "data_manager", query: str = "") -> str:
    client.force_login(world.user(role))
    answer = client.get(reverse("cohort", args=["MLD-1"]) + query)
    assert answer.status_code == 200
    html = " ".join(answer.content.decode().split())
    return html[html.find("<main") :] if "<main" in html else html


def compute_all() -> int:
    count = 0
    while intervals.execute_next():
        count += 1
    return count


def test_the_correlation_is_there_at_once_and_its_interval_once_it_is_computed(client, cohort):
    first = page(client, cohort)
    assert PENDING in first
    assert 'hx-trigger="every 2s"' in first
    assert IntervalOrder.objects.count() == 1
    assert "hx-trigger" in page(client, cohort, query="?fragment=1")
    assert compute_all() == 1
    fragment = page(client, cohort, query="?fragment=1")
    assert PENDING not in fragment
    assert "every 2s" not in fragment
    # Two tables of each of four relations, and the numbers of the heat map.
    assert fragment.count('hx-swap-oob="true"') == 9
    second = page(client, cohort)
    assert PENDING not in second
    assert not IntervalOrder.objects.exists()


def test_what_is_kept_is_what_the_page_would_compute(client, cohort, monkeypatch):
    page(client, cohort)
    compute_all()
    from_the_store = page(client, cohort)
    IntervalEstimate.objects.all().delete()
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 10**9)
    assert page(client, cohort) == from_the_store
    assert not IntervalEstimate.objects.exists()


def test_an_interval_is_never_shown_for_other_numbers(client, cohort):
    page(client, cohort)
    compute_all()
    make_load(cohort.patient_a, DAYS[0], 90.0)
    assert PENDING in page(client, cohort)
    kept_before = set(IntervalEstimate.objects.values_list("key", flat=True))
    compute_all()
    assert set(IntervalEstimate.objects.values_list("key", flat=True)) > kept_before


def test_nothing_is_computed_twice(client, cohort):
    page(client, cohort)
    page(client, cohort)
    page(client, cohort, "sponsor")
    assert IntervalOrder.objects.count() == 2
    compute_all()
    times = dict(IntervalEstimate.objects.values_list("key", "computed_at"))
    computed.cache_clear()
    intervals.order(study=cohort.study, by=cohort.user("data_manager"), asked=Filters())
    assert compute_all() == 1
    assert dict(IntervalEstimate.objects.values_list("key", "computed_at")) == times
    assert computed.cache_info().misses == 0


def test_the_worker_reads_the_cohort_as_the_person_sees_it(cohort):
    """An order of who sees no load brings nothing to the store."""
    for key in ("coordinator", "stranger", "other_sponsor"):
        intervals.order(study=cohort.study, by=cohort.user(key), asked=Filters())
    assert compute_all() == 3
    assert not IntervalEstimate.objects.exists()


def test_an_order_whose_worker_was_lost_is_taken_again(cohort):
    by = cohort.user("data_manager")
    intervals.order(study=cohort.study, by=by, asked=Filters())
    asked = {"study": cohort.study, "by": by, "asked": Filters()}
    assert intervals.standing(**asked) == Standing.WAITING
    IntervalOrder.objects.update(started_at=timezone.now())
    assert compute_all() == 0
    an_hour_ago = timezone.now() - timedelta(hours=1)
    IntervalOrder.objects.update(started_at=an_hour_ago, rung_at=an_hour_ago)
    assert intervals.standing(**asked) == Standing.UNHEARD
    assert compute_all() == 1
    assert intervals.standing(**asked) is None


def test_an_order_that_lost_every_worker_is_said_to_have_failed(cohort):
    asked = {"study": cohort.study, "by": cohort.user("data_manager"), "asked": Filters()}
    intervals.order(**asked)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    IntervalOrder.objects.update(started_at=timezone.now(), attempts=intervals.MOST_ATTEMPTS)
    assert intervals.standing(**asked) == Standing.WAITING
    IntervalOrder.objects.update(started_at=an_hour_ago)
    assert intervals.standing(**asked) == Standing.FAILED
    IntervalOrder.objects.update(rung_at=an_hour_ago - timedelta(minutes=1))
    assert intervals.order(**asked) is True
    assert compute_all() == 1


def test_a_page_that_waits_rings_again_where_nobody_came(cohort):
    asked = {"study": cohort.study, "by": cohort.user("sponsor"), "asked": Filters()}
    assert intervals.order(**asked) is True
    assert intervals.order(**asked) is False
    IntervalOrder.objects.update(rung_at=timezone.now() - timedelta(minutes=1))
    assert intervals.standing(**asked) == Standing.UNHEARD
    intervals.note_ring(**asked)
    assert intervals.standing(**asked) == Standing.WAITING


def test_what_fails_again_and_again_is_said_and_keeps_nobody_else_waiting(
    client, cohort, monkeypatch
):
    page(client, cohort)
    intervals.order(study=cohort.study, by=cohort.user("sponsor"), asked=Filters())
    reads = cohort_selectors.part

    def fails_for_the_manager(study, *, user, **asked):
        if user == cohort.user("data_manager"):
            raise RuntimeError("no memory")
        return reads(study, user=user, **asked)

    with monkeypatch.context() as of_the_worker:
        of_the_worker.setattr(cohort_selectors, "part", fails_for_the_manager)
        assert compute_all() == intervals.MOST_ATTEMPTS + 1
    assert PENDING not in page(client, cohort, "sponsor")
    IntervalEstimate.objects.all().delete()
    for query in ("", "?fragment=1"):
        html = page(client, cohort, query=query)
        assert "could not be computed" in html
        assert "every 2s" not in html
    monkeypatch.undo()
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    IntervalOrder.objects.update(rung_at=timezone.now() - timedelta(hours=2))
    assert "every 2s" in page(client, cohort)
    assert compute_all() == 1
    assert PENDING not in page(client, cohort)


def test_what_is_old_is_removed(client, cohort):
    page(client, cohort)
    compute_all()
    IntervalEstimate.objects.update(computed_at=timezone.now() - timedelta(days=91))
    intervals.order(study=cohort.study, by=cohort.user("stranger"), asked=Filters())
    compute_all()
    assert not IntervalEstimate.objects.exists()


def test_numbers_that_come_later_are_a_look_that_is_logged(client, cohort):
    Study.objects.filter(pk=cohort.study.pk).update(blinding=Blinding.BLINDED)
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    page(client, cohort)
    assert seen.count() == 1
    page(client, cohort, query="?fragment=1")
    assert seen.count() == 1, "an answer without numbers is no look"
    compute_all()
    page(client, cohort, query="?fragment=1")
    assert seen.count() == 2


def test_a_reason_against_an_interval_is_kept_and_shown(client, world: World, monkeypatch):
    """Five patients, of whose resamples most are constant in load or level."""
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    more = [
        patients.create_patient(
            site=world.site_a, subject_code=f"A-00{number}", sex="F",
            birth_month=date(2018, 3, 1), by=None,
        )
        for number in (3, 4, 5)
    ]  # fmt: skip
    made = zip(
        (world.patient_a, world.patient_b, *more),
        (10.0, 10.0, 10.0, 10.0, 20.0),
        (1, 1, 1, 2, 1),
        strict=True,
    )
    for patient, load_ml, level in made:
        run = make_load(patient, DAYS[0], load_ml)
        GmfcMldAssessment.objects.create(
            visit=run.visit, level=level, assessed_on=DAYS[0], assessed_by=world.user("coordinator")
        )
    assert PENDING in page(client, world)
    compute_all()
    reasons = IntervalEstimate.objects.exclude(reason="").values_list("reason", flat=True)
    html = page(client, world)
    assert PENDING not in html
    assert reasons
    assert all(f"not estimable: {reason}" in html for reason in reasons)


def test_an_order_of_a_narrowed_page_is_of_that_part_alone(client, cohort):
    """Five patients of six at the second site: another order, and other numbers."""
    moved = [f"A-10{number}" for number in range(5)]
    Patient.objects.filter(subject_code__in=moved).update(site=cohort.site_b)
    page(client, cohort, query="?site=B&therapy=NONE&site_x=1")
    page(client, cohort)
    refused = client.get(reverse("cohort", args=["MLD-1"]) + "?site=NOWHERE")
    assert refused.status_code == 404
    orders = IntervalOrder.objects.order_by("ordered_at").values_list("site", "therapy", "arm")
    assert list(orders) == [("B", "NONE", ""), ("", "", "")]
    assert compute_all() == 2
    assert PENDING not in page(client, cohort, query="?site=B&therapy=NONE")
    assert PENDING not in page(client, cohort)


def test_a_file_orders_what_it_lacks_and_says_where_it_failed(client, cohort):
    """Who takes the file alone waits for nobody in vain."""
    client.force_login(cohort.user("data_manager"))

    def whys() -> set[str]:
        answer = client.get(reverse("cohort_data", args=["MLD-1", "correlations"]))
        rows = csv.DictReader(io.StringIO(answer.content.decode()))
        return {row["why_none"] for row in rows if row["spearman_rho"]}

    assert whys() == {"the interval is being computed"}
    assert IntervalOrder.objects.count() == 1
    an_hour_ago = timezone.now() - timedelta(minutes=50)
    IntervalOrder.objects.update(started_at=an_hour_ago, attempts=intervals.MOST_ATTEMPTS)
    assert whys() == {"the interval could not be computed"}
    IntervalOrder.objects.update(started_at=None, attempts=0)
    assert compute_all() == 1
    assert whys() == {""}


def test_a_page_that_waited_while_records_changed_is_drawn_anew(client, cohort):
    """Intervals of nineteen scans do not belong on a page of eighteen."""
    page(client, cohort)
    url = client.get(reverse("cohort", args=["MLD-1"])).context["fragment_url"]
    assert "drawn=18." in url
    waiting = client.get(url)
    assert waiting.context["fragment_url"] == url
    compute_all()
    assert "HX-Refresh" not in client.get(url)
    make_load(cohort.patient_a, DAYS[0], 90.0)
    answer = client.get(url)
    assert (answer["HX-Refresh"], answer.content) == ("true", b"")
