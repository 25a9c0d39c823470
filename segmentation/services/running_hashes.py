"""Checksums of files that are still on their way, kept by this process from piece to piece.

They only save reading: what is missing here, after a restart or because another process took a
piece, is computed from the file. So nothing depends on them, and a few hundred suffice.
"""

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

CHUNK_BYTES = 1024 * 1024
AT_MOST = 256
"""Files that are remembered; one state is a few hundred bytes."""

_states: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()
_lock = Lock()


def up_to(key: UUID, offset_bytes: int) -> Any | None:
    """Return a copy of the sha256 of exactly so many bytes; None where it is not at hand.

    What is known of bytes beyond is forgotten: they are about to be written anew.
    """
    with _lock:
        known, digest = _states.get(key, (0, None))
        if known > offset_bytes:
            del _states[key]
        if offset_bytes == 0:
            return hashlib.sha256()
        return digest.copy() if digest is not None and known == offset_bytes else None


def keep(key: UUID, offset_bytes: int, digest: Any) -> None:
    """Remember the sha256 of the first bytes of a file; the one used longest ago makes room."""
    with _lock:
        _states[key] = (offset_bytes, digest)
        _states.move_to_end(key)
        while len(_states) > AT_MOST:
            _states.popitem(last=False)


def forget(key: UUID) -> None:
    """Drop what is known of a file that has ended."""
    with _lock:
        _states.pop(key, None)


def of_file(key: UUID, path: Path) -> str:
    """Return the sha256 of a whole file, reading only what was not hashed on its way in."""
    with _lock:
        offset_bytes, digest = _states.get(key, (0, None))
        digest = hashlib.sha256() if digest is None else digest.copy()
    with path.open("rb") as handle:
        handle.seek(offset_bytes)
        while chunk := handle.read(CHUNK_BYTES):
            digest.update(chunk)
    return str(digest.hexdigest())
