"""Every page, as the first role that may open it, without a serious finding of axe-core."""

from pprint import pformat
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.access import addresses
from tests.access.addresses import SITE_A
from tests.access.routes import EXPECTED
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = sorted(name for name, route in EXPECTED.items() if route.page and route.get is not None)
SERIOUS = {"serious", "critical"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


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
    page.evaluate("document.activeElement && document.activeElement.blur()")
    unreached: list[str] = page.evaluate(UNREACHED)
    # A date field alone has four stops: day, month, year and its picker.
    for _ in range(4 * len(unreached) + 10):
        if not unreached:
            break
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.dataset.reached = '1'")
        unreached = page.evaluate(UNREACHED)
    return unreached


VISIBLE_CONTROLS = """
const radios = new Set();
const controls = [...document.querySelectorAll('a[href], button, input, select, textarea')].filter(
  (e) => !e.disabled && e.type !== 'hidden' && e.checkVisibility() && e.tabIndex >= 0
    && !e.closest('.js-plotly-plot'),
).filter((e) => {
  // One stop per group of radio buttons: the arrow keys move inside it.
  if (e.type !== 'radio') return true;
  const group = e.form ? [...e.form.elements].filter((o) => o.name === e.name) : [e];
  const stop = group.find((o) => o.checked) || group[0];
  return e === stop;
});
"""
UNREACHED = f"""() => {{ {VISIBLE_CONTROLS}
return controls.filter((e) => !e.dataset.reached).map((e) => e.outerHTML.slice(0, 120)); }}"""


@pytest.mark.timeout(900)
def test_no_page_has_a_serious_finding_and_each_is_usable_by_keyboard(
    browser: Browser, live_server: Any
):
    """One world and one browser for all pages: a page costs about a second."""
    world = build_world()
    faults: dict[str, list[str]] = {}
    for name in PAGES:
        route = EXPECTED[name]
        assert route.get is not None
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
        page = context.new_page()
        if route.scope != "public":
            sign_in(page, world, sorted(route.get)[0], live_server.url)
        url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
        page.goto(url)
        page.wait_for_load_state("networkidle")
        found = findings(page) + [f"not by Tab: {html}" for html in keyboard_traps(page)]
        if found:
            faults[name] = found
        context.close()
    assert not faults, pformat(faults, width=160)
