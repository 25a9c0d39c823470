"""Records of the trial."""

from mldtrial.trial.models.assessment import (
    AssessmentStatus,
    GmfcMldAssessment,
    MriSeverityRead,
    Source,
)
from mldtrial.trial.models.patient import Patient, Sex, Treatment, TreatmentKind, Visit
from mldtrial.trial.models.query import Audience, Query, QueryState
from mldtrial.trial.models.scan import AcqStratum, Scan, ScanState, Sequence
from mldtrial.trial.models.study import (
    SITE_ROLES,
    Blinding,
    Membership,
    Origin,
    Role,
    Site,
    Study,
    SubtypeRule,
    VisitDefinition,
)

__all__ = [
    "SITE_ROLES",
    "AcqStratum",
    "AssessmentStatus",
    "Audience",
    "Blinding",
    "GmfcMldAssessment",
    "Membership",
    "MriSeverityRead",
    "Origin",
    "Patient",
    "Query",
    "QueryState",
    "Role",
    "Scan",
    "ScanState",
    "Sequence",
    "Sex",
    "Site",
    "Source",
    "Study",
    "SubtypeRule",
    "Treatment",
    "TreatmentKind",
    "Visit",
    "VisitDefinition",
]
