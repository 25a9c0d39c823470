"""What is said where there is nothing under an address."""

from django.http import HttpRequest, HttpResponseNotFound
from django.template import loader

from mldtrial.trial.selectors.asked import UnknownFilterError


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseNotFound:
    """Say that there is nothing here, and which filter of the address is not known."""
    unknown = exception if isinstance(exception, UnknownFilterError) else None
    template = loader.get_template("404.html")
    return HttpResponseNotFound(template.render({"unknown": unknown}, request))
