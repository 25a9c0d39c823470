"""The application that holds logins."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Logins and sessions."""

    name = "mldtrial.accounts"
    label = "accounts"
