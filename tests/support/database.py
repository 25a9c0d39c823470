"""The database server of the test run, shared by runs that happen at the same time."""

import fcntl
import os
from pathlib import Path
from typing import IO

from mldtrial.embedded import postgres


class TestServer:
    """Starts the embedded server for the first run that needs it; the last one stops it."""

    __test__ = False

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        self._lock: IO[str] | None = None

    def start(self) -> None:
        """Start the server unless `DATABASE_URL` names one."""
        if os.environ.get("DATABASE_URL"):
            return
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with (self._data_dir / "starting.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self._lock = (self._data_dir / "users.lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            postgres.ensure_running(self._data_dir)

    def stop(self) -> None:
        """Stop the server if no other run uses it."""
        if self._lock is None:
            return
        with (self._data_dir / "starting.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                self._lock.close()
            postgres.stop(self._data_dir)
