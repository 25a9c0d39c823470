"""Where a table waits between its upload and its import, and no longer."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from mldtrial.trial.sheets.errors import SheetError

GONE = "The file is no longer kept. Upload it again."


def _path(batch_id: UUID, kind: str) -> Path:
    return Path(settings.DATA_DIR) / "imports" / f"{batch_id}.{kind}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(f"{path.suffix}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)


def keep(batch_id: UUID, content: bytes) -> None:
    """Keep the table of an import."""
    _write(_path(batch_id, "table"), content)


def content_of(batch_id: UUID, sha256: str) -> bytes:
    """Return the table of an import.

    Raises
    ------
    SheetError
        If it is no longer kept, or is not the one that was uploaded.
    """
    path = _path(batch_id, "table")
    if not path.exists():
        raise SheetError(GONE)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SheetError("The kept file is not the one that was uploaded. Upload it again.")
    return content


def keep_rows(batch_id: UUID, rows: Iterable[dict[str, Any]]) -> None:
    """Keep what was shown of each row, for pages and for the report."""
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    _write(_path(batch_id, "rows"), lines.encode())


def rows_of(batch_id: UUID) -> list[dict[str, Any]]:
    """Return what was shown of each row; nothing once the import is over."""
    path = _path(batch_id, "rows")
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def say_progress(batch_id: UUID, done: float, words: str) -> None:
    """Note how far the work has come, for whoever waits."""
    _write(_path(batch_id, "progress"), json.dumps({"done": done, "words": words}).encode())


def progress_of(batch_id: UUID) -> dict[str, Any]:
    """Return how far the work has come: a share and words."""
    path = _path(batch_id, "progress")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"done": 0.0, "words": ""}
    return found


def remove(batch_id: UUID) -> None:
    """Remove all that was kept of an import."""
    for kind in ("table", "rows", "progress"):
        _path(batch_id, kind).unlink(missing_ok=True)
