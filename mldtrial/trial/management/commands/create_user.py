"""``manage.py create_user``."""

import os
import sys
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from mldtrial.trial.management.records import RecordCommand, find_site, find_study
from mldtrial.trial.models import Role
from mldtrial.trial.services import people, studies

PASSWORD_VARIABLE = "MLDTRIAL_NEW_PASSWORD"  # noqa: S105 - the name of a variable


class Command(RecordCommand):
    """Make a login, and give it a role."""

    help = (
        "Make a login and give it a role. The password comes from the environment variable "
        f"{PASSWORD_VARIABLE} or, with --password-stdin, from standard input: never from the "
        "command line, where every process of the machine could read it."
    )
    summary = "User {username} holds the roles: {roles_text}."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("username")
        parser.add_argument("--full-name", default="")
        parser.add_argument("--email", default="", help="invitations and OpenID Connect know it")
        parser.add_argument("--existing", action="store_true", help="only add a role to a login")
        parser.add_argument("--password-stdin", action="store_true")
        parser.add_argument("--role", choices=Role.values)
        parser.add_argument("--study", metavar="CODE")
        parser.add_argument("--site", metavar="CODE")
        parser.add_argument("--may-export-rows", action="store_true", help="for a sponsor")

    @transaction.atomic
    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the login and the membership, or neither."""
        if bool(options["role"]) != bool(options["study"]):
            raise CommandError("A role needs a study, and a study a role: give both or neither.")
        if options["site"] and not options["study"]:
            raise CommandError("A site needs its study.")
        user = _existing(options["username"]) if options["existing"] else _new(options)
        if options["role"]:
            study = find_study(options["study"])
            studies.grant_membership(
                user=user,
                study=study,
                role=options["role"],
                site=find_site(study, options["site"]) if options["site"] else None,
                may_export_rows=options["may_export_rows"],
            )
        roles = [
            {"study": m.study.code, "role": m.role, "site": m.site.code if m.site else None}
            for m in user.memberships.select_related("study", "site")
        ]
        return {
            "user_id": user.pk,
            "username": user.username,
            "roles": roles,
            "roles_text": ", ".join(f"{r['role']} in {r['study']}" for r in roles) or "none",
        }


def _existing(username: str) -> Any:
    found = get_user_model().objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"No user {username!r}.")
    return found


def _new(options: dict[str, Any]) -> Any:
    if options["password_stdin"]:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise CommandError(f"Set {PASSWORD_VARIABLE}, or give --password-stdin and a password.")
    return people.create_user(
        username=options["username"],
        full_name=options["full_name"],
        password=password,
        email=options["email"],
    )
