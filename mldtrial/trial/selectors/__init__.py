"""Reading the trial's records, always narrowed to what the person may see."""

from mldtrial.trial.selectors.counts import (
    StudyCounts,
    study_counts,
)
from mldtrial.trial.selectors.queries import (
    QueryStep,
    all_queries,
    queries,
    query,
    query_steps,
)
from mldtrial.trial.selectors.records import (
    PARTICIPATION_FILTERS,
    disposition,
    dispositions,
    memberships,
    patient,
    patient_list,
    patients,
    sites,
    sites_for,
    studies,
    study,
    visit,
)
from mldtrial.trial.selectors.schedule import (
    first_visit_on,
    open_definitions,
    visits_without_gmfc,
    window_of,
)

__all__ = [
    "PARTICIPATION_FILTERS",
    "QueryStep",
    "StudyCounts",
    "all_queries",
    "disposition",
    "dispositions",
    "first_visit_on",
    "memberships",
    "open_definitions",
    "patient",
    "patient_list",
    "patients",
    "queries",
    "query",
    "query_steps",
    "sites",
    "sites_for",
    "studies",
    "study",
    "study_counts",
    "visit",
    "visits_without_gmfc",
    "window_of",
]
