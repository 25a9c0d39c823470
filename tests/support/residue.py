"""Everything that the system keeps: rows as text, files with what is packed in them."""

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

SHORTEST_NUMBER_IN_ANOTHER = 8
"""Digits from which on a number is looked for inside longer numbers too: a date's."""


def rows() -> Iterator[tuple[str, str]]:
    """Yield every row of every table as text, history tables included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{schema}"."{table}" t')  # noqa: S608 - own names
            for (text,) in cursor.fetchall():
                yield f"{schema}.{table}", text


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file, packed and unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder))
            yield from _unpacked(name, path.read_bytes())


def holds(content: bytes, value: str) -> bool:
    """Tell whether a value stands in a content; a short number only as a number of its own.

    Five given digits stand by chance in one of three sets of some thousand random identifiers
    of 39 digits.
    """
    if value.isdigit() and len(value) < SHORTEST_NUMBER_IN_ANOTHER:
        return re.search(rb"(?<!\d)" + value.encode() + rb"(?!\d)", content) is not None
    return value.encode() in content


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, name.encode() + b"\n" + content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                yield from _unpacked(f"{name}!{entry}", archive.read(entry))
    elif content.startswith(b"\x1f\x8b"):
        yield f"{name}!", gzip.decompress(content)
