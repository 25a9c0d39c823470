"""Routes of the pages that say what the numbers mean."""

from django.urls import path

from analytics.views import cohort, exports, overview, patient

STUDY = "studies/<str:study_code>/"
PATIENT = f"{STUDY}patients/<uuid:patient_id>/"
EXPORT = "exports/<str:study_code>/<slug:dataset>"

urlpatterns = [
    path(PATIENT, patient.patient_page, name="patient"),
    path(f"{PATIENT}trajectory.json", patient.trajectory, name="patient_trajectory"),
    path(f"{STUDY}cohort/", cohort.cohort_page, name="cohort"),
    path(f"{STUDY}cohort/<slug:name>.json", cohort.cohort_chart, name="cohort_chart"),
    path(f"{STUDY}overview/", overview.overview_page, name="study_overview"),
    path(f"{STUDY}overview/<slug:name>.json", overview.overview_chart, name="overview_chart"),
    path("exports/", exports.exports_page, name="exports"),
    path(f"{EXPORT}.csv", exports.export_file, name="export_file"),
    path(f"{EXPORT}.dictionary.csv", exports.export_dictionary, name="export_dictionary"),
]
