"""Whatever a table holds: the check is the truth about the import, and twice is once."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldtrial.trial.models import GmfcMldAssessment, Patient, Treatment, Visit
from mldtrial.trial.services.imports import batches
from mldtrial.trial.sheets.layout import Layout
from tests.support.sheets import as_csv
from tests.support.world import World

pytestmark = pytest.mark.django_db

HEADER = ("subject", "site", "sex", "birth", "onset", "date", "visit", "gmfc", "therapy",
          "therapiebeginn")  # fmt: skip
WORDS = st.text(max_size=8)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(["A-001", "A-010", "A-011", "", "JD"]), WORDS),
        st.one_of(st.sampled_from(["A", "B", "", "C"]), WORDS),
        st.sampled_from(["F", "m", "", "?"]),
        st.one_of(st.sampled_from(["2019-07", "2020-03", "", "07.2019"]), WORDS),
        st.one_of(st.integers(-5, 2000).map(str), st.just("")),
        st.one_of(
            st.dates(date(2018, 1, 1), date(2027, 1, 1)).map(str),
            st.sampled_from(["", "2023-05-10", "2023-24-05", "03/04/2021"]),
        ),
        st.sampled_from(["", "", "M00", "M06", "M99"]),
        st.sampled_from(["", "0", "3", "4a", "3a", "9"]),
        st.sampled_from(["", "HSCT", "ERT", "?"]),
        st.sampled_from(["", "2022-05-01", "2019-01-01"]),
    ),
    min_size=1,
    max_size=6,
)
MODELS = (Patient, Visit, GmfcMldAssessment, Treatment)


def counted() -> list[int]:
    return [model.objects.count() for model in MODELS]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS)
def test_what_was_shown_is_what_is_written_and_twice_is_once(world: World, rows):
    with transaction.atomic():
        try:
            _import_twice(world, as_csv(HEADER, *rows))
        finally:
            transaction.set_rollback(True)


def _import_twice(world: World, content: bytes) -> None:
    try:
        plan, batch = _check(world, content)
    except ValidationError:  # no table at all, such as one without a second column
        return
    before = counted()
    promised = [sum(type(r) is model for r in plan.added.values()) for model in MODELS]
    if not plan.added and not plan.altered:
        return
    batches.apply(
        batch=batch, shown_sha256=batch.plan_sha256, reason="x", by=world.user("data_manager")
    )
    assert counted() == [a + b for a, b in zip(before, promised, strict=True)]
    again, _ = _check(world, content)
    fates = {row.number: row.fate for row in plan.rows}
    for row in again.rows:
        assert (row.fate == "refused") == (fates[row.number] == "refused")
        assert row.fate in ("same", "refused")
    assert not again.added
    assert not again.altered


def _check(world: World, content: bytes):
    by = world.user("data_manager")
    batch = batches.receive(study=world.study, content=content, by=by)
    kept = Layout.from_json(batch.layout)
    plan = batches.check(batch=batch, layout=Layout(kept.columns, creates_patients=True), by=by)
    batch.refresh_from_db()
    return plan, batch
