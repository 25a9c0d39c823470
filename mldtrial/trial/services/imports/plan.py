"""What an import would do, row by row, before anything of it is done."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import models

from mldtrial.trial.models import Patient, Visit
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.rows import Fault


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Question:
    """A query that the import opens."""

    rule: str
    patient: Patient
    visit: Visit | None
    words: str


@dataclass(slots=True)
class RowPlan:
    """A row with its fate, and with what it would write."""

    number: int
    subject_code: str
    fate: Fate = Fate.SAME
    faults: list[Fault] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    """What would change: name, old value and new value, in words."""
    parts: list[str] = field(default_factory=list)
    """What would be added, in words."""
    notes: list[str] = field(default_factory=list)
    needs_reason: bool = False
    questions: list[Question] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what is shown of the row."""
        return {
            "number": self.number,
            "subject_code": self.subject_code,
            "fate": self.fate.value,
            "faults": [[f.column, f.shown, f.reason] for f in self.faults],
            "changes": [list(change) for change in self.changes],
            "parts": self.parts,
            "notes": self.notes,
        }


@dataclass(slots=True)
class Plan:
    """The fates of all rows, and the records as they would be."""

    rows: list[RowPlan] = field(default_factory=list)
    added: dict[UUID, models.Model] = field(default_factory=dict)
    altered: dict[UUID, tuple[models.Model, set[str]]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many rows have each fate."""
        found = Counter(row.fate.value for row in self.rows)
        return {fate.value: found.get(fate.value, 0) for fate in Fate}

    def needs_reason(self) -> bool:
        """Return whether a stored record would change, or something follows the end."""
        return any(row.needs_reason for row in self.rows)

    def sha256(self, file_sha256: str, layout: Layout) -> str:
        """Return the hash that binds what is shown to the file, its layout and the data."""
        digest = hashlib.sha256()
        for part in (file_sha256, layout.as_json(), *(row.as_json() for row in self.rows)):
            digest.update(json.dumps(part, sort_keys=True).encode())
        return digest.hexdigest()
