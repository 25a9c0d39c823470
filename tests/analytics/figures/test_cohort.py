"""The chart of a relation: labels for a study, typed numbers for a cohort of any size."""

import gzip
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures.cohort import cohort_figure
from analytics.figures.marks import LABELLED_UP_TO
from analytics.figures.typed import shared, typed
from analytics.views.charts import answer
from tests.support.marks import Mark, marks_of
from tests.support.plotly import codes, numbers

SUBTYPES = ("adult", "early juvenile", "late infantile", "late juvenile")
GOAL_KB, GOAL_GZIPPED_KB = 100, 60


def marks(count: int) -> list[Mark]:
    """Four marks a patient, with levels; labels as the page gives them."""
    rng = np.random.default_rng(5)
    loads, levels = rng.gamma(2, 30, count), rng.integers(0, 7, count)
    return [
        Mark(
            load_ml=float(loads[number]),
            score=float(levels[number]),
            stratum="2D" if patient % 10 == 0 else "3D",
            subtype=SUBTYPES[patient % 4],
            # In no order: patients come by an identity that says nothing.
            subject=f"A-{patient * 7919 % 99991:05}",
            link=(f"/patients/{patient}/", f"A-{patient:05}, Month {number % 4}"),
        )
        for number in range(count)
        for patient in (number // 4,)
    ]


def drawn(kept: list[Mark]) -> dict[str, Any]:
    figure = {"title": "Load", "score_label": "Level", "n_patients": len(kept) // 4}
    return cohort_figure(marks_of(kept), **figure)


def test_ten_thousand_marks_weigh_less_than_a_hundred_kilobytes():
    sent = answer(drawn(marks(10_000))).content
    assert len(sent) <= GOAL_KB * 1000
    assert len(gzip.compress(sent, 6)) <= GOAL_GZIPPED_KB * 1000


def test_every_mark_of_a_small_study_says_whose_it_is():
    kept = marks(LABELLED_UP_TO)
    traces = drawn(kept)["data"]
    assert sorted(label for trace in traces for _, label in trace["customdata"]) == sorted(
        mark.link[1] for mark in kept
    )
    assert {trace["type"] for trace in traces} == {"scatter"}


def test_every_mark_of_a_large_study_is_found_by_its_place():
    kept = marks(LABELLED_UP_TO + 4)
    found = []
    for trace in drawn(kept)["data"]:
        meta = trace["meta"]
        whose = np.repeat(codes(meta["subjects"]), numbers(meta["marks"])).tolist()
        found += zip(whose, numbers(trace["y"]).tolist(), numbers(trace["x"]), strict=True)
    expected = [(m.subject, float(np.float32(m.load_ml)), m.score) for m in kept]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("scores", "dtype", "per"),
    [
        ((0.0, 6.0), "u1", None),
        ((3.0, 256.0), "u2", None),
        ((0.5, 34.0), "u1", 2.0),
        ((0.0, 3000 / 30.4375), "u2", 30.4375),
        ((-1.0, 2.0), "f4", None),
        ((0.25, 0.1), "f4", None),
        ((1.0, 70000.0), "f4", None),
    ],
)
def test_a_score_is_sent_in_the_smallest_kind_that_holds_it(scores, dtype, per):
    (trace,) = drawn([Mark(1.5, score) for score in scores])["data"]
    assert numbers(trace["x"]).tolist() == np.array(scores, "f4").tolist()
    assert (trace["x"]["dtype"], trace["x"].get("per")) == (dtype, per)


@pytest.mark.parametrize("step", [1.0, 2.0, 30.4375])
def test_what_is_sent_in_steps_comes_back_to_the_last_digit(step: float):
    """Of every number of steps that two bytes hold; the age of a scan is days in months."""
    values = np.arange(2**16) / step
    sent = typed(values)
    assert sent["dtype"] == "u2"
    assert (numbers(sent) == values.astype("f4")).all()


@given(st.lists(st.text("AB-019", min_size=1, max_size=40), min_size=1, unique=True))
def test_codes_are_told_by_what_differs_from_the_one_before(kept):
    assert codes(shared(np.array(kept, str))) == kept
