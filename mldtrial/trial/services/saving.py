"""Check and store a record; what the database refuses is said in a clear sentence."""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction

RecordT = TypeVar("RecordT", bound=models.Model)

LOCKED = (
    "This record is locked: nothing of it is changed any more. Where it must be, an investigator "
    "or the data manager asks for its unlocking, and another person approves."
)
FROZEN = "This record is frozen for now: nothing of it is changed until the data manager opens it."

SENTENCES: dict[str, tuple[str, str]] = {
    "reason_for_change": ("reason", "Give the reason for the change."),
    "site_code_once_per_study": ("code", "This study has a site with this code already."),
    "membership_once": ("role", "This person holds this role here already."),
    "membership_role_known": ("role", "This role is not known."),
    "membership_site_roles_have_a_site": (
        "site",
        "Site coordinators, investigators and monitors need a site; other roles have none.",
    ),
    "user_email_once": ("email", "Another person has this e-mail address already."),
    "accounts_user_username_key": ("username", "This user name is taken already."),
    "invitation_role_known": ("role", "This role is not known."),
    "invitation_site_roles_have_a_site": (
        "site",
        "Site coordinators, investigators and monitors need a site; other roles have none.",
    ),
    "study_blinding_known": ("blinding", "A study is OPEN or BLINDED."),
    "study_origin_known": ("origin", "The origin is CLINICAL or DEMO."),
    "study_subtype_rule_known": ("subtype_rule", "This subtype rule is not known."),
    "study_tolerances_not_negative": (
        "tolerance_same_ml",
        "Tolerances are zero or more; the jump per month is more than zero.",
    ),
    "study_largest_loads": (
        "largest_load_ml",
        "The largest load is more than 0 mL, the share of the white matter at least 100 %.",
    ),
    "patient_code_once_per_study": (
        "subject_code",
        "This study has a patient with this subject code already.",
    ),
    "patient_sex_known": ("sex", "Choose female, male or unknown."),
    "patient_dose_after_birth": (
        "first_study_dose_on",
        "The first study dose lies before the patient's birth.",
    ),
    "patient_onset_age_plausible": (
        "onset_age_months",
        "The age at first symptom is given in months, at most 1200.",
    ),
    "study_presymptomatic_rule_known": (
        "presymptomatic_rule",
        "This rule for presymptomatic patients is not known.",
    ),
    "patient_first_symptom_known": ("first_symptom", "Choose motor, cognitive or both."),
    "patient_genotype_known": ("genotype_class", "Choose 0/0, 0/R, R/R or unknown."),
    "patient_arsa_has_a_unit": ("arsa_unit", "Give the unit of the ARSA activity."),
    "patient_arsa_result_known": ("arsa_result", "Choose low or normal."),
    "patient_sulfatides_known": ("urinary_sulfatides", "Choose elevated or normal."),
    "patient_sibling_onset_of_a_sibling": (
        "sibling_onset_age_months",
        "An age at a sibling's first symptom needs an affected sibling; at most 1200 months.",
    ),
    "patient_diagnosed_after_birth": (
        "diagnosed_on",
        "The diagnosis lies before the patient's birth.",
    ),
    "treatment_symptom_status_known": ("symptom_status", "Choose one of the listed states."),
    "treatment_donor_of_a_transplantation": (
        "donor",
        "Donor and chimerism belong to a stem cell transplantation.",
    ),
    "treatment_chimerism_0_to_100": ("chimerism_percent", "Chimerism is 0 to 100 percent."),
    "patient_participation_known": ("step", "This state of taking part is not known."),
    "patient_end_has_a_day": ("happened_on", "The end of the follow-up needs its day."),
    "import_state_known": ("state", "This state of an import is not known."),
    "import_applied_has_a_time": ("state", "An applied import has its time."),
    "disposition_step_known": ("step", "Choose one of the listed steps."),
    "disposition_once": ("happened_on", "This step is recorded for this day already."),
    "patient_enrolled_after_birth": ("enrolled_on", "The enrolment lies before the birth."),
    "study_pairing_within_a_year": (
        "pairing_days_others",
        "A pairing window is at most 365 days.",
    ),
    "study_scan_within_a_year": (
        "scan_days_from_visit",
        "A scan may lie at most 365 days from its visit.",
    ),
    "study_accrual_target_has_a_day": (
        "accrual_target",
        "Give the number of patients together with the day by which they are wanted.",
    ),
    "not_done_once": ("reason", "This is declared not done already."),
    "not_done_has_a_reason": ("reason", "Give the reason."),
    "deviation_code_known": ("code", "Choose one of the listed codes."),
    "deviation_open_once": ("code", "This deviation is open for this visit already."),
    "visit_definition_code_once": ("code", "This study has a visit with this code already."),
    "visit_definition_number_once": ("number", "This study has a visit with this number already."),
    "visit_definition_anchor_known": ("anchor", "Choose enrolment, treatment or previous visit."),
    "visit_definition_therapy_for_treatment": (
        "anchor_therapy",
        "Only a visit that counts from treatment names a therapy.",
    ),
    "treatment_kind_known": ("kind", "Choose one of the listed kinds of treatment."),
    "treatment_stops_after_start": ("stopped_on", "The treatment stops before it starts."),
    "treatment_once": ("started_on", "This treatment with this start is recorded already."),
    "visit_number_once": ("definition", "This patient has a visit with this number already."),
    "visit_date_once": ("date", "This patient has a visit on this date already."),
    "visit_definition_once": ("definition", "This planned visit is recorded already."),
    "gmfc_mld_level_0_to_6": ("level", "GMFC-MLD has levels 0 to 6."),
    "gmfc_mld_level_or_reason": ("level", "Give a level, or the reason why there is none."),
    "gmfc_mld_4a_4b": ("level", "Only level 4 is divided into 4a and 4b."),
    "gmfc_mld_source_known": ("source", "Choose one of the listed sources."),
    "trial_gmfcmldassessment_visit_id_key": (
        "level",
        "Somebody else has just recorded this visit's level; open the page again.",
    ),
    "trial_elfcmldassessment_visit_id_key": (
        "level",
        "Somebody else has just recorded this visit's level; open the page again.",
    ),
    "gmfc_mld_assessor_role_known": ("assessor_role", "Choose one of the listed roles."),
    "elfc_mld_level_0_to_4": ("level", "ELFC-MLD has levels 0 to 4."),
    "elfc_mld_level_or_reason": ("level", "Give a level, or the reason why there is none."),
    "elfc_mld_source_known": ("source", "Choose one of the listed sources."),
    "elfc_mld_assessor_role_known": ("assessor_role", "Choose one of the listed roles."),
    "mri_severity_total_0_to_34": ("items", "The MRI severity score is 0 to 34."),
    "study_severity_tolerance": ("severity_tolerance", "The tolerance is 0 to 34 points."),
    "study_severity_rule_known": ("severity_rule", "Choose one of the listed rules."),
    "read_assignment_role_once": (
        "reader",
        "Somebody else has just given this part of the case out; open the page again.",
    ),
    "read_assignment_person_once": ("reader", "This person has a part in this case already."),
    "mri_severity_state_known": ("state", "A read is a draft, signed or superseded."),
    "mri_severity_correction_has_a_reason": ("reason", "Give the reason for the correction."),
    "mri_severity_one_draft_per_reader": (
        "items",
        "This read was just saved from another window; open the page again.",
    ),
    "mri_severity_version_once": (
        "items",
        "This read was just saved from another window; open the page again.",
    ),
    "mri_severity_one_read_per_reader": ("reader", "This reader has read this visit already."),
    "record_locked": (NON_FIELD_ERRORS, LOCKED),
    "record_frozen": (NON_FIELD_ERRORS, FROZEN),
    "lock_once_per_record": ("reason", "Somebody has just frozen or locked this record."),
    "unblinding_has_a_reason": ("reason", "Give the reason."),
    "request_once_at_a_time": ("reason", "Somebody has asked for this already."),
    "request_approved_by_another_person": (
        "reason",
        "You asked for this yourself: another person must approve it.",
    ),
    "set_aside_cause_known": ("cause", "Choose one of the listed causes."),
    "set_aside_for_a_reason": ("reason", "Give the reason."),
    "set_aside_taken_back_by_whom_and_why": ("reason", "Give the reason."),
    "set_aside_once_at_a_time": (NON_FIELD_ERRORS, "This scan is set aside already."),
    "protocol_one_draft": (
        NON_FIELD_ERRORS,
        "Somebody else has just begun a draft; open the page again.",
    ),
    "protocol_one_in_force": (
        NON_FIELD_ERRORS,
        "Somebody else has just put a version in force; open the page again.",
    ),
    "query_once_per_rule_and_visit": (
        "rule",
        "The same rule has opened a newer query on this; answer that one.",
    ),
    "query_assigned_role_known": ("assignee", "This role is not known."),
    "query_waits_for_a_role_or_a_person": ("assignee", "Choose one role or one person."),
    "query_audience_known": ("audience", "A query is for the site or for imaging."),
    "query_of_loads_is_not_for_a_site": (
        "audience",
        "A query of a rule that reads loads is never for a site.",
    ),
}
"""Field and sentence for each constraint that a person's input can break."""


def store(record: RecordT, *, computed: Collection[str] = ()) -> RecordT:
    """Check a record against its fields and constraints, and save it.

    Parameters
    ----------
    computed : collection of str
        Fields that no person fills, and that may be null although forms ask for others.

    Raises
    ------
    ValidationError
        With the field and a sentence for people, also where a twin was stored meanwhile.
    """
    record.full_clean(exclude=computed, validate_constraints=False)
    for constraint in record._meta.constraints:
        try:
            constraint.validate(type(record), record)
        except ValidationError as error:
            raise refusal(constraint.name, record) from error
    try:
        with transaction.atomic():
            record.save()
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in SENTENCES:
            raise
        raise refusal(name, record) from error
    return record


def refusal(constraint: str, record: models.Model) -> ValidationError:
    """Return the refusal of a record by a constraint, with its field and sentence.

    Raises
    ------
    KeyError
        If the constraint has no sentence.
    """
    if constraint not in SENTENCES:
        raise KeyError(f"No sentence for the constraint {constraint} of {type(record).__name__}.")
    field, sentence = SENTENCES[constraint]
    return ValidationError({field: sentence})
