"""The odds of a worse level of GMFC-MLD with the load, and whether one odds ratio will do."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.stats import ordinal
from analytics.stats.errors import NotEstimableError, TooFewClustersError
from analytics.stats.ordinal_checks import proportionality

Array = NDArray[np.float64]
FEWEST_PATIENTS = 10
"""Patients for each covariate below which no error over patients has been proved, as in `cox`."""
FEWEST_TO_CHECK = 40
"""Patients below which Brant's test rejects a single ratio that holds far too often: over 10 to 30
in 10 to 13 % of trials instead of 5 %."""
STEP = 10.0
"""mL of load to which an odds ratio belongs."""


@dataclass(frozen=True, slots=True)
class LevelOdds:
    """The odds ratio of a worse level for 10 mL more load.

    Attributes
    ----------
    n, n_patients, n_levels : int
    degrees : float
        Of freedom: the patients less the covariates less one.
    one_ratio_p : float or None
        Of the test that one odds ratio does for every cut of the scale (Brant's, over patients).
    why_unchecked : str
        Why there is no such test.
    """

    n: int
    n_patients: int
    n_levels: int
    degrees: float
    ratio: float
    ci_low: float
    ci_high: float
    p_value: float
    one_ratio_p: float | None
    why_unchecked: str


def level_odds(
    levels: ArrayLike,
    load_ml: ArrayLike,
    patients: Sequence[Hashable],
    classes: Sequence[str] | None = None,
    *,
    fewest_patients: int = FEWEST_PATIENTS,
) -> LevelOdds:
    """Return the odds ratio, of patients of one class (a subtype) if classes are given.

    Parameters
    ----------
    classes : sequence of str, length n, optional
        Each but the commonest gets a column of its own.

    Raises
    ------
    NotEstimableError
        As `ordinal.fit`, or if all patients are of one class.
    TooFewClustersError
        If there are fewer than so many patients, and as many again for each class but one.
    """
    count = len(set(patients))
    fewest = fewest_patients + FEWEST_PATIENTS * (len(set(classes or [""])) - 1)
    if count < fewest:
        raise TooFewClustersError(
            f"{count} patients are too few: {fewest} are needed, for scans of one patient"
            " count together."
        )
    design = np.asarray(load_ml, dtype=np.float64)[:, None] / STEP
    if classes is not None:
        names, sizes = np.unique(np.array(classes), return_counts=True)
        if names.size < 2:
            raise NotEstimableError("All patients are of one class; nothing is to be adjusted for.")
        others = np.delete(names, sizes.argmax())
        design = np.column_stack([design, np.array(classes)[:, None] == others])
    model = ordinal.fit(levels, design, patients)
    one_ratio_p, why = _checked(levels, design, patients)
    return LevelOdds(
        model.n,
        count,
        len(model.levels),
        model.degrees,
        float(model.odds_ratios[0]),
        float(model.ci_low[0]),
        float(model.ci_high[0]),
        float(model.p_values[0]),
        one_ratio_p,
        why,
    )


def _checked(
    levels: ArrayLike, design: Array, patients: Sequence[Hashable]
) -> tuple[float | None, str]:
    count = len(set(patients))
    if count < FEWEST_TO_CHECK:
        return None, f"{count} patients are too few for the test: it needs {FEWEST_TO_CHECK}."
    try:
        return float(proportionality(levels, design, patients).p_values[0]), ""
    except NotEstimableError as error:
        return None, str(error)
