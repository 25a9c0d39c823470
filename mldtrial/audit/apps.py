"""The application that keeps history: mechanism only, no pages."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """History tables and the context inside each event row."""

    name = "mldtrial.audit"
    label = "audit"
