"""When a page has come to rest: its charts are drawn and none of its parts still arrives."""

from typing import Any

from playwright.sync_api import Page

AT_REST = """() => document.readyState === "complete" && !document.querySelector(
  "[data-chart-url]:not([aria-busy=false]), [data-chart-from]:not([aria-busy=false]),"
  + ".htmx-request, .htmx-swapping, .htmx-settling")"""


def come_to_rest(page: Page) -> None:
    """Wait until nothing on the page is about to move."""
    page.wait_for_function(AT_REST)


def open_at_rest(page: Page) -> None:
    """Have every visit of a page wait until it has come to rest.

    A click while a part of the page still arrives and moves what is below it goes astray.
    """
    visit = page.goto

    def goto(url: str, **options: Any) -> Any:
        answer = visit(url, **options)
        come_to_rest(page)
        return answer

    page.goto = goto  # type: ignore[method-assign]
