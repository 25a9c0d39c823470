"""Scanners are recognised from headers, and their software is followed by the days of scans."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.scanners import (
    Observation,
    identity_of,
    software_of,
    software_periods,
)

PRISMA = {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 2.89362}
START = date(2023, 1, 1)


def seen(*days_and_software: tuple[int, str]) -> list[Observation]:
    return [
        Observation(f"{index}", START + timedelta(days=days), software)
        for index, (days, software) in enumerate(days_and_software)
    ]


def test_a_device_is_recognised_by_its_pseudonym_whatever_else_the_header_says():
    one = identity_of({**PRISMA, "device": "d1"})
    other = identity_of({"model": "Prisma_fit", "device": "d1"})
    assert one is not None
    assert other is not None
    assert one.key == other.key == "device d1"


def test_without_a_device_scanners_of_one_kind_are_taken_for_one():
    one = identity_of(PRISMA)
    other = identity_of({**PRISMA, "manufacturer": "Siemens", "field_strength_t": 2.9})
    assert one is not None
    assert other is not None
    assert one.key == other.key == "kind siemens prisma 2.9 T"
    assert identity_of({**PRISMA, "field_strength_t": 1.5}) != one


@pytest.mark.parametrize("header", [{}, {"manufacturer": "SIEMENS"}, {"model": ""}, {"model": 7}])
def test_a_header_that_names_neither_device_nor_model_names_no_scanner(header):
    assert identity_of(header) is None


def test_software_in_several_parts_is_one_text():
    assert software_of({"software": ["5.7.1", "5.7.1.1"]}) == "5.7.1 / 5.7.1.1"
    assert software_of({"software": "syngo MR E11"}) == "syngo MR E11"
    assert software_of({}) == software_of({"software": None}) == ""


def test_periods_follow_the_days_of_scans_and_not_of_uploads():
    found = software_periods(seen((100, "B"), (0, "A"), (50, "A"), (120, "B")))
    assert [(p.software, (p.first_on - START).days, (p.last_on - START).days, p.scans)
            for p in found] == [("A", 0, 50, 2), ("B", 100, 120, 2)]  # fmt: skip
    assert found[1].first_scan_key == "0"


def test_a_scan_that_does_not_say_its_software_changes_nothing():
    assert len(software_periods(seen((0, "A"), (10, ""), (20, "A")))) == 1


def test_on_the_day_of_a_change_the_scans_before_it_come_first():
    found = software_periods(seen((0, "A"), (10, "B"), (10, "A"), (20, "B")))
    assert [(p.software, p.scans) for p in found] == [("A", 2), ("B", 2)]


def test_software_that_comes_back_is_a_period_of_its_own():
    found = software_periods(seen((0, "A"), (10, "B"), (20, "A")))
    assert [p.software for p in found] == ["A", "B", "A"]


observations = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["", "A", "B", "C"])), max_size=12
)


@given(observations, st.randoms(use_true_random=False))
def test_the_order_of_uploads_is_of_no_consequence(pairs, random):
    there = seen(*pairs)
    shuffled = random.sample(there, len(there))
    assert software_periods(there) == software_periods(shuffled)


@given(observations)
def test_every_known_scan_is_in_one_period_and_neighbours_differ(pairs):
    found = software_periods(seen(*pairs))
    assert sum(p.scans for p in found) == sum(bool(software) for _, software in pairs)
    assert all(a.software != b.software for a, b in itertools.pairwise(found))
    assert all(a.last_on <= b.first_on for a, b in itertools.pairwise(found))
