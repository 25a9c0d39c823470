"""A coordinator's morning: what is due is recorded, what was not done is said."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from mldtrial.trial.models import Patient, VisitDefinition
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.services import patients
from tests.browser.test_main_line import sign_in
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_due_visit_is_recorded_in_two_clicks_and_a_scan_not_done_is_chased_no_more(page: Page):
    world = build_world()
    Patient.objects.filter(pk=world.patient_a.pk).update(
        enrolled_on=today_in("UTC") - timedelta(days=2)
    )
    VisitDefinition.objects.filter(study=world.study).exclude(code="M00").update(is_retired=True)
    patients.create_patient(
        site=world.site_a,
        subject_code="A-010",
        sex="F",
        birth_month=world.patient_a.birth_month,
        enrolled_on=today_in("UTC") - timedelta(days=2),
        by=None,
    )

    sign_in(page, "coordinator")
    due = page.get_by_role("region", name="Visits due now")
    expect(due.get_by_text("A-010", exact=True)).to_be_visible()
    due.get_by_role("link", name="Record A-010").click()
    page.get_by_role("button", name="Add visit").click()
    expect(page.get_by_text("was added")).to_be_visible()

    page.goto("/")
    expect(due.get_by_text("No visit is due now.")).to_be_visible()
    scans = page.get_by_role("region", name="Visits without their scans")
    for sequence in ("T1w", "T2w"):
        scans.get_by_role("link", name="Not done A-010").click()
        page.get_by_label(sequence, exact=True).check()
        page.get_by_label("Reason").fill("No sedation")
        page.get_by_role("button", name="Record as not done").click()
        expect(page.get_by_text(f"{sequence} not done: No sedation")).to_be_visible()
        page.goto("/")
    expect(scans.get_by_text("A-001", exact=True)).to_be_visible()
    expect(scans.get_by_text("A-010", exact=True)).to_have_count(0)
