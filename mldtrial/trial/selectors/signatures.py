"""Reading signatures, each compared with its record at the moment it is shown."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mldtrial.audit import canonical
from mldtrial.audit.models import Signature
from mldtrial.trial.policies import visible_to

CHANGED = "void: the record has changed since"


@dataclass(frozen=True, slots=True)
class ShownSignature:
    """A signature, and whether the record still is what was signed."""

    signature: Signature
    is_valid: bool

    @property
    def words(self) -> str:
        """Return whether it holds, in words."""
        return "signed" if self.is_valid else CHANGED


def signatures_of(visit_ids: Collection[UUID], *, user: Any) -> dict[UUID, list[ShownSignature]]:
    """Return the signatures under visits that a person may see, valid ones first, then newest."""
    found = list(
        visible_to(user, Signature.objects.filter(record_id__in=visit_ids)).order_by("-signed_at")
    )
    valid = unchanged(signature for signature in found if signature.voided_at is None)
    shown: dict[UUID, list[ShownSignature]] = defaultdict(list)
    for signature in sorted(found, key=lambda one: one.pk not in valid):
        shown[signature.record_id].append(ShownSignature(signature, signature.pk in valid))
    return dict(shown)


def unchanged(signatures: Iterable[Signature]) -> set[UUID]:
    """Return the ids of those signatures whose record still is what was signed."""
    alike: dict[tuple[str, str], list[Signature]] = defaultdict(list)
    for signature in signatures:
        layout = json.dumps(signature.layout, sort_keys=True)
        alike[signature.record_kind, layout].append(signature)
    return {
        signature.pk
        for (kind, layout), group in alike.items()
        for signature in _matching(kind, json.loads(layout), group)
    }


def _matching(kind: str, layout: canonical.Layout, group: list[Signature]) -> list[Signature]:
    now = canonical.digests(kind, {signature.record_id for signature in group}, layout)
    return [one for one in group if now[one.record_id] == one.record_sha256]
