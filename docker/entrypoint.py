"""Wait for the database and its tables, then become the command of the container.

Not every container engine honours ``depends_on: service_healthy``, so the wait is here.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg

WAIT_SECONDS = float(os.environ.get("MLDTRIAL_WAIT_SECONDS", "120"))
PAUSE_SECONDS = 1.0


def main(command: list[str]) -> None:
    """Wait, then replace this process by the command, which so receives all signals."""
    if not command:
        sys.exit("The container was given no command.")
    wait_for(database_answers, "The database of DATABASE_URL did not answer")
    if "migrate" not in command:
        wait_for(tables_are_current, "The migrations were not applied")
    os.execvp(command[0], command)  # noqa: S606 - the command of the container


def wait_for(condition: Callable[[], bool], complaint: str) -> None:
    """Wait until the condition holds, or end with the complaint."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"{complaint} within {WAIT_SECONDS:.0f} s.")
        time.sleep(PAUSE_SECONDS)


def database_answers() -> bool:
    """Return whether the database takes a connection."""
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def tables_are_current() -> bool:
    """Return whether every migration of this image is applied."""
    check = [sys.executable, "manage.py", "migrate", "--check", "--verbosity", "0"]
    quiet = subprocess.DEVNULL
    return subprocess.run(check, stdout=quiet, stderr=quiet, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1:])
