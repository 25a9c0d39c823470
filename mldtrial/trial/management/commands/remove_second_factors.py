"""``manage.py remove_second_factors``."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from mldtrial.accounts.services import second_factors
from mldtrial.audit.context import because
from mldtrial.trial.management.records import RecordCommand


class Command(RecordCommand):
    """Remove every second factor of a person who has lost them."""

    help = (
        "Remove the second factors and recovery codes of a person who has lost them, after "
        "making sure who asks. The password still holds; where a study asks for a second "
        "factor, the person enrols a new one at the next sign-in."
    )
    summary = "{removed} second factors of {username} were removed."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="kept in the history")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove them all; the person's sessions end."""
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"No user {options['username']!r}.")
        if not options["reason"].strip():
            raise CommandError("Give the reason.")
        lost = list(second_factors.factors(user))
        with because(options["reason"].strip()):
            for factor in lost:
                second_factors.remove(factor=factor, request=None)
        return {"username": user.username, "removed": len(lost)}
