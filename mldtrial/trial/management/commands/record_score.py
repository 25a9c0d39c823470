"""``manage.py record_score``."""

from argparse import ArgumentTypeError
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from mldtrial.trial.management.records import (
    RecordCommand,
    day,
    find_patient,
    find_study,
    find_visit,
)
from mldtrial.trial.models import AssessmentStatus, AssessorRole, Source, Visit
from mldtrial.trial.services import assessments

GMFC_MLD, ELFC_MLD, MRI_SEVERITY = "gmfc_mld", "elfc_mld", "mri_severity"


def item(text: str) -> tuple[str, int | None]:
    """Read ``key=value``; ``key=`` is an item that could not be evaluated."""
    key, separator, value = text.partition("=")
    if not separator or (value and not value.isdecimal()):
        raise ArgumentTypeError(f"expected KEY=NUMBER, or KEY= where not evaluable, found {text!r}")
    return key, int(value) if value else None


class Command(RecordCommand):
    """Record a clinical score of a visit."""

    help = (
        "Record the GMFC-MLD or ELFC-MLD level of a visit (--value), or why there is none "
        "(--status, --reason); or the items of an MRI severity read (--item KEY=VALUE, all). "
        "The total is computed; with --value it is compared with what the reader wrote down."
    )
    summary = "{instrument} {value} was recorded for {visit_name} of patient {subject_code}."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument("--patient", required=True, metavar="CODE")
        parser.add_argument("--visit", required=True, metavar="CODE")
        parser.add_argument("--instrument", choices=list(WRITERS), default=GMFC_MLD)
        parser.add_argument("--by", required=True, metavar="USER", help="assessor or reader")
        parser.add_argument("--value", type=int, help="level, or the total to check")
        parser.add_argument("--item", action="append", type=item, default=[], metavar="KEY=VALUE")
        parser.add_argument("--on", type=day, metavar="YYYY-MM-DD", help="default: visit date")
        parser.add_argument("--sublevel", choices=["a", "b"], default="", help="of level 4")
        parser.add_argument("--source", choices=Source.values, default=Source.EXAMINATION)
        parser.add_argument(
            "--assessor-role", choices=AssessorRole.values, default=AssessorRole.UNKNOWN
        )
        parser.add_argument("--assessor-name", default="", help="where it is not --by")
        parser.add_argument(
            "--status", choices=AssessmentStatus.values, default=AssessmentStatus.DONE
        )
        parser.add_argument("--reason", default="", help="why there is no level")
        parser.add_argument("--change-reason", default="", help="needed from the second time on")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Record the score."""
        patient = find_patient(find_study(options["study"]), options["patient"])
        visit = find_visit(patient, options["visit"])
        person = get_user_model().objects.filter(username=options["by"]).first()
        if person is None:
            raise CommandError(f"No user {options['by']!r}.")
        write = WRITERS[options["instrument"]]
        return {
            "visit_id": visit.pk,
            "visit_name": visit.name,
            "subject_code": patient.subject_code,
            "instrument": options["instrument"],
            **write(visit, person, options),
        }


def _gmfc_mld(visit: Visit, person: Any, options: dict[str, Any]) -> dict[str, Any]:
    stored = assessments.record_gmfc_mld(
        sublevel=options["sublevel"], **_level(visit, person, options)
    )
    return {"score_id": stored.pk, "value": stored.level, "status": stored.status}


def _elfc_mld(visit: Visit, person: Any, options: dict[str, Any]) -> dict[str, Any]:
    stored = assessments.record_elfc_mld(**_level(visit, person, options))
    return {"score_id": stored.pk, "value": stored.level, "status": stored.status}


def _level(visit: Visit, person: Any, options: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "source", "assessor_role", "assessor_name", "reason", "change_reason")
    return {
        **{name: options[name] for name in names},
        "visit": visit,
        "level": options["value"],
        "assessed_on": options["on"] or visit.date,
        "by": None,
        "recorder": person,
    }


def _severity(visit: Visit, person: Any, options: dict[str, Any]) -> dict[str, Any]:
    scored = [value for _, value in options["item"] if value is not None]
    if options["value"] is not None and options["value"] != sum(scored):
        raise CommandError(f"The items add to {sum(scored)}, not to {options['value']}.")
    stored = assessments.record_severity(
        visit=visit,
        reader=person,
        items=dict(options["item"]),
        read_on=options["on"] or visit.date,
        by=None,
    )
    return {"score_id": stored.pk, "value": stored.total, "items": stored.items}


WRITERS = {GMFC_MLD: _gmfc_mld, ELFC_MLD: _elfc_mld, MRI_SEVERITY: _severity}
