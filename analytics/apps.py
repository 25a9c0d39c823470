"""The application of what the numbers say."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Trajectories, the cohort, exports."""

    name = "analytics"

    def ready(self) -> None:
        """Register who sees which history."""
        from analytics import policies
        from mldtrial.trial import trails

        trails.add_rules(policies.VISIBLE)
