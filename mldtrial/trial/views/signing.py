"""The page on which an investigator signs a visit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.audit.models import Signature
from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.signing import SignForm
from mldtrial.trial.models import Visit
from mldtrial.trial.services import signing
from mldtrial.trial.views.answers import CONFLICT, UNPROCESSABLE, posted, to_patient


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def visit_sign(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Show all that is signed, and take the signature; a record that has changed is a conflict."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(request.user, "sign_visit", visit)
    form = SignForm(posted(request), user=request.user)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            signature = _sign(request, visit, form)
        except signing.StaleRecordError:
            form.refuse_stale()
            status = CONFLICT
        else:
            if signature is not None:
                messages.success(request, f"{visit.name} was signed.")
                return to_patient(visit.patient)
    if form.errors and status != CONFLICT:
        status = UNPROCESSABLE
    content = selectors.signed_content(visit, user=request.user)
    form.show_again(content.sha256)
    context = {
        "form": form,
        "visit": visit,
        "patient": visit.patient,
        "content": content,
        "queries": selectors.open_queries(visit, user=request.user),
        "signatures": selectors.signatures_of([visit.pk], user=request.user).get(visit.pk, []),
    }
    return render(request, "trial/visit_sign.html", context, status=status)


def _sign(request: HttpRequest, visit: Visit, form: SignForm) -> Signature | None:
    return form.submit(lambda: signing.sign_visit(visit=visit, **form.values(), by=request.user))
