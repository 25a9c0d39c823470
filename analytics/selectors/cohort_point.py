"""One point of the cohort charts."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CohortPoint:
    """One load with its scores; None where there is no score near enough."""

    patient_id: UUID
    subject_code: str
    visit_name: str
    age_months: float
    acq_stratum: str
    subtype: str
    load_ml: float
    gmfc_level: int | None
    gmfc_gap_days: int | None
    severity_total: float | None
    elfc_level: int | None = None
    elfc_gap_days: int | None = None
    site_code: str = ""
    therapies: tuple[str, ...] = ()
    run_id: UUID | None = None
