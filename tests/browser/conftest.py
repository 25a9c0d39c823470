"""A browser, a live site, a broker and workers."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.ready import open_at_rest
from tests.support.workers import broker, workers

# Playwright's synchronous interface runs an event loop in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module; as root it needs --no-sandbox.

    No longer than that: Playwright runs an event loop in this thread while it is up, in which
    tests of asynchronous views that come later in the random order could not run.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("Install Chromium: apt-get install --no-install-recommends chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program,
            args=[*arguments, "--disable-background-networking", "--disable-component-update"],
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """Open a page whose console stays free of errors, blocked scripts and styles included."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 900}, accept_downloads=True
    )
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda message: _note(faults, message))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    open_at_rest(opened)
    yield opened
    context.close()
    assert faults == []


def _note(faults: list[str], message: Any) -> None:
    # A refused form answers 422, which the browser reports as a failed resource.
    if message.type == "error" and "status of 4" not in message.text:
        faults.append(message.text)


@pytest.fixture
def chain(transactional_db: None) -> Iterator[None]:
    """Run a broker, an imaging worker and a segmentation worker."""
    with broker(), workers("imaging", "cpu"):
        yield
