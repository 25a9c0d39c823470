"""``manage.py create_patient``."""

from typing import Any

from django.core.management.base import CommandParser

from mldtrial.trial.management.records import RecordCommand, day, find_site, find_study, month
from mldtrial.trial.models import Sex
from mldtrial.trial.selectors import subtype_of
from mldtrial.trial.services import patients


class Command(RecordCommand):
    """Add a patient to a site."""

    help = "Add a patient to a site, known by a subject code only."
    summary = "Patient {subject_code} was added to site {site_code}."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("subject_code")
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument("--site", required=True, metavar="CODE")
        parser.add_argument("--sex", required=True, choices=Sex.values)
        parser.add_argument("--birth-month", required=True, type=month, metavar="YYYY-MM")
        parser.add_argument(
            "--onset-age-months", type=int, help="age at first symptom; leave out while none"
        )
        parser.add_argument("--first-study-dose-on", type=day, metavar="YYYY-MM-DD")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add the patient."""
        study = find_study(options["study"])
        patient = patients.create_patient(
            site=find_site(study, options["site"]),
            subject_code=options["subject_code"],
            sex=options["sex"],
            birth_month=options["birth_month"],
            onset_age_months=options["onset_age_months"],
            first_study_dose_on=options["first_study_dose_on"],
            by=None,
        )
        return {
            "patient_id": patient.pk,
            "study_code": study.code,
            "site_code": patient.site.code,
            "subject_code": patient.subject_code,
            "birth_month": f"{patient.birth_month:%Y-%m}",
            "subtype": subtype_of(patient, study).subtype,
            "subtype_rule": study.subtype_rule,
        }
