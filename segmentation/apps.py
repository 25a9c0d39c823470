"""The application from uploaded file to volume."""

from django.apps import AppConfig


class SegmentationConfig(AppConfig):
    """Uploads, models, segmentation runs."""

    name = "segmentation"

    def ready(self) -> None:
        """Register the deploy checks, and who sees which history."""
        from mldtrial.trial import trails
        from segmentation import (
            checks,  # noqa: F401 - registration at start-up
            models,
            policies,
        )

        trails.add_rules(
            policies.IN_THE_TRAIL,
            patients={
                models.MaskReview: "run__visit__patient_id",
                models.TrainingCase: "review__run__visit__patient_id",
            },
            studies={models.TrainingRun: "study_id"},
        )
