"""The processes of the platform: one home for their command lines."""

import sys
from dataclasses import dataclass, field

from django.conf import settings

MALLOC = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296"
    ":glibc.malloc.trim_threshold=8589934592"
)
"""glibc gives large buffers back after every forward pass; kept, a pass takes half the time."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name in the log, its command, and what is special about its environment."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    is_server: bool = False
    """Others depend on it, so it ends after them."""


def web(host: str, port: int) -> tuple[str, ...]:
    """Return the command of the web server.

    It leaves X-Forwarded-For alone: `accounts.addresses` reads it by the number of proxies.
    """
    return (
        sys.executable, "-m", "uvicorn", "mldtrial.asgi:application",
        "--host", host, "--port", str(port), "--no-access-log",
        "--log-level", "warning", "--lifespan", "off", "--no-proxy-headers",
    )  # fmt: skip


def worker(queue: str) -> tuple[str, ...]:
    """Return the command of a Celery worker for one queue: one process, nothing prefetched."""
    return (
        sys.executable, "-m", "celery", "-q", "-A", "mldtrial.celery", "worker",
        "-Q", queue, "-n", f"{queue}@%h", "--pool", "solo", "--loglevel", "INFO",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    )  # fmt: skip


ONE_CORE = {"OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}


def processes(
    *, port: int, device: str, threads: int, host: str = "127.0.0.1"
) -> tuple[Process, ...]:
    """Return every process beside the database and the broker.

    Parameters
    ----------
    device : str
        As declared in `MLDTRIAL_DEVICE`; names the queue of the segmentation worker.
    threads : int
        Threads of one forward pass on a CPU.
    host : str
        Where the web server listens; only containers, which publish a port themselves,
        listen beyond the loopback interface.
    """
    queue = "cpu" if device in settings.DEVICES_WITHOUT_GPU else "gpu"
    return (
        Process("web", web(host, port)),
        Process("imaging", worker("imaging")),
        Process(
            "segmentation",
            worker(queue),
            {"GLIBC_TUNABLES": MALLOC, "OMP_NUM_THREADS": str(threads)},
        ),
        *(() if queue == "cpu" else [Process("conventional", worker("cpu"), ONE_CORE)]),
        # Beside people who wait for pages and images: it takes one core, however long it takes.
        Process("exports", worker("exports"), ONE_CORE),
        Process("sweep", (sys.executable, "manage.py", "sweep", "--every", "15")),
    )
