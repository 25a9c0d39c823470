"""The cohort page over 10,000 scans: against its own queries, and one trace against 2,500.

``python -m tests.bench.cohort`` prints the ratios; ``python -m tests.bench`` takes them up. With
``--large`` it goes on to ten times the scans, which takes minutes: the two sizes are not measured
in turns, since they are one database after the other. The bare SQL is every query of the page, as
it was sent, with all rows fetched by the driver. The intervals are kept before: what the first look
at changed data costs stands beside as seconds of the worker. All that the application keeps for a
state of the records (decision 0044) is forgotten before each look, but where a name says kept.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import django

from tests.bench.pairs import in_turns, ratio

PATIENTS = int(os.environ.get("BENCH_PATIENTS", "2500"))
FEW = 11
LOOKS = 20
"""Of the page, for the 95th percentile."""
GOALS = {
    "page_of_bare_sql": 5.0,
    "p95_of_median": 3.0,
    "chart_kb": 100,
    "chart_gzipped_kb": 60,
    "queries": 8,
    "trace_each_of_ours": 100.0,
    "unchanged_of_whole": 0.3,
}
PAGE = "/studies/MLD-1/cohort/"
CHARTS = ("load-gmfc", "load-severity", "load-elfc", "load-age", "curves", "levels")


def measure(*, with_large: bool = False) -> dict[str, Any]:
    """Return the ratios, weights and counts, beside the goals."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.test")
    django.setup()
    with database():
        return _measure(with_large=with_large)


@contextmanager
def database() -> Iterator[None]:
    """Start an empty database, and hold it until the end."""
    from django.conf import settings
    from django.test.utils import (
        setup_databases,
        setup_test_environment,
        teardown_databases,
        teardown_test_environment,
    )

    from mldtrial.audit.context import acting
    from tests.support.database import server_of_the_tests

    setup_test_environment()
    with server_of_the_tests(settings.DATA_DIR):
        held = setup_databases(verbosity=0, interactive=False)
        try:
            with acting(origin="bench", reason="bench"):
                yield
        finally:
            teardown_databases(held, verbosity=0)
            teardown_test_environment()


def _measure(*, with_large: bool) -> dict[str, Any]:
    from django.test import Client

    from mldtrial.collector import keep_loaded
    from tests.bench import big_cohort

    world, template = big_cohort.template()
    client = Client()
    client.force_login(world.user("data_manager"))
    keep_loaded()  # as the web server does
    big_cohort.fill(template, patients=FEW)
    queries_of_few = len(_queries(client))
    big_cohort.fill(template, patients=PATIENTS, first=FEW + 1)
    first_look_s, worker_s = _first_look(client)
    queries = _queries(client)
    page = in_turns({
        "page": lambda: _anew(client, PAGE),
        "sql": lambda: _bare(queries),
        "kept": lambda: client.get(PAGE),
    })  # fmt: skip
    looks = sorted(in_turns({"page": lambda: _anew(client, PAGE)}, LOOKS)["page"])
    found = {
        "scans": (PATIENTS + FEW) * big_cohort.SCANS_EACH + 1,
        "page_of_bare_sql": ratio(page["page"], page["sql"]),
        "kept_of_anew": ratio(page["kept"], page["page"]),
        "p95_of_median": looks[int(0.95 * LOOKS) - 1] / median(looks),
        "first_look_s": first_look_s,
        "worker_s": worker_s,
        "queries": len(queries),
        "queries_of_few_scans": queries_of_few,
        "charts": {name: _chart(client, name) for name in CHARTS},
        "trace_each_of_ours": _traces(world),
        **_unchanged(client),
        "goals": GOALS,
    }
    if with_large:
        small = _aggregates(client)
        big_cohort.fill(template, patients=9 * (PATIENTS + FEW), first=PATIENTS + FEW + 1)
        first_look_s, worker_s = _first_look(client)
        large = _aggregates(client)
        found["large"] = {
            "scans": 10 * (PATIENTS + FEW) * big_cohort.SCANS_EACH + 1,
            "first_look_s": first_look_s,
            "worker_s": worker_s,
            **{f"{name}_s": [small[name], large[name]] for name in small},
            "large_of_small": {name: large[name] / small[name] for name in small},
        }
    return found


def _aggregates(client: Any) -> dict[str, float]:
    """Return the seconds of what shows no single point: the page's numbers, and boxes."""
    found = {}
    for name, url in (("page", PAGE), ("boxes", f"{PAGE}levels.json")):
        anew = in_turns({name: lambda url=url: _anew(client, url)})[name]
        kept = in_turns({name: lambda url=url: client.get(url)})[name]
        found |= {f"{name}_anew": median(anew), f"{name}_kept": median(kept)}
    return found


def _queries(client: Any) -> list[str]:
    """Return the queries of a look at the page, with their values."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(PAGE)
    with CaptureQueriesContext(connection) as captured:
        assert _anew(client, PAGE).status_code == 200
    return [query["sql"] for query in captured if query["sql"].lstrip("(").startswith("SELECT")]


def _anew(client: Any, url: str) -> Any:
    """Return the answer as after a change of the records."""
    from analytics.selectors import kept

    kept.forget()
    return client.get(url)


def _bare(queries: list[str]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for sql in queries:
            cursor.cursor.execute(sql)
            cursor.cursor.fetchall()


def _first_look(client: Any) -> tuple[float, float]:
    """Return the seconds of a page whose intervals wait, and of the worker that computes them."""
    from analytics.services import intervals

    started = time.perf_counter()
    page = _anew(client, PAGE).content
    first = time.perf_counter() - started
    assert PATIENTS < 1000 or b"computing" in page
    started = time.perf_counter()
    while intervals.execute_next():
        pass
    worker = time.perf_counter() - started
    assert b"computing" not in _anew(client, PAGE).content
    return first, worker


def _chart(client: Any, name: str) -> dict[str, float]:
    content = client.get(f"{PAGE}{name}.json").content
    return {"kb": len(content) / 1000, "gzipped_kb": len(gzip.compress(content, 6)) / 1000}


def _unchanged(client: Any) -> dict[str, object]:
    """Return how long the answer that nothing has changed takes against the chart, by a request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = f"{PAGE}load-age.json"
    known = {"If-None-Match": client.get(url).headers["ETag"]}
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url, headers=known).status_code == 304
        queries = len(asked)
    sides = in_turns(
        {"304": lambda: client.get(url, headers=known), "200": lambda: _anew(client, url)}
    )
    return {
        "unchanged_of_whole": ratio(sides["304"], sides["200"]),
        "queries_of_unchanged": queries,
    }


def _traces(world: Any) -> dict[str, object]:
    """Return how long one trace for each patient takes against the chart of the page."""
    import plotly.graph_objects as go

    from analytics.selectors import correlations
    from analytics.selectors.cohort import Filters, part
    from analytics.views import charts, cohort_charts

    user = world.user("data_manager")
    columns = part(world.study, user=user, filters=Filters()).columns
    of_patient: dict[Any, list[Any]] = {}
    for point in columns.points():
        of_patient.setdefault(point.patient_id, []).append(point)

    def peer() -> str:
        figure = go.Figure()
        for found in of_patient.values():
            ages, loads = [p.age_months for p in found], [p.load_ml for p in found]
            figure.add_trace(go.Scatter(x=ages, y=loads, name=found[0].subject_code))
        return str(figure.to_json())

    relation = correlations.RELATIONS["load-age"]
    sides = in_turns(
        {
            "peer": peer,
            "ours": lambda: charts.answer(cohort_charts.scatter(columns, relation, world.study)),
        }
    )
    return ratio(sides["peer"], sides["ours"])


def main() -> None:
    """Measure the cohort page alone."""
    with_large = "--large" in sys.argv[1:]
    found = {**measure(with_large=with_large), "load_average_one_minute": os.getloadavg()[0]}
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "cohort.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
