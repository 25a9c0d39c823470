"""The rows of each exported table: the same rows that pages show, as one SQL statement.

A statement is built from a queryset that the policies have narrowed, so that COPY can
send it past Python and still nobody takes out what they may not see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, NullIf

from analytics.models import ExportRecord, TrajectoryFlag
from analytics.policies import visible_to as visible_records
from analytics.selectors import export_acquisition, export_flags, loads
from analytics.selectors.export_parts import or_missing, text, yes_no
from mldtrial.trial.models import (
    ElfcMldAssessment,
    FinalStatus,
    GmfcMldAssessment,
    MriSeverityFinal,
    Patient,
    Scan,
    ScanState,
    Study,
    Treatment,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules import age, subtype
from mldtrial.trial.selectors.owing import scans_there
from segmentation.imaging.quality.metrics import METHOD_VERSION, METRICS
from segmentation.models import JobState, ProtocolFinding, ScanQuality, TissueCode
from segmentation.policies import VISIBLE as OF_IMAGES
from segmentation.policies import visible_to as visible_of_images
from segmentation.selectors import cautions, mask_reviews, tissue, training_sets
from segmentation.selectors.findings import excluding
from segmentation.selectors.left_out import left_out

NOT_REVIEWED = "NOT_REVIEWED"


@dataclass(frozen=True, slots=True)
class Rows:
    """A SELECT with its parameters; `order` names the columns that sort it."""

    sql: str
    params: tuple[Any, ...]
    order: tuple[str, ...]


Narrow = Callable[[QuerySet[Any]], QuerySet[Any]]


def rows(dataset: str, study: Study, *, user: Any) -> Rows:
    """Return the statement that reads a dataset, narrowed to what a person may see.

    Raises
    ------
    KeyError
        If there is no such dataset.
    """

    def narrowed(found: QuerySet[Any]) -> QuerySet[Any]:
        if found.model is TrajectoryFlag:
            return visible_records(user, found)
        is_of_images = found.model in OF_IMAGES
        return visible_of_images(user, found) if is_of_images else visible_to(user, found)

    return DATASETS[dataset](study, narrowed)


def rows_for_operator(dataset: str, study: Study) -> Rows:
    """Return the statement that reads a whole dataset, for a command of the operator.

    Raises
    ------
    KeyError
        If there is no such dataset.
    """
    return DATASETS[dataset](study, lambda found: found)


def export_records(study: Study, *, user: Any) -> QuerySet[ExportRecord]:
    """Return the log of exports of a study, as far as a person may see it, newest first."""
    found = visible_records(user, ExportRecord.objects.filter(study=study))
    return found.select_related("user")


def _rows(found: QuerySet[Any], columns: dict[str, Any], order: tuple[str, ...]) -> Rows:
    # Aliases of their own: a column of a table may be named like a field of the model.
    aliased = {f"out_{name}": expression for name, expression in columns.items()}
    query = found.order_by().annotate(**aliased).values_list(*aliased)
    sql, params = query.query.sql_with_params()
    names = ", ".join(columns)
    return Rows(f"SELECT * FROM ({sql}) AS found({names})", tuple(params), order)  # noqa: S608


def _present(path: str) -> NullIf:
    return or_missing(Cast(path, models.TextField()))


def _yes_no_unknown(path: str) -> Case:
    return Case(
        When(**{path: True}, then=text("Y")),
        When(**{path: False}, then=text("N")),
        default=Value(None, output_field=models.TextField()),
    )


def _yes_no(path: str) -> Case:
    return yes_no(Q(**{path: True}))


def _age(on: str, birth_month: str) -> Combinable:
    """Return the age in months as `mldtrial.trial.rules.age` computes it."""
    days = Greatest(
        ExpressionWrapper(
            F(on) - (F(birth_month) + Value(age.MID_MONTH_DAY - 1, models.IntegerField())),
            output_field=models.IntegerField(),
        ),
        Value(0),
    )
    return Cast(days, models.FloatField()) / Value(age.DAYS_PER_MONTH)


def _whose(patient: str) -> dict[str, Any]:
    return {
        "study_code": F(f"{patient}study__code"),
        "site_code": F(f"{patient}site__code"),
        "subject_code": F(f"{patient}subject_code"),
    }


def _which_visit(visit: str) -> dict[str, Any]:
    return {
        **_whose(f"{visit}patient__"),
        # As every other file writes it: 101, not 101.00.
        "visit_number": Func(
            F(f"{visit}number"), function="trim_scale", output_field=models.DecimalField()
        ),
        "visit_name": F(f"{visit}name"),
        "visit_date": F(f"{visit}date"),
        "age_months": _age(f"{visit}date", f"{visit}patient__birth_month"),
    }


BY_VISIT = ("site_code", "subject_code", "visit_number")


def _demyelination_load(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(loads.counting_results().filter(run__visit__patient__study=study))
    return _rows(found, _of_loads(), BY_VISIT)


def _loads_by_method(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(loads.flagged_results().filter(run__visit__patient__study=study))
    columns = {**_of_loads(), "method_state": F("run__model_version__state")}
    return _rows(found, columns, (*BY_VISIT, "method", "method_version"))


def _of_loads() -> dict[str, Any]:
    return {
        **_which_visit("run__visit__"),
        "run_id": F("run_id"),
        "acq_stratum": F("run__t1w_scan__acq_stratum"),
        "method": F("run__model_version__method"),
        "method_version": Concat(
            F("run__model_version__name"),
            text(" "),
            F("run__model_version__version"),
            output_field=models.TextField(),
        ),
        "is_demonstration_model": _yes_no("run__model_version__is_demonstration"),
        "qc_status": Coalesce(mask_reviews.verdict("run", "mask_sha256"), text(NOT_REVIEWED)),
        "analysis_flag": _yes_no("run__analysis_flag"),
        "demyelination_load_ml": F("demyelination_load_ml"),
        "in_training_set": training_sets.as_yes_no(
            patient="run__visit__patient", model="run__model_version"
        ),
        "white_matter_volume_ml": tissue.volume_ml(TissueCode.WHITE_MATTER),
        "brain_volume_ml": tissue.volume_ml(TissueCode.BRAIN),
        "intracranial_volume_ml": tissue.volume_ml(TissueCode.INTRACRANIAL),
        "denominator_method_version": tissue.method_version(),
        "load_percent_of_white_matter": tissue.load_percent(TissueCode.WHITE_MATTER),
        "load_percent_of_brain": tissue.load_percent(TissueCode.BRAIN),
        "load_percent_of_intracranial": tissue.load_percent(TissueCode.INTRACRANIAL),
        "image_cautions": cautions.as_codes(),
        "load_interval_low_ml": F("interval_low_ml"),
        "load_interval_high_ml": F("interval_high_ml"),
        "load_interval_level": F("interval_level"),
        "load_interval_version": F("interval_calibration__version"),
        "t1w_scan_id": F("run__t1w_scan_id"),
        "t2w_scan_id": F("run__t2w_scan_id"),
        "days_from_visit": F("run__t1w_scan__days_from_visit"),
    }


LEVELS: dict[str, type[GmfcMldAssessment] | type[ElfcMldAssessment]] = {
    "GMFC-MLD": GmfcMldAssessment,
    "ELFC-MLD": ElfcMldAssessment,
}


def _clinical_scores(study: Study, narrowed: Narrow) -> Rows:
    levels = [
        _rows(
            narrowed(model.objects.filter(visit__patient__study=study)),
            {
                **_which_visit("visit__"),
                "instrument": text(instrument),
                "item": text("level"),
                "value": Cast("level", models.IntegerField()),
                "status": F("status"),
                "reason": _present("reason"),
                "assessed_on": F("assessed_on"),
            },
            (),
        )
        for instrument, model in LEVELS.items()
    ]
    severity = _rows(
        narrowed(
            MriSeverityFinal.objects.filter(visit__patient__study=study).exclude(
                status=FinalStatus.ADJUDICATION
            )
        ),
        {
            **_which_visit("visit__"),
            "instrument": F("instrument_version"),
            "items": F("items"),
            "total": F("total"),
            "read_on": F("read_on"),
        },
        (),
    )
    whose = ", ".join(_which_visit("visit__"))
    of_levels = " UNION ALL ".join(level.sql for level in levels)
    sql = (
        f"{of_levels} UNION ALL SELECT {whose}, instrument, item.key, "  # noqa: S608 - made of our own querysets
        "trim_scale(item.value::numeric), "
        "CASE WHEN item.value IS NULL THEN 'NOT_EVALUABLE' ELSE 'DONE' END, "
        f"NULL, read_on FROM ({severity.sql}) AS reads, "
        "jsonb_each_text(reads.items || jsonb_build_object('total', reads.total)) AS item"
    )
    params = tuple(value for part in (*levels, severity) for value in part.params)
    return Rows(sql, params, (*BY_VISIT, "instrument", "item"))


def _patients(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(Patient.objects.filter(study=study))
    columns = {
        **_whose(""),
        "sex": F("sex"),
        "birth_month": Func(
            F("birth_month"), text("YYYY-MM"), function="to_char",
            output_field=models.TextField(),
        ),
        "onset_age_months": F("onset_age_months"),
        "subtype": _subtype(study),
        "subtype_rule": text(study.subtype_rule),
        "first_study_dose_on": F("first_study_dose_on"),
        "origin": F("origin"),
        "subtype_basis": _basis(study),
        "presymptomatic_rule": text(study.presymptomatic_rule),
        "first_symptom": _present("first_symptom"),
        "diagnosed_on": F("diagnosed_on"),
        "genotype_class": F("genotype_class"),
        "allele_1": _present("allele_1"),
        "allele_2": _present("allele_2"),
        "arsa_result": _present("arsa_result"),
        "arsa_activity": F("arsa_activity"),
        "arsa_unit": _present("arsa_unit"),
        "urinary_sulfatides": _present("urinary_sulfatides"),
        "pseudodeficiency_ruled_out": _yes_no_unknown("pseudodeficiency_ruled_out"),
        "affected_sibling": _yes_no_unknown("affected_sibling"),
        "sibling_onset_age_months": F("sibling_onset_age_months"),
        "participation": F("participation"),
        "withdrawn_on": F("withdrawn_on"),
        "enrolled_on": F("enrolled_on"),
    }  # fmt: skip
    return _rows(found, columns, ("site_code", "subject_code"))


def _treatments(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(Treatment.objects.filter(patient__study=study))
    columns = {
        **_whose("patient__"),
        "kind": F("kind"),
        "started_on": F("started_on"),
        "stopped_on": F("stopped_on"),
        "dose": _present("dose"),
        "symptom_status": _present("symptom_status"),
        "conditioning": _present("conditioning"),
        "donor": _present("donor"),
        "chimerism_percent": F("chimerism_percent"),
    }
    return _rows(found, columns, ("site_code", "subject_code", "started_on", "kind"))


def _before_onset(study: Study, values: dict[str, Any], otherwise: Any) -> Case:
    """Return what a presymptomatic patient's sibling or genotype stands for, by the study's rule.

    Parameters
    ----------
    values : dict
        What to return for ``sibling`` and for each genotype class that says something.
    """
    if study.presymptomatic_rule == subtype.NEVER_BEFORE_ONSET:
        return Case(default=otherwise)
    known = subtype.SUBTYPE_OF_GENOTYPE
    return Case(
        When(sibling_onset_age_months__isnull=False, then=values["sibling"]),
        *[When(genotype_class=kind.value, then=values[kind.value]) for kind in known],
        default=otherwise,
    )


def _basis(study: Study) -> Case:
    """Return what the subtype rests on, as `mldtrial.trial.rules.subtype` finds it."""
    kinds = subtype.Basis
    genotype = text(kinds.GENOTYPE.value)
    values = {kind.value: genotype for kind in subtype.SUBTYPE_OF_GENOTYPE}
    values["sibling"] = text(kinds.SIBLING.value)
    return Case(
        When(onset_age_months__isnull=False, then=text(kinds.ONSET.value)),
        default=_before_onset(study, values, text(kinds.NONE.value)),
    )


def _subtype(study: Study) -> Case:
    """Return the subtype as `mldtrial.trial.rules.subtype` derives it."""
    values: dict[str, Any] = {
        kind.value: text(found.value) for kind, found in subtype.SUBTYPE_OF_GENOTYPE.items()
    }
    values["sibling"] = _by_onset("sibling_onset_age_months", study.subtype_rule)
    undetermined = text(subtype.Subtype.UNDETERMINED.value)
    return Case(
        When(
            onset_age_months__isnull=False,
            then=_by_onset("onset_age_months", study.subtype_rule),
        ),
        default=_before_onset(study, values, undetermined),
    )


def _by_onset(onset: str, rule: str) -> Case:
    kinds = subtype.Subtype
    juvenile = subtype.JUVENILE_BOUNDARY_MONTHS[rule]
    limits = (
        ({f"{onset}__lte": subtype.LATE_INFANTILE_UP_TO_MONTHS}, kinds.LATE_INFANTILE),
        ({f"{onset}__lt": juvenile}, kinds.EARLY_JUVENILE),
        ({f"{onset}__lt": subtype.ADULT_FROM_MONTHS}, kinds.LATE_JUVENILE),
    )
    cases = [When(**condition, then=text(kind.value)) for condition, kind in limits]
    return Case(*cases, default=text(kinds.ADULT.value))


def _visits(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(Visit.objects.filter(patient__study=study))
    columns = {
        **_which_visit(""),
        "visit_code": F("definition__code"),
        "scan_count": Count("scans", filter=Q(scans__in=scans_there())),
    }
    return _rows(found, columns, BY_VISIT)


def _scans(study: Study, narrowed: Narrow) -> Rows:
    # What waits in quarantine, or was discarded from there, may be somebody else's.
    taken_in = Scan.objects.filter(state__in=[ScanState.IMPORTED, ScanState.VOIDED])
    found = narrowed(taken_in.filter(visit__patient__study=study))
    columns = {
        **_which_visit("visit__"),
        "scan_id": F("id"),
        "sequence": F("sequence"),
        "acq_stratum": F("acq_stratum"),
        "state": F("state"),
        "reason": _present("reason"),
        "days_from_visit": F("days_from_visit"),
        "voxel_size_i_mm": F("voxel_size_mm__0"),
        "voxel_size_j_mm": F("voxel_size_mm__1"),
        "voxel_size_k_mm": F("voxel_size_mm__2"),
        "image_sha256": F("image_sha256"),
        "deidentification_version": _present("deidentification_version"),
        "origin": F("origin"),
        "left_out_of_loads": _yes_no("is_left_out"),
        "set_aside": F("aside__cause"),
        "set_aside_on": _day("aside__created_at"),
        "set_aside_load_known": _yes_no_unknown("aside__is_load_known"),
        "set_aside_by_who_sees_loads": _yes_no_unknown("aside__is_by_who_sees_loads"),
        "set_aside_reason": F("aside__reason"),
        **export_acquisition.columns(),
    }
    found = found.annotate(
        is_left_out=ExpressionWrapper(left_out(), output_field=models.BooleanField()),
        aside=FilteredRelation("set_asides", condition=Q(set_asides__taken_back_at__isnull=True)),
    )
    return _rows(found, columns, (*BY_VISIT, "sequence", "image_sha256"))


def _image_quality(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(
        ScanQuality.objects.filter(
            scan__visit__patient__study=study,
            scan__state=ScanState.IMPORTED,
            state=JobState.SUCCEEDED,
            method_version=METHOD_VERSION,
        )
    )
    columns = {
        **_which_visit("scan__visit__"),
        "scan_id": F("scan_id"),
        "sequence": F("scan__sequence"),
        "acq_stratum": F("scan__acq_stratum"),
        "quality_method_version": F("method_version"),
        "measured_on": _day("finished_at"),
    }
    for metric in METRICS:
        stored = KeyTransform(metric.key, "metrics")
        columns[metric.key] = Cast(KeyTextTransform("value", stored), models.FloatField())
        columns[f"{metric.key}_reason"] = KeyTextTransform("reason", stored)
    return _rows(found, columns, (*BY_VISIT, "sequence", "scan_id"))


def _protocol_findings(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(ProtocolFinding.objects.filter(visit__patient__study=study, is_current=True))
    columns = {
        **_which_visit("visit__"),
        "finding_id": F("id"),
        "scan_id": F("scan_id"),
        "image_sha256": F("scan__image_sha256"),
        "rules_version": F("version__number"),
        "rules_in_force_since": _day("version__in_force_since"),
        "rule_key": F("rule_key"),
        "sequence": F("sequence"),
        "quantity": F("quantity"),
        "severity": F("severity"),
        "protocol_asks_for": F("asked"),
        "measured": _present("measured"),
        "outcome": F("outcome"),
        "finding": F("sentence"),
        "leaves_scan_out": _yes_no("leaves_out"),
        "decision": _present("decision"),
        "decision_reason": _present("decision_reason"),
        "deviation_code": F("deviation__code"),
        "deviation_state": F("deviation__state"),
        "found_on": _day("created_at"),
    }
    found = found.annotate(leaves_out=Exists(excluding().filter(pk=OuterRef("pk"))))
    return _rows(found, columns, (*BY_VISIT, "sequence", "rule_key", "finding_id"))


def _trajectory_flags(study: Study, narrowed: Narrow) -> Rows:
    found = narrowed(export_flags.current(study))
    columns = {**_which_visit("run__visit__"), **export_flags.columns()}
    return _rows(found, columns, (*BY_VISIT, "flag", "flag_id"))


def _day(path: str) -> Func:
    return Func(F(path), text("YYYY-MM-DD"), function="to_char", output_field=models.TextField())


DATASETS: dict[str, Callable[[Study, Narrow], Rows]] = {
    "demyelination_load": _demyelination_load,
    "loads_by_method": _loads_by_method,
    "clinical_scores": _clinical_scores,
    "patients": _patients,
    "treatments": _treatments,
    "visits": _visits,
    "scans": _scans,
    "image_quality": _image_quality,
    "protocol_findings": _protocol_findings,
    "trajectory_flags": _trajectory_flags,
}


def row_count(dataset: str, study: Study, *, user: Any) -> int:
    """Return how many rows a person would take."""
    found = rows(dataset, study, user=user)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({found.sql}) AS found", found.params)  # noqa: S608
        return int(cursor.fetchone()[0])
