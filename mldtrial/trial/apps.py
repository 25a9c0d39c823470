"""The application of what people record."""

from django.apps import AppConfig


class TrialConfig(AppConfig):
    """Studies, sites, patients, visits, scans, scores and queries."""

    name = "mldtrial.trial"
    label = "trial"

    def ready(self) -> None:
        """Register the deploy checks."""
        from mldtrial.trial import checks  # noqa: F401 - registration at start-up
