"""Two readers and an adjudicator score a case; a coordinator mends a level that improved."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from mldtrial.trial.models import MriSeverityFinal, Query, ReadAssignment
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import assessments, patients
from tests.browser.test_main_line import sign_in
from tests.support.loads import make_scan
from tests.support.reads import second_reader
from tests.support.world import PASSWORD, World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def read(page: Page, username: str, involved: int) -> None:
    """Sign the one case that waits for a reader, with as many items of value 1."""
    sign_in(page, username)
    page.get_by_role("link", name=re.compile(r"^R-")).first.click()
    for place, item in enumerate(severity_instrument().items):
        page.locator(f'input[name="{item.key}"][value="{int(place < involved)}"]').check()
    # The total comes from the server, without a page being loaded.
    expect(page.locator(".figure .value")).to_have_text(str(involved))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign the read").click()
    expect(page.get_by_text("is signed.")).to_be_visible()


def test_two_readers_differ_and_an_adjudicator_settles_it(page: Page):
    world = build_world()
    make_scan(world.visit_a)
    second_reader(world)

    sign_in(page, "data_manager")
    page.get_by_role("link", name="MRI reads").first.click()
    page.get_by_label("Reader 1").select_option(label="Reader")
    page.get_by_label("Reader 2").select_option(label="Reader 2")
    page.get_by_role("button", name="Assign all 1").click()
    expect(page.get_by_text("1 case was given.")).to_be_visible()

    read(page, "reader", involved=4)
    assert "differ" not in page.content()
    read(page, "reader_2", involved=9)
    assert "differ" not in page.content()
    assert MriSeverityFinal.objects.get().total is None

    sign_in(page, "adjudicator")
    page.get_by_role("link", name=re.compile(r"^R-")).first.click()
    expect(page.get_by_text("Read A:").first).to_be_visible()
    for hidden in ("A-001", "2023-05-10", "Baseline"):
        assert hidden not in page.content()
    read(page, "adjudicator", involved=7)

    sign_in(page, "data_manager")
    page.goto("/studies/MLD-1/reads/cases/?state=settled")
    expect(page.locator("td[data-label='Score']")).to_have_text("7")
    page.get_by_role("link", name="A-001").click()
    expect(page.get_by_text("settled by the adjudicator")).to_be_visible()
    assert ReadAssignment.objects.count() == 3


def at_level(world: World, level: int) -> None:
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=level,
        assessed_on=world.visit_a.date,
        by=world.user("coordinator"),
    )
    patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 9),
        by=world.user("coordinator"),
    )


def test_an_improving_level_is_asked_about_until_it_is_corrected(page: Page):
    world = build_world()
    at_level(world, 4)

    sign_in(page, "coordinator")
    page.goto(f"/studies/MLD-1/patients/{world.patient_a.pk}/")
    page.get_by_role("link", name="Record GMFC-MLD of Month 6").click()
    page.get_by_text("Walks only with support").click()
    page.get_by_role("button", name="Save level").click()
    question = page.get_by_text("It improved from level 4")
    expect(question.first).to_be_visible()
    see_every_cell_on_a_phone(page)

    page.get_by_role("link", name="Correct GMFC-MLD of Month 6").click()
    page.get_by_text("Neither moves about nor sits").click()
    page.get_by_label("Reason for the change").fill("The level of another child was entered")
    page.get_by_role("button", name="Save level").click()
    expect(page.get_by_text("No open query that your role sees.")).to_be_visible()

    query = Query.objects.get()
    page.goto(f"/queries/{query.pk}/")
    expect(page.get_by_text("closed by the rule itself")).to_be_visible()
    expect(page.get_by_text("The rule no longer finds this")).to_be_visible()


def see_every_cell_on_a_phone(page: Page) -> None:
    """On a narrow screen the visits are cards; no date or button of one lies beyond the edge."""
    page.set_viewport_size({"width": 390, "height": 900})
    visits = page.locator(".table-wrap:has(.visits-table)")
    assert visits.evaluate("cards => cards.scrollWidth - cards.clientWidth") == 0
    page.set_viewport_size({"width": 1280, "height": 900})
