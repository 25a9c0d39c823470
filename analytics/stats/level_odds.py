"""The odds of a worse level of GMFC-MLD with the load: over patients, and of one patient."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.stats import ordinal, ordinal_mixed
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


@dataclass(frozen=True, slots=True)
class PatientOdds:
    """The odds ratio of a worse level for 10 mL more load in one and the same patient.

    Attributes
    ----------
    n, n_patients, n_repeated, n_levels : int
        Scans; patients; those of them with two scans or more, who tell what patients differ by.
    degrees : float
        Of freedom: the patients less the covariates less one.
    sd_log_odds : float
        By how much patients of one load (and class) differ; 0 at the border of what it can be.
    """

    n: int
    n_patients: int
    n_repeated: int
    n_levels: int
    degrees: float
    ratio: float
    ci_low: float
    ci_high: float
    p_value: float
    sd_log_odds: float

    @property
    def is_border(self) -> bool:
        """Whether patients could not be told apart."""
        return self.sd_log_odds == 0


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
    design = _design(load_ml, patients, classes, fewest_patients)
    model = ordinal.fit(levels, design, patients)
    one_ratio_p, why = _checked(levels, design, patients)
    return LevelOdds(
        model.n,
        len(set(patients)),
        len(model.levels),
        model.degrees,
        float(model.odds_ratios[0]),
        float(model.ci_low[0]),
        float(model.ci_high[0]),
        float(model.p_values[0]),
        one_ratio_p,
        why,
    )


def patient_odds(
    levels: ArrayLike,
    load_ml: ArrayLike,
    patients: Sequence[Hashable],
    classes: Sequence[str] | None = None,
    *,
    fewest_patients: int = FEWEST_PATIENTS,
) -> PatientOdds:
    """Return the odds ratio of one patient; parameters and errors as `level_odds`.

    Raises
    ------
    NotEstimableError
        As `ordinal_mixed.fit` besides.
    """
    design = _design(load_ml, patients, classes, fewest_patients)
    model = ordinal_mixed.fit(levels, design, patients)
    return PatientOdds(
        model.n,
        model.n_patients,
        model.n_repeated,
        len(model.levels),
        model.degrees,
        float(model.odds_ratios[0]),
        float(model.ci_low[0]),
        float(model.ci_high[0]),
        float(model.p_values[0]),
        model.sd,
    )


def _design(
    load_ml: ArrayLike, patients: Sequence[Hashable], classes: Sequence[str] | None, fewest: int
) -> Array:
    """Return the load in steps, and a column for each class but the commonest."""
    count = len(set(patients))
    needed = fewest + FEWEST_PATIENTS * (len(set(classes or [""])) - 1)
    if count < needed:
        raise TooFewClustersError(
            f"{count} patients are too few: {needed} are needed, for scans of one patient"
            " count together."
        )
    load = np.asarray(load_ml, dtype=np.float64)[:, None] / STEP
    if classes is None:
        return load
    names, sizes = np.unique(np.array(classes), return_counts=True)
    if names.size < 2:
        raise NotEstimableError("All patients are of one class; nothing is to be adjusted for.")
    others = np.delete(names, sizes.argmax())
    return np.column_stack([load, np.array(classes)[:, None] == others])


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
