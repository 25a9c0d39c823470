"""An address that asks for a part that there is not shows nothing, and says which filter it was."""

from datetime import date

import pytest
from django.urls import reverse

from segmentation.models import ReleaseState
from tests.support.loads import make_model
from tests.support.shadows import pair
from tests.support.world import World

pytestmark = pytest.mark.django_db

STUDY = ["MLD-1"]
ASKED = [
    ("cohort", STUDY, "subtype"),
    ("cohort", STUDY, "stratum"),
    ("cohort", STUDY, "therapy"),
    ("cohort", STUDY, "site"),
    ("cohort", STUDY, "arm"),
    ("cohort_chart", [*STUDY, "curves"], "subtype"),
    ("cohort_derived", STUDY, "therapy"),
    ("cohort_data", [*STUDY, "correlations"], "site"),
    ("longitudinal_models", STUDY, "by"),
    ("longitudinal_models", STUDY, "site"),
    ("longitudinal_data", STUDY, "subtype"),
    ("milestones", STUDY, "level"),
    ("milestones_data", STUDY, "arm"),
    ("agreement", STUDY, "test"),
    ("agreement_file", STUDY, "reference"),
    ("agreement_pdf", STUDY, "test"),
    ("study_quality", STUDY, "sequence"),
    ("findings", STUDY, "severity"),
    ("queries", [], "assignee"),
    ("queries", [], "age"),
    ("deviations", STUDY, "group"),
    ("patients", STUDY, "state"),
    ("locks", STUDY, "state"),
    ("read_cases", STUDY, "state"),
    ("mask_reviews", STUDY, "state"),
]
OF_THE_TRAIL = ["kind", "action", "person", "since", "until"]


def answer_of(client, world: World, address: str, query: str, role: str = "data_manager"):
    client.force_login(world.user(role))
    return client.get(f"{address}?{query}")


@pytest.mark.parametrize(("route", "arguments", "name"), ASKED)
def test_an_unknown_filter_shows_nothing_and_is_named(client, world: World, route, arguments, name):
    make_model("next", state=ReleaseState.CANDIDATE)
    pair(world.patient_a, date(2024, 5, 10), 10.0, 12.0)
    address = reverse(route, args=arguments)
    assert answer_of(client, world, address, f"{name}=").status_code == 200
    answer = answer_of(client, world, address, f"{name}=no-such")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "Unknown filter" in page
    assert f"{name}=no-such" in page
    assert "A-001" not in page
    assert f'href="{address}"' in page


@pytest.mark.parametrize("name", OF_THE_TRAIL)
def test_a_trail_that_is_narrowed_to_the_unknown_is_not_shown_whole(client, world: World, name):
    address = reverse("audit_study", args=STUDY)
    assert answer_of(client, world, address, f"{name}=", "auditor").status_code == 200
    assert answer_of(client, world, address, f"{name}=no-such", "auditor").status_code == 404


def test_what_an_address_asked_is_repeated_as_text_and_not_at_length(client, world: World):
    asked = "subtype=%3Cscript%3E" + "x" * 200
    page = answer_of(client, world, reverse("cohort", args=STUDY), asked).content.decode()
    assert "<script>x" not in page
    assert "x" * 41 not in page


def test_a_site_that_is_out_of_reach_is_refused_as_one_that_is_not_there(client, world: World):
    pair(world.patient_b, date(2024, 5, 10), 10.0, 12.0)
    address = reverse("queries")
    pages = {
        answer_of(client, world, reverse("cohort", args=STUDY), f"site={code}")
        .content.decode().split("message-page")[1].replace(code, "")
        for code in ("MLD-2-SITE", "NOSUCH")
    }  # fmt: skip
    assert len(pages) == 1
    # A list that is narrowed to a site without any is empty, and says so itself.
    assert answer_of(client, world, address, "site=NOSUCH").status_code == 200
