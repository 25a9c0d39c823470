"""Pages of masks: a reviewer judges one after the other, and learns nothing of whose."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Patient, Site, Visit
from segmentation.models import (
    JobState,
    MaskDecision,
    MaskReview,
    Method,
    ModelVersion,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.services import mask_reviews, store
from tests.support.loads import make_load, make_model, make_scan
from tests.support.world import World

pytestmark = pytest.mark.django_db
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]*"')
LIST = "/studies/MLD-1/masks/"
ALL = "/studies/MLD-1/mask-reviews/"


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def masks(world: World) -> list[SegmentationRun]:
    model = make_model("conv", method=Method.CONVENTIONAL, state=ReleaseState.CANDIDATE)
    visits = (world.visit_a, world.visit_b)
    return [make_load(v.patient, v.date, 41.25 + n, model=model) for n, v in enumerate(visits)]


def given(world: World) -> list[MaskReview]:
    """Give two masks to the reader, drawn."""
    sha256 = "ab" * 32
    store.mosaic_path(sha256).parent.mkdir(parents=True, exist_ok=True)
    store.mosaic_path(sha256).write_bytes(b"a picture")
    mask_reviews.give_masks(
        masks=masks(world), reviewer=world.user("reader"), by=world.user("data_manager")
    )
    drawn = {"T1w": sha256, "T2w": sha256, "outline": sha256, "step_mm": 3.5}
    MaskReview.objects.update(state=JobState.SUCCEEDED, pictures=drawn)
    return list(MaskReview.objects.order_by("review_id"))


def page_of(review: MaskReview) -> str:
    return reverse("mask", args=["MLD-1", review.pk])


def pages(client: Client, review: MaskReview) -> list[bytes]:
    urls = [f"{LIST}?fragment=1", LIST, page_of(review), f"{page_of(review)}?fragment=1"]
    return [TOKEN.sub(b"", client.get(url).content) for url in urls]


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_no_byte_of_a_reviewers_pages_depends_on_subject_visit_site_or_load(world: World):
    review = given(world)[0]
    client = signed_in(world, "reader")
    before = pages(client, review)
    Patient.objects.filter(pk=world.patient_a.pk).update(subject_code="Z-999", sex="M")
    Patient.objects.filter(pk=world.patient_b.pk).update(site=world.site_a)
    Site.objects.filter(pk=world.site_a.pk).update(code="Q", name="Somewhere else")
    Visit.objects.filter(pk=world.visit_a.pk).update(date=date(2025, 6, 1), name="Last of all")
    SegmentationResult.objects.update(demyelination_load_ml=3.125)
    assert pages(client, review) == before


def test_a_decision_leads_to_the_next_mask_and_the_last_one_back_to_the_list(world: World):
    first, second = given(world)
    client = signed_in(world, "reader")
    page = client.get(page_of(first)).content.decode()
    assert "Approve and next" in page
    assert "3.5 mm apart" in page
    answer = client.post(page_of(first), {"decision": "APPROVED", "note": ""})
    assert answer.headers["Location"] == page_of(second)
    answer = client.post(page_of(second), {"decision": "REJECTED", "note": "fluid is in it"})
    assert answer.headers["Location"] == LIST
    listed = client.get(LIST).content.decode()
    assert "0 of 2 to look at" in listed
    assert "Change the decision" in client.get(page_of(first)).content.decode()


def test_a_rejection_without_a_reason_says_so_at_the_field(world: World):
    review = given(world)[0]
    answer = signed_in(world, "reader").post(page_of(review), {"decision": "REJECTED", "note": ""})
    assert answer.status_code == 422
    assert "Say why." in answer.content.decode()


def test_the_pictures_are_for_whom_the_mask_was_given_to_while_it_stands(world: World):
    review = given(world)[0]
    urls = [reverse("mask_picture", args=["MLD-1", review.pk, n]) for n in ("t1w", "outline")]
    client = signed_in(world, "reader")
    assert [client.get(url).content for url in urls] == [b"a picture"] * 2
    assert (
        client.get(reverse("mask_picture", args=["MLD-1", review.pk, "flair"])).status_code == 404
    )
    for key in ("adjudicator", "data_manager"):
        assert signed_in(world, key).get(urls[0]).status_code == 404
    SegmentationRun.objects.update(analysis_flag=False, is_voided=True)
    assert client.get(urls[0]).status_code == 404
    assert client.get(page_of(review)).status_code == 404


def test_a_page_whose_pictures_are_not_drawn_waits_for_them(world: World):
    review = given(world)[0]
    MaskReview.objects.update(state=JobState.QUEUED, pictures={})
    page = signed_in(world, "reader").get(page_of(review)).content.decode()
    assert "being drawn" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_reviewer_without_masks_reads_why(world: World):
    assert "No mask is given to you" in signed_in(world, "reader").get(LIST).content.decode()


def test_the_data_manager_gives_all_or_the_marked_masks(world: World):
    run, other = masks(world)
    client = signed_in(world, "data_manager")
    assert "To give (2)" in client.get(ALL).content.decode()
    reader = world.user("reader").pk
    answer = client.post(ALL, {"which": "chosen", "reviewer": reader}, follow=True)
    assert "No mask is marked" in answer.content.decode()
    answer = client.post(ALL, {"which": "chosen", "mask": run.pk, "reviewer": reader}, follow=True)
    assert "1 mask was given." in answer.content.decode()
    assert list(MaskReview.objects.values_list("run", flat=True)) == [run.pk]
    client.post(ALL, {"which": "all", "reviewer": reader})
    assert set(MaskReview.objects.values_list("run", flat=True)) == {run.pk, other.pk}


def test_what_was_said_is_read_by_who_oversees_the_reviews(world: World):
    review = given(world)[0]
    url = page_of(review)
    signed_in(world, "reader").post(url, {"decision": "REJECTED", "note": "fluid is in it"})
    page = signed_in(world, "auditor").get(f"{ALL}?state={MaskDecision.REJECTED}")
    assert "fluid is in it" in page.content.decode()
    assert "Give to" not in page.content.decode()


def test_the_data_manager_reads_why_an_approval_no_longer_counts(world: World):
    review = given(world)[0]
    signed_in(world, "reader").post(page_of(review), {"decision": "APPROVED", "note": ""})
    client = signed_in(world, "data_manager")
    assert "Approved (1)" in client.get(ALL).content.decode()
    make_scan(review.run.visit, "T2w")
    page = client.get(ALL).content.decode()
    assert "To give (1)" in page
    assert "which no longer counts. The T2w beside this mask is not the one" in page


def test_the_data_manager_confirms_that_the_reviewer_made_no_imported_mask(world: World):
    run, _ = masks(world)
    client = signed_in(world, "data_manager")
    assert "is_no_operator" not in client.get(ALL).content.decode()
    ModelVersion.objects.update(manifest={"made_elsewhere": True})
    SegmentationRun.objects.update(parameters={"operator": "op-7"})
    assert "They are known by codes: op-7." in client.get(ALL).content.decode()
    body = {"which": "chosen", "mask": run.pk, "reviewer": world.user("reader").pk}
    refused = client.post(ALL, body)
    assert refused.status_code == 422
    assert "once you have confirmed" in refused.content.decode()
    client.post(ALL, {**body, "is_no_operator": "on"})
    assert MaskReview.objects.get().is_no_operator


def test_masks_that_this_reviewer_may_not_judge_are_counted(world: World):
    run, _ = masks(world)
    SegmentationRun.objects.filter(pk=run.pk).update(parameters={"operator": "reader"})
    body = {"which": "all", "reviewer": world.user("reader").pk}
    page = signed_in(world, "data_manager").post(ALL, body, follow=True).content.decode()
    assert "1 mask was given." in page
    assert "1 not given: made or ordered by this reviewer." in page


def test_a_decision_is_set_aside_from_the_list(world: World):
    review = given(world)[0]
    signed_in(world, "reader").post(page_of(review), {"decision": "APPROVED", "note": ""})
    client = signed_in(world, "data_manager")
    url = reverse("mask_set_aside", args=["MLD-1", review.pk])
    assert url in client.get(f"{ALL}?state=APPROVED").content.decode()
    assert url not in signed_in(world, "auditor").get(f"{ALL}?state=APPROVED").content.decode()
    assert "no network learns" in client.get(url).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 422
    page = client.post(url, {"reason": "the reader has left"}, follow=True).content.decode()
    assert "can be given again" in page
    assert "To give (1)" in page
    assert client.post(url, {"reason": "once more"}).status_code == 422


@pytest.mark.requirement("21CFR11.10(e)")
def test_what_became_of_a_judgement_is_in_the_trail_of_who_oversees_and_of_nobody_else(
    world: World,
):
    (review,) = given(world)[:1]
    address = reverse("audit_record", args=["MLD-1", "maskreview", review.pk])
    for key in ("data_manager", "auditor"):
        answer = signed_in(world, key).get(address)
        assert answer.status_code == 200
        assert review.review_id in answer.content.decode()
    # The trail names the subject, whom the review id hides from who judges.
    for key in ("reader", "adjudicator", "investigator", "coordinator", "sponsor"):
        assert signed_in(world, key).get(address).status_code in {403, 404}
