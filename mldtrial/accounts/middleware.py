"""What holds for every page of a signed-in person."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.utils.http import urlencode

from mldtrial.accounts.services import sessions

Handler = Callable[[HttpRequest], HttpResponse]
ENDED = "session_ended"


def private_pages(get_response: Handler) -> Handler:
    """Mark every answer to a signed-in person as private and not to be stored."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def session_limits(get_response: Handler) -> Handler:
    """End a session that was idle for too long, or has been open for too long."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            if sessions.is_over(request.session, now=now):
                logout(request)
                request.session[ENDED] = True
            elif request.method != "GET" or not _is_of_a_fragment(request):
                sessions.note_request(request.session, now=now)
        return get_response(request)

    return middleware


def sign_in_of_fragments(get_response: Handler) -> Handler:
    """Send the whole page to the sign-in, where only a part of it was asked for again."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        sign_in = resolve_url("sign_in")
        if not _is_of_a_fragment(request) or not response.get("Location", "").startswith(sign_in):
            return response
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        return HttpResponse(
            status=204, headers={"HX-Redirect": f"{sign_in}?{urlencode({'next': page})}"}
        )

    return middleware


def sign_in_of_transfers(get_response: Handler) -> Handler:
    """Say in words that the session has ended to what sends a file, and follows no redirection."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_sent_on = response.get("Location", "").startswith(resolve_url("sign_in"))
        if "Tus-Resumable" not in request.headers or not is_sent_on:
            return response
        message = "Your session has ended. Sign in again, then continue: nothing is lost."
        return JsonResponse({"message": message}, status=401)

    return middleware


def _is_of_a_fragment(request: HttpRequest) -> bool:
    # An open page asks for its own parts again every few seconds: nobody is at the keyboard.
    return "HX-Request" in request.headers
