"""Which two methods an address asks for, and how what is of them is named and sent."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename

from analytics.selectors import agreement
from analytics.selectors.agreement import Comparison, MethodPair
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.selectors.asked import known
from segmentation.models import ModelVersion


def study_of(request: HttpRequest, study_code: str) -> Study:
    """Return the study of an address, for whoever may compare methods."""
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_impact", study)
    return study


def asked_for(request: HttpRequest, study: Study) -> Comparison | None:
    """Return the comparison of the address; None where there are no two methods."""
    pair = pair_asked_for(request, agreement.methods(study, user=request.user))
    return None if pair is None else agreement.comparison(study, pair, user=request.user)


def pair_asked_for(request: HttpRequest, methods: Sequence[ModelVersion]) -> MethodPair | None:
    """Return the two methods of the address; None where there are no two.

    Without names in the address the method that counts is under test, or a network where that is
    conventional, and the first other one the reference.

    Raises
    ------
    UnknownFilterError
        If it names a method that has no load here.
    """
    if len(methods) < 2:
        return None
    named = {str(model.pk): model for model in methods}
    return agreement.chosen_pair(
        methods,
        tested=named.get(known(request.GET, "test", named)),
        reference=named.get(known(request.GET, "reference", named)),
    )


def is_itself(request: HttpRequest) -> bool:
    """Return whether the address sets a method beside itself, so that another is taken instead."""
    tested = request.GET.get("test", "")
    return bool(tested) and tested == request.GET.get("reference")


def of_pair(name: str, pair: MethodPair, *arguments: str) -> str:
    """Return the address of something of two methods."""
    asked = urlencode({"test": pair.tested.pk, "reference": pair.reference.pk})
    return f"{reverse(name, args=arguments)}?{asked}"


def csv_answer(content: bytes, name: str) -> HttpResponse:
    """Return a table under a name, to be kept as a file."""
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def file_name(study: Study, what: str, compared: Comparison | None, ending: str) -> str:
    """Return the name of a file of a comparison, with both methods in it."""
    methods = [] if compared is None else [str(compared.tested), "beside", str(compared.reference)]
    return named(study, what, *methods, ending=ending)


def named(study: Study, *parts: str, ending: str) -> str:
    """Return the name of a file of a study."""
    return get_valid_filename(f"{'_'.join((study.code, *parts))}.{ending}")
