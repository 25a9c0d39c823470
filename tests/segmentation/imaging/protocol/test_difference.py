"""What another rule set changes, case by case."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.protocol.difference import Change, compare, standings
from segmentation.imaging.protocol.evaluation import evaluate
from segmentation.imaging.protocol.facts import VisitFacts
from segmentation.imaging.protocol.rules import Absent, Quantity, Rule, Severity
from tests.segmentation.imaging.protocol.test_evaluation import rules_on_numbers, scan

TE = Rule(
    key="te", sequence="T2w", quantity=Quantity.TE, severity=Severity.DEVIATION,
    lowest=80.0, highest=100.0,
)  # fmt: skip
LONG = VisitFacts((scan(te_ms=120.0),))
SILENT = VisitFacts((scan(te_ms=None),))


def changes(old: list[Rule], new: list[Rule], visit: VisitFacts = LONG) -> list[Change]:
    before = standings(evaluate(old, visit))
    return [found.change for found in compare(before, evaluate(new, visit))]


def test_a_new_rule_that_is_not_met_is_newly_not_met():
    assert changes([], [TE]) == [Change.NEWLY_NOT_MET]


def test_a_wider_rule_is_newly_met():
    assert changes([TE], [replace(TE, highest=130.0)]) == [Change.NEWLY_MET]


def test_a_graver_rule_has_another_severity():
    assert changes([TE], [replace(TE, severity=Severity.EXCLUDE)]) == [Change.OTHER_SEVERITY]


def test_a_rule_that_is_gone_or_for_other_scanners_is_no_longer_asked():
    assert changes([TE], []) == [Change.NO_LONGER_ASKED]
    assert changes([TE], [replace(TE, manufacturer="Philips")]) == [Change.NO_LONGER_ASKED]


def test_what_cannot_be_told_is_told_apart():
    assert changes([], [TE], SILENT) == [Change.NEWLY_UNKNOWN]
    strict = replace(TE, absent=Absent.NOT_MET)
    assert changes([TE], [strict], SILENT) == [Change.NEWLY_NOT_MET]
    assert changes([strict], [TE], SILENT) == [Change.NEWLY_UNKNOWN]


def test_other_limits_that_are_not_met_either_change_nothing():
    assert changes([TE], [replace(TE, highest=110.0)]) == []


def test_what_is_met_before_and_after_is_no_change():
    assert changes([TE], [TE], VisitFacts((scan(),))) == []


@given(st.lists(rules_on_numbers(), max_size=4))
def test_the_same_rules_again_change_nothing(rules):
    named = [replace(rule, key=str(index)) for index, rule in enumerate(rules)]
    assert changes(named, named) == []
