"""A data manager freezes a reference cohort; an investigator sees it behind a course."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from analytics.models import ReferenceCohort
from mldtrial.trial.services import patients
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_load
from tests.support.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_was_frozen_is_what_stands_behind_a_course(page: Page):
    world = build_world(site_roles_see_loads=True)
    for number in range(1, 6):
        patient = patients.create_patient(
            site=world.site_b,
            subject_code=f"B-1{number}",
            sex="M",
            birth_month=date(2020, 3, 1),
            onset_age_months=20,
            by=None,
        )
        make_load(patient, date(2022, 3, 16), 10.0 * number)
        make_load(patient, date(2022, 12, 16), 20.0 * number)
    make_load(world.patient_a, date(2022, 6, 16), 35.0)

    sign_in(page, "data_manager")
    page.goto(reverse("reference_cohort", args=["MLD-1"]))
    expect(page.get_by_text("No reference cohort is shown")).to_be_visible()
    page.get_by_label("Name").fill("Natural course")
    page.get_by_label("Why is it frozen now?").fill("Agreed with the sponsor")
    page.get_by_role("button", name="Freeze and show").click()
    expect(page.get_by_text("Frozen: 2 bands, shown in the courses now.")).to_be_visible()
    expect(page.get_by_role("row", name="late infantile 3D age")).to_be_visible()

    sign_in(page, "investigator")
    page.goto(reverse("patient", args=["MLD-1", world.patient_a.pk]))
    expect(page.locator("[data-chart-drawn]").first).to_be_visible()
    expect(page.get_by_text("reference cohort Natural course")).to_be_visible()
    drawn = page.evaluate(
        "() => [...document.querySelector('.js-plotly-plot').data[1].y].filter(y => y !== null)"
    )
    points = ReferenceCohort.objects.get().bands[0]["points"]
    assert drawn == [median for _months, _n, _low, median, _high in points]
    assert len(drawn) == 3
