"""The sweep takes jobs back whatever becomes of its other chores."""

from collections.abc import Callable

import pytest
from django.db import OperationalError

from segmentation.management.commands import sweep
from segmentation.services import upkeep

DAY = 86_400.0


def faulty() -> None:
    raise ValueError("a chore at fault")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the sweep have two chores, the first of which fails, and note the second."""
    noted: list[str] = []
    chores: list[tuple[Callable[[], object], float]] = [
        (faulty, DAY),
        (lambda: noted.append("done"), DAY),
    ]
    monkeypatch.setattr(sweep, "RARELY", chores)
    return noted


def test_a_fault_in_a_chore_is_logged_and_the_next_one_is_done(
    done: list[str], caplog: pytest.LogCaptureFixture
):
    sweep.do_rarely({}, goes_on=True)
    assert done == ["done"]
    assert "faulty failed" in caplog.text
    assert "a chore at fault" in caplog.text


def test_what_was_tried_waits_for_its_time(done: list[str]):
    tried: dict[Callable[[], object], float] = {}
    for _ in range(2):
        sweep.do_rarely(tried, goes_on=True)
    assert done == ["done"]


def test_what_repeats_the_work_of_the_import_is_two_chores_of_once_an_hour():
    seconds = dict(sweep.RARELY)
    assert seconds[upkeep.settle_reads] == seconds[upkeep.check_plausibility] == 3600.0


def test_a_single_sweep_fails_with_its_chore(done: list[str]):
    with pytest.raises(ValueError, match="at fault"):
        sweep.do_rarely({}, goes_on=False)
    assert done == []


def test_a_database_that_is_away_is_the_business_of_the_loop(monkeypatch: pytest.MonkeyPatch):
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(sweep, "RARELY", [(away, DAY)])
    with pytest.raises(OperationalError):
        sweep.do_rarely({}, goes_on=True)
