"""Routes of uploads, runs and models."""

from django.urls import path

from segmentation.views import deidentification, quality, runs, transfers, uploads

VISIT = "studies/<str:study_code>/visits/<uuid:visit_id>/"
QUALITY = "studies/<str:study_code>/quality/<uuid:quality_id>/"

urlpatterns = [
    path("uploads/", uploads.upload_list, name="uploads"),
    path("uploads/<uuid:upload_id>/retry/", uploads.job_retry, name="job_retry"),
    path(
        "studies/<str:study_code>/deidentification.json",
        deidentification.procedure,
        name="deidentification",
    ),
    path(f"{VISIT}upload/", uploads.upload_new, name="upload_new"),
    path(f"{VISIT}transfers/", transfers.transfer_list, name="transfers"),
    path("uploads/transfers/<uuid:transfer_id>/", transfers.transfer, name="transfer"),
    path(f"{VISIT}status/", uploads.visit_status, name="visit_status"),
    path("studies/<str:study_code>/runs/<uuid:run_id>/", runs.run_page, name="run"),
    path("runs/<uuid:run_id>/retry/", runs.run_retry, name="run_retry"),
    path(f"{QUALITY}picture.png", quality.quality_picture, name="quality_picture"),
    path(f"{QUALITY}again/", quality.quality_retry, name="quality_retry"),
    path("models/", runs.model_list, name="models"),
    path("models/<uuid:model_id>/", runs.model_page, name="model"),
]
