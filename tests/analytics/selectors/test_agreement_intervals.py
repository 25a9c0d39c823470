"""The table of two methods is the same whether its intervals are resampled at once or later."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.selectors import samples
from analytics.selectors.agreement_intervals import planned
from analytics.selectors.samples import RESAMPLES, SEED, Sample, computed
from analytics.stats.correlation import spearman, spearman_difference
from analytics.stats.method_table import method_table
from analytics.stats.paired import PairedScan, complete
from analytics.stats.ranked import Ranked


def scans() -> list[PairedScan]:
    """Eighteen patients with three scans each, every third patient 2D, some scores lacking."""
    rng = np.random.default_rng(3)
    found = []
    for patient in range(18):
        for visit in range(3):
            load = float(rng.gamma(2, 12))
            found.append(
                PairedScan(
                    subject=f"{patient:02}",
                    acq_stratum="2D" if patient % 3 == 0 else "3D",
                    order=visit,
                    test_ml=None if rng.random() < 0.05 else load,
                    reference_ml=load + float(rng.normal(2, 9)),
                    dice=float(rng.uniform(0.5, 0.9)),
                    gmfc_level=float(rng.integers(0, 7)),
                    severity_total=None if rng.random() < 0.2 else float(rng.integers(0, 60)) / 2,
                    elfc_level=float(rng.integers(0, 5)),
                )
            )
    return found


def test_the_table_is_the_same_by_both_ways():
    """To the last digit: at once by the statistics alone, and by samples that are kept."""
    there = planned(scans())
    assert all(row.is_pending for row in there.rows if row.unit == "rho")
    known = {one.key: computed(one) for one in there.samples.values()}
    assert there.filled(known) == method_table(scans(), n_resamples=RESAMPLES, seed=SEED)


@pytest.mark.parametrize("stratum", [0, 1])
def test_its_figures_are_those_of_the_statistics_that_they_are_named_by(stratum: int):
    there = planned(scans())
    rows = there.filled({one.key: computed(one) for one in there.samples.values()})
    of_quantity = {row.quantity: row.found[stratum] for row in rows}
    mine = [one for one in scans() if one.acq_stratum == ("3D", "2D")[stratum]]
    (score, load), patients = complete(mine, "severity_total", "test_ml")
    one = spearman(score, load, patients, RESAMPLES, SEED)
    found = of_quantity["Test load with MRI severity score"]
    assert (found.value, found.low, found.high, found.n) == (
        one.rho, one.ci_low, one.ci_high, one.n,
    )  # fmt: skip
    three, patients = complete(mine, "gmfc_level", "test_ml", "reference_ml")
    both = spearman_difference(*three, patients, RESAMPLES, SEED)
    found = of_quantity["With GMFC-MLD: test less reference"]
    assert (found.value, found.low, found.high, found.n) == (
        both.difference, both.ci_low, both.ci_high, both.n,
    )  # fmt: skip


def test_what_is_not_there_is_waited_for_and_nothing_else_is():
    there = planned(scans())
    first, *others = there.samples.values()
    rows = there.filled({first.key: computed(first)})
    waiting = [one for row in rows for one in row.found if hasattr(one, "rests_on")]
    assert len(waiting) == len(others) == 17
    assert not planned([]).samples


def ranked() -> Ranked:
    numbers = np.array([1.0, 2, 3, 4, 0]), np.array([5.0, 7, 9, 4, 8]), np.array([5.0, 6, 9, 3, 8])
    return Ranked(numbers, ["a", "a", "b", "c", "c"])


def test_the_key_of_a_difference_knows_its_three_measures_in_their_order_and_no_identity():
    mine = ranked()
    key = Sample.of_ranked(mine).key
    score, test, reference = mine.measures
    assert Sample.of_ranked(Ranked(mine.measures, ["x", "x", "q", "p", "p"])).key == key
    others = [
        Ranked((score, reference, test), mine.subjects),
        Ranked((score, test), mine.subjects),
        Ranked((score, test, reference + np.array([0, 0, 0, 0, 1.0])), mine.subjects),
        Ranked(mine.measures, ["a", "a", "b", "c", "b"]),
    ]
    assert key not in {Sample.of_ranked(one).key for one in others}
    assert replace(Sample.of_ranked(mine), method="spearman-difference-0").key != key


@pytest.mark.parametrize("name", ["SEED", "RESAMPLES"])
def test_another_bootstrap_of_a_difference_is_another_key(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    first = Sample.of_ranked(ranked()).key
    monkeypatch.setattr(samples, name, 5)
    assert Sample.of_ranked(ranked()).key != first
