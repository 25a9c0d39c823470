"""Two methods at one look: by hand, and the same as in the table of the pair."""

import numpy as np
import pytest

from analytics.stats.method_overview import QUANTITIES, summary
from analytics.stats.method_table import planned_table
from analytics.stats.overlap_bands import MaskPair, overlap_bands
from analytics.stats.paired import Figure, PairedScan


def scan(subject: str, test_ml: float | None, reference_ml: float | None, **more) -> PairedScan:
    given = {"order": 0, "dice": None, "gmfc_level": None, "severity_total": None}
    return PairedScan(
        subject=subject, acq_stratum="3D", test_ml=test_ml, reference_ml=reference_ml,
        **{**given, **more},
    )  # fmt: skip


def test_by_hand():
    """Differences 1, 3, 2, 1 and 3 mL; loads and levels in the same order."""
    found = summary(
        [
            scan("A", 11.0, 10.0, dice=0.5, gmfc_level=1),
            scan("B", 23.0, 20.0, dice=0.7, gmfc_level=2),
            scan("C", 32.0, 30.0, dice=0.9, gmfc_level=3),
            scan("C", None, None, gmfc_level=6),
            scan("D", 41.0, 40.0, gmfc_level=4),
            scan("E", 53.0, 50.0, gmfc_level=5),
        ],
        [MaskPair(10.0, 0.5, 4.0, 0.6), MaskPair(20.0, 0.7, None, 0.8)],
    )
    assert (found.n_scans, found.n_patients) == (5, 5)
    assert found.figures["bias"].value == pytest.approx(2.0)
    # One scan a patient: 1.96 standard deviations of 1 mL.
    assert found.figures["bias"].low == pytest.approx(2 - 1.96, abs=1e-3)
    assert found.figures["dice"] == Figure(
        pytest.approx(0.7), pytest.approx(0.6), pytest.approx(0.8), 3
    )
    assert found.figures["hausdorff95_mm"] == Figure(4.0, 4.0, 4.0, 1)
    assert found.figures["surface_dice"].value == pytest.approx(0.7)
    assert found.figures["test_ml gmfc_level"] == Figure(pytest.approx(1.0), None, None, 5)
    absent = found.figures["reference_ml severity_total"]
    assert (absent.value, absent.n) == (None, 0)
    assert absent.reason == "At least 3 pairs are needed, got 0."


def test_without_scans_every_figure_says_why_there_is_none():
    found = summary([], [])
    assert (found.n_scans, found.n_patients) == (0, 0)
    assert set(found.figures) == {one.key for one in QUANTITIES}
    assert all(one.value is None and one.reason for one in found.figures.values())


def test_its_numbers_are_those_of_the_table_and_of_the_bands_of_the_pair():
    rng = np.random.default_rng(5)
    scans, masks = [], []
    for number in range(40):
        load, dice = float(rng.gamma(2, 12)), float(rng.uniform(0.4, 0.9))
        scans.append(
            scan(
                f"{number % 13}", load, load + float(rng.normal(1, 5)), order=number, dice=dice,
                gmfc_level=float(rng.integers(0, 7)), severity_total=float(rng.integers(0, 34)),
            )
        )  # fmt: skip
        masks.append(MaskPair(load, dice, float(rng.gamma(2, 2)), float(rng.uniform(0.4, 1))))
    found = summary(scans, masks)
    table = {row.quantity: row.found[0] for row in planned_table(scans)}
    shared = [one for one in QUANTITIES if one.key not in ("hausdorff95_mm", "surface_dice")]
    for one in shared:
        mine, there = found.figures[one.key], table[one.words]
        assert (mine.value, mine.low, mine.high, mine.n) == (
            there.value, there.low, there.high, there.n,
        )  # fmt: skip
    (everything, *_) = overlap_bands(masks)
    for name in ("hausdorff95_mm", "surface_dice"):
        mine, there = found.figures[name], getattr(everything, name)
        assert (mine.value, mine.low, mine.high) == (there.median, there.low, there.high)
