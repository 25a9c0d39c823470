"""History of the tables of sign-in, which lie below this application."""

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model

from mldtrial.audit.tracking import refuse_delete, refuse_truncate, tracked

User = get_user_model()


@tracked(exclude=["password", "last_login"], needs_reason=False)
class Login(User):  # type: ignore[valid-type]  # the model is named in the settings
    """A login, with the history of what names it and of whether it is active."""

    class Meta:
        proxy = True
        triggers = [refuse_truncate(), refuse_delete()]


@tracked(exclude=["data", "last_used_at"], needs_reason=False)
class SecondFactor(Authenticator):
    """A second factor, with the history of when it was enrolled and removed; no secret."""

    class Meta:
        proxy = True
