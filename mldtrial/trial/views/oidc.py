"""Signing in through the OpenID Connect provider of an institution, where one is configured."""

from dataclasses import dataclass

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the sign-in page names it."""

    name: str
    url: str


def list_providers() -> list[Provider]:
    """Return the configured providers."""
    return [
        Provider(app.name, reverse("openid_connect_login", args=[app.provider_id]))
        for app in get_adapter().list_apps(None, provider="openid_connect")
    ]


@login_not_required
@never_cache
@require_safe
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the person to the provider; 404 where it is not configured."""
    return views.login(request, provider_id)


@login_not_required
@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take what the provider answers; only people who are known here go on."""
    return views.callback(request, provider_id)
