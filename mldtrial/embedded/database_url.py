"""A database address, as Django wants it."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


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
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {key: value[0] for key, value in query.items() if key != "host"},
    }
