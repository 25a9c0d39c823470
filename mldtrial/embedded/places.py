"""Where the sockets of the embedded servers lie."""

import hashlib
import os
import tempfile
from pathlib import Path

LONGEST_SOCKET_BYTES = 107
LONGEST_NAME = "/pg/.s.PGSQL.5432.lock"


def socket_dir(data_dir: Path) -> Path:
    """Return a short folder for the sockets of a data folder.

    A Unix socket path holds at most 107 bytes, which a deep data folder exceeds; so the
    sockets lie in the run-time folder of the user, told apart by a hash of the data folder.
    """
    mark = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    bases = [*_run_time_folder(), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - owner is checked
    folders = [Path(base) / f"mldtrial-{mark}" for base in bases]
    return next(folder for folder in folders if _is_short_enough(folder))


def make_socket_dir(data_dir: Path) -> Path:
    """Make the folder of the sockets, and return it.

    Raises
    ------
    RuntimeError
        If it belongs to someone else, who could then listen in our place.
    """
    folder = socket_dir(data_dir)
    folder.mkdir(mode=0o711, exist_ok=True)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.geteuid():
        raise RuntimeError(f"The socket folder {folder} belongs to someone else; remove it.")
    return folder


def _run_time_folder() -> list[str]:
    """Return the user's own run-time folder; root's is closed to the server's system user."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    return [named] if named and os.geteuid() != 0 and Path(named).is_dir() else []


def _is_short_enough(folder: Path) -> bool:
    return len(os.fsencode(f"{folder}{LONGEST_NAME}")) <= LONGEST_SOCKET_BYTES
