"""Shares of tissue in each voxel, from its intensities and what the atlas expects there.

A voxel holds one tissue or two. Its intensity is the average of what it holds, times the
sensitivity of the coil there, plus noise. The intensities of the pure tissues come first from
a regression on the blurred atlas, whose shares are the average of what lies at a place, and
not from voxels called pure: few are, and their mixtures would pull the tissues together. Noise,
and how often each composition occurs, follow by expectation and maximisation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AIR, FLUID, GRAY, WHITE, LOST = range(5)
"""What a voxel may hold; lost is white matter without its myelin."""
TISSUES = (FLUID, GRAY, WHITE)
PAIRS = ((AIR, FLUID), (AIR, GRAY), (FLUID, GRAY), (FLUID, WHITE), (GRAY, WHITE), (WHITE, LOST))
PARTS = 4
UNKNOWN_SHARE = 0.02
"""Of everything everywhere: no atlas is certain."""
LOST_SHARE = 0.002
"""Of the expected white matter, for what the mask of a method missed."""
REGRESSION_ROUNDS, MIXTURE_ROUNDS, ROUNDS_OF_MEANS = 10, 10, 3
BIAS_ORDER = 3
BIAS_STIFFNESS = 1e-2
LARGEST_LOG_BIAS_STEP = 0.5
DARKEST = 0.05
OUTLIER_DENSITY = 0.25
"""One over the area of intensities that what is no tissue may have."""
FEWEST_LOST = 20


class NotSeparableError(Exception):
    """The intensities do not tell the tissues apart; the message says which."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a mixture of tissues says of the voxels it was fitted to.

    Attributes
    ----------
    shares : ndarray of float, shape (n, 5)
        Of air, fluid, gray, white and lost white matter; their sum is below 1 where a voxel is
        none of these.
    means : ndarray of float, shape (5, channels)
        Intensity of each, in units of the median of the brain.
    noise : ndarray of float, shape (channels,)
        Standard deviation about a composition, in the same units.
    """

    shares: Array
    means: Array
    noise: Array


def compositions() -> Array:
    """Return what a voxel may hold: each tissue alone, and pairs in quarters.

    Returns
    -------
    ndarray of float, shape (compositions, 5)
        Rows that sum to 1.
    """
    rows = list(np.eye(5))
    for first, second in PAIRS:
        for part in range(1, PARTS):
            row = np.zeros(5)
            row[first], row[second] = part / PARTS, 1 - part / PARTS
            rows.append(row)
    return np.asarray(rows)


def fit_mixture(
    intensities: Array, expected: Array, places: Array, demyelinated: NDArray[np.bool_]
) -> Mixture:
    """Return the shares of tissue of voxels.

    Parameters
    ----------
    intensities : ndarray of float, shape (n, channels)
        Of the voxels in and around a brain; any unit, each channel its own.
    expected : ndarray of float, shape (n, 3)
        Shares of fluid, gray and white matter that the atlas expects.
    places : ndarray of float, shape (n, 3)
        Where the voxels lie, in mm.
    demyelinated : ndarray of bool, shape (n,)
        Voxels that are demyelinated white matter by definition.

    Raises
    ------
    NotSeparableError
        If there are too few voxels, or the tissues do not differ.
    """
    prior = _prior(expected)
    scale = [
        _weighted_median(channel, prior[:, GRAY] + prior[:, WHITE]) for channel in intensities.T
    ]
    if not min(scale) > 0:
        raise NotSeparableError("brain is as dark as air")
    values = intensities / np.asarray(scale)
    usual = (expected.sum(axis=1) > 0.95) & ~demyelinated & (values > 0).all(axis=1)
    if usual.sum() < 50 * len(TISSUES):
        raise NotSeparableError("too little of the brain is seen")
    try:
        means, field = _regressed(values, expected, usual, _polynomials(places))
        corrected = values / np.exp(field)
        _set_lost(means, corrected, demyelinated)
        return _maximised(corrected, means, prior, demyelinated)
    except np.linalg.LinAlgError as error:
        raise NotSeparableError("the tissues have the same intensity") from error


def _prior(expected: Array) -> Array:
    """Return the expected shares of all five, each at least a little, summing to 1."""
    air = np.clip(1 - expected.sum(axis=1, keepdims=True), 0, 1)
    known = np.concatenate([air, expected], axis=1) + UNKNOWN_SHARE
    prior = np.concatenate([known, LOST_SHARE * known[:, [WHITE]]], axis=1)
    return np.asarray(prior / prior.sum(axis=1, keepdims=True))


def _weighted_median(values: Array, weights: Array) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _polynomials(places: Array) -> Array:
    """Return Legendre polynomials of the places up to the third order, one per column."""
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = 2 * (places - low) / np.maximum(high - low, 1e-6) - 1
    x, y, z = (np.polynomial.legendre.legvander(axis, BIAS_ORDER) for axis in scaled.T)
    orders = range(BIAS_ORDER + 1)
    columns = [
        x[:, i] * y[:, j] * z[:, k]
        for i in orders
        for j in orders
        for k in orders
        if i + j + k <= BIAS_ORDER
    ]
    return np.stack(columns, axis=1)


def _regressed(
    values: Array, expected: Array, usual: NDArray[np.bool_], polynomials: Array
) -> tuple[Array, Array]:
    """Return the means of the tissues and the logarithm of the coil's sensitivity everywhere."""
    channels = values.shape[1]
    means, field = np.zeros((5, channels)), np.zeros_like(values)
    shares, smooth = expected[usual], polynomials[usual]
    for channel in range(channels):
        found = values[usual, channel]
        log_field = np.zeros(smooth.shape[1])
        for _ in range(REGRESSION_ROUNDS):
            # Least squares, not a robust fit: what lies at a place is one tissue or the other,
            # and only the plain average of many is the share that the atlas states.
            corrected = found / np.exp(smooth @ log_field)
            tissue = np.linalg.solve(shares.T @ shares, shares.T @ corrected)
            predicted = np.maximum(shares @ tissue, DARKEST)
            log_field = _smooth_part(found, predicted, shares[:, 1:].sum(axis=1), smooth)
        means[list(TISSUES), channel] = tissue
        field[:, channel] = polynomials @ log_field
    return means, field


def _smooth_part(found: Array, predicted: Array, weights: Array, smooth: Array) -> Array:
    """Return the polynomial of what is left of the logarithm, with a mean of 0."""
    left = np.log(np.maximum(found, 1e-3) / predicted)
    left = np.clip(left, -LARGEST_LOG_BIAS_STEP, LARGEST_LOG_BIAS_STEP)
    weighted = smooth * weights[:, None]
    stiff = BIAS_STIFFNESS * weights.sum() * np.eye(smooth.shape[1])
    log_field = np.linalg.solve(smooth.T @ weighted + stiff, weighted.T @ left)
    log_field[0] -= float(weights @ (smooth @ log_field)) / float(weights.sum())
    return np.asarray(log_field)


def _set_lost(means: Array, corrected: Array, demyelinated: NDArray[np.bool_]) -> None:
    if demyelinated.sum() >= FEWEST_LOST:
        means[LOST] = np.median(corrected[demyelinated], axis=0)
    else:
        # As gray as gray matter on T1w, between white matter and fluid on T2w.
        means[LOST] = 0.5 * (means[WHITE] + means[FLUID])
        means[LOST, 0] = means[GRAY, 0]


def _maximised(
    values: Array, means: Array, prior: Array, demyelinated: NDArray[np.bool_]
) -> Mixture:
    """Return the mixture after a few rounds of expectation and maximisation."""
    kinds = compositions()
    channels = values.shape[1]
    log_prior = np.log(prior) @ kinds.T
    frequency = np.full(len(kinds), 1 / len(kinds))
    covariance = np.diag(np.asarray([0.05, 0.1][:channels]) ** 2)
    odd = 0.01
    open_ = ~demyelinated
    for turn in range(MIXTURE_ROUNDS):
        before, likely, outlying = _expectation(
            values, kinds @ means, covariance, log_prior, frequency, odd
        )
        likely[demyelinated] = 0
        likely[demyelinated, LOST] = 1  # the first five compositions are the tissues alone
        odd = float(np.clip(outlying[open_].mean(), 1e-4, 0.05))
        frequency = frequency * (likely[open_].sum(axis=0) + 1) / (before[open_].sum(axis=0) + 1)
        frequency /= frequency.sum()
        if turn < ROUNDS_OF_MEANS:
            _move_means(means, values, likely, kinds)
        covariance = _spread(values, kinds @ means, likely)
    return Mixture(likely @ kinds, means, np.sqrt(np.diag(covariance)))


def _expectation(
    values: Array, centres: Array, covariance: Array, log_prior: Array, frequency: Array, odd: float
) -> tuple[Array, Array, Array]:
    """Return how likely each composition is before and after the intensities, and outliers."""
    before = np.exp(log_prior + np.log(frequency))
    before /= before.sum(axis=1, keepdims=True)
    precision = np.linalg.inv(covariance)
    distance = (
        np.einsum("nc,cd,nd->n", values, precision, values)[:, None]
        - 2 * values @ precision @ centres.T
        + np.einsum("kc,cd,kd->k", centres, precision, centres)
    )
    size = 2 * np.pi * np.sqrt(np.linalg.det(covariance)) ** (2 / values.shape[1])
    density = np.exp(-0.5 * distance) / size ** (values.shape[1] / 2)
    likely = before * density
    total = likely.sum(axis=1) + 1e-300
    outlying = odd * OUTLIER_DENSITY / (odd * OUTLIER_DENSITY + (1 - odd) * total)
    return before, likely / total[:, None] * (1 - outlying)[:, None], outlying


def _move_means(means: Array, values: Array, likely: Array, kinds: Array) -> None:
    """Set the means of fluid, gray and white matter to those that explain the voxels best."""
    rows = list(TISSUES)
    together = (kinds.T * likely.sum(axis=0)) @ kinds
    towards = kinds.T @ (likely.T @ values)
    rest = towards[rows] - together[rows][:, [LOST]] @ means[[LOST]]
    means[rows] = np.linalg.solve(together[np.ix_(rows, rows)], rest)


def _spread(values: Array, centres: Array, likely: Array) -> Array:
    channels = values.shape[1]
    total = np.zeros((channels, channels))
    for kind, centre in enumerate(centres):
        apart = values - centre
        total += (apart * likely[:, [kind]]).T @ apart
    return np.asarray(total / likely.sum() + 1e-5 * np.eye(channels))
