"""The application of what the numbers say."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Trajectories, the cohort, exports."""

    name = "analytics"
