"""What every paper needs: how it is sent, and how its numbers are written."""

from django.http import HttpResponse
from django.template.defaultfilters import floatformat
from django.utils.http import content_disposition_header


def pdf_answer(content: bytes, name: str) -> HttpResponse:
    """Return a paper under a name, to be kept as a file."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def number(value: float, digits: int | str) -> str:
    """Return a number as the page writes it."""
    return str(floatformat(value, digits))


def signed(value: float, digits: int | str) -> str:
    """Return a difference with its sign, rounded as the page rounds it; zero has no sign."""
    size = number(abs(value), digits)
    is_zero = not size.strip("0.,")
    return size if is_zero else f"{'−' if value < 0 else '+'}{size}"
