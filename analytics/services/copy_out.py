"""Sends a table as CSV straight from PostgreSQL, a piece at a time.

COPY occupies its connection until the last byte, so it has one of its own. The guard
against formulas is part of the statement and goes by column type: free text may be
opened in a spreadsheet and is guarded, numbers and dates are never touched.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from analytics.exports.columns import Column
from analytics.selectors.exports import Rows

PIECE_BYTES = 64 * 1024
TIME_LIMIT = "15min"
SETTINGS = f"""
    SET statement_timeout = '{TIME_LIMIT}';
    SET TIME ZONE 'UTC';
    SET datestyle = 'ISO, YMD';
    SET extra_float_digits = 1
"""
"""Of the connection: how a table is written must not follow the server's or a role's settings."""

# After compatibility normalisation (full-width signs become plain ones) and without what
# stands before them unseen, these start a formula in a spreadsheet. The percent sign is
# doubled because the statement has parameters. Text that starts with a plain letter or
# digit is let through first: it never starts a formula, and the rest takes three times as long.
GUARDED = (
    "CASE WHEN ascii({c}) BETWEEN 97 AND 122 OR ascii({c}) BETWEEN 65 AND 90 "
    "OR ascii({c}) BETWEEN 48 AND 57 THEN {c} WHEN {c} ~ '^[\\t\\r\\n]' "
    "OR regexp_replace(normalize({c}, NFKC), "
    "'^[\\s[:cntrl:]\\u200b-\\u200f\\u2060\\ufeff]+', '') ~ '^[-=+@|%%]' "
    "THEN '''' || {c} ELSE {c} END AS {c}"
)


@dataclass
class Tally:
    """What has been sent so far."""

    row_count: int = -1
    """The header is not a row."""
    _digest: Any = field(default_factory=hashlib.sha256)
    _piece: bytearray = field(default_factory=bytearray)

    @property
    def sha256(self) -> str:
        """Hash of every byte that was sent."""
        return str(self._digest.hexdigest())

    def add(self, message: Any) -> bytes:
        """Take one row from the database; returns a piece when one is full, else nothing."""
        # One message is one row; RFC 4180 ends a row with CRLF, PostgreSQL with LF.
        self._piece += bytes(message)[:-1] + b"\r\n"
        self.row_count += 1
        return self.rest() if len(self._piece) >= PIECE_BYTES else b""

    def rest(self) -> bytes:
        """Return what no piece has taken yet."""
        piece = bytes(self._piece)
        self._piece.clear()
        self._digest.update(piece)
        return piece


def statement(rows: Rows, columns: Sequence[Column]) -> str:
    """Return the COPY statement of a table, its columns in the order of the dictionary."""
    chosen = ", ".join(GUARDED.format(c=c.name) if c.is_free_text else c.name for c in columns)
    order = ", ".join(f"found.{name}" for name in rows.order)
    sorting = f" ORDER BY {order}" if order else ""
    return (
        f"COPY (SELECT {chosen} FROM ({rows.sql}) AS found{sorting}) "  # noqa: S608
        "TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"
    )


def pieces(rows: Rows, columns: Sequence[Column], tally: Tally) -> Iterator[bytes]:
    """Yield the table in pieces, for WSGI and for commands."""
    with psycopg.connect(**_address(), autocommit=True) as own:
        own.execute(SETTINGS)
        yield from copied(own, rows, columns, tally)


@contextmanager
def one_state() -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection for several tables, all of the state in which the first one is read."""
    with psycopg.connect(**_address(), autocommit=True) as own:
        own.execute(SETTINGS)
        own.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield own


def copied(
    own: psycopg.Connection[Any], rows: Rows, columns: Sequence[Column], tally: Tally
) -> Iterator[bytes]:
    """Yield the table in pieces, read through a connection that nothing else uses meanwhile."""
    with own.cursor().copy(statement(rows, columns), rows.params) as copy:
        for message in copy:
            if piece := tally.add(message):
                yield piece
    yield tally.rest()


async def pieces_async(rows: Rows, columns: Sequence[Column], tally: Tally) -> AsyncIterator[bytes]:
    """Yield the table in pieces, for ASGI: there a plain generator is read whole first."""
    async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as own:
        await own.execute(SETTINGS)
        async with own.cursor().copy(statement(rows, columns), rows.params) as copy:
            async for message in copy:
                if piece := tally.add(message):
                    yield piece
    yield tally.rest()


def _address() -> dict[str, Any]:
    # Read at once, from the thread's own Django connection; nothing is opened here.
    found = connection.settings_dict
    address = {
        "dbname": found["NAME"],
        "user": found["USER"],
        "password": found["PASSWORD"],
        "host": found["HOST"],
        "port": found["PORT"],
    }
    return {key: value for key, value in address.items() if value} | found["OPTIONS"]
