"""``python -m segmentation.training.operating_curve``: choose the threshold of a network of two.

    count MODEL RECORDS [--first 0] [--visits 96]    predict validation visits, and count
    curve RECORDS...                                 print the curve and the constant it gives

Among the constants at which, 3D and 2D alike,

- no healthy brain has more than two thirds of the false volume that the goal allows, and
- the median Dice from 5 mL on, and that from 5 to 50 mL, are not lower than without a constant
  by more than `DICE_TOLERANCE`,

it takes the one whose largest miss is smallest. A miss is a median relative bias, its sign left
out, in units of its goal; there are four, from 5 mL on and from 5 to 50 mL, of both strata. Of
equals it takes the one nearest to 0.

The rule was written before a visit was counted, with no tolerance of Dice. For version 3 of the
demonstration model it would have taken no constant then, since the first one lowers one median
by 0.0004; the tolerance was added on sight of that curve, as the smallest that can be told from
nothing in the two decimals that a card states.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation.training.evaluate import CaseResult, summarise
from segmentation.training.kept import read_lines
from segmentation.training.operating_point import CONSTANTS, Counted, count_visits

HEALTHY_SHARE = 2 / 3
"""Of the false volume that the goal allows: the largest of ten brains is not the largest of all."""
DICE_TOLERANCE = 0.005
"""Half of the last decimal that a card states."""
DICE = ("dice_median_from_5_ml", "dice_median_from_5_to_50_ml")
BIAS = ("bias_percent_median_from_5_ml", "bias_percent_median_from_5_to_50_ml")
Curve = Mapping[float, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Goals:
    """What a stratum is to reach; biases are those of `BIAS`, in percent."""

    bias_percent: tuple[float, float]
    healthy_false_ml: float


GOALS = {"3D": Goals((1.5, 5.0), 1.0), "2D": Goals((3.0, 5.0), 3.0)}


def curve_of(counted: Sequence[Counted]) -> Curve:
    """Return by constant what `evaluate.summarise` says of the visits; no distances are in it."""
    return {
        constant: summarise([_case(one, place) for one in counted])
        for place, constant in enumerate(CONSTANTS)
    }


def _case(one: Counted, place: int) -> CaseResult:
    both = one.found[place] + one.truth_voxels
    return CaseResult(
        case=str(one.number),
        acq_stratum=one.acq_stratum,
        truth_ml=one.truth_ml,
        load_ml=one.found[place] * one.voxel_ml,
        dice=2 * one.shared[place] / both if both else None,
        hausdorff95_mm=None,
        surface_dice=None,
    )


def miss(summary: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the largest of the four biases in units of their goals."""
    return max(
        abs(float(summary[stratum][key])) / goal
        for stratum, goals in GOALS.items()
        for key, goal in zip(BIAS, goals.bias_percent, strict=True)
    )


def is_allowed(
    summary: Mapping[str, Mapping[str, Any]], unchanged: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Return whether healthy brains stay healthy and median Dice does not fall; see the module."""
    return all(
        summary[stratum]["healthy_false_ml_max"] <= HEALTHY_SHARE * goals.healthy_false_ml
        and all(summary[stratum][key] >= unchanged[stratum][key] - DICE_TOLERANCE for key in DICE)
        for stratum, goals in GOALS.items()
    )


def choose(curve: Curve) -> float | None:
    """Return the constant that the rule of the module takes; None if it allows none.

    Raises
    ------
    KeyError, TypeError
        If a stratum has no healthy visit, or none from 5 to 50 mL.
    """
    allowed = [constant for constant in curve if is_allowed(curve[constant], curve[0.0])]
    return min(allowed, key=lambda c: (miss(curve[c]), abs(c)), default=None)


def _count(options: argparse.Namespace) -> None:
    from segmentation.inference.nnunet import NnUnetSegmenter

    network = NnUnetSegmenter(options.model)
    count_visits(
        network,
        options.records,
        numbers=range(options.first, options.visits),
        seed=options.seed,
        model_sha256=network.sha256,
        told=lambda words: print(words, file=sys.stderr),  # noqa: T201 - a command
    )


def _curve(options: argparse.Namespace) -> None:
    lines = [line for path in options.records for line in read_lines(path)]
    if len({(line["model_sha256"], line["number"]) for line in lines}) != len(lines):
        raise SystemExit("A visit is in the files twice.")
    alike = {(line["model_sha256"], line["phantoms"], tuple(line["constants"])) for line in lines}
    if len(alike) > 1 or any(constants != tuple(CONSTANTS) for *_, constants in alike):
        raise SystemExit("The files are of other models, phantoms or constants than each other.")
    curve = curve_of([Counted.of_json(line) for line in lines if "refused" not in line])
    refused = [line["number"] for line in lines if "refused" in line]
    found = {"visits": len(lines), "refused": refused, "chosen": choose(curve), "curve": curve}
    print(json.dumps(found, indent=1))  # noqa: T201 - a command


def main() -> None:
    """Count visits, or print what was counted."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.training.operating_curve")
    steps = parser.add_subparsers(required=True)
    count = steps.add_parser("count")
    count.add_argument("model", type=Path, help="folder of the model")
    count.add_argument("records", type=Path, help="file of what was counted; it is continued")
    count.add_argument("--first", type=int, default=0, help="number of the first visit")
    count.add_argument("--visits", type=int, default=96, help="number after the last")
    count.add_argument("--seed", type=int, default=1)
    count.set_defaults(step=_count)
    curve = steps.add_parser("curve")
    curve.add_argument("records", type=Path, nargs="+")
    curve.set_defaults(step=_curve)
    options = parser.parse_args()
    options.step(options)


if __name__ == "__main__":
    main()
