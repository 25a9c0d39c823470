"""The page on which an investigator signs."""

import pytest
from django.urls import reverse

from mldtrial.audit.models import Signature
from mldtrial.trial.models import Visit
from mldtrial.trial.services import queries
from tests.support.loads import make_scan
from tests.support.signing import full_visit, seen, sign
from tests.support.world import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(world) -> Visit:
    return full_visit(world)


@pytest.fixture
def url(visit) -> str:
    return reverse("visit_sign", args=["MLD-1", visit.pk])


@pytest.fixture
def investigator(client, world):
    client.force_login(world.user("investigator"))
    return client


def given(visit, **more):
    return {"meaning": "REVIEWED", "password": PASSWORD, "seen": seen(visit), **more}


def test_the_page_shows_what_is_signed_and_no_load(investigator, visit, url):
    page = investigator.get(url).content.decode()
    for words in ("Baseline", "2023-05-10", "GMFC-MLD", "Image", "T1w", "imported"):
        assert words in page
    assert "2 more records of this visit are signed with it by their checksum" in page
    assert "120.5" not in page
    assert "Investigator, with the time in UTC" in page


def test_the_labels_are_words_of_the_field_and_carry_their_units(investigator, visit, url):
    page = investigator.get(url).content.decode()
    for label in (
        "Planned visit",
        "Acquisition (2D or 3D)",
        "Voxel size, mm",
        "Voxel-to-world matrix, mm",
        "Upload sha256",
    ):
        assert label in page
    for column in ("Acq stratum", "Voxel size mm", "Source sha256", "Deidentification version"):
        assert column not in page


def test_an_open_query_is_warned_of(investigator, visit, url):
    queries.open_query(
        patient=visit.patient, visit=visit, audience="SITE", rule="R", question="Is it so?"
    )
    queries.open_query(
        patient=visit.patient, visit=visit, audience="IMAGING", rule="L", question="A load fell"
    )
    page = investigator.get(url).content.decode()
    assert "1 query is open on this visit." in page
    assert "A load fell" not in page


def test_a_signature_appears_on_the_page_of_the_patient(investigator, visit, url):
    answer = investigator.post(url, given(visit), follow=True)
    page = answer.content.decode()
    assert "Baseline was signed." in page
    assert "signed</span>" in page
    signature = Signature.objects.get()
    assert f"Investigator, {signature.signed_at:%Y-%m-%d %H:%M} UTC" in page


def test_a_wrong_password_is_named_at_its_field(investigator, visit, url):
    answer = investigator.post(url, given(visit, password="wrong"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This is not your password" in page
    assert "checked" in page
    assert "wrong" not in page.replace("went wrong", "")
    assert not Signature.objects.exists()


def test_a_record_that_changed_meanwhile_is_a_conflict_and_is_shown_again(investigator, visit, url):
    stale = given(visit)
    make_scan(visit, sequence="FLAIR")
    answer = investigator.post(url, stale)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "has changed since you opened the page" in page
    assert "FLAIR" in page
    assert seen(visit) in page
    assert stale["seen"] not in page
    assert investigator.post(url, given(visit)).status_code == 302


def test_a_change_is_shown_on_the_page_of_the_patient(client, world, visit):
    sign(world, visit)
    make_scan(visit)
    client.force_login(world.user("monitor"))
    page = client.get(reverse("patient", args=["MLD-1", visit.patient_id])).content.decode()
    assert "signature void" in page
    assert "changed since Investigator signed on" in page
