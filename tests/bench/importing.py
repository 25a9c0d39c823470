"""The import of 10,000 rows against pandas and one ``objects.create`` for each record.

``python -m tests.bench.importing`` prints seconds and their ratio; ``python -m tests.bench`` takes
them up. Each side writes the same records into a study of its own, through the same history
triggers, and commits: the hash chain is made when a transaction ends. The peer is what is
otherwise written for one table by hand; it checks nothing, asks nothing and settles no score.
Beside the time on the clock stand the processor seconds of this process and of its PostgreSQL
backend, which other work on the machine disturbs less.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import django

ROWS = int(os.environ.get("BENCH_ROWS", "10000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
VISITS_EACH = 10
GOAL_S = 30.0
"""What the check and the import of 10,000 rows may take together, on two cores."""
PEER = "pandas.read_excel and objects.create"
Taken = dict[str, float]


def rows(items: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the table: ten visits for each patient, every fifth total wrong."""
    yield ("subject", "site", "sex", "birth", "onset", "date", "GMFC", *items, "total")
    for place in range(ROWS):
        patient, visit = divmod(place, VISITS_EACH)
        yield (
            f"P-{patient:04}", "A", "F" if patient % 2 else "M",
            f"{2010 + patient % 8}-{1 + patient % 12:02}-15", 15 + patient % 60,
            str(date(2020, 1, 1) + timedelta(days=90 * visit)), visit % 7,
            *[1] * len(items), len(items) - (place % 5 == 0),
        )  # fmt: skip


def measure() -> dict[str, Any]:
    """Return the best times of both sides, in turns, and the median of their ratios."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.test")
    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    from mldtrial.audit.context import acting
    from tests.support.database import server_of_the_tests
    from tests.support.sheets import ITEMS, xlsx

    content = xlsx(*rows(ITEMS))
    with server_of_the_tests(settings.DATA_DIR):
        held = setup_databases(verbosity=0, interactive=False)
        try:
            with acting(origin="bench", reason="bench"):
                pairs = [_pair(number, content, ITEMS) for number in range(REPEATS)]
        finally:
            teardown_databases(held, verbosity=0)
    return _summary(pairs)


def _pair(number: int, content: bytes, items: tuple[str, ...]) -> tuple[Taken, Taken, Taken]:
    study, by = _study(f"OURS-{number}")
    check, apply = _ours(study, by, content)
    study, by = _study(f"PEER-{number}")
    return check, apply, _timed(lambda: _peer(study, by, content, items))


def _summary(pairs: list[tuple[Taken, Taken, Taken]]) -> dict[str, Any]:
    best = min(pairs, key=lambda pair: pair[0]["s"] + pair[1]["s"])
    ours = {name: best[0][name] + best[1][name] for name in best[0]}
    peer = min((pair[2] for pair in pairs), key=lambda taken: taken["s"])
    return {
        "ours_s": ours["s"],
        "ours_check_s": best[0]["s"],
        "ours_apply_s": best[1]["s"],
        "ours_python_cpu_s": ours["python_cpu_s"],
        "ours_postgres_cpu_s": ours["postgres_cpu_s"],
        "goal_s": GOAL_S,
        "peer": PEER,
        "peer_s": peer["s"],
        "peer_python_cpu_s": peer["python_cpu_s"],
        "peer_postgres_cpu_s": peer["postgres_cpu_s"],
        "ratio": median((c["s"] + a["s"]) / p["s"] for c, a, p in pairs),
        "rows": ROWS,
        "repeats": len(pairs),
        "load_average_one_minute": os.getloadavg()[0],
    }


def _timed(action: Callable[[], object]) -> Taken:
    started, python, postgres = time.perf_counter(), time.process_time(), _postgres_cpu_s()
    action()
    return {
        "s": time.perf_counter() - started,
        "python_cpu_s": time.process_time() - python,
        "postgres_cpu_s": _postgres_cpu_s() - postgres,
    }


def _postgres_cpu_s() -> float:
    """Return the processor time of our backend so far, user and system."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _study(code: str) -> tuple[Any, Any]:
    """Return a study of its own with one site, and its data manager."""
    from mldtrial.trial.models import Role
    from mldtrial.trial.services import studies
    from tests.support.world import person

    study = studies.create_study(code=code, name=code, blinding="OPEN", requires_mfa=False)
    studies.create_site(study=study, code="A", name="Site A")
    by = person(code.lower())
    studies.grant_membership(user=by, study=study, role=Role.DATA_MANAGER)
    return study, by


def _ours(study: Any, by: Any, content: bytes) -> tuple[Taken, Taken]:
    from mldtrial.trial.services.imports import batches
    from mldtrial.trial.sheets.layout import Layout

    batch = batches.receive(study=study, content=content, by=by)
    layout = Layout(Layout.from_json(batch.layout).columns, creates_patients=True)
    check = _timed(lambda: batches.check(batch=batch, layout=layout, by=by))
    batch.refresh_from_db()
    assert batch.counts["new"] == ROWS
    apply = _timed(
        lambda: batches.apply(batch=batch, shown_sha256=batch.plan_sha256, reason="bench", by=by)
    )
    return check, apply


def _peer(study: Any, by: Any, content: bytes, items: tuple[str, ...]) -> None:
    import pandas as pd
    from django.db import transaction

    with transaction.atomic():
        _create_each(study, by, pd.read_excel(BytesIO(content)).to_dict("records"), items)


def _create_each(study: Any, by: Any, table: list[dict[str, Any]], items: tuple[str, ...]) -> None:
    from mldtrial.trial.models import GmfcMldAssessment, MriSeverityRead, Patient, Visit

    patients: dict[str, Patient] = {}
    for place, row in enumerate(table):
        code = row["subject"]
        if code not in patients:
            patients[code] = Patient.objects.create(
                study=study, site=study.sites.get(), subject_code=code, sex=row["sex"],
                birth_month=date.fromisoformat(row["birth"]).replace(day=1),
                onset_age_months=row["onset"],
            )  # fmt: skip
        day = date.fromisoformat(row["date"])
        visit = Visit.objects.create(
            patient=patients[code], number=place % VISITS_EACH, name="Visit", date=day
        )
        GmfcMldAssessment.objects.create(
            visit=visit, level=row["GMFC"], assessed_on=day, assessed_by=by
        )
        values = {key: row[key] for key in items}
        MriSeverityRead.objects.create(
            visit=visit, reader=by, instrument_version="MLDS-1", items=values,
            total=sum(values.values()), read_on=day,
        )  # fmt: skip


def main() -> None:
    """Measure the import alone."""
    found = measure()
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "importing.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))  # noqa: T201 - the output of the command


if __name__ == "__main__":
    main()
