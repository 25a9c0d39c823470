"""``manage.py sample_size``."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.stats.power import sample_size
from analytics.stats.power_closed import ANCOVA, SLOPES, closed_form_size
from analytics.stats.trial_course import Course

TRIALS = 1000
SEED = 1


class Command(BaseCommand):
    """Say how many patients a trial with the load as endpoint needs, by simulation."""

    help = (
        "Search the smallest arm of a trial of two arms whose simulated trials, analysed as they "
        "will be, find the difference often enough. It reads no data: what patients are like is "
        "typed in, for example from the page of longitudinal models. Takes a minute or two for "
        "slopes, seconds for ancova."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        add = parser.add_argument
        add("--difference", type=float, required=True, metavar="ML", help="mL per year, by which "
            "the treatment lowers the change")  # fmt: skip
        add("--level-sd", type=float, required=True, metavar="ML", help="between patients")
        add("--yearly-sd", type=float, required=True, metavar="ML", help="of patients' changes")
        add("--noise-sd", type=float, required=True, metavar="ML", help="of a scan about the line")
        add("--correlation", type=float, default=0.0, help="of a patient's level and change")
        add("--visits", default="0,0.5,1,1.5,2", metavar="YEARS", help="with commas, from 0 on")
        add("--drop-out", type=float, default=0.0, metavar="SHARE", help="who leaves in a year")
        add("--subtype", action="append", metavar="NAME=ML:SHARE", help="mean change per year and "
            "share of a subtype; once for each, all patients alike without")  # fmt: skip
        add("--power", type=float, default=0.8)
        add("--alpha", type=float, default=0.05, help="two-sided")
        add("--analysis", choices=[SLOPES, ANCOVA], default=SLOPES)
        add("--trials", type=int, default=TRIALS, help="simulated for each size that is tried")
        add("--seed", type=int, default=SEED)
        add("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Search, print.

        Raises
        ------
        CommandError
            If the plan is none, or no size does.
        """
        try:
            course = _course(options)
            goal = (options["difference"], options["power"], options["analysis"], options["alpha"])
            closed = closed_form_size(course, *goal)
            found = sample_size(course, *goal, n_trials=options["trials"], seed=options["seed"])
        except ValueError as error:  # NotEstimableError among them
            raise CommandError(str(error)) from error
        if options["json"]:
            told = {**asdict(found), "closed_form_n_per_arm": closed, "seed": options["seed"]}
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(
            f"{found.n_per_arm} patients an arm: power {found.power:.3f} "
            f"({found.ci_low:.3f} to {found.ci_high:.3f}) in {found.n_trials} new trials, "
            f"seed {options['seed']}; {closed} by the closed form."
        )
        if found.n_failed:
            self.stdout.write(f"Could not be analysed: {found.n_failed} trials.")


def _course(options: dict[str, Any]) -> Course:
    kinds = dict(_kind(text) for text in options["subtype"] or ["all=0:1"])
    return Course(
        yearly_change_ml={name: change for name, (change, _) in kinds.items()},
        shares={name: share for name, (_, share) in kinds.items()},
        level_sd_ml=options["level_sd"],
        yearly_change_sd_ml=options["yearly_sd"],
        correlation=options["correlation"],
        noise_sd_ml=options["noise_sd"],
        visits=[float(year) for year in options["visits"].split(",")],
        drop_out=options["drop_out"],
    )


def _kind(text: str) -> tuple[str, tuple[float, float]]:
    name, is_given, numbers = text.partition("=")
    change, has_share, share = numbers.partition(":")
    if not (name and is_given and has_share):
        raise ValueError(f"A subtype is NAME=ML:SHARE, got {text!r}.")
    return name, (float(change), float(share))
