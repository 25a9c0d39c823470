"""A cumulative-link model of an ordered level with an intercept of each patient.

Odds of one patient, against the odds over patients of `ordinal`: the first are further from 1 the
more patients differ, for a mean over unlike patients is flatter than the curve of each (Zeger,
Liang and Albert 1988, Biometrics 44:1049). Maximum likelihood by `ordinal_quadrature`, as by R's
ordinal::clmm. Patients' own levels are taken to be normal on the logit scale and unrelated to the
covariates; where they are related, the odds ratio mixes what differs between patients with what
changes within one.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats import ordinal
from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of, must_be_written
from analytics.stats.ordinal_quadrature import (
    WIDEST_SD,
    Integrated,
    Panel,
    derivatives,
    integrated,
    points_for,
)

Array = NDArray[np.float64]
STEPS, HALVINGS = 100, 30
CONVERGED = 1e-10
SETTLED = 1e-4
"""By how much a further step may still move a log odds."""
BORDER = 1e-3
"""Standard deviation on the logit scale below which it counts as none."""
FIRST_SDS = (1.0, 5.0)
"""Standard deviations from which a search begins, each."""
MOST_ROWS = 20_000
"""Rows beyond which the points of all of them together would take too much memory."""
NO_END = (
    f"Patients differ by more than {WIDEST_SD:g} log odds: they keep to their levels almost without"
    " fail, which tells nothing of one patient."
)
NOT_FOUND = "The search found no maximum; the rows are too few, or a covariate is too uneven."


@dataclass(frozen=True, slots=True)
class MixedOrdinalModel:
    """A fitted proportional-odds model with an intercept of each patient.

    Attributes
    ----------
    coefficients, standard_errors : ndarray, shape (p,)
        Log odds ratios of a higher level, of one patient.
    odds_ratios, ci_low, ci_high, p_values : ndarray, shape (p,)
        Per unit of the covariate.
    thresholds : ndarray, shape (levels - 1,)
        Of a patient in the middle.
    sd : float
        By how much patients differ, in log odds; exactly 0 at the border of what it can be, where
        the model is that of independent rows.
    levels : list of float
        Those observed, rising.
    log_likelihood : tuple of float
        Without the intercepts, and as fitted.
    n, n_patients, n_repeated : int
        Rows, patients, and patients with two rows or more, who alone tell what patients differ by.
    degrees : float
        Of freedom of the tests: the patients less the covariates less one.
    """

    coefficients: Array
    standard_errors: Array
    odds_ratios: Array
    ci_low: Array
    ci_high: Array
    p_values: Array
    thresholds: Array
    sd: float
    levels: list[float]
    log_likelihood: tuple[float, float]
    n: int
    n_patients: int
    n_repeated: int
    degrees: float


def fit(
    levels: ArrayLike,
    covariates: ArrayLike,
    patients: Sequence[Hashable],
    confidence: float = 0.95,
) -> MixedOrdinalModel:
    """Return the model; parameters as `ordinal.fit`.

    Raises
    ------
    NotEstimableError
        As `ordinal.fit`; if no two patients have two rows each; or if patients keep to their levels
        so firmly that what they differ by has no limit.
    ValueError
        If lengths differ.
    """
    codes, names, design = ordinal.checked(levels, covariates)
    people, who = codes_of(patients, codes.size, "patients")
    if codes.size > MOST_ROWS:
        raise NotEstimableError(f"{codes.size} scans are more than the {MOST_ROWS} it can take.")
    p, cuts = design.shape[1], len(names) - 1
    degrees = float(len(people) - p - 1)
    n_repeated = int((np.bincount(who) > 1).sum())
    if n_repeated < 2:
        raise NotEstimableError(
            "Fewer than two patients have two scans; what patients differ by cannot be told."
        )
    if degrees < 1:
        raise NotEstimableError(f"{len(people)} patients are too few for {p} covariates.")
    alone = ordinal.fit(levels, covariates, confidence=confidence)
    middle, size = design.mean(axis=0), design.std(axis=0)
    panel = Panel.of(codes, (design - middle) / size, who, cuts)
    thresholds = alone.thresholds - alone.coefficients @ middle
    start = np.concatenate([thresholds, alone.coefficients * size])
    # Ends of a mean over patients lie nearer to each other than those of one patient.
    starts = [np.append(start * np.sqrt(1 + sd**2 / 3), sd) for sd in FIRST_SDS]
    at, value, information = _highest(panel, starts)
    covariance = ordinal.inverse_of(information)
    sd = abs(float(at[-1]))
    beta = at[cuts:-1] / size
    errors = np.sqrt(np.diag(covariance))[cuts:-1] / size
    half = stats.t.isf((1 - confidence) / 2, degrees) * errors
    must_be_written(np.abs(beta) + half)
    return MixedOrdinalModel(
        coefficients=beta,
        standard_errors=errors,
        odds_ratios=np.exp(beta),
        ci_low=np.exp(beta - half),
        ci_high=np.exp(beta + half),
        p_values=2 * stats.t.sf(np.abs(beta / errors), degrees),
        thresholds=at[:cuts] + beta @ middle,
        sd=0.0 if sd < BORDER else sd,
        levels=names,
        log_likelihood=(alone.log_likelihood[1], value),
        n=codes.size,
        n_patients=len(people),
        n_repeated=n_repeated,
        degrees=degrees,
    )


class _NoEndError(NotEstimableError):
    """The search left the widest deviation behind, at this likelihood."""

    def __init__(self, log_likelihood: float) -> None:
        super().__init__(NO_END)
        self.log_likelihood = log_likelihood


def _highest(panel: Panel, starts: Sequence[Array]) -> tuple[Array, float, Array]:
    """Return the best of the maxima that searches from several starts end at.

    There may be two: where subtypes reverse a relation, one of patients who differ little and one
    of patients who differ by far, whose odds point opposite ways.
    """
    found: list[tuple[Array, float, Array]] = []
    faults: list[NotEstimableError] = []
    for start in starts:
        try:
            found.append(_newton(panel, start))
        except NotEstimableError as error:
            faults.append(error)
    if not found:
        raise faults[0]
    best = max(found, key=lambda one: one[1])
    for fault in faults:
        if isinstance(fault, _NoEndError) and fault.log_likelihood > best[1]:
            raise fault
    return best


def _newton(panel: Panel, start: Array) -> tuple[Array, float, Array]:
    """Return where the likelihood is greatest, its value, and the information there.

    The likelihood is the same for a deviation and its negative, so that a variance of zero is a
    maximum like any other, and no border for the search.
    """
    at, found = start, integrated(panel, start)
    for _ in range(STEPS):
        if found.nodes.shape[1] != points_for(at[-1]):
            found = integrated(panel, at, found.modes)
        score, information = derivatives(panel, at, found)
        # Downhill directions of a likelihood that is not concave are turned round.
        values, vectors = np.linalg.eigh(information)
        firm = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
        step = vectors @ ((vectors.T @ score) / firm)
        if score @ step < CONVERGED and np.abs(step).max() < SETTLED and values.min() > 0:
            return at, found.log_likelihood, information
        step = _within(at, step)
        if step is None:
            raise _NoEndError(found.log_likelihood)
        at, found = _ahead(panel, at, step, found)
    raise NotEstimableError(NOT_FOUND)


def _within(at: Array, step: Array) -> Array | None:
    """Return the step, shortened where it would pass the widest deviation; None: it is there."""
    here, there = abs(at[-1]), abs(at[-1] + step[-1])
    if there <= WIDEST_SD:
        return step
    room = WIDEST_SD - here
    if room < BORDER:
        return None
    shortened: Array = step * (room - BORDER / 2) / (there - here)
    return shortened


def _ahead(panel: Panel, at: Array, step: Array, found: Integrated) -> tuple[Array, Integrated]:
    for _ in range(HALVINGS):
        there = integrated(panel, at + step, found.modes, found.nodes.shape[1])
        if there.log_likelihood >= found.log_likelihood - 1e-10 * abs(found.log_likelihood):
            return at + step, there
        step = step / 2
    raise NotEstimableError(NOT_FOUND)
