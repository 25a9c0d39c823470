"""``manage.py create_study``."""

from typing import Any

from django.core.management.base import CommandParser

from mldtrial.trial.management.records import RecordCommand
from mldtrial.trial.models import Blinding, Origin, SubtypeRule
from mldtrial.trial.services import studies


class Command(RecordCommand):
    """Create a study with the default visit schedule."""

    help = "Create a study with the default visit schedule."
    summary = "Study {code} was created with {visits} planned visits."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("code")
        parser.add_argument("--name", help="full name; the code where none is given")
        parser.add_argument("--blinding", choices=Blinding.values, default=Blinding.BLINDED)
        parser.add_argument("--origin", choices=Origin.values, default=Origin.CLINICAL)
        parser.add_argument("--subtype-rule", choices=SubtypeRule.values, default=SubtypeRule.EJ6)
        parser.add_argument(
            "--site-roles-see-loads",
            action="store_true",
            help="coordinators and investigators see their own site's loads",
        )

        parser.add_argument(
            "--no-second-factor",
            action="store_true",
            help="a password alone opens the study; refused by the deploy check",
        )

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Create the study."""
        study = studies.create_study(
            code=options["code"],
            name=options["name"] or options["code"],
            blinding=options["blinding"],
            origin=options["origin"],
            subtype_rule=options["subtype_rule"],
            site_roles_see_loads=options["site_roles_see_loads"],
            requires_mfa=not options["no_second_factor"],
        )
        return {
            "study_id": study.pk,
            "code": study.code,
            "name": study.name,
            "blinding": study.blinding,
            "visits": study.visit_definitions.count(),
        }
