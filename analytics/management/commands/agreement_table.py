"""``manage.py agreement_table``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.selectors import agreement
from analytics.selectors.agreement import MethodPair
from analytics.services import agreement as agreements
from analytics.services import agreement_overview as overviews
from mldtrial.audit.context import acting
from mldtrial.trial.models import Study
from segmentation.models import ModelVersion

ORIGIN = "command:agreement_table"


class Command(BaseCommand):
    """Fill the reference study's table with the numbers of a study."""

    help = (
        "Write the reference study's table as CSV, the published numbers beside those of a study: "
        "two methods with loads there, the one that counts and another one unless named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("out", type=Path, metavar="OUT", help="file to write")
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument(
            "--as", required=True, dest="username", metavar="NAME", help="who takes it; logged"
        )
        parser.add_argument(
            "--test",
            metavar="NAME",
            help="the method under test, named likewise; absent: the one that counts, or a network "
            "where that is conventional",
        )
        parser.add_argument(
            "--reference",
            metavar="NAME",
            help="the other method, by name or with its version; the first one if absent",
        )
        parser.add_argument(
            "--overview",
            action="store_true",
            help="every method with loads beside the reference, instead of the table of two",
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare, write, log.

        Raises
        ------
        CommandError
            If the study, the person or the method is unknown, the person may not see or take the
            table, or the file cannot be written.
        """
        study = Study.objects.filter(code=options["study"]).first()
        user = get_user_model().objects.filter(username=options["username"]).first()
        if study is None or user is None:
            raise CommandError("There is no such study, or no such person.")
        with acting(user=user, origin=ORIGIN):
            try:
                methods = agreement.methods(study, user=user)
                pair = _pair(study, methods, options["test"], options["reference"])
                if options["overview"]:
                    content, told, said = _overview(study, methods, pair, user)
                else:
                    content, told, said = _table(study, pair, user)
            except PermissionDenied as error:
                raise CommandError("This person may not take this table.") from error
        try:
            options["out"].write_bytes(content)
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error.strerror}.") from error
        told = {"path": str(options["out"]), **told}
        self.stdout.write(json.dumps(told) if options["json"] else f"{options['out']}: {said}")


Written = tuple[bytes, dict[str, Any], str]
"""The file, what is said of it as JSON, and in words."""


def _table(study: Study, pair: MethodPair, user: Any) -> Written:
    found = agreement.comparison(study, pair, user=user)
    content = agreements.as_csv(study=study, comparison=found, by=user)
    told = {
        "test": str(found.tested),
        "reference": str(found.reference),
        "scans": len(found.scans),
        "pairs": sum(one.is_pair for one in found.scans),
        "masks_waiting": found.masks_waiting,
    }
    said = (
        f"{found.tested} beside {found.reference}, {told['pairs']} of {told['scans']} scans "
        f"measured by both, {found.masks_waiting} pairs of masks not compared yet"
    )
    return content, told, said


def _overview(
    study: Study, methods: Sequence[ModelVersion], pair: MethodPair, user: Any
) -> Written:
    if len(methods) < overviews.FEWEST:
        raise CommandError(f"An overview needs {overviews.FEWEST} methods with loads.")
    found = overviews.overview(study, methods, pair.reference, user=user)
    content = overviews.as_csv(study=study, found=found, by=user)
    told = {"tests": [row.tested for row in found.rows], "reference": found.reference}
    return content, told, f"{len(found.rows)} methods beside {found.reference}"


def _pair(
    study: Study, methods: Sequence[ModelVersion], test: str | None, reference: str | None
) -> MethodPair:
    tested = None if test is None else _named(study, methods, test)
    others = [model for model in methods if model != tested]
    named = None if reference is None else _named(study, others, reference)
    if len(methods) < 2:
        raise CommandError(_nothing(study) + ".")
    return agreement.chosen_pair(methods, tested=tested, reference=named)


def _nothing(study: Study) -> str:
    return (
        "There are no two methods to compare: this person sees loads of no other method in "
        f"{study.code}"
    )


def _named(study: Study, methods: Sequence[ModelVersion], name: str) -> ModelVersion:
    chosen = [model for model in methods if name in (model.name, str(model))]
    if not chosen:
        raise CommandError(f"{_nothing(study)} that is named {name!r}.")
    if len(chosen) > 1:
        there = ", ".join(str(model) for model in chosen)
        raise CommandError(f"Several methods have this name; say which version: {there}.")
    return chosen[0]
