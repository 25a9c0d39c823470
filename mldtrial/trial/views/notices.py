"""A person's calendar link and digest, and the calendar itself."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies
from mldtrial.trial.rules.ics import calendar
from mldtrial.trial.selectors.digest import coming_visits
from mldtrial.trial.selectors.notices import notices_of, owner_of_calendar
from mldtrial.trial.services import notices as services
from mldtrial.trial.views.answers import UNPROCESSABLE


@require_http_methods(["GET", "HEAD", "POST"])
def notices_page(request: HttpRequest) -> HttpResponse:
    """Show and change a person's calendar link and digest."""
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if action == "new-link":
        # The address is shown once, here: only its hash is kept.
        token = services.new_calendar_link(by=request.user)
        address = request.build_absolute_uri(reverse("calendar_feed", args=[token]))
        return _page(request, address=address)
    if action == "revoke":
        services.revoke_calendar_link(by=request.user)
        messages.success(request, "The calendar link was revoked.")
        return redirect("notices")
    if action in ("digest-on", "digest-off"):
        services.choose_digest(wants_digest=action == "digest-on", by=request.user)
        messages.success(request, "Your choice was saved.")
        return redirect("notices")
    return _page(request, status=UNPROCESSABLE if request.method == "POST" else 200)


def _page(request: HttpRequest, *, address: str = "", status: int = 200) -> HttpResponse:
    own = notices_of(request.user)
    context = {
        "address": address,
        "has_link": own is not None and bool(own.calendar_sha256),
        "wants_digest": own is None or own.wants_digest,
        "has_visits": "view_work" in policies.actions_of(policies.held(request.user)),
    }
    return render(request, "trial/notices.html", context, status=status)


@login_not_required
@require_safe
def calendar_feed(_request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the visit windows of the person whose secret address this is."""
    owner = owner_of_calendar(services.token_hash(token))
    text = calendar(coming_visits(owner), name="Study visits", stamp=datetime.now(UTC))
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
