"""``manage.py method_table``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.stats.method_table import STRATA, Figure, PairedScan, TableRow, method_table
from segmentation.inference.base import Segmenter
from segmentation.phantom.cohort import CohortScan, draw_cohort, write_cohort
from segmentation.selectors.registry import IF_NO_VERSION, NotRegisteredError, model_named
from segmentation.services.segmenters import load_segmenter
from segmentation.training.compare import ComparedScan, compare_methods

SEED = 2026
NO_NUMBER = "–"


class Command(BaseCommand):
    """Fill the reference study's table from a simulated cohort of known truth."""

    help = (
        "Draw a cohort of 49 phantom patients with 130 scans, measure it by two registered "
        "methods, and print the reference study's table with the numbers found. What was done "
        "before is kept: a command that was stopped goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("out", type=Path, metavar="OUT", help="folder of images and results")
        parser.add_argument("--test", default="mld-phantom", metavar="NAME")
        parser.add_argument(
            "--test-version",
            metavar="V",
            help=IF_NO_VERSION,
        )
        parser.add_argument("--reference", default="clusterize", metavar="NAME")
        parser.add_argument("--reference-version", metavar="V", help="the same")
        parser.add_argument("--seed", type=int, default=SEED, help="of the cohort")
        parser.add_argument("--resamples", type=int, default=2000, help="of the bootstrap")
        parser.add_argument(
            "--patients", type=int, metavar="N", help="only the first N of each stratum, to try it"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Draw, measure, print.

        Raises
        ------
        CommandError
            If a method is not registered, both are the same, or OUT holds another cohort.
        """
        names = (options["test"], options["reference"])
        if len(set(names)) == 1:
            raise CommandError("A method is compared with another one, not with itself.")
        versions = (options["test_version"], options["reference_version"])
        methods = [_segmenter(*one) for one in zip(names, versions, strict=True)]
        out: Path = options["out"]
        planned = _first(draw_cohort(options["seed"]), options["patients"])
        try:
            scans = write_cohort(out / "images", planned, told=self.stderr.write)
        except ValueError as error:
            raise CommandError(str(error)) from error
        compared = compare_methods(
            methods,
            scans,
            data=out / "images",
            records=out / "results",
            told=self.stderr.write,
        )
        rows = method_table(
            [paired(one, names) for one in compared], n_resamples=options["resamples"]
        )
        if options["json"]:
            told = {"seed": options["seed"], "rows": [asdict(row) for row in rows]}
            told["scans"] = [asdict(one) for one in compared]
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(as_text(rows, methods))


def _segmenter(name: str, version: str | None) -> Segmenter:
    try:
        return load_segmenter(model_named(name, version))
    except NotRegisteredError as error:
        raise CommandError(str(error)) from error


def _first(scans: Sequence[CohortScan], patients: int | None) -> list[CohortScan]:
    if patients is None:
        return list(scans)
    kept: set[str] = set()
    for stratum in STRATA:
        here = dict.fromkeys(scan.subject for scan in scans if scan.acq_stratum == stratum)
        kept.update(list(here)[:patients])
    return [scan for scan in scans if scan.subject in kept]


def paired(compared: ComparedScan, names: tuple[str, str]) -> PairedScan:
    """Return what the table needs of a scan; `names` are those of the test and the reference."""
    test, reference = names
    overlaps = compared.with_truth
    return PairedScan(
        subject=compared.scan.subject,
        acq_stratum=compared.scan.acq_stratum,
        order=compared.scan.visit_seed,
        test_ml=compared.loads_ml.get(test),
        reference_ml=compared.loads_ml.get(reference),
        dice=compared.between.dice if compared.between else None,
        gmfc_level=compared.scan.gmfc_level,
        severity_total=compared.scan.severity_total,
        truth_ml=compared.scan.demyelination_load_ml,
        test_dice=overlaps[test].dice if test in overlaps else None,
        reference_dice=overlaps[reference].dice if reference in overlaps else None,
    )


def as_text(rows: Sequence[TableRow], methods: Sequence[Segmenter]) -> str:
    """Return the table for a terminal, published numbers beside the found ones."""
    lines = [
        f"Test: {methods[0].name} {methods[0].version}; "
        f"reference: {methods[1].name} {methods[1].version}.",
        "Simulated scans of known truth; they say nothing about patients.",
        "",
    ]
    cells = [("", "published 3D", "published 2D", "found 3D", "found 2D")]
    cells += [
        (
            f"{row.quantity}{f', {row.unit}' if row.unit else ''}",
            *(_published(number, row.published_p) for number in row.published),
            *(_found(figure, row) for figure in row.found),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join(lines)


def _published(number: float | None, p: str) -> str:
    told = NO_NUMBER if number is None else f"{number:g}"
    return f"{told}, p {p}" if p and number is not None else told


def _found(figure: Figure, row: TableRow) -> str:
    if figure.value is None:
        return f"not estimable: {figure.reason}"
    if not row.unit and not row.beside:
        return f"{figure.value:g}"
    digits = 1 if row.unit in {"mL", "%"} else 2
    told = f"{figure.value:.{digits}f}"
    if figure.low is not None and figure.high is not None:
        told += f" ({figure.low:.{digits}f} to {figure.high:.{digits}f})"
    if figure.p_words:
        told += f", {figure.p_words}"
    return f"{told}, n = {figure.n}"
