"""The embedded database for the time of one command."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mldtrial.embedded import postgres
from mldtrial.embedded.sharing import DatabaseInUse

WITHOUT_DATABASE = {"up", "help", "--help", "version", "collectstatic", "compilemessages", "test"}


def data_dir() -> Path:
    """Return the data folder, as the settings have it, without loading Django."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("MLDTRIAL_DATA", root / "var")).resolve()


@contextmanager
def database_for(argv: Sequence[str]) -> Iterator[None]:
    """Start the embedded database for a command, and stop it after the last one that uses it.

    Nothing happens when `DATABASE_URL` names a database, or the command needs none.
    Migrations connect as the owner of the tables.
    """
    command = argv[1] if len(argv) > 1 else "help"
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        yield
        return
    folder = data_dir()
    with DatabaseInUse(folder):
        if command == "migrate":
            os.environ["DATABASE_URL"] = postgres.urls(folder).owner
        yield
