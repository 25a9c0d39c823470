"""The application of the embedded servers and of the one-command supervisor."""

from importlib import import_module

from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    """Commands and the connection to the broker; no tables."""

    name = "mldtrial.embedded"
    label = "embedded"

    def ready(self) -> None:
        """Let every process that loads Django, not only workers, send to the configured broker."""
        import_module("mldtrial.celery")
