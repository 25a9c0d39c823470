"""The application that keeps history: mechanism only, no pages."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """History tables and the context inside each event row."""

    name = "mldtrial.audit"
    label = "audit"

    def ready(self) -> None:
        """Spare the migrations what they do not need."""
        from mldtrial.audit.migrating import build_no_models_for_triggers

        build_no_models_for_triggers()
