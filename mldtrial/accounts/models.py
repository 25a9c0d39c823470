"""The login; what a person may do is a membership of the trial."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in; roles and sites are in `trial.Membership`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    first_name = None  # type: ignore[assignment]  # one field holds the printed name
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField("full name", max_length=200, blank=True)

    REQUIRED_FIELDS = ["full_name"]

    def get_full_name(self) -> str:
        """Return the printed name, or the user name where none was given."""
        return self.full_name or self.username

    def get_short_name(self) -> str:
        """Return the same as `get_full_name`: signatures need the whole name."""
        return self.get_full_name()

    def __str__(self) -> str:
        return self.get_full_name()
