"""What a command says of a database that is not ready: one line, not a traceback."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

NOT_THERE = {"42P01", "42703", "3F000"}
"""A table, a column or a schema is missing (PostgreSQL's manual, appendix A)."""
NOT_MIGRATED = (
    "The database does not have the tables of this version. Run `python manage.py migrate` first."
)


@contextmanager
def one_line_unless_ready(argv: Sequence[str]) -> Iterator[None]:
    """End a command with status 1 and one line where the database does not answer or is too old.

    Every other failure of the database is a fault of the platform and keeps its traceback, and
    ``--traceback`` shows it of these too.
    """
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        reason = _why_not_ready(error)
        if not reason or "--traceback" in argv or "migrate" in argv[1:2]:
            raise
        sys.exit(reason)


def _why_not_ready(error: OperationalError | ProgrammingError) -> str:
    """Return why the database is not ready; empty where it is."""
    state = getattr(error.__cause__, "sqlstate", "")
    if state is None:  # no server has said anything
        return f"The database does not answer: {' '.join(str(error).split())}"
    return NOT_MIGRATED if state in NOT_THERE and _has_steps_to_come() else ""


def _has_steps_to_come() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
