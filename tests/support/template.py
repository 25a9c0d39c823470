"""A migrated database that later test runs copy: only the first one waits for the migrations."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from mldtrial.embedded import postgres

PREFIX = "migrated_"
NOT_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
"""What makes a commit outlive a power cut: no test asks for it, and hundreds of tests empty every
table. The tests that kill something kill workers, never this server."""


def name_of_the_template() -> str:
    """Return the name under which what the present migrations make is kept."""
    root = Path(settings.BASE_DIR)
    # Beside the migrations themselves, what they import and the packages whose tables they make.
    files = [*root.glob("*/migrations/*.py"), *root.glob("*/*/migrations/*.py")]
    files += [*root.glob("mldtrial/audit/*.py"), root / "requirements.txt"]
    digest = sha256()
    for path in sorted(set(files)):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return PREFIX + digest.hexdigest()[:16]


def use_template(database: dict[str, Any], data_dir: Path) -> None:
    """Let the test database be a copy, if these migrations have been made here before."""
    with _maintenance(data_dir) as server:
        for name in NOT_DURABLE:
            server.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        server.execute("SELECT pg_reload_conf()")
        if name_of_the_template() in _templates(server):
            database["TEST"]["TEMPLATE"] = name_of_the_template()


def keep_template(database: dict[str, Any], data_dir: Path) -> None:
    """Keep a copy of a test database that is migrated and empty, in place of older ones.

    Nobody may be connected to it.
    """
    if database["TEST"].get("TEMPLATE"):
        with _maintenance(data_dir) as server:
            # What the migrations revoke of the database itself is not copied with its content.
            server.execute(
                sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(
                    sql.Identifier(database["NAME"])
                )
            )
        return
    with _one_at_a_time(data_dir), _maintenance(data_dir) as server:
        name, made = name_of_the_template(), _templates(server)
        if name in made:
            return
        for older in made:
            with suppress(psycopg.errors.ObjectInUse):  # by a run of another branch
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(older)))
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(database["NAME"])
            )
        )


def _templates(server: psycopg.Connection) -> list[str]:
    rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
    return [name for (name,) in rows]


def _maintenance(data_dir: Path) -> psycopg.Connection:
    return psycopg.connect(postgres.maintenance_url(data_dir), autocommit=True)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    with (data_dir / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
