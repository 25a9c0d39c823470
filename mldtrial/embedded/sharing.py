"""One embedded database, several commands at once: the first starts it, the last stops it."""

import fcntl
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from mldtrial.embedded import postgres


class DatabaseInUse:
    """The embedded server of a data folder, running for as long as anyone uses it.

    Every user holds a shared lock. The kernel drops the lock of a user that is killed, so
    that a later one still knows whether it is the last.
    """

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        self._users: IO[str] | None = None

    def __enter__(self) -> Self:
        """Start the server unless it runs."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with self._one_at_a_time():
            self._users = (self._data_dir / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            postgres.ensure_running(self._data_dir)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server if nobody else uses it."""
        if self._users is None:
            return
        with self._one_at_a_time():
            # A shared lock is not turned into an exclusive one in one step: let it go first.
            fcntl.flock(self._users, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                self._users.close()
                self._users = None
            postgres.stop(self._data_dir)

    def _one_at_a_time(self) -> IO[str]:
        """Return an open lock file: nobody starts or stops the server beside its holder."""
        lock = (self._data_dir / "starting.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock
