"""The import of 10,000 rows against pandas and one ``objects.create`` for each record.

``python -m tests.bench.importing`` prints seconds and their ratio, and writes them to
``build/bench/importing.json``. The peer checks nothing; both write the same records through
the same history triggers.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import django

ROWS = int(os.environ.get("BENCH_ROWS", "10000"))
VISITS_EACH = 10


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


def main() -> None:
    """Run both sides once, each rolled back."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.test")
    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    from mldtrial.audit.context import acting
    from tests.support.database import server_of_the_tests
    from tests.support.sheets import ITEMS, xlsx
    from tests.support.world import build_world

    with server_of_the_tests(settings.DATA_DIR):
        held = setup_databases(verbosity=0, interactive=False)
        try:
            with acting(origin="bench", reason="bench"):
                world = build_world()
                content = xlsx(*rows(ITEMS))
                found = {
                    "ours_s": _timed(lambda: _ours(world, content)),
                    "peer_s": _timed(lambda: _peer(world, content, ITEMS)),
                }
        finally:
            teardown_databases(held, verbosity=0)
    result = {**found, "rows": ROWS, "ratio": found["ours_s"] / found["peer_s"]}
    result["load_average_one_minute"] = os.getloadavg()[0]
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "importing.json").write_text(json.dumps(result, indent=1))
    print(result)  # noqa: T201 - the output of the command


def _timed(action: Callable[[], object]) -> float:
    from django.db import transaction

    with transaction.atomic():
        started = time.perf_counter()
        action()
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def _ours(world: Any, content: bytes) -> None:
    from mldtrial.trial.services.imports import batches
    from mldtrial.trial.sheets.layout import Layout

    by = world.user("data_manager")
    batch = batches.receive(study=world.study, content=content, by=by)
    kept = Layout.from_json(batch.layout)
    layout = Layout(kept.columns, creates_patients=True)
    started = time.perf_counter()
    plan = batches.check(batch=batch, layout=layout, by=by)
    checked = time.perf_counter()
    assert plan.counts()["new"] == ROWS
    batch.refresh_from_db()
    batches.apply(batch=batch, shown_sha256=batch.plan_sha256, reason="bench", by=by)
    applied = time.perf_counter()
    print(f"check {checked - started:.1f} s, apply {applied - checked:.1f} s")  # noqa: T201


def _peer(world: Any, content: bytes, items: tuple[str, ...]) -> None:
    import pandas as pd

    from mldtrial.trial.models import GmfcMldAssessment, MriSeverityRead, Patient, Visit

    by = world.user("data_manager")
    patients: dict[str, Patient] = {}
    for place, row in enumerate(pd.read_excel(BytesIO(content)).to_dict("records")):
        code = row["subject"]
        if code not in patients:
            patients[code] = Patient.objects.create(
                study=world.study, site=world.site_a, subject_code=code, sex=row["sex"],
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


if __name__ == "__main__":
    main()
