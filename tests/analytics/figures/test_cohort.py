"""The chart of a relation: labels for a study, typed numbers for a cohort of any size."""

import gzip
from typing import Any

import numpy as np
import pytest

from analytics.figures.cohort import LABELLED_UP_TO, CohortMark, cohort_figure
from analytics.views.charts import answer
from tests.support.plotly import numbers

SUBTYPES = ("adult", "early juvenile", "late infantile", "late juvenile")
GOAL_KB, GOAL_GZIPPED_KB = 100, 60


def marks(count: int) -> list[CohortMark]:
    """Four marks a patient, with levels; labels as the page gives them."""
    rng = np.random.default_rng(5)
    loads, levels = rng.gamma(2, 30, count), rng.integers(0, 7, count)
    is_labelled = count <= LABELLED_UP_TO
    return [
        CohortMark(
            load_ml=float(loads[number]),
            score=float(levels[number]),
            acq_stratum="2D" if patient % 10 == 0 else "3D",
            subtype=SUBTYPES[patient % 4],
            subject_code=f"A-{patient:05}",
            label=f"A-{patient:05}, Month {number % 4}" if is_labelled else "",
            url=f"/patients/{patient}/" if is_labelled else "",
        )
        for number in range(count)
        for patient in (number // 4,)
    ]


def drawn(given: list[CohortMark]) -> dict[str, Any]:
    return cohort_figure(given, title="Load", score_label="Level", n_patients=len(given) // 4)


def test_ten_thousand_marks_weigh_less_than_a_hundred_kilobytes():
    sent = answer(drawn(marks(10_000))).content
    assert len(sent) <= GOAL_KB * 1000
    assert len(gzip.compress(sent, 6)) <= GOAL_GZIPPED_KB * 1000


def test_every_mark_of_a_small_study_says_whose_it_is():
    given = marks(LABELLED_UP_TO)
    traces = drawn(given)["data"]
    assert sorted(label for trace in traces for _, label in trace["customdata"]) == sorted(
        mark.label for mark in given
    )
    assert {trace["type"] for trace in traces} == {"scatter"}


def test_every_mark_of_a_large_study_is_found_by_its_place():
    given = marks(LABELLED_UP_TO + 4)
    found = []
    for trace in drawn(given)["data"]:
        meta = trace["meta"]
        codes = np.repeat(meta["subjects"].split("\n"), meta["marks"]).tolist()
        found += zip(codes, numbers(trace["y"]).tolist(), numbers(trace["x"]), strict=True)
    expected = [(m.subject_code, float(np.float32(m.load_ml)), m.score) for m in given]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("scores", [(0.0, 6.0), (0.5, 3.0), (-1.0, 2.0), (3.0, 256.0)])
def test_a_score_is_sent_in_the_smallest_kind_that_holds_it(scores: tuple[float, float]):
    given = [CohortMark(1.5, score, "3D", "adult") for score in scores]
    (trace,) = drawn(given)["data"]
    assert numbers(trace["x"]).tolist() == list(scores)
    assert trace["x"]["dtype"] == ("u1" if scores == (0.0, 6.0) else "f4")
