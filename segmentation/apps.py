"""The application from uploaded file to volume."""

from django.apps import AppConfig


class SegmentationConfig(AppConfig):
    """Uploads, models, segmentation runs."""

    name = "segmentation"

    def ready(self) -> None:
        """Register the deploy checks."""
        from segmentation import checks  # noqa: F401 - registration at start-up
