"""The embedded database: started once, kept over restarts, and not owned by the application."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mldtrial.embedded import places, postgres
from mldtrial.embedded.sharing import DatabaseInUse


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    # Not pytest's own folder, which only its user may enter: the server has its own user.
    with tempfile.TemporaryDirectory(prefix="mldtrial-test-") as folder:
        deep = Path(folder).joinpath(*["deeper"] * 12)
        deep.mkdir(parents=True)
        yield deep
        postgres.stop(deep)
        sockets = places.socket_dir(deep)
        if (sockets / "pg").exists():
            (sockets / "pg").rmdir()
            sockets.rmdir()


@pytest.fixture
def running(data_dir: Path) -> Iterator[postgres.EmbeddedUrls]:
    with DatabaseInUse(data_dir):
        yield postgres.urls(data_dir)


@pytest.fixture
def table(running: postgres.EmbeddedUrls) -> Iterator[str]:
    with psycopg.connect(running.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE reading (id serial PRIMARY KEY, load_ml float)")
        yield "reading"
        owner.execute("DROP TABLE reading")


def test_a_second_start_changes_nothing(running: postgres.EmbeddedUrls, data_dir: Path):
    assert postgres.ensure_running(data_dir) is False


def test_data_survive_a_stop_and_stopping_twice_is_harmless(data_dir: Path):
    with DatabaseInUse(data_dir), psycopg.connect(postgres.urls(data_dir).owner) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not postgres.is_running(data_dir)
    postgres.stop(data_dir)
    with DatabaseInUse(data_dir), psycopg.connect(postgres.urls(data_dir).app) as app:
        assert app.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_the_server_stays_until_its_last_user_leaves(data_dir: Path):
    with DatabaseInUse(data_dir):
        with DatabaseInUse(data_dir):
            pass
        assert postgres.is_running(data_dir)
    assert not postgres.is_running(data_dir)


def test_a_pid_file_of_a_dead_server_does_not_hinder_a_start(data_dir: Path):
    with DatabaseInUse(data_dir):
        pid_file = data_dir / "postgres" / "postmaster.pid"
        content = pid_file.read_text()
    nobody = 2**22 + 1
    pid_file.write_text("\n".join([str(nobody), *content.splitlines()[1:]]) + "\n")
    with DatabaseInUse(data_dir):
        assert postgres.is_running(data_dir)


def test_data_checksums_are_on(running: postgres.EmbeddedUrls):
    with psycopg.connect(running.app) as app:
        assert app.execute("SHOW data_checksums").fetchone() == ("on",)


def test_no_network_port_is_open(running: postgres.EmbeddedUrls):
    with psycopg.connect(running.app) as app:
        assert app.execute("SHOW listen_addresses").fetchone() == ("",)


def test_the_application_reads_and_writes_rows(running: postgres.EmbeddedUrls, table: str):
    with psycopg.connect(running.app) as app:
        app.execute("INSERT INTO reading (load_ml) VALUES (12.5)")
        app.execute("UPDATE reading SET load_ml = 13")
        assert app.execute("SELECT load_ml FROM reading").fetchone() == (13,)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE reading",
        "ALTER TABLE reading ADD COLUMN extra int",
        "ALTER TABLE reading DISABLE TRIGGER ALL",
        "DROP TABLE reading",
        "CREATE TABLE own (id int)",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_get_round_the_triggers(
    running: postgres.EmbeddedUrls, table: str, statement: str
):
    with (
        psycopg.connect(running.app, autocommit=True) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        app.execute(statement)


def test_the_application_owns_nothing(running: postgres.EmbeddedUrls, table: str):
    with psycopg.connect(running.app) as app:
        owned = app.execute(
            "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = %s", [postgres.APP]
        ).fetchall()
        owners = app.execute(
            "SELECT tableowner FROM pg_tables WHERE tablename = %s", [table]
        ).fetchall()
    assert owned == []
    assert owners == [(postgres.OWNER,)]


def test_neither_role_is_a_superuser(running: postgres.EmbeddedUrls):
    with psycopg.connect(running.app) as app:
        rows = app.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'mldtrial_%'"
        ).fetchall()
    assert rows == [(False, False), (False, False)]
