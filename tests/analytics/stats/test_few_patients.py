"""Covariances over few patients: statsmodels, the jackknife, by hand, what must not change them."""

import numpy as np
import pytest
import statsmodels.api as sm

from analytics.stats.errors import NotEstimableError
from analytics.stats.few_patients import ROOT, WHOLE, corrected, covariance
from analytics.stats.proportional import proportional_bias


def line(seed: int = 3, patients: int = 7, each: int = 3):
    """Return a design with its ones, values, and the patient of each row."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), each)
    x = np.column_stack(
        [np.ones(who.size), rng.normal(size=patients)[who], rng.normal(size=who.size)]
    )
    return x, x @ [1, 2, 3] + rng.normal(size=patients)[who] + rng.normal(size=who.size), who


def parts(x, y, who):
    """Return bread, scores and information by patient of the straight line."""
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    own = [who == g for g in range(who.max() + 1)]
    scores = np.array([x[rows].T @ (y - x @ beta)[rows] for rows in own])
    return np.linalg.inv(x.T @ x), scores, np.array([x[rows].T @ x[rows] for rows in own])


def test_rows_of_patients_with_one_each_have_the_errors_of_statsmodels():
    x, y, _ = line()
    peer = sm.OLS(y, x).fit()
    of_rows = parts(x, y, np.arange(len(y)))
    assert np.sqrt(np.diag(corrected(*of_rows, ROOT))) == pytest.approx(peer.HC2_se, rel=1e-10)
    assert np.sqrt(np.diag(corrected(*of_rows, WHOLE))) == pytest.approx(peer.HC3_se, rel=1e-10)
    mean = (peer.HC2_se + peer.HC3_se) / 2
    assert np.sqrt(np.diag(covariance(*of_rows))) == pytest.approx(mean, rel=1e-10)


def test_the_whole_correction_is_the_jackknife_over_patients():
    x, y, who = line()
    fits = [np.linalg.lstsq(x[who != g], y[who != g], rcond=None)[0] for g in range(7)]
    off = np.array(fits) - np.linalg.lstsq(x, y, rcond=None)[0]
    assert corrected(*parts(x, y, who), WHOLE) == pytest.approx(off.T @ off, rel=1e-9)


def test_the_root_is_that_of_bell_and_mccaffrey():
    rng = np.random.default_rng(5)
    first, second = rng.normal(50, 10, (2, 12))
    who = np.repeat(np.arange(4), 3)
    peer = proportional_bias(first, second, who.tolist())
    x = np.column_stack([np.ones(12), (first + second) / 2])
    found = corrected(*parts(x, first - second, who), ROOT)
    assert np.sqrt(found[1, 1]) == pytest.approx(peer.standard_error, rel=1e-10)


def test_what_one_patient_alone_tells_adds_nothing_to_its_own_error():
    """With one row, the term of the last patient meets it, and the rest is as without them."""
    x, y, who = line()
    kept = who < 6
    x, y, who = np.vstack([x[kept], x[-1]]), np.append(y[kept], y[-1]), np.append(who[kept], 6)
    found = corrected(*parts(np.column_stack([x, who == 6]), y, who), WHOLE)
    without = corrected(*parts(x[:-1], y[:-1], who[:-1]), WHOLE)
    assert found[:3, :3] == pytest.approx(without, rel=1e-9)


def test_many_patients_need_no_correction():
    bread, scores, information = parts(*line(patients=3000))
    plain = bread @ scores.T @ scores @ bread
    assert np.sqrt(np.diag(covariance(bread, scores, information))) == pytest.approx(
        np.sqrt(np.diag(plain)), rel=2e-3
    )


def test_no_information_is_refused():
    with pytest.raises(NotEstimableError, match="too few"):
        corrected(np.eye(2), np.ones((3, 2)), np.zeros((3, 2, 2)), ROOT)
