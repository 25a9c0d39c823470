"""Records of the trial."""

from mldtrial.trial.models.assessment import (
    AssessmentStatus,
    GmfcMldAssessment,
    MriSeverityRead,
    Source,
)
from mldtrial.trial.models.disposition import Disposition, DispositionStep
from mldtrial.trial.models.patient import (
    ENDED_STATES,
    ParticipationState,
    Patient,
    Sex,
    Treatment,
    TreatmentKind,
    Visit,
)
from mldtrial.trial.models.query import LOAD_RULES, Audience, Query, QueryMessage, QueryState, Step
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
    "ENDED_STATES",
    "LOAD_RULES",
    "SITE_ROLES",
    "AcqStratum",
    "AssessmentStatus",
    "Audience",
    "Blinding",
    "Disposition",
    "DispositionStep",
    "GmfcMldAssessment",
    "Membership",
    "MriSeverityRead",
    "Origin",
    "ParticipationState",
    "Patient",
    "Query",
    "QueryMessage",
    "QueryState",
    "Role",
    "Scan",
    "ScanState",
    "Sequence",
    "Sex",
    "Site",
    "Source",
    "Step",
    "Study",
    "SubtypeRule",
    "Treatment",
    "TreatmentKind",
    "Visit",
    "VisitDefinition",
]
