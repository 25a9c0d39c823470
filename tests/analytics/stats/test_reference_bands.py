"""Where the loads of a reference cohort lie at each month."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.errors import NotEstimableError
from analytics.stats.reference_bands import FEWEST_PATIENTS, STEP_MONTHS, reference_band

FIVE = ["a", "b", "c", "d", "e"]


def five_rising() -> tuple[list[str], list[float], list[float]]:
    """Return five patients with loads of 0, 10, ... 40 mL at month 0 and twice that at month 6."""
    patients, months, loads = [], [], []
    for number, patient in enumerate(FIVE):
        patients += [patient, patient]
        months += [0.0, 6.0]
        loads += [10.0 * number, 20.0 * number]
    return patients, months, loads


def test_the_quartiles_by_hand() -> None:
    found = reference_band(*five_rising())
    assert [point.months for point in found] == [0, 3, 6]
    assert [point.n_patients for point in found] == [5, 5, 5]
    # Of 0, 10, 20, 30, 40 the quartiles are the second, the third and the fourth.
    assert [(p.low, p.median, p.high) for p in found] == [
        (10, 20, 30),
        (15, 30, 45),
        (20, 40, 60),
    ]


def test_a_month_of_four_patients_has_no_band() -> None:
    patients, months, loads = five_rising()
    # The last patient is not seen before month 3.
    months[-2] = 3.0
    assert [point.months for point in reference_band(patients, months, loads)] == [3, 6]


def test_nothing_is_said_beyond_the_first_and_last_scan() -> None:
    patients, months, loads = five_rising()
    shifted = [at + 1 for at in months]
    assert [point.months for point in reference_band(patients, shifted, loads)] == [3, 6]


def test_a_gap_of_more_than_two_years_is_not_bridged() -> None:
    patients, months, loads = five_rising()
    wide = [at * 5 for at in months]
    assert [point.months for point in reference_band(patients, wide, loads)] == [0, 30]
    bridged = reference_band(patients, [at * 4 for at in months], loads)
    assert [point.months for point in bridged] == list(range(0, 25, 3))


def test_a_patient_with_one_scan_counts_where_it_falls_on_the_grid() -> None:
    assert [point.months for point in reference_band(FIVE, [3] * 5, [1, 2, 3, 4, 5])] == [3]
    assert reference_band(FIVE, [4] * 5, [1, 2, 3, 4, 5]) == []


def test_times_before_the_zero_of_a_clock_are_read_off_alike() -> None:
    patients, months, loads = five_rising()
    found = reference_band(patients, [at - 6 for at in months], loads)
    assert [point.months for point in found] == [-6, -3, 0]
    assert [point.median for point in found] == [20, 30, 40]


@pytest.mark.parametrize(
    ("patients", "months", "loads", "why"),
    [
        (["a"], [1.0, 2.0], [1.0, 2.0], "needs a patient"),
        (["a", "b"], [1.0, float("nan")], [1.0, 2.0], "finite"),
        (["a", "b"], [1.0, 2.0], [1.0, float("inf")], "finite"),
        (["a", "a"], [1.0, 1.0], [1.0, 2.0], "two loads"),
    ],
)
def test_what_cannot_be_read_off_is_refused(
    patients: list[str], months: list[float], loads: list[float], why: str
) -> None:
    with pytest.raises(NotEstimableError, match=why):
        reference_band(patients, months, loads)


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[list[int], list[float], list[float]]:
    """Draw up to nine patients with one to four scans each."""
    patients, months, loads = [], [], []
    for patient in range(draw(st.integers(1, 9))):
        at = draw(st.lists(st.integers(-40, 80), min_size=1, max_size=4, unique=True))
        patients += [patient] * len(at)
        months += [float(month) for month in at]
        loads += [draw(st.floats(0, 300)) for _ in at]
    return patients, months, loads


@given(cohorts())
def test_the_band_is_that_of_a_table_of_patients_by_months(
    cohort: tuple[list[int], list[float], list[float]],
) -> None:
    """A peer: pandas interpolates each patient's row over the months, and takes the quantiles."""
    patients, months, loads = cohort
    table = pd.DataFrame({"patient": patients, "month": months, "load": loads})
    rows = table.set_index(["patient", "month"])["load"].unstack()  # noqa: PD010 - no two to aggregate
    rows = rows.reindex(columns=np.arange(-40.0, 81.0))
    filled = rows.interpolate(axis=1, method="values", limit_area="inside")
    for patient, group in table.groupby("patient"):
        for before, after in pairwise(sorted(group["month"])):
            if after - before > 24:
                filled.loc[patient, np.arange(before + 1, after)] = np.nan
    grid = filled[[month for month in filled.columns if month % STEP_MONTHS == 0]]
    counted = grid.count()
    there = counted[counted >= FEWEST_PATIENTS].index
    found = reference_band(patients, months, loads)
    assert [point.months for point in found] == list(there)
    assert [point.n_patients for point in found] == list(counted[there])
    expected = grid[there].quantile([0.25, 0.5, 0.75]).T.to_numpy()
    got = np.array([(p.low, p.median, p.high) for p in found]).reshape(-1, 3)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)


@given(cohorts(), st.integers(-4, 4), st.floats(0.1, 10), st.randoms())
def test_order_and_units_and_the_zero_of_the_clock_change_nothing_else(
    cohort: tuple[list[int], list[float], list[float]], steps: int, factor: float, random: object
) -> None:
    patients, months, loads = cohort
    order = list(range(len(patients)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = reference_band(
        [patients[i] for i in order],
        [months[i] + steps * STEP_MONTHS for i in order],
        [loads[i] * factor for i in order],
    )
    found = reference_band(patients, months, loads)
    assert [p.months - steps * STEP_MONTHS for p in moved] == [p.months for p in found]
    for here, there in zip(found, moved, strict=True):
        assert here.low <= here.median <= here.high
        assert there.median == pytest.approx(here.median * factor, rel=1e-9, abs=1e-9)
