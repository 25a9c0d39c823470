"""Deploy checks: what must never be configured in production."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from mldtrial.trial.models import Study


@register(Tags.security, deploy=True)
def every_study_asks_for_a_second_factor(**_: Any) -> list[CheckMessage]:
    """Refuse a deployment with a study that a stolen password alone would open."""
    try:
        codes = list(
            Study.objects.filter(requires_mfa=False).order_by("code").values_list("code", flat=True)
        )
    except DatabaseError:
        text = "The studies could not be read, so their second factor could not be checked."
        return [Warning(text, hint="Run the migrations first.", id="trial.W001")]
    return [
        Error(
            f"The study {code} does not ask for a second factor.",
            hint="Set requires_mfa; a demonstration study does not belong in production.",
            id="trial.E001",
        )
        for code in codes
    ]
