"""Forms as a browser sends them: with the mark of what the page showed."""

import re
from typing import Any

from django.test import Client

MARK = re.compile(r'name="seen"(?: value="([^"]*)")?')


def opened(client: Client, url: str, **typed: Any) -> dict[str, Any]:
    """Return what is typed into the form of a page, with the mark that the page holds now."""
    found = MARK.search(client.get(url).content.decode())
    return {**typed, "seen": (found.group(1) or "") if found else ""}


def send(client: Client, url: str, **typed: Any) -> Any:
    """Open the form of a page, type something in and send it."""
    return client.post(url, opened(client, url, **typed))
