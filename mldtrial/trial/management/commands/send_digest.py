"""``manage.py send_digest``."""

from typing import Any

from django.core.management.base import CommandParser

from mldtrial.trial.management.records import RecordCommand
from mldtrial.trial.services import notices


class Command(RecordCommand):
    """Send everybody who wants it what waits for them."""

    help = "Send each person by e-mail what is due, overdue and open: counts and subject codes."
    summary = "{sent} digests were sent."

    def add_fields(self, parser: CommandParser) -> None:
        """Add no further argument: who gets a digest is each person's choice."""

    def record(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - it takes no option
        """Send the digests."""
        return {"sent": notices.send_digests()}
