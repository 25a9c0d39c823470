"""What stands between the right password and a session."""

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpResponse
from django.shortcuts import redirect


class SecondFactor(AuthenticateStage):
    """Asks for the second factor, unless a passkey was both factors at once."""

    urlname = "second_factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Send to the page of the second factor where one is enrolled."""
        if not self._should_handle(self.request):
            return None, True
        return redirect("second_factor"), True
