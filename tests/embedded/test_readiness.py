"""A command on a database that is not ready says so in one line."""

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from mldtrial.embedded.readiness import NOT_MIGRATED, one_line_unless_ready

ARGV = ["manage.py", "register_model", "--conventional"]


def ask_for_what_is_not_there() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM of_a_later_version")


@pytest.fixture
def without_all_steps(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'segmentation'")


@pytest.mark.usefixtures("without_all_steps")
def test_a_database_without_the_tables_is_one_line():
    with pytest.raises(SystemExit) as ended, one_line_unless_ready(ARGV):
        ask_for_what_is_not_there()
    # Python writes a text to standard error and ends with status 1.
    assert ended.value.code == NOT_MIGRATED


@pytest.mark.usefixtures("without_all_steps")
@pytest.mark.parametrize("argv", [[*ARGV, "--traceback"], ["manage.py", "migrate"]])
def test_who_asks_for_the_traceback_or_migrates_has_it(argv: list[str]):
    with pytest.raises(ProgrammingError), one_line_unless_ready(argv):
        ask_for_what_is_not_there()


@pytest.mark.django_db
def test_a_fault_in_a_database_that_is_ready_keeps_its_traceback():
    with pytest.raises(ProgrammingError), one_line_unless_ready(ARGV):
        ask_for_what_is_not_there()


def test_a_database_that_does_not_answer_is_one_line():
    with (
        pytest.raises(SystemExit) as ended,
        one_line_unless_ready(ARGV),
        connection.wrap_database_errors,
    ):
        psycopg.connect("host=127.0.0.1 port=1 dbname=none connect_timeout=2")
    assert str(ended.value.code).startswith("The database does not answer: connection failed")
    assert "\n" not in str(ended.value.code)


@pytest.mark.django_db
def test_what_else_goes_wrong_in_the_database_keeps_its_traceback():
    with pytest.raises(OperationalError), one_line_unless_ready(ARGV):
        wait_too_long()


def wait_too_long() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1ms'")
        cursor.execute("SELECT pg_sleep(1)")
