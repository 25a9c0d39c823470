"""Where the sockets of the embedded servers lie."""

import hashlib
import os
import tempfile
from pathlib import Path


def socket_dir(data_dir: Path) -> Path:
    """Return a short folder for the sockets of a data folder.

    A Unix socket path holds at most 107 bytes, which a deep data folder exceeds; so the
    sockets lie in the run-time folder of the user, told apart by a hash of the data folder.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    if not base.is_dir():
        base = Path(tempfile.gettempdir())
    mark = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return base / f"mldtrial-{mark}"
