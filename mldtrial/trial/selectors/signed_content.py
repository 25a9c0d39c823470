"""What a signature of a visit covers, as the page shows it before somebody signs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from mldtrial.audit import canonical
from mldtrial.audit.belonging import RecordKind
from mldtrial.trial.models import Visit
from mldtrial.trial.policies import VISIBLE, visible_to
from mldtrial.trial.selectors.labels import label_of

TITLES = {
    "trial.Visit": "Visit",
    "trial.Scan": "Image",
    "trial.GmfcMldAssessment": "GMFC-MLD",
    "trial.ElfcMldAssessment": "ELFC-MLD",
    "trial.MriSeverityRead": "MRI severity score",
}
UNSHOWN = {"id", "visit", "patient", "created_at"}
"""Columns that say nothing to a reader: the page is about this visit."""


@dataclass(slots=True)
class Section:
    """One record of the visit: what people read, and the technical values behind it."""

    title: str
    values: list[tuple[str, str]] = field(default_factory=list)
    technical: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SignedContent:
    """All that a signature of a visit covers.

    Attributes
    ----------
    hidden : int
        Records that are signed with the rest but not shown to the person's role.
    """

    sections: list[Section]
    hidden: int
    sha256: str


def signed_content(visit: Visit, *, user: Any) -> SignedContent:
    """Return what a signature of a visit covers, as far as the person may see it."""
    # The hash is taken first: what changes while the rest is read makes the page stale.
    sha256 = canonical.digests(RecordKind.VISIT, [visit.pk])[visit.pk]
    sections, hidden = [], 0
    for model in _in_order():
        rows = canonical.signed_rows(model, [visit.pk])
        seen = list(visible_to(user, rows)) if model in VISIBLE else []
        sections += [_section(row) for row in seen]
        hidden += rows.count() - len(seen)
    return SignedContent(sections, hidden, sha256)


def _in_order() -> list[type[models.Model]]:
    """Return the signed models: the visit first, images last."""
    last = ["trial.Scan"]
    models_of_visit = canonical.signed_models(RecordKind.VISIT)
    return sorted(models_of_visit, key=lambda m: (m is not Visit, m._meta.label in last))


def _section(row: models.Model) -> Section:
    label = row._meta.label
    section = Section(TITLES.get(label, str(row._meta.verbose_name).capitalize()))
    for name, value in _shown_fields(row):
        is_technical = isinstance(value, dict | list) or len(str(value)) == 64
        (section.technical if is_technical else section.values).append((name, _text(value)))
    return section


def _shown_fields(row: models.Model) -> Iterator[tuple[str, Any]]:
    for column in row._meta.concrete_fields:
        if column.name in UNSHOWN:
            continue
        value = getattr(row, column.name)
        if column.choices and value not in (None, ""):
            value = getattr(row, f"get_{column.name}_display")()
        if value not in (None, "", {}, []):
            yield label_of(column), value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
