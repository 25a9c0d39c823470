"""Opens the audit context of a web request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mldtrial.accounts.addresses import client_address
from mldtrial.audit.context import acting


def audit_context(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Attribute every change of the request to the signed-in person.

    Session rows are not clinical data, so nothing is written for a plain visit.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user if request.user.is_authenticated else None
        with acting(user=user, origin="web", address=client_address(request)):
            return get_response(request)

    return middleware
