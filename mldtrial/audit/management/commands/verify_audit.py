"""Verify the history of all records, and name the first broken link."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import access_log, verification
from mldtrial.audit.services.verification import Verification

SHOWN = 20


class Command(BaseCommand):
    """Recompute the hash chain and compare it with every event, the head and the anchors."""

    help = "Verify the audit trail; fails and names the first broken link if it is not whole."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, as_json: bool, **__: Any) -> None:
        """Verify; exit with a failure if anything was found."""
        result = verification.verify()
        _log(result)
        if as_json:
            self.stdout.write(json.dumps(_described(result), indent=2))
        else:
            self.stdout.write(
                f"{result.links} links, {result.anchors} anchors, head {result.head}, "
                f"{result.seconds:.1f} s."
            )
            for torn in result.torn_lines:
                self.stdout.write(
                    f"  line {torn.number} of the anchors was torn; set aside {torn.at}"
                )
            for redacted in result.redacted:
                self.stdout.write(f"  {redacted}")
            for finding in result.findings[:SHOWN]:
                self.stdout.write(f"  {finding}")
        if not result.is_whole:
            raise CommandError(
                f"The audit trail is broken, {len(result.findings)} findings; first: {result.first}"
            )
        if not as_json:
            self.stdout.write("The audit trail is whole.")


def _log(result: Verification) -> None:
    with acting(origin="command:verify_audit"):
        access_log.record(action=AccessAction.VERIFY, details=result.summary())


def _described(result: Verification) -> dict[str, Any]:
    return {
        "is_whole": result.is_whole,
        "links": result.links,
        "anchors": result.anchors,
        "torn_lines": [asdict(torn) for torn in result.torn_lines],
        "head": asdict(result.head),
        "seconds": round(result.seconds, 3),
        "first_broken": None if result.first is None else asdict(result.first),
        "redacted": [{**asdict(found), "sentence": str(found)} for found in result.redacted],
        "findings": [{**asdict(found), "sentence": str(found)} for found in result.findings],
    }
