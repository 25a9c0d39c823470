"""Pages of a study's settings: what they are, how they came to be, and their forms."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.forms.settings import (
    DefinitionEditForm,
    DefinitionForm,
    SiteEditForm,
    SiteForm,
    StudySettingsForm,
)
from mldtrial.trial.models import Study, TreatmentKind, VisitDefinition
from mldtrial.trial.selectors import settings as found_settings
from mldtrial.trial.services import settings as services
from mldtrial.trial.views.answers import form_page, posted

PER_PAGE = 25


@require_safe
def settings_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the settings of a study with their version and history."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_settings", study)
    history = found_settings.settings_history(study)
    context = {
        "study": study,
        "sites": selectors.sites(study, user=request.user),
        "definitions": [(d, _anchor(d)) for d in study.visit_definitions.all()],
        "page": Paginator(history, PER_PAGE).get_page(request.GET.get("page")),
        "may_change": policies.may(request.user, "change_settings", study),
        "may_load_allocation": policies.may(request.user, "load_allocation", study),
    }
    return render(request, "trial/settings.html", context)


def _anchor(definition: VisitDefinition) -> str:
    if definition.anchor_therapy:
        return TreatmentKind(definition.anchor_therapy).label
    if definition.anchor == "TREATMENT":
        return "first study dose"
    return definition.get_anchor_display()


@require_http_methods(["GET", "HEAD", "POST"])
def settings_change(request: HttpRequest, study_code: str) -> HttpResponse:
    """Change the settings of a study, with a reason."""
    study = _study(request, study_code)
    form = StudySettingsForm(posted(request), record=study)
    return _page(
        request,
        study,
        form,
        "Change settings",
        lambda: services.change_settings(study=study, **form.values(), by=request.user),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: HttpRequest, study_code: str) -> HttpResponse:
    """Add a site."""
    study = _study(request, study_code)
    form = SiteForm(posted(request))
    return _page(
        request,
        study,
        form,
        "Add a site",
        lambda: services.add_site(study=study, **form.cleaned_data, by=request.user),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def site_edit(request: HttpRequest, study_code: str, site_id: UUID) -> HttpResponse:
    """Rename a site, or move its clock."""
    study = _study(request, study_code)
    site = found_settings.site(study, site_id, user=request.user)
    form = SiteEditForm(posted(request), record=site)
    return _page(
        request,
        study,
        form,
        f"Change site {site.code}",
        lambda: services.change_site(site=site, **form.values(), by=request.user),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def definition_new(request: HttpRequest, study_code: str) -> HttpResponse:
    """Add a visit to the schedule."""
    study = _study(request, study_code)
    form = DefinitionForm(posted(request))

    def add() -> VisitDefinition:
        values = dict(form.cleaned_data)
        reason = values.pop("reason")
        return services.add_definition(study=study, values=values, reason=reason, by=request.user)

    return _page(request, study, form, "Add a visit to the schedule", add)


@require_http_methods(["GET", "HEAD", "POST"])
def definition_edit(request: HttpRequest, study_code: str, definition_id: UUID) -> HttpResponse:
    """Change or retire a visit of the schedule."""
    study = _study(request, study_code)
    definition = selectors.definition(study, definition_id, user=request.user)
    form = DefinitionEditForm(posted(request), record=definition)
    return _page(
        request,
        study,
        form,
        f"Change {definition.code}",
        lambda: services.change_definition(definition=definition, **form.values(), by=request.user),
    )


def _study(request: HttpRequest, study_code: str) -> Study:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "change_settings", study)
    return study


def _page(
    request: HttpRequest, study: Study, form: ServiceForm, title: str, save: Callable[[], Any]
) -> HttpResponse:
    if form.submit(save) is not None:
        messages.success(request, "The settings were changed.")
        return redirect("study_settings", study_code=study.code)
    return form_page(
        request, "trial/settings_form.html", form, {"study": study, "title": title}, changes=study
    )
