"""The size of a planned trial while somebody waits: the closed form, looked over by simulation.

The search by simulation (`power.sample_size`) takes minutes. Here the size comes from the closed
form, and as many trials of it are simulated as take about a second: what they find shows whether
the closed form can be trusted in this plan, with the interval that so few trials leave.
"""

from dataclasses import dataclass

from analytics.stats.errors import NotEstimableError
from analytics.stats.power import Power, simulated_power
from analytics.stats.power_closed import SLOPES, closed_form_power, closed_form_size
from analytics.stats.trial_course import Course

TRIALS = {True: 100, False: 1000}
"""Simulated of slopes and of the others: of 600 patients an arm each in about a second."""
LARGEST = 600
"""Patients of an arm above which nobody waits for trials: rarer than any trial of MLD."""


@dataclass(frozen=True, slots=True)
class PlannedSize:
    """What the closed form asks for, and what simulated trials of that size find.

    Attributes
    ----------
    n_per_arm : int
        Enlarged by those expected to leave.
    without_drop_out : float
        Power of that size in closed form, if nobody left.
    simulated : Power or None
        None where `why_not` says why.
    """

    n_per_arm: int
    without_drop_out: float
    simulated: Power | None
    why_not: str


def planned_size(
    course: Course,
    difference_ml: float,
    power: float,
    analysis: str,
    alpha: float,
    seed: int,
) -> PlannedSize:
    """Return the size, and the power that simulated trials of that size have.

    Raises
    ------
    NotEstimableError
        If 5,000 patients an arm do not do.
    ValueError
        As `power_closed.closed_form_size`.
    """
    n = closed_form_size(course, difference_ml, power, analysis, alpha)
    nobody_leaves = closed_form_power(course, difference_ml, n, analysis, alpha)
    if n > LARGEST:
        why = f"trials of more than {LARGEST} patients an arm are simulated by the command alone"
        return PlannedSize(n, nobody_leaves, None, why)
    try:
        found = simulated_power(
            course, difference_ml, n, analysis, alpha, TRIALS[analysis == SLOPES], seed
        )
    except NotEstimableError as error:
        return PlannedSize(n, nobody_leaves, None, str(error))
    return PlannedSize(n, nobody_leaves, found, "")
