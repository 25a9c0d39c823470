"""The embedded database for the time of one command."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mldtrial.embedded import postgres

WITHOUT_DATABASE = {"up", "help", "--help", "version", "collectstatic", "compilemessages", "test"}


def data_dir() -> Path:
    """Return the data folder, as the settings have it, without loading Django."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("MLDTRIAL_DATA", root / "var")).resolve()


@contextmanager
def database_for(argv: Sequence[str]) -> Iterator[None]:
    """Start the embedded database for a command, and stop it again if it was started here.

    Nothing happens when `DATABASE_URL` names a database, or the command needs none.
    Migrations connect as the owner of the tables.
    """
    command = argv[1] if len(argv) > 1 else "help"
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        yield
        return
    folder = data_dir()
    started = postgres.ensure_running(folder)
    if command == "migrate":
        os.environ["DATABASE_URL"] = postgres.urls(folder).owner
    try:
        yield
    finally:
        if started:
            postgres.stop(folder)
