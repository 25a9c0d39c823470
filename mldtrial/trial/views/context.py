"""What the frame of every page knows: the person's studies, roles and menu."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from mldtrial.trial import policies
from mldtrial.trial.models import Membership, Origin, Study


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu."""

    label: str
    url: str
    is_here: bool
    is_aside: bool = False


STUDY_LINKS = (
    ("Patients", "patients", "view_patient"),
    ("Cohort", "cohort", "view_cohort"),
    ("Milestones", "milestones", "view_cohort"),
    ("Longitudinal models", "longitudinal_models", "view_cohort"),
    ("Overview", "study_overview", "view_overview"),
    ("Image quality", "study_quality", "view_quality"),
    ("Segmentations", "segmentations", "view_segmentations"),
    ("Agreement", "agreement", "view_impact"),
    ("Reference cohort", "reference_cohort", "view_impact"),
    ("Deviations", "deviations", "view_deviations"),
    ("Findings", "findings", "view_deviations"),
    ("Scanners", "scanners", "view_patient"),
    ("People", "people", "view_people"),
    ("Settings", "study_settings", "view_settings"),
    ("Protocol rules", "protocol", "view_settings"),
    ("Import", "imports", "import_records"),
    ("Reads", "reads", "record_severity"),
    ("MRI reads", "read_cases", "view_reads"),
    ("Masks", "masks", "review_mask"),
    ("Mask reviews", "mask_reviews", "view_mask_reviews"),
    ("Locks", "locks", "lock_record"),
)
ASIDE = {
    "milestones",
    "longitudinal_models",
    "study_quality",
    "segmentations",
    "agreement",
    "reference_cohort",
    "deviations",
    "findings",
    "scanners",
    "protocol",
    "people",
    "study_settings",
    "imports",
    "read_cases",
    "mask_reviews",
    "locks",
    "models",
    "quarantine",
}
"""Entries that stand under "More" where the menu would not fit in one line."""
FITS = 9
SECTIONS = {
    "invitation_new": "people",
    "membership_end": "people",
    "membership_export": "people",
    "patient": "patients",
    "patient_new": "patients",
    "patient_edit": "patients",
    "visit_new": "patients",
    "treatment_new": "patients",
    "treatment_edit": "patients",
    "import_layout": "imports",
    "import_check": "imports",
    "participation_new": "patients",
    "participation_edit": "patients",
    "gmfc_record": "patients",
    "visit_sign": "patients",
    "elfc_record": "patients",
    "visit_edit": "patients",
    "visit_not_done": "patients",
    "scan_not_done": "patients",
    "not_done_edit": "patients",
    "deviation": "deviations",
    "finding": "findings",
    "scanner": "scanners",
    "protocol_difference": "protocol",
    "protocol_version": "protocol",
    "rule_new": "protocol",
    "rule_edit": "protocol",
    "settings_change": "study_settings",
    "rescans": "study_settings",
    "sample_size": "longitudinal_models",
    "site_new": "study_settings",
    "allocation": "study_settings",
    "site_edit": "study_settings",
    "definition_new": "study_settings",
    "definition_edit": "study_settings",
    "deviation_new": "patients",
    "read": "reads",
    "read_case": "read_cases",
    "mask": "masks",
    "mask_set_aside": "mask_reviews",
    "patient_unblind": "patients",
    "study_unblind": "patients",
    "unblind_decision": "patients",
    "visit_lock": "locks",
    "patient_lock": "locks",
    "study_lock": "locks",
    "unlock_decision": "locks",
    "upload_new": "uploads",
    "scan_quality": "study_quality",
    "run": "uploads",
    "scan_move": "quarantine",
    "scan_keep": "quarantine",
    "scan_set_aside": "patients",
    "scan_take_back": "patients",
    "scan_discard": "quarantine",
    "query": "queries",
    "query_new": "patients",
    "model": "models",
    "model_impact": "models",
    "model_promote": "models",
    "model_promotion": "models",
    "trainings": "models",
    "audit_study": "audit",
    "audit_record": "audit",
    "audit_access": "audit",
}
"""Pages that belong to an entry of the menu without being it."""


def studies(request: HttpRequest) -> dict[str, Any]:
    """Return the studies, the current one, the roles in it and the menu of the person."""
    user = getattr(request, "user", None)
    if user is None or not policies.is_known(user):
        return {}
    held = policies.held(user)
    mine = list({m.study_id: m.study for m in held}.values())
    current = _current(request, mine)
    here = [m for m in held if current is not None and m.study_id == current.pk]
    menu = _menu(request, current, held)
    return {
        "my_studies": mine,
        "current_study": current,
        "my_roles": _describe(here or held),
        "may_here": policies.actions_of(here),
        "is_demo_study": current is not None and current.origin == Origin.DEMO,
        "menu": menu,
        "menu_aside": [link for link in menu if link.is_aside],
        "is_here_aside": any(link.is_aside and link.is_here for link in menu),
    }


def _current(request: HttpRequest, mine: list[Study]) -> Study | None:
    # The study of the address, where it is the person's; an address of somebody else's
    # study must look like one that does not exist.
    match = request.resolver_match
    code = match.kwargs.get("study_code") if match is not None else None
    named = next((study for study in mine if study.code == code), None)
    if named is not None:
        return named
    # A page whose address names no study may still be about one.
    about = getattr(request, "about_study", None)
    if about is not None:
        return next((study for study in mine if study.pk == about.pk), None)
    return mine[0] if len(mine) == 1 else None


def _describe(held: Iterable[Membership]) -> str:
    parts = [
        m.get_role_display() + (f", site {m.site.code}" if m.site is not None else "") for m in held
    ]
    text = " · ".join(dict.fromkeys(parts))
    return text[:1].upper() + text[1:]


def _menu(request: HttpRequest, current: Study | None, held: Sequence[Membership]) -> list[Link]:
    here = [m for m in held if current is not None and m.study_id == current.pk]
    actions = policies.actions_of(here)
    anywhere = policies.actions_of(held)
    wanted: list[tuple[str, str, list[str]]] = [("Work list", "home", [])]
    if current is not None:
        wanted += [
            (label, name, [current.code])
            for label, name, action in STUDY_LINKS
            if action in actions
        ]
    if "view_patient" in anywhere:
        wanted.append(("Uploads", "uploads", []))
        if "view_quarantine" in anywhere:
            wanted.append(("Quarantine", "quarantine", []))
        wanted.append(("Queries", "queries", []))
    if "export_rows" in anywhere:
        wanted.append(("Exports", "exports", []))
    if "view_audit" in anywhere:
        wanted.append(("Audit trail", "audit", []))
    if held:
        wanted.append(("Models", "models", []))
    is_long = len(wanted) > FITS
    found = [
        _link(request, label, name, args, is_aside=is_long and name in ASIDE)
        for label, name, args in wanted
    ]
    return [link for link in found if link is not None]


def links_into(study: Study, actions: Collection[str]) -> list[Link]:
    """Return the pages of a study that some actions open, for a list outside of the menu."""
    return [
        Link(label, reverse(name, args=[study.code]), is_here=False)
        for label, name, action in STUDY_LINKS
        if action in actions
    ]


def _link(
    request: HttpRequest, label: str, name: str, args: list[str], *, is_aside: bool
) -> Link | None:
    try:
        url = reverse(name, args=args)
    except NoReverseMatch:
        return None
    return Link(label, url, _section(request) == name, is_aside)


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    name = (match.url_name or "") if match is not None else ""
    return SECTIONS.get(name, name)
