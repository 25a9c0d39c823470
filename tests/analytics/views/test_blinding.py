"""No load reaches a role that may not see loads, on any page, fragment or chart."""

from datetime import date

import pytest
from django.urls import reverse

from analytics.services import review
from segmentation.models import SegmentationResult
from tests.access import addresses
from tests.access.routes import EXPECTED
from tests.support.loads import make_load

pytestmark = pytest.mark.django_db

PLANTED_ML = 173.629
TRACES = ("173.6", "173,6", "173629")
"""The load as pages round it, and its voxel count."""


@pytest.fixture
def planted(world):
    """A falling series of site A whose last load would be recognised anywhere."""
    make_load(world.patient_a, date(2024, 5, 10), 260.0)
    run = make_load(world.patient_a, date(2024, 11, 10), PLANTED_ML)
    # What the passes of the network found is as good as the load.
    SegmentationResult.objects.filter(run=run).update(passes={"mean_ml": PLANTED_ML})
    review.review_queued(origin="test")
    return run


def every_answer(client, world, run):
    """Yield name and body of each GET route, filled with the objects of the planted run."""
    filled = {
        "visit_id": str(run.visit_id),
        "run_id": str(run.pk),
        "patient_id": world.patient_a.pk,
    }
    for name, route in EXPECTED.items():
        if route.get is None:
            continue
        found = addresses.routes()[name]
        given = {**{k: v for k, v in filled.items() if k in found.parameters}, **route.params}
        url = addresses.address(world, found, addresses.SITE_A, given)
        answer = client.get(url)
        if not answer.streaming:
            yield name, answer.content.decode(errors="replace")


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor"])
def test_no_answer_to_a_site_role_holds_a_load(client, world, planted, role):
    client.force_login(world.user(role))
    leaking = [
        name
        for name, body in every_answer(client, world, planted)
        if any(trace in body for trace in TRACES) or "260.0" in body or "mL below" in body
    ]
    assert leaking == []


def test_the_planted_load_would_be_found(client, world, planted):
    client.force_login(world.user("data_manager"))
    showing = {
        name
        for name, body in every_answer(client, world, planted)
        if any(trace in body for trace in TRACES)
    }
    assert showing >= {"patient", "patient_trajectory", "queries"}


def test_a_site_role_is_told_why_there_is_no_load(client, world, planted):
    client.force_login(world.user("coordinator"))
    page = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk])).content.decode()
    assert "The demyelination load is not shown to your role" in page
    assert "To review" not in page
