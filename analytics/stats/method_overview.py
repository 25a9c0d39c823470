"""Two methods at one look: loads, masks and ranks of a stratum, without what is resampled."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.stats.method_table import LIMITS, QUARTILES
from analytics.stats.overlap_bands import MaskPair
from analytics.stats.paired import (
    Cell,
    Figure,
    PairedScan,
    bias,
    complete,
    median_of,
    quartiles,
    told,
)
from analytics.stats.ranked import planned


@dataclass(frozen=True, slots=True)
class Quantity:
    """What an overview tells of two methods.

    Attributes
    ----------
    key : str
        Its name in `Summary.figures`.
    words, unit : str
        As `method_table.TableRow`.
    beside : str
        What ``low`` and ``high`` of its figure are; empty where there are none.
    """

    key: str
    words: str
    unit: str
    beside: str = ""


BIAS, DICE, DISTANCE, SURFACE = "bias", "dice", "hausdorff95_mm", "surface_dice"
SCORES = {"gmfc_level": "GMFC-MLD", "severity_total": "MRI severity score"}
LOADS = {"test_ml": "Test load", "reference_ml": "Reference load"}
QUANTITIES = (
    Quantity(BIAS, "Test load less reference load", "mL", LIMITS),
    Quantity(DICE, "Dice of the two masks, median", "", QUARTILES),
    Quantity(DISTANCE, "95 % Hausdorff distance of the two masks, median", "mm", QUARTILES),
    Quantity(SURFACE, "Surface Dice of the two masks, median", "", QUARTILES),
    *(
        Quantity(f"{load} {score}", f"{name} with {of}", "rho")
        for score, of in SCORES.items()
        for load, name in LOADS.items()
    ),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """How two methods agree on the scans of one stratum.

    Attributes
    ----------
    n_scans, n_patients : int
        That both measured.
    figures : dict of str to Figure
        By the key of the quantity; rank correlations without an interval.
    """

    n_scans: int
    n_patients: int
    figures: dict[str, Figure]


def summary(scans: Sequence[PairedScan], masks: Sequence[MaskPair]) -> Summary:
    """Return how two methods agree on scans of one stratum.

    Parameters
    ----------
    masks : sequence of MaskPair
        Of those scans whose masks are compared.
    """
    _, subjects = complete(scans, "test_ml", "reference_ml")
    return Summary(
        n_scans=len(subjects),
        n_patients=len(set(subjects)),
        figures={
            BIAS: told(bias("reference_ml"), scans),
            DICE: told(quartiles("dice"), scans),
            **{name: told(_median(masks, name), scans) for name in (DISTANCE, SURFACE)},
            **{
                f"{load} {score}": told(_rho(score, load), scans)
                for score in SCORES
                for load in LOADS
            },
        },
    )


def _median(masks: Sequence[MaskPair], name: str) -> Cell:
    def cell(_scans: Sequence[PairedScan]) -> Figure:
        values = [getattr(one, name) for one in masks]
        return median_of([value for value in values if value is not None])

    return cell


def _rho(score: str, load: str) -> Cell:
    def cell(scans: Sequence[PairedScan]) -> Figure:
        found = planned(*complete(scans, score, load))
        return Figure(found.value, None, None, found.n)

    return cell
