"""What the cohort page says of a part of the cohort, without a single point."""

from dataclasses import dataclass
from typing import Any

from analytics.selectors import changes, cohort, kept, relations, shown_method
from analytics.selectors.changes import VisitChange
from analytics.selectors.cohort import Filters
from analytics.selectors.intervals import found as found_intervals
from analytics.selectors.relations import Estimated
from analytics.selectors.shown_method import ShownMethod
from analytics.selectors.trained import TrainedAmong, trained_among
from analytics.services import rising
from analytics.services.rising import Rising
from mldtrial.trial.models import Study


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the page.

    Attributes
    ----------
    method : ShownMethod or None
        Whose loads count; None before one is chosen.
    filters : Filters
        What was asked for.
    sites : tuple of (code, name)
        Where the patients are whom this person may see.
    is_withheld : bool
        True where the part, or what it leaves out, is too small a group for this person.
    """

    method: ShownMethod | None
    filters: Filters
    sites: tuple[tuple[str, str], ...]
    is_withheld: bool
    n_scans: int
    n_patients: int
    trained: TrainedAmong
    relations: tuple[Estimated, ...]
    changes: tuple[VisitChange, ...]
    rising: tuple[Rising, ...]

    @property
    def is_pending(self) -> bool:
        """True while an interval is being computed."""
        return any(one.is_pending for one in self.relations)


def numbers(study: Study, *, user: Any, filters: Filters, smallest_group: int) -> Numbers:
    """Return the numbers of a part of the cohort as a person may see it.

    Those that nothing is waited for in are kept while the records stand (decision 0044). Arms are
    no records: what is narrowed to one is counted each time.
    """

    def made() -> Numbers:
        return _counted(study, user, filters, smallest_group)

    if filters.arm:
        return made()
    asked = ("cohort numbers", kept.as_read(study), user.pk, filters, smallest_group)
    return kept.by_state(asked, made, is_whole=lambda found: not found.is_pending)


def _counted(study: Study, user: Any, filters: Filters, smallest: int) -> Numbers:
    part = cohort.part(study, user=user, filters=filters, smallest_group=smallest)
    planned = relations.planned(part.columns, smallest, part.filters)
    known = found_intervals(relations.samples(planned))
    shown = relations.with_intervals(planned, lambda sample: known.get(sample.key))
    method = part.loads.method or shown_method.active()
    return Numbers(
        method=method,
        filters=part.filters,
        sites=part.sites,
        is_withheld=part.is_withheld,
        n_scans=part.size,
        n_patients=part.columns.n_patients,
        trained=trained_among(study, method, part.columns.patients()),
        relations=tuple(relations.without_samples(shown)),
        changes=tuple(changes.by_visit(part.loads, smallest_group=smallest)),
        rising=tuple(
            rising.rising(part.loads, study, smallest_group=smallest, strata=part.filters.strata)
        ),
    )
