"""``manage.py redact_audit_event``."""

from getpass import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError

from mldtrial.accounts.services import second_factors
from mldtrial.trial.management.records import RecordCommand, find_study
from mldtrial.trial.services.redaction import Signatory, redact_event


class Command(RecordCommand):
    """Blank a value of an event that should never have come into the history; two people."""

    help = (
        "Take personal data out of one event of the audit trail. Two people prove who they are, "
        "each by password and code; run it with the rights of the database's owner "
        "(DATABASE_URL=$DATABASE_OWNER_URL)."
    )
    summary = "{field} of {event_table} {event_pk} is blanked (link {link_seq})."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("--study", required=True)
        parser.add_argument("--table", required=True, help="e.g. public.trial_patientevent")
        parser.add_argument("--event", required=True, type=int)
        parser.add_argument("--field", required=True, help="a column, or column.key of JSON")
        parser.add_argument("--reason", required=True, help="without what is removed")
        parser.add_argument("--requested-by", required=True, metavar="NAME")
        parser.add_argument("--approved-by", required=True, metavar="NAME")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Blank the value."""
        study = find_study(options["study"])
        people = [_user(options[name]) for name in ("requested_by", "approved_by")]
        try:
            made = redact_event(
                study=study,
                event_table=options["table"],
                event_pk=options["event"],
                field=options["field"],
                reason=options["reason"],
                requester=_signatory(people[0]),
                approver=_signatory(people[1]),
            )
        except PermissionDenied as error:
            raise CommandError(
                "Both must be data managers or administrators of the study."
            ) from error
        except ProgrammingError as error:
            raise CommandError(
                "The database refused: run the command as its owner "
                "(DATABASE_URL=$DATABASE_OWNER_URL). Nothing was changed."
            ) from error
        names = ("link_seq", "event_table", "event_pk", "field", "reason")
        return {name: getattr(made, name) for name in names}


def _user(username: str) -> Any:
    found = get_user_model().objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"No user {username!r}.")
    return found


def _signatory(user: Any) -> Signatory:
    password = getpass(f"Password of {user}: ")
    code = getpass(f"Code of {user}: ") if second_factors.asks_for_code(user) else ""
    return Signatory(user, password, code)
