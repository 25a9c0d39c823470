"""The application of what people record."""

from django.apps import AppConfig


class TrialConfig(AppConfig):
    """Studies, sites, patients, visits, scans, scores and queries."""

    name = "mldtrial.trial"
    label = "trial"

    def ready(self) -> None:
        """Register the deploy checks, and hear of sign-ins."""
        from mldtrial.trial import checks  # noqa: F401 - registration at start-up
        from mldtrial.trial.services import access

        access.listen()
