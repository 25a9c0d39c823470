"""A flag that somebody has decided is no longer to review, and says what was decided."""

import csv
import io
import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.figures import style
from analytics.selectors import causes, cohort_digest
from analytics.services import cohort_tables, review
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, Query, QueryState, Study
from mldtrial.trial.services import queries
from segmentation.models import SegmentationRun
from tests.support.loads import make_load
from tests.support.papers import text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = (date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10), date(2025, 11, 10))
LOADS_ML = (100.0, 160.0, 130.0, 90.0)
"""Two falls, which no exchange of two visits would mend."""


@pytest.fixture
def fallen(world: World) -> World:
    """Return a patient with two falls."""
    for day, load_ml in zip(DAYS, LOADS_ML, strict=True):
        make_load(world.patient_a, day, load_ml)
    review.review_queued(origin="test")
    return world


def decide(world: World, disposition: str, day: date = DAYS[3]) -> Query:
    query = Query.objects.get(rule="LOAD-NON_MONOTONIC", visit__date=day)
    return queries.close_query(
        query=query, reason="Seen.", disposition=disposition, by=world.user("data_manager")
    )


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def page_of(world: World, role: str):
    client = Client()
    client.force_login(world.user(role))
    return client.get(reverse("patient", args=["MLD-1", world.patient_a.pk]))


def paper_of(world: World, role: str) -> str:
    client = Client()
    client.force_login(world.user(role))
    address = reverse("patient_pdf", args=["MLD-1", world.patient_a.pk])
    return text_of(client.get(address).content)


def test_what_is_decided_is_counted_no_more_and_keeps_its_link(fallen: World):
    assert "2 to review" in text(page_of(fallen, "data_manager"))
    query = decide(fallen, "SEGMENTATION")
    page = page_of(fallen, "data_manager")
    said = text(page)
    assert "1 to review" in said
    assert re.search(r"Decided on [0-9-]{10}: Segmentation error\. Seen\.", said)
    assert reverse("query", args=[query.pk]) in page.content.decode()
    # What waits comes first.
    assert said.index("Query open, not answered yet") < said.index("Decided on")
    decide(fallen, "TRUE", DAYS[2])
    assert "to review" not in text(page_of(fallen, "data_manager"))


def test_the_paper_prints_the_decision_of_a_query_that_nobody_answered(fallen: World):
    decide(fallen, "ATROPHY")
    paper = paper_of(fallen, "data_manager")
    assert re.search(r"Decided on [0-9-]{10}: Atrophy\. Seen\.", paper)
    assert paper.count("not answered yet") == 1


def test_a_sponsor_is_told_the_cause_and_not_the_words(fallen: World):
    query = decide(fallen, "SCANNER")
    page = page_of(fallen, "sponsor")
    for said in (text(page), paper_of(fallen, "sponsor")):
        assert "Decided: change of scanner." in said
        assert "Seen." not in said
        assert "Query open; what is said in it is not shown to your role." in said
    assert reverse("query", args=[query.pk]) not in page.content.decode()


def test_the_figure_calls_for_what_is_to_review_and_tells_what_was_decided(fallen: World):
    def flagged(role: str) -> dict:
        client = Client()
        client.force_login(fallen.user(role))
        address = reverse("patient_trajectory", args=["MLD-1", fallen.patient_a.pk])
        traces = {trace.get("name"): trace for trace in client.get(address).json()["data"]}
        return {name: traces.get(f"Flagged{name}") for name in (" for review", ", and decided")}

    before = flagged("sponsor")
    assert before[" for review"]["y"] == [130.0, 90.0]
    assert before[", and decided"] is None
    decide(fallen, "SCANNER")
    for role, words in (
        ("data_manager", r"<br>Decided on [0-9-]{10}: Change of scanner\. Seen\."),
        ("sponsor", r"<br>Decided: change of scanner\."),
        ("statistician", r"<br>Decided: change of scanner\."),
    ):
        after = flagged(role)
        assert after[" for review"]["y"] == [130.0]
        assert "Decided" not in after[" for review"]["customdata"][0][1]
        decided = after[", and decided"]
        assert decided["y"] == [90.0]
        assert "text" not in decided
        assert decided["marker"]["color"] == style.FAINT
        assert re.search(f"{words}$", decided["customdata"][0][1])
        paper = paper_of(fallen, role)
        assert paper.count("Flagged for review") == paper.count("Flagged, and decided") == 1


def test_an_old_decision_says_that_no_cause_was_recorded(fallen: World):
    query = decide(fallen, "OTHER")
    Query.objects.filter(pk=query.pk).update(disposition="")
    said = "Decided; what it was due to is not recorded"
    assert said in text(page_of(fallen, "data_manager"))
    assert said in paper_of(fallen, "sponsor")


def test_the_page_of_a_run_lists_its_flags_with_their_decision(fallen: World):
    Study.objects.filter(pk=fallen.study.pk).update(blinding=Blinding.BLINDED)
    decide(fallen, "SEGMENTATION")
    runs = {run.visit.date: run for run in SegmentationRun.objects.select_related("visit")}
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    for role, is_told in (("data_manager", True), ("sponsor", True), ("coordinator", False)):
        client = Client()
        client.force_login(fallen.user(role))
        page = client.get(reverse("run", args=["MLD-1", runs[DAYS[3]].pk]))
        address = reverse("run_flags", args=["MLD-1", runs[DAYS[3]].pk])
        assert (address in page.content.decode()) is is_told
        before = seen.count()
        part = client.get(address)
        assert ("90.0 mL at" in text(part)) is is_told
        assert ("egmentation error" in text(part)) is is_told
        assert "130.0 mL at Visit of 2025-05-10 is" not in text(part)
        assert seen.count() - before == is_told
        if not is_told:
            assert part.content.strip() == b""


def test_the_falls_of_a_study_are_counted_by_what_they_were_due_to(fallen: World):
    manager = fallen.user("data_manager")
    fallen.patient_b.first_study_dose_on = DAYS[0]
    fallen.patient_b.save()
    for day, load_ml in zip(DAYS, LOADS_ML, strict=True):
        make_load(fallen.patient_b, day, load_ml)
    review.review_queued(origin="test")
    decide(fallen, "SEGMENTATION")
    for query in Query.objects.filter(rule="LOAD-POST_TREATMENT_DECREASE"):
        queries.close_query(query=query, reason="x", disposition="TREATMENT", by=manager)
    found = causes.causes(fallen.study, user=manager, smallest_group=1)
    assert [(row.name, row.untreated, row.after_treatment) for row in found.rows] == [
        ("segmentation error", 1, 0),
        ("effect of treatment", 0, 2),
        ("not decided yet", 1, 0),
    ]
    assert found.n_decided == 3
    assert [row.percent for row in found.rows] == [
        pytest.approx(100 / 3),
        pytest.approx(200 / 3),
        None,
    ]
    assert all(row.count for row in found.rows)
    hidden = causes.causes(fallen.study, user=manager, smallest_group=5)
    assert (hidden.rows, hidden.n_decided) == ((), 0)
    assert "fewer than 5 patients" in hidden.reason
    nobody = causes.causes(fallen.study, user=fallen.user("coordinator"), smallest_group=1)
    assert (nobody.rows, nobody.reason) == ((), "")
    client = Client()
    client.force_login(manager)
    page = text(client.get(reverse("cohort", args=["MLD-1"])))
    assert "Effect of treatment 0 2 66.7 %" in page
    told = cohort_digest.flags(fallen.study, user=manager)
    assert ("Load below an earlier one", "1", "1") in told.rows
    falls = cohort_digest.falls(fallen.study, user=manager, smallest_group=1)
    assert falls.rows[0] == ("Segmentation error", "1", "0", "33.3 %")


def test_what_falls_were_due_to_can_be_taken_however_the_page_is_narrowed(fallen: World):
    decide(fallen, "SEGMENTATION")
    client = Client()
    client.force_login(fallen.user("data_manager"))
    page = client.get(reverse("cohort", args=["MLD-1"]), {"stratum": "3D"}).content.decode()
    address = reverse("cohort_data", args=["MLD-1", "causes"])
    assert f'href="{address}"' in page
    answer = client.get(address)
    assert f"MLD-1_causes_{timezone.localdate()}.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [list(row.values()) for row in rows] == [
        ["MLD-1", "segmentation error", "1", "0", "100.0", "", "small 1", "Y"],
        ["MLD-1", "not decided yet", "1", "0", "", "", "small 1", "Y"],
    ]
    taken = AccessEvent.objects.filter(action=AccessAction.EXPORT_DONE).latest("at")
    assert taken.details["dataset"] == "cohort_causes"
    assert (taken.details["filters"], taken.details["row_count"]) == ({}, 2)
    client.force_login(fallen.user("sponsor"))
    assert client.get(address).status_code == 403


def test_a_group_too_small_is_a_reason_in_the_file_and_no_number(world: World):
    hidden = causes.Causes((), 0, "fewer than 5 patients with one cause, not shown")
    content = cohort_tables.causes(
        study=world.study, figure="causes", found=hidden, method=None,
        by=world.user("data_manager"),
    )  # fmt: skip
    _, row = csv.reader(io.StringIO(content.decode()))
    assert row == ["MLD-1", "", "", "", "", hidden.reason, "", ""]


def test_a_query_that_is_opened_again_is_to_review_again(fallen: World):
    query = decide(fallen, "SEGMENTATION")
    queries.reopen_query(query=query, reason="Not so", by=fallen.user("data_manager"))
    assert Query.objects.get(pk=query.pk).state == QueryState.OPEN
    assert "2 to review" in text(page_of(fallen, "data_manager"))


def test_who_sees_loads_but_no_reads_is_told_of_no_mri_score(fallen: World):
    Study.objects.filter(pk=fallen.study.pk).update(site_roles_see_loads=True)
    for role, is_shown in (("coordinator", False), ("data_manager", True)):
        page = text(page_of(fallen, role))
        assert "Load mL" in page
        assert ("MRI severity" in page) is is_shown
        assert ("not read" in page) is is_shown
        assert ("MRI score" in paper_of(fallen, role)) is is_shown


def runs_of(world: World, role: str, query: Query):
    client = Client()
    client.force_login(world.user(role))
    return client.get(reverse("query_runs", args=[query.pk]))


def test_a_query_on_a_falling_load_leads_to_both_segmentations(fallen: World):
    query = Query.objects.get(rule="LOAD-NON_MONOTONIC", visit__date=DAYS[3])
    answer = runs_of(fallen, "data_manager", query)
    run, reference = (SegmentationRun.objects.get(visit__date=day) for day in (DAYS[3], DAYS[1]))
    assert text(answer) == (
        f"Loads in question Compared with 160.00 mL {reference.visit.name}, 2024-11-10 "
        f"In question 90.00 mL {run.visit.name}, 2025-11-10"
    )
    for one in (run, reference):
        assert reverse("run", args=["MLD-1", one.pk]) in answer.content.decode()
    client = Client()
    client.force_login(fallen.user("data_manager"))
    page = client.get(reverse("query", args=[query.pk])).content.decode()
    assert reverse("query_runs", args=[query.pk]) in page


def test_a_query_that_is_closed_still_leads_to_what_it_asked_about(fallen: World):
    query = decide(fallen, "TRUE")
    assert "In question 90.00 mL" in text(runs_of(fallen, "auditor", query))


def test_the_loads_of_a_query_are_shown_to_nobody_who_sees_none(fallen: World):
    query = Query.objects.get(rule="LOAD-NON_MONOTONIC", visit__date=DAYS[3])
    assert runs_of(fallen, "coordinator", query).status_code == 404
