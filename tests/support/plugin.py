"""Fixtures of the whole suite that need Django."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import TransactionTestCase

from analytics.selectors import kept
from mldtrial.audit.context import acting
from tests.support.database import server_of_the_tests
from tests.support.template import keep_template, use_template
from tests.support.world import World, build_world


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: None) -> None:
    """Start the server, and look for a migrated database, before the test database is made."""
    if not os.environ.get("DATABASE_URL"):
        use_template(connection.settings_dict, django_settings.DATA_DIR)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Keep a copy of the test database, as the migrations made it, for later runs."""
    if not os.environ.get("DATABASE_URL"):
        with django_db_blocker.unblock():
            connection.close()
        keep_template(connection.settings_dict, django_settings.DATA_DIR)


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """Run the embedded PostgreSQL for as long as a test run needs it."""
    with server_of_the_tests(django_settings.DATA_DIR):
        yield


@pytest.fixture(autouse=True)
def as_the_test_suite(request: pytest.FixtureRequest) -> Iterator[None]:
    """Open an audit context: the history refuses a change made by nobody."""
    if not {"db", "transactional_db", "live_server"} & set(request.fixturenames) and not (
        request.node.get_closest_marker("django_db")
    ):
        yield
        return
    with acting(origin="test suite", reason="test"):
        yield


@pytest.fixture(autouse=True)
def data_dir_of_the_test(tmp_path: Any, settings: Any) -> None:
    """Give every test its own object store and upload folder."""
    settings.DATA_DIR = tmp_path / "data"
    settings.OBJECT_STORE = tmp_path / "data" / "objects"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "data" / "tmp"
    (tmp_path / "data" / "tmp").mkdir(parents=True, exist_ok=True)


@pytest.fixture
def world(db: None) -> World:
    """Two sites with one patient each, and a person for every role."""
    return build_world()


def empty_the_other_schemas() -> None:
    """Forget the links and the arms of what the test framework has just removed."""
    kept.forget()  # the numbers of the chain begin anew
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit.link, blinded.allocation, blinded.arm")
        cursor.execute("UPDATE audit.head SET seq = 0, hash = '\\x00'")


@pytest.fixture(autouse=True, scope="session")
def truncate_between_tests() -> Iterator[None]:
    """Let the test framework empty the tables between tests, which the triggers refuse."""
    original = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            original(self)
            empty_the_other_schemas()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]
