"""The columns of every exported table: one dictionary for pages, files and tests.

A column is never renamed without a new version of the dictionary.
"""

import csv
from dataclasses import dataclass
from io import StringIO

from analytics.models import FlagKind
from mldtrial.trial.models import DeviationCode, QueryDisposition, QueryState
from segmentation.imaging.cautions import Caution
from segmentation.imaging.protocol.rules import Quantity, Severity
from segmentation.imaging.quality.metrics import METRICS, Metric
from segmentation.models import Method, SetAsideCause

VERSION = "1"
GUARD_NOTE = (
    "Text that a spreadsheet would take for a formula (after Unicode normalisation and leading "
    "blanks it starts with = + - @ | or %) has an apostrophe before it. Numbers and dates are "
    "never changed or quoted. Empty means missing; it never means zero. Dates are ISO 8601."
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, unit and meaning."""

    name: str
    label: str
    type: str
    unit: str = ""
    description: str = ""
    codelist: str = ""

    @property
    def is_free_text(self) -> bool:
        """True where a person typed the value, so that it is guarded against formulas."""
        return self.type == "text" and not self.codelist


def _text(name: str, label: str, description: str = "", codelist: str = "") -> Column:
    return Column(name, label, "text", "", description, codelist)


def _of_metric(metric: Metric) -> tuple[Column, Column]:
    """Return the column of an image quality metric, and that of why it has no value."""
    unit = metric.unit or "ratio"
    value = Column(metric.key, metric.label, "decimal", unit, metric.description)
    why = _text(
        f"{metric.key}_reason",
        f"{metric.label}, why not",
        "Could not be measured, because ...; empty where there is a value",
    )
    return value, why


SUBJECT = (
    _text("study_code", "Study"),
    _text("site_code", "Site"),
    _text("subject_code", "Subject code"),
)
VISIT = (
    *SUBJECT,
    Column(
        "visit_number", "Visit number", "decimal", "",
        "Decimal for unscheduled visits; written without zeros at its end",
    ),
    _text("visit_name", "Visit name"),
    Column("visit_date", "Visit date", "date"),
    Column(
        "age_months", "Age at visit", "decimal", "month",
        "On the visit date, also where the scan is of another day; from the middle of the birth "
        "month; months of 30.4375 days",
    ),
)  # fmt: skip

LOADS = (
    *VISIT,
    _text("run_id", "Segmentation run", "Opens the provenance of the number", "UUID"),
    _text("acq_stratum", "Acquisition", "Of the T1w image", "3D | 2D"),
    _text("method", "Method", "", " | ".join(Method.values)),
    _text("method_version", "Method version"),
    _text(
        "is_demonstration_model", "Demonstration model",
        "Y: trained on phantoms, the number says nothing about a patient", "Y | N",
    ),
    _text("qc_status", "Review of the mask",
          "What a person decided who looked at the mask beside the images in use; of masks of a "
          "network, which are not given to review, always NOT_REVIEWED. It takes no load out",
          "NOT_REVIEWED | APPROVED | REJECTED"),
    _text("analysis_flag", "Used for analysis", "", "Y | N"),
    Column(
        "demyelination_load_ml", "Demyelination load", "decimal", "mL",
        "Voxels of demyelinated white matter times voxel volume; 0 means looked and found none",
    ),
)  # fmt: skip

IN_TRAINING_SET = _text(
    "in_training_set",
    "Patient in the training set",
    "Y: the method was trained on this patient, so the load is no independent test of it; "
    "empty where its training set is not on record, and for masks corrected or drawn by hand: what "
    "was corrected tells whom it knows",
    "Y | N",
)

DENOMINATORS = (
    Column(
        "white_matter_volume_ml", "White-matter volume", "decimal", "mL",
        "WMVOL, with the demyelinated white matter; empty where it cannot be told",
    ),
    Column(
        "brain_volume_ml", "Brain volume", "decimal", "mL",
        "BRNVOL, gray and white matter; empty where it cannot be told",
    ),
    Column(
        "intracranial_volume_ml", "Intracranial volume", "decimal", "mL",
        "ICVOL, inside the fitted template's brain surface: brain, ventricles, fluid of the "
        "sulci; empty where it cannot be told",
    ),
    _text("denominator_method_version", "Method version of the volumes"),
    Column(
        "load_percent_of_white_matter", "Load of white matter", "decimal", "%",
        "DMYLPWM = 100 x demyelination_load_ml / white_matter_volume_ml",
    ),
    Column(
        "load_percent_of_brain", "Load of brain", "decimal", "%",
        "DMYLPBV = 100 x demyelination_load_ml / brain_volume_ml",
    ),
    Column(
        "load_percent_of_intracranial", "Load of the intracranial volume", "decimal", "%",
        "DMYLPICV = 100 x demyelination_load_ml / intracranial_volume_ml",
    ),
)  # fmt: skip

IMAGE_CAUTIONS = _text(
    "image_cautions",
    "Cautions about the images",
    "What is unusual though it was measured, several with blanks between (docs/suitability.md); "
    "empty where nobody looked",
    " | ".join(("NONE", *Caution)),
)

INTERVAL = (
    Column(
        "load_interval_low_ml", "Interval of the load, lower end", "decimal", "mL",
        "Empty where the method version was not calibrated; calibrated on phantoms "
        "(docs/models.md), it says nothing about patients",
    ),
    Column("load_interval_high_ml", "Interval of the load, upper end", "decimal", "mL"),
    Column(
        "load_interval_level", "Level of the interval", "decimal", "share",
        "Share of the phantoms' truths that such intervals are made to hold",
    ),
    _text("load_interval_version", "Calibration of the interval", "Of this method version"),
)  # fmt: skip

IMAGES = (
    _text("t1w_scan_id", "T1w scan", "That the load was measured in, see scans", "UUID"),
    _text("t2w_scan_id", "T2w scan", "Empty where there was none", "UUID"),
    Column(
        "days_from_visit", "Days from visit", "integer", "day",
        "Of the T1w scan: a course is ordered and timed by visit_date + days_from_visit; empty "
        "where the day of the scan is not known, and then that of the visit counts",
    ),
)  # fmt: skip

ACQUISITION = (
    _text("scanner_manufacturer", "Manufacturer of the scanner"),
    _text("scanner_model", "Model of the scanner"),
    Column("scanner_field_strength_t", "Field strength", "decimal", "T", "As the header has it"),
    _text("scanner_device", "Scanner", "Pseudonym of the serial number; empty where not known"),
    _text("scanner_software", "Software of the scanner", "Several parts with a stroke between"),
    _text("mr_acquisition_type", "MR acquisition type", "DICOM (0018,0023)", "2D | 3D"),
    Column("slice_thickness_mm", "Slice thickness", "decimal", "mm"),
    Column("tr_ms", "Repetition time", "decimal", "ms"),
    Column("te_ms", "Echo time", "decimal", "ms"),
    Column("ti_ms", "Inversion time", "decimal", "ms"),
    Column("flip_deg", "Flip angle", "decimal", "degree"),
)
"""What the tolerance of two loads goes by (docs/decisions/0051-what-is-acquired-alike.md)."""

TABLES: dict[str, tuple[Column, ...]] = {
    "demyelination_load": (
        *LOADS, IN_TRAINING_SET, *DENOMINATORS, IMAGE_CAUTIONS, *INTERVAL, *IMAGES,
    ),
    "loads_by_method": (
        *LOADS,
        _text(
            "method_state", "State of the method", "ACTIVE: the method whose loads pages show",
            "CANDIDATE | ACTIVE | RETIRED",
        ),
        IN_TRAINING_SET,
        *DENOMINATORS,
        IMAGE_CAUTIONS,
        *INTERVAL,
        *IMAGES,
    ),
    "clinical_scores": (
        *VISIT,
        _text("instrument", "Instrument", "", "GMFC-MLD | ELFC-MLD | MLDS-1 (MRI severity score)"),
        _text("item", "Item", "", "level | total | key of an item of the instrument"),
        Column(
            "value", "Value", "decimal", "score",
            "Higher is worse; of the MRI severity score the settled value, by default the mean "
            "of two readers",
        ),
        _text("status", "Status", "", "DONE | NOT_DONE | NOT_APPLICABLE | NOT_EVALUABLE"),
        _text("reason", "Reason"),
        Column("assessed_on", "Assessed on", "date"),
    ),
    "patients": (
        *SUBJECT,
        _text("sex", "Sex", "CDISC C66731", "F | M | U"),
        _text("birth_month", "Birth month", "Year and month only", "YYYY-MM"),
        Column("onset_age_months", "Age at first symptom", "integer", "month"),
        _text("subtype", "Subtype", "", "LI | EJ | LJ | JUVENILE | ADULT | UNDETERMINED"),
        _text("subtype_rule", "Rule of the subtype", "", "MLD-SUBTYPE-EJ6 | MLD-SUBTYPE-EJ7"),
        Column(
            "first_study_dose_on", "First study dose", "date", "", "Recorded alike in every arm"
        ),
        _text("origin", "Origin", "", "CLINICAL | DEMO"),
        _text("subtype_basis", "Basis of the subtype", "", "ONSET | SIBLING | GENOTYPE | NONE"),
        _text(
            "presymptomatic_rule", "Rule before the first symptom", "",
            "MLD-PRESYMPTOMATIC-0 | MLD-PRESYMPTOMATIC-1",
        ),
        _text("first_symptom", "Kind of the first symptom", "", "MOTOR | COGNITIVE | BOTH"),
        Column("diagnosed_on", "Diagnosed on", "date"),
        _text(
            "genotype_class", "Genotype class", "0 has no residual activity, R has some",
            "0/0 | 0/R | R/R | UNKNOWN",
        ),
        _text("allele_1", "First allele"),
        _text("allele_2", "Second allele"),
        _text("arsa_result", "ARSA activity", "Against the laboratory's range", "LOW | NORMAL"),
        Column("arsa_activity", "ARSA activity, measured", "decimal", "see arsa_unit"),
        _text("arsa_unit", "Unit of the ARSA activity"),
        _text("urinary_sulfatides", "Urinary sulfatides", "", "ELEVATED | NORMAL"),
        _text("pseudodeficiency_ruled_out", "Pseudodeficiency ruled out", "", "Y | N"),
        _text("affected_sibling", "Affected sibling", "", "Y | N"),
        Column(
            "sibling_onset_age_months", "Age at the sibling's first symptom", "integer", "month"
        ),
        _text(
            "participation", "Participation", "",
            "UNRECORDED | FOLLOWED | WITHDRAWN | LOST | COMPLETED | DIED",
        ),
        Column("withdrawn_on", "End of follow-up", "date", "", "Empty while followed"),
        Column("enrolled_on", "Enrolled on", "date", "", "From when an arm counts"),
    ),
    "treatments": (
        *SUBJECT,
        _text("kind", "Treatment", "Not the study product", "HSCT | GENE_THERAPY | ERT | OTHER"),
        Column("started_on", "Started on", "date"),
        Column("stopped_on", "Stopped on", "date"),
        _text("dose", "Dose or cohort"),
        _text(
            "symptom_status", "Symptoms at the start", "", "PRESYMPTOMATIC | EARLY | SYMPTOMATIC"
        ),
        _text("conditioning", "Conditioning"),
        _text(
            "donor", "Donor", "", "MATCHED_RELATED | UNRELATED | HAPLOIDENTICAL | CORD_BLOOD"
        ),
        Column("chimerism_percent", "Chimerism", "decimal", "%"),
    ),
    "visits": (
        *VISIT,
        _text("visit_code", "Planned visit", "Empty for an unscheduled visit"),
        Column("scan_count", "Scans", "integer", description="Without those that are set aside"),
    ),
    "scans": (
        *VISIT,
        _text("scan_id", "Scan", "", "UUID"),
        _text("sequence", "Sequence", "", "T1w | T2w | FLAIR | other"),
        _text("acq_stratum", "Acquisition", "", "3D | 2D"),
        _text("state", "State", "", "IMPORTED | QUARANTINED | VOIDED"),
        _text("reason", "Reason"),
        Column("days_from_visit", "Days from visit", "integer", "day"),
        Column("voxel_size_i_mm", "Voxel size, i", "decimal", "mm"),
        Column("voxel_size_j_mm", "Voxel size, j", "decimal", "mm"),
        Column("voxel_size_k_mm", "Voxel size, k", "decimal", "mm"),
        _text("image_sha256", "Checksum of the image", "", "sha256, hexadecimal"),
        _text("deidentification_version", "De-identification procedure"),
        _text("origin", "Origin", "", "CLINICAL | DEMO"),
        _text("left_out_of_loads", "Left out of every load",
              "By the rules of the imaging protocol, or set aside by a person", "Y | N"),
        _text("set_aside", "Set aside by a person", "Why; empty for a scan that is not",
              " | ".join(SetAsideCause.values)),
        Column("set_aside_on", "Set aside on", "date"),
        _text("set_aside_load_known", "Load known when set aside",
              "Y: a load of the scan had been measured by then", "Y | N"),
        _text("set_aside_by_who_sees_loads", "Set aside by somebody who sees loads", "", "Y | N"),
        _text("set_aside_reason", "Reason for setting it aside"),
        *ACQUISITION,
    ),
    "image_quality": (
        *VISIT,
        _text("scan_id", "Scan", "", "UUID"),
        _text("sequence", "Sequence", "", "T1w | T2w | FLAIR | other"),
        _text("acq_stratum", "Acquisition", "", "3D | 2D"),
        _text("quality_method_version", "Version of the definitions"),
        Column("measured_on", "Measured on", "date"),
        *(column for metric in METRICS for column in _of_metric(metric)),
    ),
    "protocol_findings": (
        *VISIT,
        _text("finding_id", "Finding", "The same through all versions of the rules", "UUID"),
        _text("scan_id", "Scan", "Empty for a finding of the visit as a whole", "UUID"),
        _text("image_sha256", "Checksum of the image", "", "sha256, hexadecimal"),
        Column("rules_version", "Version of the rules", "integer", "",
               "By which the scan was asked last"),
        Column("rules_in_force_since", "Version in force since", "date"),
        _text("rule_key", "Rule", "The same through all versions of the rules"),
        _text("sequence", "Sequence", "", "T1w | T2w | FLAIR | other"),
        _text("quantity", "Quantity", "What the rule speaks of; its name carries the unit",
              " | ".join(Quantity)),
        _text("severity", "Severity", "", " | ".join(Severity)),
        _text("protocol_asks_for", "Protocol asks for"),
        _text("measured", "Measured", "Empty where the file does not say it"),
        _text("outcome", "Outcome", "", "not_met | cannot_tell"),
        _text("finding", "Finding in words"),
        _text("leaves_scan_out", "Scan left out of every load", "", "Y | N"),
        _text("decision", "Decision", "DISMISSED: no deviation; ACCEPTED: used all the same",
              "DISMISSED | ACCEPTED"),
        _text("decision_reason", "Reason of the decision"),
        _text("deviation_code", "Deviation recorded", "", " | ".join(DeviationCode.values)),
        _text("deviation_state", "State of the deviation", "", "OPEN | CLOSED"),
        Column("found_on", "First found on", "date"),
    ),
    "trajectory_flags": (
        *VISIT,
        _text("flag_id", "Finding", "", "UUID"),
        _text("run_id", "Segmentation run", "Of the flagged load, see demyelination_load", "UUID"),
        _text("reference_run_id", "Compared with",
              "The run it is compared with; empty where the load is held to a bound", "UUID"),
        _text("flag", "Finding of the review", "; ".join(
            f"{kind}: {kind.label}" for kind in FlagKind), " | ".join(FlagKind.values)),
        Column("difference_ml", "Difference", "decimal", "mL",
               "Load less that of reference_run_id, or less the bound"),
        Column("tolerance_ml", "Tolerance", "decimal", "mL",
               "What explains a difference; without a reference, the bound of the load"),
        _text("query_id", "Query", "That asks about it", "UUID"),
        _text("query_state", "State of the query", "", " | ".join(QueryState.values)),
        _text("is_decided", "Decided by a person", "N also where the rule itself closed the query",
              "Y | N"),
        _text("disposition", "What it was due to", "; ".join(
            f"{cause}: {cause.label}" for cause in QueryDisposition),
            " | ".join(QueryDisposition.values)),
    ),
}  # fmt: skip

DESCRIPTIONS = {
    "demyelination_load": "One row per visit with a load: the run that is used for analysis.",
    "loads_by_method": "One row per visit and method version: for comparisons, not for analysis.",
    "clinical_scores": "One row per visit, instrument and item: GMFC-MLD, ELFC-MLD and MRI score.",
    "patients": "One row per patient.",
    "treatments": "One row per documented treatment that is not the study product.",
    "visits": "One row per visit.",
    "scans": "One row per image that was taken in.",
    "image_quality": "One row per image whose quality was measured by the current definitions.",
    "protocol_findings": "One row per rule of the imaging protocol that is not met or not told.",
    "trajectory_flags": "One row per finding of the review of loads that stands now.",
}


def columns(dataset: str) -> tuple[Column, ...]:
    """Return the columns of a dataset, in order.

    Raises
    ------
    KeyError
        If there is no such dataset.
    """
    return TABLES[dataset]


def as_csv(dataset: str) -> str:
    """Return the dictionary of a dataset as CSV (RFC 4180).

    Raises
    ------
    KeyError
        If there is no such dataset.
    """
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["column", "label", "type", "unit", "description", "codelist"])
    for column in columns(dataset):
        writer.writerow(
            [column.name, column.label, column.type, column.unit, column.description,
             column.codelist]
        )  # fmt: skip
    writer.writerow([])
    writer.writerow(["dictionary_version", VERSION])
    writer.writerow(["note", GUARD_NOTE])
    return out.getvalue()
