"""The data manager writes a rule, sees what it changes, puts it in force and takes it back.

And does by hand with one scan what such a rule does with all.
"""

import pytest
from playwright.sync_api import Page, expect

from mldtrial.audit.context import acting
from segmentation.services import compliance
from tests.browser.test_main_line import sign_in
from tests.support.protocol import SLICES, in_force, t2w, thick
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def ask_all() -> None:
    """Do what the worker does after a version has come into force."""
    with acting(origin="worker:test"):
        while compliance.check_outstanding():
            pass


def with_scans() -> World:
    world = build_world()
    with acting(origin="test suite", reason="test"):
        thick(world.visit_a)
        t2w(world.visit_b)
    in_force(world, SLICES)
    ask_all()
    return world


def test_a_rule_is_written_seen_put_in_force_and_taken_back(page: Page):
    with_scans()
    sign_in(page, "data_manager")

    page.goto("/studies/MLD-1/protocol/")
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_text("T2w", exact=True).click()
    page.get_by_label("What is asked about").select_option(label="TE, ms")
    page.get_by_label("Lowest").fill("80")
    page.get_by_label("Highest").fill("100")
    page.get_by_text("Deviation: a protocol deviation is proposed").click()
    page.get_by_role("button", name="Save in the draft").click()

    page.get_by_role("link", name="See what would change").click()
    expect(page.get_by_text("T2w: TE 120 ms; the protocol asks for 80 to 100 ms.")).to_be_visible()
    expect(page.get_by_text("newly not met", exact=True)).to_be_visible()
    page.get_by_label("Reason").fill("Charter 1.1")
    page.get_by_role("button", name="Put the draft in force").click()
    expect(page.get_by_text("Version 2 is in force")).to_be_visible()
    ask_all()

    page.goto("/")
    waiting = page.get_by_role("region", name="Protocol findings to decide")
    expect(waiting).to_contain_text("MLD-1 2 findings wait for a decision")
    waiting.get_by_role("link", name="Decide").click()
    row = page.get_by_role("row").filter(has_text="TE 120 ms")
    row.get_by_role("button", name="Record deviation").click()
    expect(page.get_by_text("The deviation was recorded.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_role("row").filter(has_text="TE 120 ms")).to_contain_text(
        "deviation recorded"
    )

    page.goto("/studies/MLD-1/protocol/")
    page.get_by_role("link", name="Version 1", exact=True).click()
    page.get_by_role("button", name="Go back to these rules").click()
    expect(page.get_by_text("no longer asked", exact=True)).to_be_visible()
    page.get_by_label("Reason").fill("Charter 1.1 was withdrawn")
    page.get_by_role("button", name="Put the draft in force").click()
    expect(page.get_by_text("Version 3 is in force")).to_be_visible()
    ask_all()

    page.goto("/studies/MLD-1/findings/")
    expect(page.get_by_text("1 finding", exact=True)).to_be_visible()
    expect(page.get_by_text("TE 120 ms")).to_have_count(0)

    # A person sets a scan aside, as the rules would, and takes it back.
    page.get_by_role("link", name="A-001").click()
    page.get_by_role("link", name="Set aside T1w 2D of Baseline").click()
    expect(page.get_by_text("The visit has no other T1w scan: it has no load")).to_be_visible()
    page.get_by_text("movement", exact=True).click()
    page.get_by_label("In words").fill("The child woke up")
    page.get_by_role("button", name="Set aside").click()
    aside = page.get_by_role("list", name="Set aside").get_by_role("listitem")
    expect(aside).to_contain_text("T1w 2D is set aside: movement. The child woke up")
    expect(page.get_by_text("Scan set aside", exact=True)).to_be_visible()
    page.get_by_role("link", name="Take back T1w 2D of Baseline").click()
    page.get_by_label("Reason").fill("It was another child")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("T1w 2D of Baseline is taken back.")).to_be_visible()
