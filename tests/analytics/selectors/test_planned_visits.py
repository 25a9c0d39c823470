"""Which visit loads are compared with."""

import pytest

from analytics.selectors.planned_visits import baseline_of

SCREENING, M00, M12 = (-1.0, "Screening"), (0.0, "Baseline"), (4.0, "Month 12")


def loads(**patients):
    visits = {"screening": SCREENING, "m00": M00, "m12": M12}
    return [(visits[name], patient) for name, n in patients.items() for patient in range(n)]


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        ({"screening": 6, "m00": 200, "m12": 180}, M00),
        ({"screening": 1, "m00": 4, "m12": 3}, M00),  # few, as at one site
        ({"screening": 100, "m00": 200}, SCREENING),
        ({"screening": 99, "m00": 200}, M00),
        ({"m12": 1}, M12),
        ({}, None),
    ],
)
def test_the_baseline_is_the_first_visit_that_is_no_rare_one(patients, expected):
    assert baseline_of(loads(**patients)) == expected


def test_two_scans_of_one_visit_are_one_patient():
    found = loads(screening=1, m00=3)
    assert baseline_of([*found, *[(SCREENING, 0)] * 5]) == M00
