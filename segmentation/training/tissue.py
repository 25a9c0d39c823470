"""``python -m segmentation.training.tissue``: how true the denominators of the load are.

Draws phantoms, measures them with their true masks and compares the volumes with the truth.
Bias and limits of agreement (bias and 1.96 standard deviations) are percent of the truth.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from statistics import mean, stdev

import numpy as np

from segmentation.imaging.geometry import Volume
from segmentation.imaging.tissue.measure import Denominator, TissueVolumes, measure_tissue
from segmentation.phantom.bids import FIRST_SEED
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import TrueVolumes, render_visit

STRATA = ("3D", "2D")
Row = dict[str, float | str | None]


def true_volumes_ml(truth: TrueVolumes) -> dict[Denominator, float]:
    """Return the true volumes by the codes of the denominators, in mL."""
    return {
        Denominator.WHITE_MATTER: truth.white_matter_ml,
        Denominator.GRAY_MATTER: truth.gray_matter_ml,
        Denominator.BRAIN: truth.brain_ml,
        Denominator.INTRACRANIAL: truth.intracranial_ml,
    }


def relative_errors(measured: TissueVolumes, truth: TrueVolumes) -> Row:
    """Return the error of each denominator in percent of the truth; None where none was told."""
    errors: Row = {}
    for code, true_ml in true_volumes_ml(truth).items():
        found = measured.volumes_ml.get(code)
        errors[code.value] = None if found is None else 100 * (found / true_ml - 1)
    return errors


def summary(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """Return bias and limits by stratum and denominator, with how many were told."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for code in Denominator:
            error = row[code.value]
            if isinstance(error, float):
                found[str(row["acq_stratum"])][code.value].append(error)
    return {
        stratum: {code: _agreement(errors) for code, errors in by_code.items()}
        for stratum, by_code in found.items()
    }


def _agreement(errors: list[float]) -> dict[str, float]:
    spread = 1.96 * stdev(errors) if len(errors) > 1 else float("nan")
    bias = mean(errors)
    return {"n": len(errors), "bias": bias, "lower": bias - spread, "upper": bias + spread}


def main() -> None:
    """Print one line of JSON per phantom and one with the summary."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.training.tissue")
    parser.add_argument("--patients", type=int, default=24, help="strata alternate")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows: list[Row] = []
    for number in range(options.patients):
        patient = PhantomPatient.draw(FIRST_SEED + options.seed * 1000 + number)
        stage = float(np.random.default_rng([options.seed, number, 9]).random() ** 1.5)
        stage *= number % 4 != 3
        stratum = STRATA[number % 2]
        visit = render_visit(patient, stage=stage, acq_stratum=stratum, seed=options.seed)
        measured = measure_tissue(
            Volume(visit.t1w.data, visit.t1w.affine),
            Volume(visit.t2w.data, visit.t2w.affine),
            visit.truth_mask > 0,
        )
        row: Row = {
            "phantom": str(number),
            "acq_stratum": stratum,
            "truth_ml": visit.demyelination_load_ml,
            "separability": measured.separability,
            **relative_errors(measured, visit.volumes),
        }
        rows.append(row)
        print(json.dumps(row), flush=True)  # noqa: T201 - a command
    print(json.dumps(summary(rows)), flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
