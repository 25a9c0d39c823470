"""Images that are prepared while another visit is at hand: never another's, never stale."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from segmentation.inference.ahead import Ahead, PreparesAhead, WaitingVisit
from segmentation.inference.nnunet import NnUnetSegmenter
from segmentation.inference.threshold import ThresholdSegmenter

NONE: dict[str, Path] = {}
PATIENCE = 20.0


def images(name: str) -> dict[str, Path]:
    return {"T1w": Path(f"{name}_t1w"), "T2w": Path(f"{name}_t2w")}


def waiting(name: str, check: Callable[[], object] = lambda: None) -> WaitingVisit:
    return WaitingVisit(images(name), check)


def names(given: Mapping[str, Path]) -> str:
    return " ".join(str(path) for path in given.values())


def test_what_was_prepared_is_taken_once():
    ahead = Ahead(names)
    ahead.begin([waiting("b")], beside=images("a"))
    assert ahead.take(images("b")) == "b_t1w b_t2w"
    assert ahead.take(images("b")) is None


def test_images_of_a_visit_that_nobody_prepared_are_not_another_visits():
    ahead = Ahead(names)
    ahead.begin([waiting("b")], beside=images("a"))
    assert ahead.take(images("c")) is None
    mixed = {"T1w": images("b")["T1w"], "T2w": images("c")["T2w"]}
    assert ahead.take(mixed) is None


def test_it_goes_on_while_the_visit_at_hand_is_worked_on_and_is_waited_for():
    goes, reached = threading.Event(), threading.Event()

    def slow(given: Mapping[str, Path]) -> str:
        reached.set()
        assert goes.wait(PATIENCE)
        return names(given)

    ahead = Ahead(slow)
    ahead.begin([waiting("b")], beside=images("a"))
    # It has begun, and whoever asked for it did not wait.
    assert reached.wait(PATIENCE)
    threading.Timer(0.05, goes.set).start()
    assert ahead.take(images("b")) == "b_t1w b_t2w"


def test_files_that_are_not_the_recorded_ones_are_not_read():
    read: list[str] = []

    def refuse() -> None:
        raise ValueError

    ahead = Ahead(lambda given: read.append(names(given)))
    ahead.begin([waiting("b", refuse)], beside=images("a"))
    assert ahead.take(images("b")) is None
    assert read == []


@pytest.mark.parametrize("fault", [ValueError, MemoryError])
def test_a_visit_that_could_not_be_prepared_meets_its_fault_in_its_own_run(
    fault: type[Exception],
):
    def fail(given: Mapping[str, Path]) -> str:
        raise fault

    ahead = Ahead(fail)
    ahead.begin([waiting("b")], beside=images("a"))
    assert ahead.take(images("b")) is None


def test_a_visit_that_no_longer_waits_is_forgotten_and_the_one_at_hand_is_not():
    ahead = Ahead(names)
    ahead.begin([waiting("b"), waiting("c")], beside=images("a"))
    ahead.begin([waiting("d")], beside=images("b"))
    assert ahead.take(images("b")) == "b_t1w b_t2w"
    assert ahead.take(images("c")) is None
    assert ahead.take(images("d")) == "d_t1w d_t2w"


def test_no_more_are_prepared_at_a_time_than_are_asked_for():
    goes = threading.Event()
    begun: list[str] = []

    def slow(given: Mapping[str, Path]) -> str:
        begun.append(names(given))
        assert goes.wait(PATIENCE)
        return names(given)

    ahead = Ahead(slow)
    ahead.begin([waiting("b")], beside=images("a"))
    # The first is forgotten and still at work: its place is taken until it has ended.
    ahead.begin([waiting("c")], beside=images("a"))
    assert ahead.take(images("c")) is None
    goes.set()
    assert begun == ["b_t1w b_t2w"]


def test_a_visit_that_is_being_prepared_is_not_prepared_twice():
    counted: list[str] = []

    def count(given: Mapping[str, Path]) -> str:
        counted.append(names(given))
        return names(given)

    ahead = Ahead(count)
    ahead.begin([waiting("b")], beside=images("a"))
    ahead.begin([waiting("b")], beside=images("a"))
    assert ahead.take(images("b")) == "b_t1w b_t2w"
    assert counted == ["b_t1w b_t2w"]


def test_only_a_network_prepares_ahead():
    model = Path(__file__).parents[3] / "segmentation" / "pretrained" / "mld-phantom"
    assert isinstance(NnUnetSegmenter(model), PreparesAhead)
    assert not isinstance(ThresholdSegmenter(), PreparesAhead)
