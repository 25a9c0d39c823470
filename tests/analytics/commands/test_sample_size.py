"""``manage.py sample_size``: a number with its interval, and one line for what is no plan."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from analytics.stats.power import sample_size
from analytics.stats.power_closed import ANCOVA
from analytics.stats.trial_course import Course

PLAN = (
    "--difference=8", "--level-sd=10", "--yearly-sd=4", "--noise-sd=3", "--correlation=0.2",
    "--visits=0,1,2", "--analysis=ancova", "--trials=100", "--seed=5",
)  # fmt: skip


def said(*more: str) -> str:
    out = StringIO()
    call_command("sample_size", *PLAN, *more, stdout=out)
    return out.getvalue()


def test_the_command_says_the_size_of_the_search():
    plan = Course({"all": 0.0}, {"all": 1.0}, 10, 4, 0.2, 3, (0, 1, 2))
    expected = sample_size(plan, 8, 0.8, ANCOVA, n_trials=100, seed=5)
    told = json.loads(said("--json"))
    assert told["n_per_arm"] == expected.n_per_arm
    assert told["power"] == expected.power
    assert told["seed"] == 5
    assert f"{expected.n_per_arm} patients an arm: power {expected.power:.3f}" in said()


def test_subtypes_have_changes_and_shares_of_their_own():
    plan = Course({"LI": 80.0, "LJ": 15.0}, {"LI": 0.4, "LJ": 0.6}, 10, 4, 0.2, 3, (0, 1, 2))
    expected = sample_size(plan, 8, 0.8, ANCOVA, n_trials=100, seed=5)
    told = json.loads(said("--json", "--subtype=LI=80:0.4", "--subtype=LJ=15:0.6"))
    assert told["n_per_arm"] == expected.n_per_arm


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("--subtype=LI", "NAME=ML:SHARE"),
        ("--subtype=LI=80:0.4", "must sum to 1"),
        ("--visits=1,2,3", "rising from 0"),
        ("--difference=0", "not 0"),
        ("--difference=0.0001", "5000 patients"),
    ],
)
def test_what_is_no_plan_is_said_in_a_line(more: str, why: str):
    with pytest.raises(CommandError, match=why):
        said(more)
