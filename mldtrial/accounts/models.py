"""The login; what a person may do is a membership of the trial."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class User(AbstractUser):
    """A person who signs in; roles and sites are in `trial.Membership`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    first_name = None  # type: ignore[assignment]  # one field holds the printed name
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField("full name", max_length=200, blank=True)
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="Sessions begun under an earlier number are over."
    )

    REQUIRED_FIELDS = ["full_name"]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_once", condition=~models.Q(email="")
            ),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Of Django, with the number added: it ends sessions at a change of roles or factors too.
        return salted_hmac(
            "mldtrial.accounts.session",
            f"{self.session_epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def get_full_name(self) -> str:
        """Return the printed name, or the user name where none was given."""
        return self.full_name or self.username

    def get_short_name(self) -> str:
        """Return the same as `get_full_name`: signatures need the whole name."""
        return self.get_full_name()

    def __str__(self) -> str:
        return self.get_full_name()


class Guess(models.Model):
    """A guess of a password or a code that was not right, as far as is known yet.

    Machine state: a row is deleted when the guess was right, or is older than the window.
    """

    key = models.CharField(max_length=64)
    about = models.CharField(max_length=64, blank=True, help_text="What is counted once for a key.")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="guess_by_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "about"], condition=~models.Q(about=""), name="guess_about_once"
            )
        ]

    def __str__(self) -> str:
        return f"Guess at {self.at:%Y-%m-%d %H:%M}"
