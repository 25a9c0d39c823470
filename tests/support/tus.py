"""A sender of files in pieces, as its protocol has it, for the test client of Django."""

from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Visit

VERSION = {"Tus-Resumable": "1.0.0"}
PIECE_TYPE = "application/offset+octet-stream"


def metadata(**values: str | bytes) -> str:
    """Return ``Upload-Metadata``; bytes are written as base64 first, as browsers do it."""
    texts = {
        key: b64encode(value).decode() if isinstance(value, bytes) else value
        for key, value in values.items()
    }
    return ",".join(f"{key} {b64encode(text.encode()).decode()}" for key, text in texts.items())


def list_address(visit: Visit) -> str:
    """Return where the transfers of a visit are listed and begun."""
    return reverse("transfers", args=[visit.patient.study.code, visit.pk])


class Sender:
    """One person who sends files to one visit."""

    def __init__(self, user: Any, visit: Visit) -> None:
        self.client = Client()
        self.client.force_login(user)
        self.visit = visit

    def begin(self, size: int | str, headers: dict[str, str] | None = None, **declared: Any) -> Any:
        """Ask for the begin of a transfer; returns the answer."""
        asked = {**VERSION, "Upload-Length": str(size), "Upload-Metadata": metadata(**declared)}
        return self.client.post(list_address(self.visit), headers={**asked, **(headers or {})})

    def begun(self, size: int, **declared: Any) -> str:
        """Begin a transfer that is accepted; returns its path."""
        answer = self.begin(size, **declared)
        assert answer.status_code == 201, answer.content
        return urlsplit(answer["Location"]).path

    def piece(
        self,
        path: str,
        offset: int | str,
        content: bytes,
        content_type: str = PIECE_TYPE,
        **more: str,
    ) -> Any:
        """Send a piece; returns the answer. Underscores in names of headers stand for hyphens."""
        headers = {**VERSION, "Upload-Offset": str(offset)}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        # The test client leaves both out where the body is empty; browsers do not.
        stated = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(content))}
        return self.client.generic("PATCH", path, content, headers=headers, **stated)

    def state(self, path: str) -> Any:
        """Ask how far a transfer has come."""
        return self.client.head(path, headers=VERSION)

    def cancel(self, path: str) -> Any:
        """Ask for the end of a transfer."""
        return self.client.delete(path, headers=VERSION)

    def unfinished(self) -> list[dict[str, Any]]:
        """Return the transfers of the visit that can be continued."""
        found: list[dict[str, Any]] = self.client.get(list_address(self.visit)).json()["transfers"]
        return found
