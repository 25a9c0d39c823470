"""Routes of uploads, runs and models."""

from django.urls import path

from segmentation.views import (
    deidentification,
    findings,
    image_exports,
    mask_imports,
    mask_reviews,
    models,
    protocol,
    quality,
    quarantine,
    run_masks,
    run_pictures,
    runs,
    scanners,
    segmentations,
    set_aside,
    trainings,
    transfers,
    uploads,
)

STUDY = "studies/<str:study_code>/"
VISIT = f"{STUDY}visits/<uuid:visit_id>/"
QUALITY = f"{STUDY}quality/<uuid:quality_id>/"
IMAGE_EXPORTS = f"{STUDY}image-exports/"
SEGMENTATIONS = f"{STUDY}segmentations/"
MASKS = f"{STUDY}masks/"
PROTOCOL = f"{STUDY}protocol/"
RUN_PICTURE = f"{STUDY}runs/<uuid:run_id>/picture/"

urlpatterns = [
    path("uploads/", uploads.upload_list, name="uploads"),
    path("uploads/<uuid:upload_id>/retry/", uploads.job_retry, name="job_retry"),
    path(
        "studies/<str:study_code>/deidentification.json",
        deidentification.procedure,
        name="deidentification",
    ),
    path("quarantine/", quarantine.quarantine_list, name="quarantine"),
    path("scans/<uuid:scan_id>/move/", quarantine.scan_move, name="scan_move"),
    path("scans/<uuid:scan_id>/set-aside/", set_aside.scan_set_aside, name="scan_set_aside"),
    path(
        "scans/set-aside/<uuid:set_aside_id>/take-back/",
        set_aside.scan_take_back,
        name="scan_take_back",
    ),
    path("scans/<uuid:waiting_id>/keep/", quarantine.scan_keep, name="scan_keep"),
    path("scans/<uuid:waiting_id>/discard/", quarantine.scan_discard, name="scan_discard"),
    path(f"{VISIT}upload/", uploads.upload_new, name="upload_new"),
    path(f"{VISIT}masks/import/", mask_imports.mask_import, name="mask_import"),
    path(f"{VISIT}transfers/", transfers.transfer_list, name="transfers"),
    path("uploads/transfers/<uuid:transfer_id>/", transfers.transfer, name="transfer"),
    path(f"{VISIT}status/", uploads.visit_status, name="visit_status"),
    path("studies/<str:study_code>/runs/<uuid:run_id>/", runs.run_page, name="run"),
    path(f"{STUDY}runs/<uuid:run_id>/mask.nii.gz", run_masks.run_mask, name="run_mask"),
    path(RUN_PICTURE, run_pictures.run_picture, name="run_picture"),
    path(
        f"{RUN_PICTURE}<slug:picture>.png", run_pictures.run_picture_file, name="run_picture_file"
    ),
    path("runs/<uuid:run_id>/retry/", runs.run_retry, name="run_retry"),
    path("runs/<uuid:run_id>/cancel/", segmentations.run_cancel, name="run_cancel"),
    path("runs/<uuid:run_id>/first/", segmentations.run_first, name="run_first"),
    path(SEGMENTATIONS, segmentations.segmentations_page, name="segmentations"),
    path(f"{SEGMENTATIONS}retry/", segmentations.runs_retry, name="runs_retry"),
    path(
        f"{SEGMENTATIONS}<uuid:order_id>/cancel/", segmentations.batch_cancel, name="batch_cancel"
    ),
    path(f"{QUALITY}picture.png", quality.quality_picture, name="quality_picture"),
    path(f"{QUALITY}again/", quality.quality_retry, name="quality_retry"),
    path(MASKS, mask_reviews.mask_list, name="masks"),
    path(f"{MASKS}<uuid:review_id>/", mask_reviews.mask_page, name="mask"),
    path(
        f"{MASKS}<uuid:review_id>/<slug:picture>.png",
        mask_reviews.mask_picture,
        name="mask_picture",
    ),
    path(f"{STUDY}mask-reviews/", mask_reviews.mask_reviews, name="mask_reviews"),
    path(
        f"{STUDY}mask-reviews/<uuid:review_id>/set-aside/",
        mask_reviews.mask_set_aside,
        name="mask_set_aside",
    ),
    path(f"{STUDY}findings/", findings.finding_list, name="findings"),
    path(f"{STUDY}findings/export/", findings.findings_export_file, name="findings_export"),
    path(f"{STUDY}findings/<uuid:finding_id>/", findings.finding_page, name="finding"),
    path(PROTOCOL, protocol.protocol_page, name="protocol"),
    path(f"{PROTOCOL}draft/", protocol.protocol_draft, name="protocol_draft"),
    path(f"{PROTOCOL}draft/discard/", protocol.protocol_discard, name="protocol_discard"),
    path(f"{PROTOCOL}difference/", protocol.protocol_difference, name="protocol_difference"),
    path(f"{PROTOCOL}rules/new/", protocol.rule_new, name="rule_new"),
    path(f"{PROTOCOL}rules/<slug:rule_key>/", protocol.rule_edit, name="rule_edit"),
    path(f"{PROTOCOL}rules/<slug:rule_key>/remove/", protocol.rule_remove, name="rule_remove"),
    path(f"{PROTOCOL}versions/<int:number>/", protocol.protocol_version, name="protocol_version"),
    path(IMAGE_EXPORTS, image_exports.image_exports_page, name="image_exports"),
    path(
        f"{IMAGE_EXPORTS}<uuid:export_id>/images.zip",
        image_exports.image_export_file,
        name="image_export_file",
    ),
    path(f"{STUDY}scanners/", scanners.scanner_list, name="scanners"),
    path(f"{STUDY}scanners/<uuid:scanner_id>/", scanners.scanner_page, name="scanner"),
    path("models/", models.model_list, name="models"),
    path("models/trainings/", trainings.training_list, name="trainings"),
    path(
        "models/trainings/<uuid:training_id>/cancel/",
        trainings.training_cancel,
        name="training_cancel",
    ),
    path(
        "models/trainings/<uuid:training_id>/retry/",
        trainings.training_retry,
        name="training_retry",
    ),
    path("models/<uuid:model_id>/", models.model_page, name="model"),
    path("models/<uuid:model_id>/reinstate/", models.model_reinstate, name="model_reinstate"),
    path("models/<uuid:model_id>/retire/", models.model_retire, name="model_retire"),
]
