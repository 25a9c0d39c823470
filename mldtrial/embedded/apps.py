"""The application of the embedded servers and of the one-command supervisor."""

from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    """Commands only; no tables."""

    name = "mldtrial.embedded"
    label = "embedded"
