"""Let one transaction at a time work on what a name stands for, whether or not a row has it."""

from collections.abc import Iterable

from django.db import connection


def hold(names: Iterable[str]) -> None:
    """Wait for each name and hold it until the transaction ends.

    Names are taken in order, so that two transactions never wait for each other.

    Raises
    ------
    django.db.OperationalError
        If another transaction holds a name for longer than the `lock_timeout` of the role.
    """
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
