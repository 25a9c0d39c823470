"""What the tests of the chain need: history in the chain, and roles to tamper as."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from mldtrial.embedded.postgres import APP
from tests.support.world import World


@pytest.fixture
def sql() -> Callable[..., list[tuple]]:
    """Run a statement and return its rows."""

    def run(statement: str, *parameters: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []

    return run


@pytest.fixture
def chained_world(world: World, sql: Callable) -> World:
    """A world whose history is in the chain already, as after a commit."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    return world


@pytest.fixture
def as_superuser(sql: Callable) -> Iterator[Callable[..., list[tuple]]]:
    """Run statements past every trigger, as only a superuser may."""

    def run(statement: str, *parameters: object) -> list[tuple]:
        sql("SET session_replication_role = replica")
        try:
            return sql(statement, *parameters)
        finally:
            sql("SET session_replication_role = DEFAULT")

    return run


@contextmanager
def application_role() -> Iterator[None]:
    """Have the rights of the application's role on this connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}"
        )
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}")
        cursor.execute(f"SET ROLE {APP}")
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")
