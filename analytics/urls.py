"""Routes of the pages that say what the numbers mean."""

from django.urls import path

from analytics.views import (
    agreement,
    agreement_overlaps,
    agreement_overview,
    agreement_paper,
    cohort,
    cohort_figures,
    cohort_reports,
    exports,
    impact,
    longitudinal,
    milestones,
    overview,
    patient,
    patient_paper,
    promotion,
    quality,
    reference_cohorts,
    rescans,
    run_flags,
    sample_size,
)
from analytics.views import cohort_derived as derived

STUDY = "studies/<str:study_code>/"
PATIENT = f"{STUDY}patients/<uuid:patient_id>/"
MODEL = f"{STUDY}models/<uuid:model_id>/"
REPORT = f"{STUDY}reports/<uuid:report_id>/"
READ = f"{STUDY}reads/<uuid:assignment_id>/"
EXPORT = "exports/<str:study_code>/<slug:dataset>"

urlpatterns = [
    path(PATIENT, patient.patient_page, name="patient"),
    path(f"{PATIENT}trajectory.json", patient.trajectory, name="patient_trajectory"),
    path(f"{PATIENT}course.pdf", patient_paper.patient_pdf_file, name="patient_pdf"),
    path(f"{STUDY}runs/<uuid:run_id>/flags/", run_flags.run_flags, name="run_flags"),
    path("queries/<uuid:query_id>/runs/", run_flags.query_runs, name="query_runs"),
    path(f"{STUDY}cohort/", cohort.cohort_page, name="cohort"),
    path(f"{STUDY}cohort/derived.json", derived.cohort_derived, name="cohort_derived"),
    path(f"{STUDY}cohort/derived.csv", derived.cohort_derived_data, name="cohort_derived_data"),
    path(f"{STUDY}cohort/<slug:name>.json", cohort_figures.cohort_chart, name="cohort_chart"),
    path(f"{STUDY}cohort/<slug:name>.csv", cohort_figures.cohort_data, name="cohort_data"),
    path(f"{STUDY}milestones/", milestones.milestones_page, name="milestones"),
    path(f"{STUDY}milestones/times.csv", milestones.milestones_data, name="milestones_data"),
    path(
        f"{STUDY}longitudinal-models/",
        longitudinal.longitudinal_page,
        name="longitudinal_models",
    ),
    path(
        f"{STUDY}longitudinal-models/tables.csv",
        longitudinal.longitudinal_data,
        name="longitudinal_data",
    ),
    path(f"{STUDY}sample-size/", sample_size.sample_size_page, name="sample_size"),
    path(f"{STUDY}reports/", cohort_reports.cohort_reports_page, name="cohort_reports"),
    path(REPORT, cohort_reports.cohort_report, name="cohort_report"),
    path(f"{REPORT}report.pdf", cohort_reports.cohort_report_pdf, name="cohort_report_pdf"),
    path(f"{STUDY}agreement/", agreement.agreement_page, name="agreement"),
    path(
        f"{STUDY}agreement/overview.csv",
        agreement_overview.agreement_overview_file,
        name="agreement_overview_file",
    ),
    path(f"{STUDY}agreement/table.csv", agreement.agreement_file, name="agreement_file"),
    path(
        f"{STUDY}agreement/masks.csv",
        agreement_overlaps.agreement_masks_file,
        name="agreement_masks_file",
    ),
    path(
        f"{STUDY}agreement/<str:stratum>/<slug:slug>.json",
        agreement_overlaps.agreement_overlap,
        name="agreement_overlap",
    ),
    path(f"{STUDY}agreement/<str:stratum>.json", agreement.agreement_chart, name="agreement_chart"),
    path(
        f"{STUDY}agreement/agreement.pdf", agreement_paper.agreement_pdf_file, name="agreement_pdf"
    ),
    path(f"{STUDY}reference-cohort/", reference_cohorts.page, name="reference_cohort"),
    path(f"{STUDY}reference-cohort/end/", reference_cohorts.end, name="reference_cohort_end"),
    path(f"{STUDY}rescans/", rescans.rescans_page, name="rescans"),
    path(f"{STUDY}overview/", overview.overview_page, name="study_overview"),
    path(f"{STUDY}overview/<slug:name>.json", overview.overview_chart, name="overview_chart"),
    path(f"{STUDY}quality/", quality.study_quality, name="study_quality"),
    path(f"{STUDY}quality/<uuid:quality_id>/", quality.scan_quality, name="scan_quality"),
    path(f"{STUDY}quality/<slug:name>.json", quality.quality_chart, name="quality_chart"),
    path(f"{MODEL}impact/", impact.impact_page, name="model_impact"),
    path(f"{MODEL}impact/<str:stratum>.json", impact.impact_chart, name="model_impact_chart"),
    path(f"{MODEL}impact.csv", impact.impact_file, name="model_impact_file"),
    path(f"{MODEL}shadow/", impact.shadow_run, name="model_shadow"),
    path("models/<uuid:model_id>/promotion/", promotion.model_promote, name="model_promote"),
    path(
        "models/<uuid:model_id>/promotions/<uuid:promotion_id>/",
        promotion.model_promotion,
        name="model_promotion",
    ),
    path(f"{READ}pictures/", quality.read_pictures, name="read_pictures"),
    path(f"{READ}<int:picture_number>.png", quality.read_picture, name="read_picture"),
    path("exports/", exports.exports_page, name="exports"),
    path("exports/<str:study_code>/tables.zip", exports.export_all, name="export_all"),
    path(f"{EXPORT}.csv", exports.export_file, name="export_file"),
    path(f"{EXPORT}.dictionary.csv", exports.export_dictionary, name="export_dictionary"),
]
