"""Real workers and a real broker for tests that prove the chain."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from mldtrial.embedded import postgres, valkey

BASE_DATA_DIR = Path(os.environ["MLDTRIAL_DATA"])
"""Of the test run; `settings.DATA_DIR` is one test's own."""


@contextmanager
def broker() -> Iterator[None]:
    """Run Valkey where the settings of the tests expect it, with nothing in it."""
    started = None
    if not os.environ.get("CELERY_BROKER_URL") and not valkey.is_running(BASE_DATA_DIR):
        started = valkey.start(BASE_DATA_DIR)
    if not os.environ.get("CELERY_BROKER_URL"):
        with redis.Redis(unix_socket_path=str(valkey.socket_path(BASE_DATA_DIR))) as client:
            client.flushall()
    try:
        yield
    finally:
        if started is not None:
            started.terminate()
            started.wait(timeout=10)


def worker_environment(**changes: str) -> dict[str, str]:
    """Return the environment of a worker that sees the database and store of this test."""
    base = os.environ.get("DATABASE_URL") or postgres.urls(BASE_DATA_DIR).admin
    host = base.split("?", 1)[1] if "?" in base else ""
    name = connection.settings_dict["NAME"]
    url = f"postgresql://{postgres.ADMIN}@/{name}?{host}" if host else base
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mldtrial.settings.test",
        "DATABASE_URL": url,
        "MLDTRIAL_DATA": str(settings.DATA_DIR),
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "OMP_NUM_THREADS": "1",
        **changes,
    }


def start_worker(queue: str, **changes: str) -> subprocess.Popen[bytes]:
    """Start a Celery worker of one queue in a process group of its own."""
    command = [
        sys.executable, "-m", "celery", "-A", "mldtrial.celery", "worker", "-Q", queue,
        "-n", f"{queue}-test@%h", "--pool", "solo", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        env=worker_environment(**changes),
        cwd=settings.BASE_DIR,
        start_new_session=True,
    )


@contextmanager
def workers(*queues: str, **changes: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run one worker per queue, and end them with everything they started."""
    running = [start_worker(queue, **changes) for queue in queues]
    try:
        yield running
    finally:
        for process in running:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a worker's whole process group at once."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(timeout=10)
