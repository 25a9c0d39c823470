"""The first migrations of each app exist twice, step by step and in one: both make one database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

ASPECTS = {
    "columns": """
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity::text, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE n.nspname IN ('public', 'audit', 'blinded') AND c.relkind = 'r'
            AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid), k.condeferrable,
            k.condeferred, k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'audit', 'blinded')""",
    "indexes": """
        SELECT n.nspname, i.tablename, i.indexname, i.indexdef FROM pg_indexes i
        JOIN pg_namespace n ON n.nspname = i.schemaname
        WHERE n.nspname IN ('public', 'audit', 'blinded')""",
    "triggers": """
        SELECT n.nspname, c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'audit', 'blinded') AND NOT t.tgisinternal""",
    "functions": """
        SELECT n.nspname, p.proname, pg_get_functiondef(p.oid), p.proacl::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('public', 'audit', 'blinded')""",
    "rights": """
        SELECT n.nspname, c.relname, c.relkind::text, c.relacl::text, n.nspacl::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'audit', 'blinded') AND c.relkind IN ('r', 'S')""",
    "rights in the database": """
        SELECT datacl::text FROM pg_database WHERE datname = current_database()""",
    "rows": "SELECT one, seq, hash FROM audit.head",
}


@pytest.mark.faults
@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_the_steps_in_one_leave_the_database_that_all_steps_leave():
    with _migrated("in_steps", in_one=False) as steps, _migrated("in_one", in_one=True) as one:
        for aspect, query in ASPECTS.items():
            there, here = _told(steps, query), _told(one, query)
            assert there, aspect
            assert here == there, (aspect, sorted(here ^ there))


@contextmanager
def _migrated(name: str, *, in_one: bool) -> Iterator[psycopg.Connection]:
    """Migrate an empty database of its own, and drop it in the end."""
    with connection._nodb_cursor() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        fresh = _connection_to(name)
        try:
            executor = MigrationExecutor(fresh)
            executor.loader.replace_migrations = in_one
            executor.loader.build_graph()
            graph = executor.loader.graph
            # Not replaced, they stand beside the steps that they are made of.
            last = [node for node in graph.leaf_nodes() if in_one or "_squashed_" not in node[1]]
            executor.migrate(last)
            fresh.ensure_connection()
            yield fresh.connection
        finally:
            fresh.close()
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _connection_to(name: str) -> BaseDatabaseWrapper:
    copied: BaseDatabaseWrapper = connection.copy()
    copied.settings_dict["NAME"] = name
    return copied


def _told(asked: psycopg.Connection, query: str) -> set[tuple[Any, ...]]:
    return set(asked.execute(query).fetchall())
