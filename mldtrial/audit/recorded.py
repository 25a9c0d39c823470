"""Which state the records of the installation are in, as one number."""

from django.db import connection
from django.db.models import BigIntegerField, Func

NEWEST = Func(function="audit.recorded", output_field=BigIntegerField())
"""The same number as a column of what is read in one statement with it."""


def newest() -> int:
    """Return the number of the newest event in the chain; 0 before the first.

    Events are numbered in the order in which they are committed, so while the number stands no
    tracked table has changed. The access log does not count: a look changes no record.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.recorded()")
        found: int = cursor.fetchone()[0]
    return found
