"""A cohort of any size in the database, without images: copies of one patient's rows.

The rows are written past the triggers, which the test's superuser may do: what is measured is
reading, and a history of a million links would take longer to make than all that is measured.
"""

from dataclasses import dataclass
from typing import Any

SCANS_EACH = 4
COPIES = """
INSERT INTO {table} SELECT (jsonb_populate_record(t, {changes})).*
FROM {table} AS t, generate_series(%(first)s, %(last_patient)s) AS p{visits}
WHERE t.{key} = %(template)s
"""
EVERY_VISIT = ", generate_series(0, %(last)s) AS v"
PLANNED = (
    "(SELECT d.id FROM trial_visitdefinition AS d WHERE d.study_id = '{study}'"
    " ORDER BY d.target_day OFFSET v LIMIT 1)"
)
DAY = "(date '2015-01-01' + p %% 365 + 180 * v)"


@dataclass(frozen=True, slots=True)
class Template:
    """The rows that are copied: one of each table."""

    patient: Any
    visit: Any
    scan: Any
    run: Any
    gmfc: Any
    elfc: Any
    severity: Any


def fill(
    template: Template, *, patients: int, first: int = 1, scans_each: int = SCANS_EACH
) -> None:
    """Add patients of four subtypes with a scan and all scores at each visit.

    Loads and scores rise with the visits, with noise that only the numbers of patient and visit
    decide. Every tenth patient has 2D scans.
    """
    from django.db import connection, transaction

    given = {"first": first, "last_patient": first + patients - 1, "last": scans_each - 1}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, key, row, changes in _copies(template):
            visits = "" if table == "trial_patient" else EVERY_VISIT
            pairs = ", ".join(f"'{column}', {value}" for column, value in changes.items())
            sql = COPIES.format(
                table=table, key=key, changes=f"jsonb_build_object({pairs})", visits=visits
            )
            cursor.execute(sql, {**given, "template": row.pk})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copies(template: Template) -> list[tuple[str, str, Any, dict[str, str]]]:
    def made(kind: str, numbers: str = "p || '-' || v") -> str:
        return f"md5('{kind}-' || {numbers})::uuid"

    patient, visit = made("patient", "p"), made("visit")
    noise = "abs(hashint4(p * 31 + v)) %% 1000"
    assessed = {"visit_id": visit, "assessed_on": DAY}
    return [
        ("trial_patient", "id", template.patient, {
            "id": patient, "subject_code": "'B-' || lpad(p::text, 6, '0')",
            "birth_month": "(date '2010-03-01' + make_interval(months => p %% 40))::date",
            "onset_age_months": "(ARRAY[20, 50, 120, 240])[1 + p %% 4]",
        }),
        ("trial_visit", "id", template.visit, {
            "id": visit, "patient_id": patient, "number": "v", "name": "'Month ' || 6 * v",
            "date": DAY, "definition_id": PLANNED.format(study=template.patient.study_id),
        }),
        ("trial_scan", "id", template.scan, {
            "id": made("scan"), "visit_id": visit,
            "acq_stratum": "CASE WHEN p %% 10 = 0 THEN '2D' ELSE '3D' END",
        }),
        ("segmentation_segmentationrun", "id", template.run, {
            "id": made("run"), "visit_id": visit, "t1w_scan_id": made("scan"),
        }),
        ("segmentation_segmentationresult", "run_id", template.run, {
            "run_id": made("run"), "mask_path": "'masks/' || p || '-' || v",
            "demyelination_load_ml": f"5 + p %% 4 * 20 + 9 * v + ({noise}) / 25.0",
        }),
        ("trial_gmfcmldassessment", "id", template.gmfc, {
            "id": made("gmfc"), **assessed, "level": f"least(6, v + ({noise}) %% 4)",
        }),
        ("trial_elfcmldassessment", "id", template.elfc, {
            "id": made("elfc"), **assessed, "level": f"least(4, v / 2 + ({noise}) %% 3)",
        }),
        ("trial_mriseverityfinal", "id", template.severity, {
            "id": made("severity"), "visit_id": visit, "total": f"4 * v + ({noise}) %% 40 / 2.0",
        }),
    ]  # fmt: skip


def set_beside(run: Any, model: Any) -> None:
    """Give every scan that has a load by the method of a run one by another method as well.

    It is up to 6 mL lower, and the two masks are compared; what only the number of the run decides.
    """
    from django.db import connection, transaction

    noise = "abs(hashtext(t.id::text)) %% 1000"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        given = {"old": run.model_version_id, "new": str(model.pk)}
        for sql in BESIDE:
            cursor.execute(sql.format(noise=noise), given)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


BESIDE = (
    """
    INSERT INTO segmentation_segmentationrun SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', md5(%(new)s || t.id)::uuid, 'model_version_id', %(new)s::uuid))).*
    FROM segmentation_segmentationrun AS t WHERE t.model_version_id = %(old)s
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO segmentation_segmentationresult SELECT (jsonb_populate_record(r, jsonb_build_object(
        'run_id', md5(%(new)s || t.id)::uuid, 'mask_path', %(new)s || r.mask_path,
        'demyelination_load_ml', greatest(0.1, r.demyelination_load_ml - ({noise}) / 160.0)))).*
    FROM segmentation_segmentationresult AS r
    JOIN segmentation_segmentationrun AS t ON t.id = r.run_id WHERE t.model_version_id = %(old)s
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO segmentation_maskoverlap (id, created_at, run_id, reference_run_id,
        method_version, dice, hausdorff95_mm, surface_dice)
    SELECT md5('overlap-' || %(new)s || t.id)::uuid, now(), t.id, md5(%(new)s || t.id)::uuid,
        'overlap-1', 0.5 + ({noise}) / 2500.0, 1 + ({noise}) / 250.0, 0.5 + ({noise}) / 2500.0
    FROM segmentation_segmentationrun AS t WHERE t.model_version_id = %(old)s
    ON CONFLICT DO NOTHING
    """,
)


def template() -> tuple[Any, Template]:
    """Return a new world with one patient who has a scan with every score, to copy from."""
    from datetime import date

    from mldtrial.trial.models import ElfcMldAssessment, GmfcMldAssessment, MriSeverityFinal
    from tests.support.loads import make_load
    from tests.support.world import build_world

    world = build_world()
    day = date(2024, 5, 10)
    run = make_load(
        world.patient_a, day, 12.5, days_from_visit=0,
        scanner={"manufacturer": "Example", "model": "One", "field_strength_t": 3.0},
    )  # fmt: skip
    by = world.user("coordinator")
    of_visit = {"visit": run.visit, "assessed_on": day, "assessed_by": by}
    gmfc = GmfcMldAssessment.objects.create(**of_visit, level=1)
    elfc = ElfcMldAssessment.objects.create(**of_visit, level=1)
    severity = MriSeverityFinal.objects.create(
        visit=run.visit, status="DONE", total=4, read_on=day, instrument_version="MLDS-1"
    )
    return world, Template(world.patient_a, run.visit, run.t1w_scan, run, gmfc, elfc, severity)
