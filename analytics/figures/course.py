"""What the figure of one patient's course is drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.stats.reference_bands import STEP_MONTHS, BandPoint


@dataclass(frozen=True, slots=True)
class LoadMark:
    """A load of the series.

    Attributes
    ----------
    months : float
        Where it stands, on the clock of the figure.
    value : float
        How high it stands, in the unit of the figure.
    acq_stratum : str
        ``3D`` or ``2D``; chooses the symbol.
    url : str
        Where a click leads; empty for nowhere.
    tolerance : float or None
        Half height of the band between this load and the one before it, in the unit of the
        figure; None draws no band.
    flags : tuple of str
        Findings of the review, in words.
    is_to_review : bool, optional
        Whether one of the flags waits for a decision.
    interval : tuple of float, optional
        Between which values its interval lies; None for a load without one.
    interval_level : float, optional
        Share of the phantoms' truths that such intervals hold.
    also : str, optional
        What else is said where the pointer rests, after the value.
    change : str, optional
        How the scan was acquired otherwise than the one before, in words; empty if alike.
    """

    months: float
    value: float
    acq_stratum: str
    visit_name: str
    visit_date: str
    url: str = ""
    tolerance: float | None = None
    flags: tuple[str, ...] = ()
    is_to_review: bool = False
    interval: tuple[float, float] | None = None
    interval_level: float | None = None
    also: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the loads are given in.

    Attributes
    ----------
    has_tolerance : bool
        False where the study's tolerance does not hold in this unit: then the figure says so.
    n_absent : int
        Loads that cannot be given in this unit; they have no mark.
    """

    unit: str = "mL"
    decimals: int = 1
    has_tolerance: bool = True
    n_absent: int = 0


ML = Scale()


def flag_names(scale: Scale) -> tuple[str, str]:
    """Return what the legend calls a flag that waits for a decision, and one that is decided."""
    of = "" if scale.has_tolerance else " (in mL)"
    return f"Flagged for review{of}", f"Flagged, and decided{of}"


@dataclass(frozen=True, slots=True)
class Time:
    """What runs from left to right: its title, and what follows a number of months."""

    title: str = "Age, months"
    after: str = "months"


AGE = Time()


@dataclass(frozen=True, slots=True)
class ScoreMark:
    """A level of GMFC-MLD or ELFC-MLD, or a total of the MRI severity score.

    Attributes
    ----------
    months : float
        Of the day it was assessed, or of the images that were read.
    other_day : str, optional
        That day in words, where it is not the visit's.
    """

    months: float
    level: float
    visit_name: str
    other_day: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """The clinical scores of a course, each in order of time; what is missing is left out."""

    gmfc: Sequence[ScoreMark] = ()
    elfc: Sequence[ScoreMark] = ()
    severity: Sequence[ScoreMark] = ()

    @property
    def all(self) -> list[ScoreMark]:
        """Every mark of any score."""
        return [*self.gmfc, *self.elfc, *self.severity]


@dataclass(frozen=True, slots=True)
class TreatmentMark:
    """A documented treatment, drawn as a line."""

    months: float
    label: str


@dataclass(frozen=True, slots=True)
class FittedLine:
    """The straight line fitted to the loads: what it is, and where it begins and ends.

    Attributes
    ----------
    name : str
        With the strata of the scans that it comes from.
    rate : str
        How fast it rises, as the words below the figure say.
    start, end : tuple of float
        Months on the clock of the figure, and value in its unit.
    """

    name: str
    rate: str
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reference:
    """The band of a reference cohort behind a course, in order of time, and its name."""

    name: str
    points: Sequence[BandPoint] = ()

    @property
    def runs(self) -> list[list[BandPoint]]:
        """Its months in pieces: those that lie farther apart than the grid are not joined."""
        found: list[list[BandPoint]] = []
        for point in self.points:
            if not found or point.months - found[-1][-1].months > STEP_MONTHS:
                found.append([])
            found[-1].append(point)
        return found


NO_REFERENCE = Reference("")


@dataclass(frozen=True, slots=True)
class Course:
    """What the figure of a patient is drawn from, on a page and on paper.

    Attributes
    ----------
    shows_loads : bool
        False for roles that may not see loads: neither loads nor MRI scores are drawn.
    reference : Reference
        Drawn behind the loads; left out where these are not shown or not in mL.
    fitted : FittedLine or None
        None where no slope can be estimated.
    """

    loads: Sequence[LoadMark]
    scores: Scores
    treatments: Sequence[TreatmentMark]
    scale: Scale
    time: Time
    shows_loads: bool
    reference: Reference = NO_REFERENCE
    fitted: FittedLine | None = None

    @property
    def behind(self) -> list[list[BandPoint]]:
        """The pieces of the reference band that are drawn."""
        is_drawn = self.loads and self.shows_loads and self.scale == ML
        return self.reference.runs if is_drawn else []

    @property
    def months(self) -> list[float]:
        """Where marks stand."""
        if not self.shows_loads:
            return [mark.months for mark in (*self.scores.gmfc, *self.scores.elfc)]
        return [mark.months for mark in self.loads] + [mark.months for mark in self.scores.all]
