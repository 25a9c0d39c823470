"""The first look at the page that sets two methods side by side: what of it waits for intervals.

``python -m tests.bench.agreement`` prints, for two sizes, the seconds of a look while no interval
is kept, of one with all of them kept, and of the worker in between (decision 0060); beside each the
seconds of the processor in this process, which other work on the machine does not stretch.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import django

SIZES = (500, 2500)
"""Patients, with four scans each."""
PAGE = "/studies/MLD-1/agreement/"
LOOKS = 5


def measure() -> list[dict[str, Any]]:
    """Return the seconds of a page by the number of scans."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.test")
    django.setup()
    from tests.bench.cohort import database

    with database():
        return _measure()


def _measure() -> list[dict[str, Any]]:
    from django.test import Client

    from mldtrial.collector import keep_loaded
    from segmentation.models import Method, ReleaseState
    from tests.bench import big_cohort
    from tests.support.loads import make_model

    world, template = big_cohort.template()
    other = make_model("next", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    client = Client()
    client.force_login(world.user("data_manager"))
    keep_loaded()  # as the web server does
    found, there = [], 0
    for patients in SIZES:
        big_cohort.fill(template, patients=patients - there, first=there + 1)
        big_cohort.set_beside(template.run, other)
        there = patients
        found.append({"scans": patients * big_cohort.SCANS_EACH + 1, **_looks(client)})
    for name in ("third", "fourth"):
        more = make_model(name, state=ReleaseState.CANDIDATE)
        big_cohort.set_beside(template.run, more)
    found.append({"methods": 4, **_overview(client, template.run.model_version_id)})
    return found


def _overview(client: Any, reference: Any) -> dict[str, Any]:
    """Return the seconds of a look with all methods beside one, counted anew and kept."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = f"{PAGE}?reference={reference}"
    with CaptureQueriesContext(connection) as captured:
        first, page = _timed(lambda: client.get(url))
        queries = len(captured)
    assert b"All methods beside" in page.content
    again = [_timed(lambda: client.get(url))[0] for _ in range(LOOKS)]
    return {
        "overview_first_s": first,
        "overview_kept_s": tuple(median(one) for one in zip(*again, strict=True)),
        "queries_of_the_first": queries,
    }


def _looks(client: Any) -> dict[str, Any]:
    from analytics.selectors.samples import computed
    from analytics.services import intervals

    client.get("/studies/MLD-1/agreement/3D.json")
    computed.cache_clear()
    first, page = _timed(lambda: client.get(PAGE))
    worker, _ = _timed(lambda: [None for _ in iter(intervals.execute_next, False)])
    assert b"computing" not in client.get(PAGE).content
    looks = [_timed(lambda: client.get(PAGE))[0] for _ in range(LOOKS)]
    return {
        "first_look_s": first,
        "waits": b"computing" in page.content,
        "worker_s": worker,
        "look_s": tuple(median(one) for one in zip(*looks, strict=True)),
        "queries": _queries(client),
    }


def _timed(act: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Return the seconds by the clock and of the processor, and what was found."""
    started, used = time.perf_counter(), time.process_time()
    found = act()
    return (time.perf_counter() - started, time.process_time() - used), found


def _queries(client: Any) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(PAGE)
    return len(captured)


def main() -> None:
    """Measure the page alone."""
    found = {"sizes": measure(), "load_average_one_minute": os.getloadavg()[0]}
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "agreement.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
