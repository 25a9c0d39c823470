"""A file that comes in pieces, hashed on the way, against a plain loop that does no more.

``python -m tests.bench.uploading`` prints seconds and their ratios; ``python -m tests.bench`` takes
them up. The peer reads a file, hashes it, writes it to the same volume and makes it durable after
each 8 MiB, as the service does; a second figure stands beside a peer that does so once, at the end.
Both sides read the same source, which the page cache holds. The service is timed from its first to
its last piece, with the checks that it makes of each; over the line the same pieces go through the
web server of production on the loopback interface, with sessions, tokens and all.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import django

SIZE_MIB = int(os.environ.get("BENCH_UPLOAD_MIB", "256"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
PIECE_BYTES = 8 * 1024**2
CHUNK_BYTES = 1024**2
GOAL_RATIO = 1.25


def measure() -> dict[str, Any]:
    """Return the median seconds of each side and the median ratios, all in turns."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.test")
    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    from mldtrial.audit.context import acting
    from tests.support.database import server_of_the_tests

    with (
        TemporaryDirectory(dir=settings.DATA_DIR) as folder,
        server_of_the_tests(settings.DATA_DIR),
    ):
        kept = settings.OBJECT_STORE
        settings.OBJECT_STORE = Path(folder) / "objects"
        held = setup_databases(verbosity=0, interactive=False)
        try:
            with acting(origin="bench", reason="bench"), _sides(Path(folder)) as sides:
                rounds = [_round(sides) for _ in range(REPEATS + 1)][1:]
        finally:
            teardown_databases(held, verbosity=0)
            settings.OBJECT_STORE = kept
    return _summary(rounds)


def _round(sides: dict[str, Callable[[], float]]) -> dict[str, float]:
    return {name: side() for name, side in sides.items()}


def _summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    def ratio(ours: str, peer: str) -> float:
        return median(taken[ours] / taken[peer] for taken in rounds)

    return {
        **{f"{name}_s": median(taken[name] for taken in rounds) for name in rounds[0]},
        "ratio": ratio("service", "peer"),
        "ratio_to_one_fsync": ratio("service", "peer_one_fsync"),
        "ratio_http": ratio("http", "peer"),
        "goal_ratio": GOAL_RATIO,
        "peer": "read, hash, write, fsync after each piece of 8 MiB",
        "size_mib": SIZE_MIB,
        "repeats": len(rounds),
        "load_average_one_minute": os.getloadavg()[0],
    }


@contextmanager
def _sides(folder: Path) -> Iterator[dict[str, Callable[[], float]]]:
    """Give each side as a function that returns its seconds."""
    from tests.segmentation.test_broken_uploads import write_scan
    from tests.support.web import Person, server
    from tests.support.workers import broker
    from tests.support.world import build_world

    source = folder / "scan.tar"
    write_scan(source, SIZE_MIB * 1024**2)
    world = build_world()
    by, visit = world.user("coordinator"), world.visit_a
    with broker(), server() as web:
        person = Person(by, web.start(MLDTRIAL_DATA=str(folder)).port)
        yield {
            "peer": lambda: _peer(source, folder / "peer", is_durable_each=True),
            "service": lambda: _service(source, visit, by),
            "peer_one_fsync": lambda: _peer(source, folder / "peer", is_durable_each=False),
            "http": lambda: _http(source, visit, person),
        }


def _peer(source: Path, target: Path, *, is_durable_each: bool) -> float:
    started = time.perf_counter()
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as file, target.open("xb", buffering=0) as kept:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            kept.write(chunk)
            if is_durable_each and kept.tell() % PIECE_BYTES == 0:
                os.fsync(kept.fileno())
        os.fsync(kept.fileno())
    taken = time.perf_counter() - started
    target.unlink()
    return taken


def _service(source: Path, visit: Any, by: Any) -> float:
    from segmentation.services import pieces, transfers

    size_bytes = source.stat().st_size
    transfer = transfers.begin(visit=visit, size_bytes=size_bytes, by=by)
    started = time.perf_counter()
    with source.open("rb", buffering=0) as file:
        for offset in range(0, size_bytes, PIECE_BYTES):
            content = BytesIO(file.read(PIECE_BYTES))
            transfer = pieces.receive_piece(
                transfer=transfer,
                offset_bytes=offset,
                piece=content,
                size_bytes=len(content.getbuffer()),
                by=by,
            )
    taken = time.perf_counter() - started
    _forget(transfer)
    return taken


def _http(source: Path, visit: Any, person: Any) -> float:
    from segmentation.models import Transfer
    from tests.support.tus import PIECE_TYPE, list_address

    size_bytes = source.stat().st_size
    person.hang_up()  # the server closes a line that was idle during the other sides
    begun = person.ask("POST", list_address(visit), {"Upload-Length": str(size_bytes)})
    address = begun.headers["Location"]
    started = time.perf_counter()
    with source.open("rb", buffering=0) as file:
        for offset in range(0, size_bytes, PIECE_BYTES):
            headers = {"Upload-Offset": str(offset), "Content-Type": PIECE_TYPE}
            answer = person.ask("PATCH", address, headers, file.read(PIECE_BYTES))
            assert answer.status == 204, answer.content
    taken = time.perf_counter() - started
    _forget(Transfer.objects.latest("created_at"))
    return taken


def _forget(transfer: Any) -> None:
    """Take the file away and its upload out of the way of the next one, which is the same."""
    from segmentation.models import JobState, Upload
    from segmentation.services import store

    store.quarantine_path(transfer.pk).unlink()
    Upload.objects.filter(pk=transfer.pk).update(
        state=JobState.CANCELLED, failure_code="BENCH", message="bench"
    )


def main() -> None:
    """Measure uploads alone."""
    found = measure()
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "uploading.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
