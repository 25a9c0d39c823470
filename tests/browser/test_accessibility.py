"""Every page, as the first role that may open it, without a serious finding of axe-core."""

from pprint import pformat
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from mldtrial.trial.services import invitations, password_links
from tests.access import addresses
from tests.access.addresses import SITE_A
from tests.access.routes import EXPECTED
from tests.browser.ready import come_to_rest
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = sorted(name for name, route in EXPECTED.items() if route.page and route.get is not None)
SERIOUS = {"serious", "critical"}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # What passes is not described node by node, which takes longer than finding what does not.
    "resultTypes": ["violations"],
}


def sign_in(page: Page, world: World, key: str, base_url: str) -> None:
    """Give the browser a session of a person, without the sign-in page."""
    client = Client()
    client.force_login(world.user(key))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": base_url}]
    )


def findings(page: Page) -> list[str]:
    """Return what axe-core finds serious, with the places."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']} at {', '.join(str(node['target'][0]) for node in rule['nodes'])}"
        for rule in found
        if rule["impact"] in SERIOUS
    ]


def keyboard_traps(page: Page) -> list[str]:
    """Return controls that the Tab key does not reach, of those that a mouse can use."""
    page.evaluate(MARK_WHAT_IS_REACHED)
    unreached: list[str] = page.evaluate(UNREACHED)
    # A date field alone has four stops: day, month, year and its picker.
    stops = 4 * len(unreached) + 10
    while unreached and stops > 0:
        # Asking after each stop would take longer than the stops.
        for _ in range(min(len(unreached), stops)):
            page.keyboard.press("Tab")
            stops -= 1
        unreached = page.evaluate(UNREACHED)
    return unreached


VISIBLE_CONTROLS = """
const controls_without_form = [...document.querySelectorAll('input')].filter((o) => !o.form);
const controls = [...document.querySelectorAll('a[href], button, input, select, textarea')].filter(
  (e) => !e.disabled && e.type !== 'hidden' && e.checkVisibility() && e.tabIndex >= 0
    && !e.closest('.js-plotly-plot'),
).filter((e) => {
  // One stop per group of radio buttons: the arrow keys move inside it.
  if (e.type !== 'radio') return true;
  const near = e.form ? [...e.form.elements] : controls_without_form;
  const group = near.filter((o) => o.type === 'radio' && o.name === e.name);
  const stop = group.find((o) => o.checked) || group[0];
  return e === stop;
});
"""
MARK_WHAT_IS_REACHED = """() => {
if (document.activeElement) document.activeElement.blur();
document.addEventListener('focusin', (event) => { event.target.dataset.reached = '1'; });
}"""
UNREACHED = f"""() => {{ {VISIBLE_CONTROLS}
return controls.filter((e) => !e.dataset.reached).map((e) => e.outerHTML.slice(0, 120)); }}"""


def faults_of(page: Page) -> list[str]:
    """Return what keeps somebody from using a page."""
    come_to_rest(page)
    return findings(page) + [f"not by Tab: {html}" for html in keyboard_traps(page)]


def new_page(browser: Browser, base_url: str) -> Page:
    return browser.new_context(base_url=base_url, reduced_motion="reduce").new_page()


@pytest.mark.timeout(900)
def test_no_page_has_a_serious_finding_and_each_is_usable_by_keyboard(
    browser: Browser, live_server: Any
):
    """One world for all pages and one window for each person: a page costs about a second."""
    world = build_world()
    faults: dict[str, list[str]] = {}
    for key, names in _pages_by_person().items():
        page = new_page(browser, live_server.url)
        if key:
            sign_in(page, world, key, live_server.url)
        for name in names:
            found, given = addresses.routes()[name], dict(EXPECTED[name].params)
            page.goto(addresses.address(world, found, SITE_A, given))
            assert name == "sign_in" or "/sign-in/?" not in page.url, f"{name}: signed out"
            if found_here := faults_of(page):
                faults[name] = found_here
        page.context.close()
    assert not faults, pformat(faults, width=160)


def _pages_by_person() -> dict[str, list[str]]:
    """Return the pages, each under the first role that may open it, the open ones under none."""
    pages: dict[str, list[str]] = {}
    for name in PAGES:
        route = EXPECTED[name]
        assert route.get is not None
        key = "" if route.scope == "public" else sorted(route.get)[0]
        pages.setdefault(key, []).append(name)
    return pages


REFUSED = {
    "sign_in": "",
    "patient_new": "coordinator",
    "visit_new": "coordinator",
    "treatment_new": "coordinator",
    "participation_new": "coordinator",
    "gmfc_record": "coordinator",
    "upload_new": "coordinator",
    "visit_sign": "investigator",
    "query_new": "data_manager",
    "visit_lock": "data_manager",
    "imports": "data_manager",
    "definition_new": "administrator",
    "invitation_new": "administrator",
    "model_reinstate": "administrator",
    "model_retire": "administrator",
}
"""Forms that are sent empty, and by whom."""


@pytest.mark.faults
def test_a_refused_form_is_as_usable_as_a_new_one(browser: Browser, live_server: Any):
    world = build_world()
    faults: dict[str, list[str]] = {}
    for name, key in REFUSED.items():
        page = new_page(browser, live_server.url)
        if key:
            sign_in(page, world, key, live_server.url)
        page.goto(addresses.address(world, addresses.routes()[name], SITE_A, {}))
        with page.expect_navigation() as answered:
            page.locator("main form[method=post]").first.evaluate("form => form.submit()")
        assert answered.value.status == 422, name
        assert page.locator("[aria-invalid=true], [role=alert]").count(), name
        if found := faults_of(page):
            faults[name] = found
        page.context.close()
    assert not faults, pformat(faults, width=160)


def test_the_pages_behind_a_link_by_e_mail_are_usable_too(browser: Browser, live_server: Any):
    world = build_world()
    get_user_model().objects.filter(username="monitor").update(email="monitor@example.org")
    links: list[str] = []

    def link_of(user_id: UUID, token: str) -> str:
        links.append(f"{live_server.url}{reverse('password_link', args=[user_id, token])}")
        return links[-1]

    password_links.send_link(email="monitor@example.org", address="192.0.2.1", link_of=link_of)
    _, token = invitations.invite_person(
        study=world.study, role="sponsor", site=None, email="new@example.org",
        by=world.user("administrator"),
    )  # fmt: skip
    links.append(f"{live_server.url}{reverse('invitation', args=[token])}")
    page = new_page(browser, live_server.url)
    for link in links:
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == 200, link
        assert page.locator("input[type=password]").count()
        assert faults_of(page) == []
    page.context.close()
