"""Arms compared at each planned visit, by the model of repeated measures as it is declared.

The declared model: a mean for each arm at each visit, a line in the baseline value whose slope
may differ by visit, and further covariates; the covariance of the visits by the chain of `mmrm`;
degrees of freedom and standard errors by Kenward and Roger. Least-squares means are those at the
mean baseline and covariates of the patients: of all arms, for chance alone sets randomised arms
apart; of each group by itself where groups differ by nature, for a patient of one with the baseline
of another is nobody (Lord 1967, Psychol Bull 68:304). With fewer than ten patients in an arm, or of
an arm at a visit, there are estimates and intervals, but no p-value: too few for a claim.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.stats.errors import NotEstimableError
from analytics.stats.follow_up import codes_of
from analytics.stats.mmrm import VisitModel, contrast_tests, fit
from analytics.stats.small_samples import KENWARD_ROGER
from analytics.stats.visit_covariances import CHAIN

Array = NDArray[np.float64]
Places = NDArray[np.intp]
ENOUGH = 10
"""Patients of each arm, and of each arm at the visit, below which no claim is made."""


@dataclass(frozen=True, slots=True)
class VisitEstimate:
    """A least-squares mean of an arm, or the difference of an arm to the reference, at a visit.

    Attributes
    ----------
    n : int
        Values of the arm at the visit; for a difference, of both.
    p_value : float or None
        Two-sided, of a difference of arms that all have ten patients or more, and both of them at
        the visit; otherwise None.
    """

    arm: Hashable
    visit: Hashable
    n: int
    estimate: float
    standard_error: float
    degrees: float
    ci_low: float
    ci_high: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class ArmsByVisit:
    """The means, the differences to the reference arm, and the model they come from."""

    means: list[VisitEstimate]
    differences: list[VisitEstimate]
    reference: Hashable
    patients_of: dict[Hashable, int]
    model: VisitModel


def compare_arms(
    values: ArrayLike,
    patients: Sequence[Hashable],
    visits: Sequence[Hashable],
    arms: Sequence[Hashable],
    planned: Sequence[Hashable],
    reference: Hashable,
    baseline: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    is_randomised: bool = True,
    others: Sequence[Hashable] = (),
    chain: Sequence[str] = CHAIN,
    method: str = KENWARD_ROGER,
    confidence: float = 0.95,
) -> ArmsByVisit:
    """Return the arms' means at each visit after baseline, and their differences.

    If `model.structure` is not the first of the chain, errors rest on the one assumed (`mmrm.fit`).

    Parameters
    ----------
    values : array_like of float, shape (n,)
        For example the change of the demyelination load in mL, one per patient and visit.
    patients, visits, arms : sequence of hashable, length n
        The arm is the one the patient was randomised to.
    planned : sequence of hashable
        The visits in their order, without the baseline.
    reference : hashable
        The arm the others are compared with.
    baseline : array_like of float, shape (n,), optional
        The value at baseline of the patient of each row.
    covariates : array_like of float, shape (n, c), optional
        Further columns, the same at all visits of a patient.
    is_randomised : bool
        Means are at the mean baseline of all arms; otherwise each at that of its own group.
    others : sequence of hashable
        Arms as they follow the reference; those that it does not hold come after them by name.

    Raises
    ------
    NotEstimableError
        As `mmrm.fit`; or if an arm has no value at a visit.
    ValueError
        As `mmrm.fit`; if the reference is no arm, a patient is in two, or a baseline or covariate
        changes within a patient.
    """
    compared = set(arms) - {reference}
    in_order = [*others, *sorted(compared - set(others), key=str)]
    names = [reference, *(arm for arm in in_order if arm in compared)]
    arm_of = dict(zip(patients, arms, strict=True))
    if len(arms) != len(visits) or reference not in set(arms):
        raise ValueError("Each value needs an arm, and one of them must be the reference.")
    if any(arm_of[patient] != arm for patient, arm in zip(patients, arms, strict=True)):
        raise ValueError("A patient is in two arms.")
    cells = [(arm, visit) for arm in names for visit in planned]
    own = np.array(
        [[(a, v) == cell for cell in cells] for a, v in zip(arms, visits, strict=True)], dtype=float
    )
    counts = own.sum(axis=0)
    if (counts == 0).any():
        arm, visit = cells[int(np.argmin(counts))]
        raise NotEstimableError(f"Arm {arm} has no value at visit {visit}.")
    level_of = None if is_randomised else arms
    extra = _extra(baseline, covariates, patients, visits, planned, level_of)
    model = fit(values, np.column_stack([own, extra]), patients, visits, planned, chain)
    rows = np.column_stack([np.eye(len(cells)), np.zeros((len(cells), extra.shape[1]))])
    k = len(planned)
    against = [rows[i] - rows[i % k] for i in range(k, len(cells))]
    patients_of = {arm: sum(a == arm for a in arm_of.values()) for arm in names}
    enough = min(patients_of.values()) >= ENOUGH
    here, there = counts[k:], np.tile(counts[:k], len(names) - 1)
    claims = enough & (np.minimum(here, there) >= ENOUGH)
    none = np.zeros(len(cells), dtype=np.bool_)
    # Together, for what small samples ask of the scans is the same for all of them.
    found = _estimates(
        model,
        np.vstack([rows, *against]),
        [*cells, *cells[k:]],
        np.concatenate([counts, here + there]),
        method,
        confidence,
        np.concatenate([none, claims]),
    )
    means, differences = found[: len(cells)], found[len(cells) :]
    return ArmsByVisit(means, differences, reference, patients_of, model)


def _extra(
    baseline: ArrayLike | None,
    covariates: ArrayLike | None,
    patients: Sequence[Hashable],
    visits: Sequence[Hashable],
    planned: Sequence[Hashable],
    groups: Sequence[Hashable] | None,
) -> Array:
    """Columns that are zero at the mean over patients, so that cells are means there.

    The baseline's are zero at the mean of each of the groups, if there are any.
    """
    _, who = codes_of(patients, len(patients), "patients")
    first = np.unique(who, return_index=True)[1]
    columns = []
    if baseline is not None:
        centred = _centred(baseline, who, first)
        for group in set(groups or ()):
            own = np.array([one == group for one in groups or ()])
            centred[own] -= centred[first[own[first]]].mean()
        columns += [centred * np.array([v == visit for v in visits]) for visit in planned]
    if covariates is not None:
        table = np.asarray(covariates, dtype=np.float64)
        table = table[:, None] if table.ndim == 1 else table
        columns += [_centred(column, who, first) for column in table.T]
    return np.column_stack(columns) if columns else np.zeros((who.size, 0))


def _centred(values: ArrayLike, who: Places, first: Places) -> Array:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != who.shape:
        raise ValueError(f"A baseline or covariate needs one number for each of {who.size} values.")
    if not np.isfinite(column).all():
        raise NotEstimableError("A baseline or covariate is missing; leave its patient out.")
    if (column != column[first][who]).any():
        raise ValueError("A baseline or covariate changes within a patient.")
    centred: Array = column - column[first].mean()
    return centred


def _estimates(
    model: VisitModel,
    rows: Array,
    cells: Sequence[tuple[Hashable, Hashable]],
    counts: Array,
    method: str,
    confidence: float,
    claims: NDArray[np.bool_],
) -> list[VisitEstimate]:
    found = contrast_tests(model, rows, method, confidence)
    return [
        VisitEstimate(
            arm,
            visit,
            int(counts[i]),
            float(found.estimates[i]),
            float(found.standard_errors[i]),
            float(found.degrees[i]),
            float(found.ci_low[i]),
            float(found.ci_high[i]),
            float(found.p_values[i]) if claims[i] else None,
        )
        for i, (arm, visit) in enumerate(cells)
    ]
