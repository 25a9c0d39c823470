"""A database address, as Django wants it."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

NOTHING_IGNORED = "-c pgtrigger.ignore={}"
"""Says to the triggers of django-pgtrigger that none of them is ignored.

Each asks for this setting whenever it runs; where it is not set, the answer is an error that the
function catches, which took nine tenths of a large import. It comes last, so that an address
cannot say otherwise, and `audit.guard` refuses every other value.
"""


def django_database(url: str) -> dict[str, Any]:
    """Return the Django settings of a ``postgresql://`` address.

    A Unix socket folder may stand in the query, as libpq has it:
    ``postgresql://role@/name?host=/run/postgresql``.

    Raises
    ------
    ValueError
        If the address is not PostgreSQL's or names no database.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("The database address must start with postgresql://.")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ValueError("The database address names no database.")
    query = {key: value[0] for key, value in parse_qs(parts.query).items()}
    host = query.pop("host", unquote(parts.hostname or ""))
    query["options"] = f"{query.get('options', '')} {NOTHING_IGNORED}".lstrip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": query,
    }
