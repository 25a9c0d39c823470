"""What the commands that enter records share: who acts, how they fail, what they print."""

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mldtrial.audit.context import acting
from mldtrial.trial.models import Patient, Site, Study, Visit


class RecordCommand(BaseCommand):
    """A command that changes records: it acts by its name and fails with one line.

    A subclass writes `add_fields` and `record`, which returns what ``--json`` prints;
    `summary` makes the line for people out of it.
    """

    summary = "{}"

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--json`` and the fields of the command."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        self.add_fields(parser)

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        raise NotImplementedError

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change the records and return what was stored."""
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command inside its own audit context."""
        name = type(self).__module__.rsplit(".", 1)[-1]
        try:
            with acting(origin=f"command:{name}"):
                stored = self.record(options)
        except ValidationError as error:
            raise CommandError(one_line(error)) from error
        line = json.dumps(stored, default=str) if options["json"] else self.summary.format(**stored)
        self.stdout.write(line)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make argument errors ordinary failures, so that they are one line too."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run from the command line; whatever is wrong with the arguments is one line."""
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self.stderr.write(" ".join(str(error).split()))
            sys.exit(2)


def one_line(error: ValidationError) -> str:
    """Return the reasons of a refusal in one line, each with its field."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    parts = []
    for field, reasons in error.message_dict.items():
        text = " ".join(reasons)
        parts.append(text if field == "__all__" else f"{field}: {text}")
    return " ".join(parts)


def day(text: str) -> date:
    """Read a day in ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"expected a day as YYYY-MM-DD, found {text!r}") from error


def month(text: str) -> date:
    """Read a year and a month."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise ArgumentTypeError(f"expected a month as YYYY-MM, found {text!r}") from error


def find_study(code: str) -> Study:
    """Return a study by its code, or fail with a line that says which there are."""
    found = Study.objects.filter(code=code).first()
    if found is None:
        raise CommandError(
            f"No study {code!r}; known: {_listed(Study.objects.values_list('code', flat=True))}."
        )
    return found


def find_site(study: Study, code: str) -> Site:
    """Return a site by its code, or fail with a line that says which there are."""
    found = study.sites.filter(code=code).first()
    if found is None:
        known = _listed(study.sites.values_list("code", flat=True))
        raise CommandError(f"No site {code!r} in study {study.code}; known: {known}.")
    return found


def find_patient(study: Study, subject_code: str) -> Patient:
    """Return a patient by the subject code."""
    found = study.patients.filter(subject_code=subject_code).select_related("site").first()
    if found is None:
        raise CommandError(f"No patient {subject_code!r} in study {study.code}.")
    return found


def find_visit(patient: Patient, code: str) -> Visit:
    """Return a visit by the code of its definition, by its number or by its name."""
    visits = patient.visits.select_related("definition", "patient__site", "patient__study")
    for visit in visits:
        names = {visit.name, f"{visit.number.normalize():f}", str(visit.number)}
        if visit.definition is not None:
            names.add(visit.definition.code)
        if code in names:
            return visit
    known = [v.definition.code if v.definition else f"{v.number.normalize():f}" for v in visits]
    raise CommandError(
        f"No visit {code!r} of patient {patient.subject_code}; known: {_listed(known)}."
    )


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(codes) or "none"
