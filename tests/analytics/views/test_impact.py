"""The page of the impact of a candidate."""

from datetime import date

import pytest
from django.db import transaction
from django.urls import reverse

from analytics.selectors import impact
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import Sequence
from segmentation.models import (
    Method,
    ModelVersion,
    ReleaseState,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.services import batches
from tests.support.loads import make_load, make_model, make_scan, trained_on
from tests.support.locking import freeze
from tests.support.meanwhile import meanwhile
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db

M12, M18 = date(2024, 5, 10), date(2024, 11, 10)


def address(name: str = "model_impact", *more: str, model: ModelVersion | None = None) -> str:
    return reverse(name, args=["MLD-1", (model or candidate()).pk, *more])


def page(client, world: World, query: str = "", role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    answer = client.get(address() + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_says_in_short_what_would_change(client, world: World):
    held = pair(world.patient_a, M12, 4.0, 6.0)
    pair(world.patient_b, M12, 20.0, 21.0)
    pair(world.patient_b, M18, 22.0, None)
    freeze(world, held.visit)
    html = page(client, world)
    assert "<dt>Compared</dt><dd>2 <small>of 3 loads</small></dd>" in html
    assert "<dt>Bias, 3D</dt><dd>1.5 mL" in html
    assert "<dt>Cross 5 mL</dt><dd>1</dd>" in html
    assert "<dt>Frozen or locked</dt><dd>1</dd>" in html
    assert "visit would show another load, or none: 1 changing by +2.0 mL." in html
    assert "1 visit would show no load any more:</strong> 1 lacking an image" in html
    assert "one of next 1 beside them" in html


def test_of_corrected_masks_the_page_says_whom_their_origin_was_trained_on(client, world: World):
    run = make_load(world.patient_a, M12, 20.0)
    corrected = make_model("small corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    make_load(world.patient_a, M12, 21.0, model=corrected, beside=run)
    client.force_login(world.user("data_manager"))
    unknown = client.get(address(model=corrected)).content.decode()
    assert "The training set of small corrected 1 is not on record." in " ".join(unknown.split())
    trained_on(run.model_version, world.patient_a)
    known = client.get(address(model=corrected)).content.decode()
    assert "1 patient of these was in the training set of small corrected 1" in " ".join(
        known.split()
    )


def test_the_table_shows_a_part_and_its_file_the_same(client, world: World):
    pair(world.patient_a, M12, 4.0, 6.0)
    pair(world.patient_b, M12, 20.0, 21.0)
    html = page(client, world, "?show=crossing")
    rows = html[html.index('id="scans"') :]
    assert "A-001" in rows
    assert "B-001" not in rows
    assert "impact.csv?show=crossing" in html
    content = client.get(address("model_impact_file") + "?show=crossing").content.decode()
    assert "A-001" in content
    assert "B-001" not in content


def test_a_chart_has_each_pair_against_its_mean_with_bias_and_limits(client, world: World):
    pair(world.patient_a, M12, 20.0, 22.0)
    pair(world.patient_b, M12, 30.0, 30.0)
    client.force_login(world.user("statistician"))
    figure = client.get(address("model_impact_chart", "3D")).json()
    assert figure["data"][0]["x"] == [21.0, 30.0]
    assert figure["data"][0]["y"] == [2.0, 0.0]
    named = [note["text"] for note in figure["layout"]["annotations"]]
    assert named == ["Lower limit −1.8 mL", "Bias +1.0 mL", "Upper limit +3.8 mL"]
    empty = client.get(address("model_impact_chart", "2D")).json()
    assert empty["data"] == []
    assert client.get(address("model_impact_chart", "4D")).status_code == 404


def test_before_any_load_the_page_says_so(client, world: World):
    make_model()
    html = page(client, world)
    assert "No load yet, by either method." in html
    assert "Run over the cohort" in html


def test_the_method_that_counts_has_no_impact(client, world: World):
    client.force_login(world.user("data_manager"))
    assert client.get(address(model=make_model())).status_code == 404


def test_a_candidate_is_ordered_over_the_cohort_by_a_data_manager_alone(client, world: World):
    make_load(world.patient_a, M12, 20.0)
    for role, status in (("statistician", 403), ("auditor", 403), ("data_manager", 302)):
        client.force_login(world.user(role))
        assert client.post(address("model_shadow")).status_code == status
    order = SegmentationBatch.objects.get()
    assert (order.study, order.model_version) == (world.study, candidate())
    html = page(client, world)
    assert "?fragment=1" in html
    assert "Run over the cohort" not in html
    assert "Run over the cohort" not in page(client, world, role="statistician")


def test_the_page_is_opened_anew_once_the_runs_have_ended(client, world: World):
    make_load(world.patient_a, M12, 20.0)
    client.force_login(world.user("data_manager"))
    assert client.get(address() + "?fragment=1").headers.get("HX-Refresh") == "true"
    client.post(address("model_shadow"))
    assert "HX-Refresh" not in client.get(address() + "?fragment=1").headers


def test_a_page_that_is_asked_for_while_a_worker_ends_the_run_asks_again_or_shows_its_load(
    client, world: World
):
    """Whatever statement of the request the worker is through at: nobody waits for a reload."""
    counted = make_load(world.patient_a, M12, 20.0)
    other = candidate()
    client.force_login(world.user("data_manager"))
    page(client, world)
    number, seen = 0, 0
    while number <= seen:
        with transaction.atomic():
            client.post(address("model_shadow"))

            def work() -> None:
                batches.prepare_next(worker="test")
                SegmentationRun.objects.filter(model_version=other).delete()
                make_load(world.patient_a, M12, 21.0, model=other, beside=counted)

            with meanwhile(number, work) as sent:
                html = client.get(address()).content.decode()
            seen = sent.count
            shows = "<dt>Compared</dt><dd>1 <small>of 1 loads" in html
            assert shows or "?fragment=1" in html, number
            transaction.set_rollback(True)
        number += 1
    assert seen > 10


def test_who_may_not_compare_methods_is_told_of_no_run(world: World):
    make_load(world.patient_a, M12, 20.0)
    batches.order(study=world.study, model=candidate(), by=world.user("data_manager"))
    people = ("statistician", "auditor", "sponsor", "coordinator", "stranger")
    told = [
        key for key in people if impact.is_moving(world.study, candidate(), user=world.user(key))
    ]
    assert told == ["statistician", "auditor"]


def test_an_order_that_a_worker_prepares_between_two_statements_is_still_moving(world: World):
    visit = make_load(world.patient_a, M12, 20.0).visit
    make_scan(visit, Sequence.T2W)
    other = candidate()
    user, told = world.user("data_manager"), world.user("statistician")
    for number in range(4):
        with transaction.atomic():
            batches.order(study=world.study, model=other, by=user)
            with meanwhile(number, lambda: batches.prepare_next(worker="test")) as sent:
                assert impact.is_moving(world.study, other, user=told), number
            # An order that is found open is answer enough: no further statement is sent.
            was_prepared = sent.count > number
            assert SegmentationRun.objects.filter(model_version=other).exists() == was_prepared
            assert was_prepared or number > 1
            transaction.set_rollback(True)


def test_the_look_at_a_blinded_study_is_logged(client, world: World):
    pair(world.patient_a, M12, 20.0, 22.0)
    page(client, world)
    assert not AccessEvent.objects.filter(action="VIEW_SENSITIVE").exists()
    world.study.blinding = "BLINDED"
    world.study.save()
    page(client, world)
    assert AccessEvent.objects.latest("pk").details == {"what": "impact of a model"}
