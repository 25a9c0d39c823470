"""What the page says beside the longitudinal models, in words for their CSV."""

from collections.abc import Iterator, Sequence

from analytics.selectors.longitudinal import StratumModels
from analytics.stats.level_odds import LevelOdds, PatientOdds
from analytics.stats.visit_change import VisitChange
from analytics.stats.visit_covariances import CHAIN
from analytics.stats.yearly_change import YearlyChange

BORDER = "border: patients of one load do not differ, as if each scan were of a patient of its own"
SINGULAR = "singular: patients hardly differ in level or rate, or both are one and the same thing"


def notes_of_change(one: StratumModels, found: VisitChange) -> str:
    """Return where the means stand, the covariance fallen back to, and who is left out."""
    return _joined(
        [
            _place(found),
            *_fallback(found),
            *_left_out(found.groups_left_out),
            *_left_out(found.visits_left_out),
            *(
                [f"adjusted for subtype: {', '.join(found.adjusted_for)}"]
                * bool(found.adjusted_for)
            ),
            *_counted(found.n_without_baseline, f"patients without a load at {found.baseline}"),
            *_counted(one.n_ungrouped, "patients in no group"),
            *_treated(one.treated_changes, "values"),
        ]
    )


def notes_of_yearly(one: StratumModels, found: YearlyChange) -> str:
    """Return what patients could not be told apart in, and who is left out."""
    return _joined(
        [
            *([f"levels alone vary: {found.why_not_rates}"] * bool(found.why_not_rates)),
            *([SINGULAR] * found.is_singular),
            *_left_out(found.groups_left_out),
            *_counted(one.n_ungrouped, "patients in no group"),
            *_treated(one.treated_scans, "scans"),
        ]
    )


def notes_of_odds(found: LevelOdds) -> str:
    """Return why it was not tested whether one ratio does."""
    return _joined([f"one ratio not tested: {found.why_unchecked}"] * bool(found.why_unchecked))


def notes_of_patient_odds(found: PatientOdds) -> str:
    """Return by how much patients differ, and how many of them tell it."""
    differ = (
        BORDER
        if found.is_border
        else f"patients differ by a standard deviation of {found.sd_log_odds:.6g} log odds"
    )
    return f"{differ}; patients with two scans or more: {found.n_repeated}"


def _joined(said: Sequence[str]) -> str:
    return "; ".join(one.rstrip(".") for one in said)


def _place(found: VisitChange) -> str:
    whose = "all groups" if found.is_randomised else "the group"
    return f"means at the mean load at {found.baseline} of {whose}"


def _fallback(found: VisitChange) -> Iterator[str]:
    model = found.found.model
    if model.structure != CHAIN[0]:
        for name, reason in model.passed_over.items():
            yield f"covariance {name} could not be fitted: {reason}"


def _left_out(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"left out for too few loads: {', '.join(names)}"


def _counted(count: int, what: str) -> Iterator[str]:
    if count:
        yield f"{what}, left out: {count}"


def _treated(counted: tuple[int, int], what: str) -> Iterator[str]:
    treated, n = counted
    if treated:
        yield f"{treated} of {n} {what} are from after a treatment"
