"""``manage.py create_site``."""

from typing import Any

from django.core.management.base import CommandParser

from mldtrial.trial.management.records import RecordCommand, find_study
from mldtrial.trial.services import studies


class Command(RecordCommand):
    """Add a site to a study."""

    help = "Add a site to a study."
    summary = "Site {code} was added to study {study_code}."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("code")
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument("--name", help="name of the hospital; the code where none is given")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin")

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add the site."""
        study = find_study(options["study"])
        site = studies.create_site(
            study=study,
            code=options["code"],
            name=options["name"] or options["code"],
            time_zone=options["time_zone"],
        )
        return {
            "site_id": site.pk,
            "study_code": study.code,
            "code": site.code,
            "name": site.name,
            "time_zone": site.time_zone,
        }
