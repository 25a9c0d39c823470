"""The intervals of two methods are computed beside the page; files and papers have all of them."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from analytics.models import IntervalEstimate, IntervalOrder
from analytics.selectors import agreement
from analytics.selectors import intervals as known
from analytics.selectors.agreement import MethodPair
from analytics.selectors.cohort import Filters
from analytics.selectors.samples import computed
from analytics.services import agreement as agreements
from analytics.services import intervals
from analytics.services.intervals import Standing
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, GmfcMldAssessment, Membership, Study
from mldtrial.trial.services import patients
from segmentation.models import Method, ReleaseState
from tests.support.loads import make_load, make_model
from tests.support.papers import text_of
from tests.support.shadows import pair
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = [date(2024, month, 10) for month in (1, 4, 7)]
PENDING = "(computing …)"


@pytest.fixture
def methods(world: World, monkeypatch: pytest.MonkeyPatch) -> MethodPair:
    """Two methods at three scans of six patients: too many to resample while one waits."""
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 0)
    computed.cache_clear()
    other = make_model("next", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    for number in range(6):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number:02}", sex="F",
            birth_month=date(2018, 3 + number, 1), onset_age_months=20, by=None,
        )  # fmt: skip
        for visit, day in enumerate(DAYS):
            load_ml = 20.0 + 7 * visit + (number * 13) % 9
            run = pair(patient, day, load_ml, load_ml - (number * visit) % 5)
            GmfcMldAssessment.objects.create(
                visit=run.visit, level=(number + 2 * visit) % 7, assessed_on=day,
                assessed_by=world.user("coordinator"),
            )  # fmt: skip
    return MethodPair(make_model(), other)


def url(name: str = "agreement") -> str:
    return reverse(name, args=["MLD-1"])


def page(client, world: World, role: str = "data_manager", at: str = "") -> str:
    client.force_login(world.user(role))
    answer = client.get(at or url())
    assert answer.status_code == 200
    html = " ".join(answer.content.decode().split())
    return html[html.find("<main") :] if "<main" in html else html


def asked_again(client) -> str:
    """Return where the page asks whether its intervals are there."""
    return client.get(url()).context["fragment_url"]


def compute_all() -> int:
    count = 0
    while intervals.execute_next():
        count += 1
    return count


def test_the_values_are_there_at_once_and_the_intervals_once_they_are_computed(
    client, world: World, methods: MethodPair
):
    first = page(client, world)
    assert first.count(PENDING) == 3
    assert "Their intervals are being computed" in first
    assert 'hx-trigger="every 2s"' in first
    assert not IntervalEstimate.objects.exists()
    assert IntervalOrder.objects.count() == 1
    waits_at = asked_again(client)
    assert "every 2s" in page(client, world, at=waits_at)
    assert compute_all() == 1
    done = page(client, world, at=waits_at)
    assert PENDING not in done
    assert "every 2s" not in done
    assert done.count('hx-swap-oob="true"') == 1
    # Who has no JavaScript reloads the page.
    second = page(client, world)
    assert PENDING not in second
    assert "every 2s" not in second
    assert not IntervalOrder.objects.exists()
    shown = done[done.index("<table") : done.index("</table>")]
    assert shown in second


def test_no_patient_is_resampled_in_the_request_of_the_page(
    client, world: World, methods: MethodPair
):
    before = computed.cache_info()
    page(client, world)
    assert computed.cache_info() == before
    compute_all()
    after = computed.cache_info().misses
    page(client, world)
    assert computed.cache_info().misses == after


def test_page_file_and_command_have_the_same_table_whoever_computed_it(
    client, world: World, methods: MethodPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    page(client, world)
    compute_all()
    from_the_worker = page(client, world)
    file = client.get(url("agreement_file")).content
    IntervalEstimate.objects.all().delete()
    computed.cache_clear()
    assert client.get(url("agreement_file")).content == file
    out = tmp_path / "table.csv"
    call_command(
        "agreement_table", out, "--study", "MLD-1", "--as", "data_manager", stdout=io.StringIO()
    )
    assert out.read_bytes() == file
    IntervalEstimate.objects.all().delete()
    monkeypatch.setattr(known, "ROWS_AT_ONCE", 10**9)
    assert page(client, world) == from_the_worker
    assert not IntervalEstimate.objects.exists()


def test_a_file_has_every_interval_and_keeps_what_it_computed(
    client, world: World, methods: MethodPair
):
    client.force_login(world.user("data_manager"))
    file = client.get(url("agreement_file")).content.decode()
    rows = [
        row for row in csv.DictReader(io.StringIO(file))
        if row["unit"] == "rho" and row["acq_stratum"] == "3D" and "GMFC" in row["quantity"]
    ]  # fmt: skip
    assert len(rows) == 3
    assert all(row["value"] and row["low"] and row["high"] for row in rows)
    assert not IntervalOrder.objects.exists()
    assert IntervalEstimate.objects.count() == 3
    assert PENDING not in page(client, world)


def test_the_paper_has_every_interval_too(client, world: World, methods: MethodPair):
    client.force_login(world.user("data_manager"))
    text = text_of(client.get(url("agreement_pdf")).content)
    compared = agreement.comparison(world.study, methods, user=world.user("data_manager"))
    found = next(
        row for row in agreements.table(world.study, compared)
        if row.quantity == "With GMFC-MLD: test less reference"
    ).found[0]  # fmt: skip
    said = f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f}), n {found.n}"
    assert said.replace("-0.00", "0.00") in text.replace("-0.00", "0.00")


@pytest.mark.parametrize("key", ["coordinator", "sponsor", "monitor", "stranger", "other_sponsor"])
def test_the_worker_computes_nothing_for_who_may_not_see_the_page(
    world: World, methods: MethodPair, key: str
):
    intervals.order(study=world.study, by=world.user(key), asked=methods)
    assert compute_all() == 1
    assert not IntervalEstimate.objects.exists()


def test_who_lost_the_role_while_it_waited_brings_nothing_to_the_store(
    client, world: World, methods: MethodPair
):
    page(client, world, "auditor")
    Membership.objects.filter(user=world.user("auditor")).update(is_active=False)
    assert compute_all() == 1
    assert not IntervalEstimate.objects.exists()


def test_an_order_of_two_methods_and_one_of_the_cohort_stand_side_by_side(
    world: World, methods: MethodPair
):
    by = world.user("data_manager")
    other_way = MethodPair(methods.reference, methods.tested)
    asked = (methods, other_way, Filters())
    assert [intervals.order(study=world.study, by=by, asked=one) for one in asked] == [True] * 3
    assert [intervals.order(study=world.study, by=by, asked=one) for one in asked] == [False] * 3
    assert compute_all() == 3
    for one in asked:
        assert intervals.standing(study=world.study, by=by, asked=one) is None


@pytest.mark.parametrize(
    "given", [{"kind": "AGREEMENT"}, {"kind": "COHORT", "named": True},
              {"kind": "AGREEMENT", "named": True, "stratum": "3D"}],
)  # fmt: skip
def test_an_order_is_of_one_kind_alone(world: World, methods: MethodPair, given: dict):
    named = {"tested": methods.tested, "reference": methods.reference}
    wanted = {**given, **(named if given.pop("named", False) else {})}
    wanted.pop("named", None)
    by = world.user("data_manager")
    with pytest.raises(IntegrityError), transaction.atomic():
        IntervalOrder.objects.create(study=world.study, user=by, **wanted)


def test_what_failed_is_said_and_the_values_stay(client, world: World, methods: MethodPair):
    page(client, world)
    long_ago = timezone.now() - timedelta(minutes=50)
    IntervalOrder.objects.update(started_at=long_ago, attempts=intervals.MOST_ATTEMPTS)
    asked = {"study": world.study, "by": world.user("data_manager"), "asked": methods}
    assert intervals.standing(**asked) == Standing.FAILED
    for at in (url(), asked_again(client)):
        html = page(client, world, at=at)
        assert "could not be computed" in html
        assert "every 2s" not in html
    assert page(client, world).count("(not computed)") == 3


def test_a_page_that_waited_while_records_changed_is_drawn_anew(
    client, world: World, methods: MethodPair
):
    page(client, world)
    waits_at = asked_again(client)
    compute_all()
    assert "HX-Refresh" not in client.get(waits_at)
    make_load(world.patient_a, DAYS[0], 90.0)
    answer = client.get(waits_at)
    assert (answer["HX-Refresh"], answer.content) == ("true", b"")


def test_numbers_that_come_later_are_a_look_that_is_logged(
    client, world: World, methods: MethodPair
):
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    client.force_login(world.user("data_manager"))
    waits_at = asked_again(client)
    assert seen.count() == 1
    client.get(waits_at)
    assert seen.count() == 1, "an answer without numbers is no look"
    compute_all()
    client.get(waits_at)
    assert seen.count() == 2


@pytest.mark.parametrize("role", ["sponsor", "coordinator", "monitor"])
def test_the_fragment_is_refused_to_whom_the_page_is(
    client, world: World, methods: MethodPair, role: str
):
    client.force_login(world.user(role))
    assert client.get(f"{url()}?fragment=1").status_code == 403
