"""The application from uploaded file to volume."""

from django.apps import AppConfig


class SegmentationConfig(AppConfig):
    """Uploads, models, segmentation runs."""

    name = "segmentation"

    def ready(self) -> None:
        """Register the deploy checks, who sees which history, and which scans are of no use."""
        from mldtrial.trial import trails
        from mldtrial.trial.selectors import owing
        from segmentation import (
            checks,  # noqa: F401 - registration at start-up
            models,
            policies,
        )
        from segmentation.selectors import left_out

        owing.owe_in_spite_of(left_out.ids_set_aside)
        trails.add_rules(
            policies.IN_THE_TRAIL,
            patients={
                models.MaskReview: "run__visit__patient_id",
                models.TrainingCase: "review__run__visit__patient_id",
            },
            studies={models.TrainingRun: "study_id"},
        )
