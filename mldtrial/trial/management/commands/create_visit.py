"""``manage.py create_visit``."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from mldtrial.trial import selectors
from mldtrial.trial.management.records import RecordCommand, day, find_patient, find_study
from mldtrial.trial.models import Study, Visit, VisitDefinition
from mldtrial.trial.services import patients


class Command(RecordCommand):
    """Add a visit to a patient."""

    help = "Add a planned visit, or an unscheduled one where no code is given."
    summary = "{name} on {date} was added to patient {subject_code}."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("code", nargs="?", help="of the planned visit, such as M00")
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument("--patient", required=True, metavar="CODE")
        parser.add_argument("--date", required=True, type=day, metavar="YYYY-MM-DD")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add the visit."""
        study = find_study(options["study"])
        patient = find_patient(study, options["patient"])
        definition = _definition(study, options["code"]) if options["code"] else None
        visit = patients.create_visit(
            patient=patient, definition=definition, visit_date=options["date"], by=None
        )
        outside = _days_outside(visit)
        if outside:
            self.stderr.write(f"The visit was kept; it is {abs(outside)} days outside its window.")
        return {
            "visit_id": visit.pk,
            "subject_code": patient.subject_code,
            "number": f"{visit.number.normalize():f}",
            "name": visit.name,
            "date": visit.date,
            "days_outside_window": outside,
        }


def _definition(study: Study, code: str) -> VisitDefinition:
    found = study.visit_definitions.filter(code=code).first()
    if found is None:
        known = ", ".join(study.visit_definitions.values_list("code", flat=True))
        raise CommandError(f"No planned visit {code!r} in study {study.code}; known: {known}.")
    return found


def _days_outside(visit: Visit) -> int | None:
    if visit.definition is None:
        return None
    entry = selectors.planned_visit(visit.patient, visit.definition)
    return 0 if entry is None else entry.days_outside
