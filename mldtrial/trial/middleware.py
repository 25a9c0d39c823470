"""What the studies of a person ask before any page opens."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from mldtrial.trial import policies, rights, selectors

ENROLMENT_ROUTES = ("app_new", "passkey_new")
READING = ("GET", "HEAD")
"""Methods of requests that change no record: their roles are read once."""


class SecondFactorRequired:
    """Opens nothing but the enrolment until a second factor stands where a study asks for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: the decision needs the view."""
        if request.method not in READING:
            return self.get_response(request)
        with rights.of_one_request():
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Send a person who must enrol to the page that does it."""
        is_open = not getattr(view, "login_required", True)
        match = request.resolver_match
        if is_open or (match is not None and match.url_name in ENROLMENT_ROUTES):
            return None
        held = policies.read_of_request(request.user)
        if not selectors.must_enrol(user=request.user, held=held):
            return None
        asked = request.get_full_path() if request.method == "GET" else "/"
        return redirect(f"{reverse('app_new')}?{urlencode({'next': asked})}")
