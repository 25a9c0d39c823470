"""What the page of the longitudinal models and its file say, without a single load."""

from dataclasses import dataclass
from typing import Any

from analytics.selectors import cohort, kept, loads
from analytics.selectors.cohort import Filters
from analytics.selectors.longitudinal import StratumModels, models
from analytics.selectors.milestone_question import ARM
from analytics.selectors.trained import TrainedAmong, trained_among
from mldtrial.trial.models import Study


@dataclass(frozen=True, slots=True)
class Numbers:
    """The models of a part of the cohort.

    Attributes
    ----------
    filters : Filters
        What was asked for, without a site or an arm that is not there for this person.
    sites : tuple of (code, name)
        Where the patients are whom this person may see.
    is_withheld : bool
        True where the part, or what it leaves out, is too small a group for this person.
    """

    filters: Filters
    sites: tuple[tuple[str, str], ...]
    is_withheld: bool
    n_scans: int
    n_patients: int
    trained: TrainedAmong
    strata: tuple[StratumModels, ...]


def numbers(study: Study, *, user: Any, filters: Filters, by: str, smallest_group: int) -> Numbers:
    """Return the models of a part of the cohort as a person may see it; `by` as of `models`.

    Kept while the records stand (decision 0044). Arms are no records: what shows them, or is
    narrowed to one, is counted each time.
    """

    def made() -> Numbers:
        return _counted(study, user, filters, by, smallest_group)

    if by == ARM or filters.arm:
        return made()
    asked = ("longitudinal", kept.as_read(study), user.pk, filters, by, smallest_group)
    return kept.by_state(asked, made)


def _counted(study: Study, user: Any, filters: Filters, by: str, smallest: int) -> Numbers:
    part = cohort.part(study, user=user, filters=filters, smallest_group=smallest)
    found = models(study, part, user=user, by=by, smallest_group=smallest)
    return Numbers(
        filters=part.filters,
        sites=part.sites,
        is_withheld=part.is_withheld,
        n_scans=part.size,
        n_patients=part.columns.n_patients,
        trained=trained_among(study, loads.active_model(), part.columns.patients()),
        strata=tuple(found),
    )
