"""Rules asked of scans: by hand on tiny cases, and by properties that hold for every input."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.protocol.evaluation import Outcome, evaluate
from segmentation.imaging.protocol.facts import ScanFacts, VisitFacts, read_facts
from segmentation.imaging.protocol.rules import (
    NAMES,
    OF_KIND,
    UNITS,
    Absent,
    Quantity,
    Rule,
    RuleError,
    Severity,
    check,
    rule_of,
)
from segmentation.imaging.protocol.starting import STARTING_RULES

NUMBERS = [q for q in Quantity if q not in (*OF_KIND, Quantity.PRESENT)]


def scan(**changes: Any) -> ScanFacts:
    facts: dict[str, Any] = {
        "key": "s",
        "sequence": "T2w",
        "acq_stratum": "2D",
        "shape": (256, 232, 40),
        "voxel_size_mm": (0.9, 0.9, 4.4),
        "slice_axis": 2,
        "acquisition_type": "2D",
        "slice_thickness_mm": 4.0,
        "tr_ms": 4500.0,
        "te_ms": 95.0,
        "field_strength_t": 2.89362,
        "manufacturer": "SIEMENS Healthineers",
        "model": "Prisma",
    }
    return ScanFacts(**{**facts, **changes})


def rule(quantity: Quantity, **changes: Any) -> Rule:
    made = Rule(key="r", sequence="T2w", quantity=quantity, severity=Severity.DEVIATION)
    return replace(made, **changes)


def ask(asked: Rule, of: ScanFacts | None = None) -> Any:
    (result,) = evaluate([check(asked)], VisitFacts((of or scan(),)))
    return result


BY_HAND = [
    (Quantity.IN_PLANE, "0.9 × 0.9 mm"),
    (Quantity.THROUGH_PLANE, "4.4 mm"),
    (Quantity.THICKNESS, "4 mm"),
    (Quantity.GAP, "0.4 mm"),
    (Quantity.COVERAGE, "176 mm"),
    (Quantity.SLICES, "40 slices"),
    (Quantity.MATRIX, "256 × 232 voxels"),
    (Quantity.FIELD, "2.89362 T"),
    (Quantity.TR, "4500 ms"),
    (Quantity.TE, "95 ms"),
]


@pytest.mark.parametrize(("quantity", "measured"), BY_HAND)
def test_each_value_is_measured_as_by_hand(quantity, measured):
    assert ask(rule(quantity, lowest=0.001)).measured == measured


def test_a_long_echo_time_is_said_with_value_and_limits():
    found = ask(rule(Quantity.TE, lowest=80.0, highest=100.0), scan(te_ms=120.0))
    assert found.outcome == Outcome.NOT_MET
    assert found.sentence == "T2w: TE 120 ms; the protocol asks for 80 to 100 ms."


def test_a_sentence_rounds_a_value_but_never_over_its_limit():
    asked = rule(Quantity.THROUGH_PLANE, highest=4.0)
    far = ask(asked, scan(voxel_size_mm=(0.9, 0.9, 4.85891)))
    assert (far.measured, far.sentence[:37]) == (
        "4.85891 mm",
        "T2w: distance of the slices 4.859 mm;",
    )
    near = ask(asked, scan(voxel_size_mm=(0.9, 0.9, 4.00012345 + 0.001)))
    assert near.outcome == Outcome.NOT_MET
    assert "4.00112 mm" in near.sentence


@pytest.mark.parametrize(
    ("lowest", "highest", "outcome"),
    [
        (95.0, 95.0, Outcome.MET),
        (95.0, None, Outcome.MET),
        (None, 95.0, Outcome.MET),
        (95.1, None, Outcome.NOT_MET),
        (None, 94.9, Outcome.NOT_MET),
    ],
)
def test_limits_belong_to_the_range(lowest, highest, outcome):
    assert ask(rule(Quantity.TE, lowest=lowest, highest=highest)).outcome == outcome


@pytest.mark.parametrize("size", [0.9999998, 1.0000002, 0.9995, 1.0005])
def test_single_precision_makes_no_deviation(size):
    asked = rule(Quantity.IN_PLANE, lowest=1.0, highest=1.0)
    assert ask(asked, scan(voxel_size_mm=(size, size, 4.4))).outcome == Outcome.MET


@pytest.mark.parametrize("size", [0.998, 1.002])
def test_the_tolerance_ends_at_a_thousandth_of_a_millimetre(size):
    asked = rule(Quantity.IN_PLANE, lowest=1.0, highest=1.0)
    assert ask(asked, scan(voxel_size_mm=(size, size, 4.4))).outcome == Outcome.NOT_MET


def test_both_edges_of_a_voxel_must_lie_within_the_limits():
    asked = rule(Quantity.IN_PLANE, highest=1.0)
    assert ask(asked, scan(voxel_size_mm=(0.9, 1.1, 4.4))).outcome == Outcome.NOT_MET


def test_slices_that_overlap_have_a_gap_below_zero():
    asked = rule(Quantity.GAP, lowest=0.0)
    found = ask(asked, scan(voxel_size_mm=(1.0, 1.0, 3.0), slice_thickness_mm=4.0))
    assert (found.outcome, found.measured) == (Outcome.NOT_MET, "-1 mm")


def test_an_absent_value_is_neither_met_nor_a_deviation_and_says_so():
    found = ask(rule(Quantity.TE, lowest=80.0), scan(te_ms=None))
    assert (found.outcome, found.measured) == (Outcome.CANNOT_TELL, "")
    assert "A missing value is neither met nor a deviation." in found.sentence


def test_a_rule_may_say_that_an_absent_value_is_not_met():
    found = ask(rule(Quantity.TI, lowest=800.0, absent=Absent.NOT_MET))
    assert found.outcome == Outcome.NOT_MET
    assert "A missing value counts as not met." in found.sentence


@pytest.mark.parametrize(
    ("meant", "outcome"),
    [
        ({"manufacturer": "Siemens"}, Outcome.MET),
        ({"manufacturer": "Philips"}, Outcome.NOT_APPLICABLE),
        ({"model": "prisma"}, Outcome.MET),
        ({"field_strength_t": 3.0}, Outcome.MET),
        ({"field_strength_t": 1.5}, Outcome.NOT_APPLICABLE),
    ],
)
def test_a_rule_is_asked_of_the_scanners_that_it_names(meant, outcome):
    assert ask(rule(Quantity.TE, lowest=80.0, **meant)).outcome == outcome


def test_whether_a_rule_for_a_scanner_applies_cannot_be_told_without_the_scanner():
    asked = rule(Quantity.TE, lowest=80.0, manufacturer="Siemens")
    assert ask(asked, scan(manufacturer=None)).outcome == Outcome.CANNOT_TELL
    other_model = replace(asked, model="Ingenia")
    assert ask(other_model, scan(manufacturer=None)).outcome == Outcome.NOT_APPLICABLE


def test_a_rule_of_another_sequence_does_not_apply():
    asked = rule(Quantity.TE, lowest=80.0)
    assert ask(asked, scan(sequence="T1w")).outcome == Outcome.NOT_APPLICABLE


def test_how_it_was_acquired_and_how_it_counts_are_two_things():
    thick = scan(acquisition_type="3D", acq_stratum="2D")
    assert ask(rule(Quantity.ACQUISITION, kind="3D"), thick).outcome == Outcome.MET
    found = ask(rule(Quantity.STRATUM, kind="3D"), thick)
    assert found.sentence == "T2w counts as 2D; the protocol asks for 3D."


@pytest.mark.parametrize(
    ("visit", "outcome"),
    [
        (VisitFacts((scan(),)), Outcome.MET),
        (VisitFacts((scan(sequence="T1w"),)), Outcome.NOT_MET),
        (VisitFacts((scan(sequence="T1w"),), frozenset({"T2w"})), Outcome.NOT_APPLICABLE),
    ],
)
def test_a_sequence_is_there_missing_or_declared_not_done(visit, outcome):
    (found,) = evaluate([rule(Quantity.PRESENT)], visit)
    assert (found.outcome, found.scan_key) == (outcome, "")


def test_a_visit_without_scans_is_asked_nothing():
    assert evaluate(STARTING_RULES, VisitFacts(())) == []


def test_only_an_edge_that_stands_out_tells_the_slices_without_a_header():
    def axis_of(*size: float) -> int | None:
        return read_facts(
            key="", sequence="T1w", acq_stratum="3D", shape=(3, 4, 5), voxel_size_mm=size,
            scanner={}, acquisition={},
        ).slice_axis  # fmt: skip

    assert axis_of(1.0, 1.0, 4.0) == 2
    assert axis_of(1.2, 1.0, 1.0) == 0
    assert axis_of(0.9, 1.0, 1.0) is None
    assert axis_of(1.0, 1.0, 1.0) is None
    assert axis_of(0.8, 0.9, 4.0) is None


def test_an_isotropic_image_needs_no_slice_axis_for_its_voxels_but_for_its_slices():
    volume = scan(voxel_size_mm=(1.0, 1.0, 1.0), slice_axis=None)
    assert ask(rule(Quantity.IN_PLANE, highest=1.0), volume).outcome == Outcome.MET
    assert ask(rule(Quantity.THROUGH_PLANE, highest=1.0), volume).outcome == Outcome.MET
    assert ask(rule(Quantity.COVERAGE, lowest=1.0), volume).outcome == Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (rule(Quantity.TE), "lowest"),
        (rule(Quantity.TE, lowest=2.0, highest=1.0), "highest"),
        (rule(Quantity.TE, lowest=float("nan")), "lowest"),
        (rule(Quantity.TE, lowest=float("inf")), "lowest"),
        (rule(Quantity.TE, highest=-1.0), "highest"),
        (rule(Quantity.STRATUM), "kind"),
        (rule(Quantity.STRATUM, kind="3D", lowest=1.0), "lowest"),
        (rule(Quantity.PRESENT, severity=Severity.EXCLUDE), "severity"),
        (rule(Quantity.PRESENT, lowest=1.0), "lowest"),
        (rule(Quantity.PRESENT, model="Prisma"), "manufacturer"),
        (rule(Quantity.TE, lowest=1.0, sequence="other"), "sequence"),
        (rule(Quantity.TE, lowest=1.0, field_strength_t=-3.0), "field_strength_t"),
    ],
)
def test_a_rule_that_nothing_can_meet_is_refused_at_its_field(wrong, field):
    with pytest.raises(RuleError) as refused:
        check(wrong)
    assert field in refused.value.faults


def test_json_of_another_shape_is_refused_in_the_same_way():
    for found in ({}, {"quantity": "te_ms"}, {**STARTING_RULES[0].as_json(), "extra": 1}):
        with pytest.raises(RuleError):
            rule_of(found)


def test_the_starting_rules_are_sound_and_come_back_from_json():
    assert [rule_of(r.as_json()) for r in STARTING_RULES] == list(STARTING_RULES)
    assert len({r.key for r in STARTING_RULES}) == len(STARTING_RULES)
    assert all(r.why for r in STARTING_RULES)


def test_every_quantity_has_a_name_and_every_number_a_unit():
    assert set(NAMES) == set(Quantity)
    assert set(UNITS) == set(NUMBERS)


anything = st.one_of(
    st.none(), st.booleans(), st.text(max_size=8), st.floats(), st.integers(),
    st.lists(st.floats(), max_size=3),
)  # fmt: skip
header = st.dictionaries(
    st.sampled_from(
        ["slice_axis", "SliceThickness", "RepetitionTime", "EchoTime", "InversionTime",
         "FlipAngle", "MRAcquisitionType", "manufacturer", "model", "field_strength_t"]
    ),
    anything,
)  # fmt: skip
positive = st.floats(1e-3, 1e4)
facts_of_anything = st.builds(
    read_facts,
    key=st.just("s"),
    sequence=st.sampled_from(["T1w", "T2w", "FLAIR", "other"]),
    acq_stratum=st.sampled_from(["2D", "3D"]),
    shape=st.tuples(*[st.integers(1, 1024)] * 3),
    voxel_size_mm=st.tuples(*[positive] * 3),
    scanner=header,
    acquisition=header,
)
limit = st.one_of(st.none(), st.floats(-1e5, 1e5))


@st.composite
def rules_on_numbers(draw: Any) -> Rule:
    low, high = draw(limit), draw(limit)
    if low is not None and high is not None and low > high:
        low, high = high, low
    if low is None and high is None:
        low = 1.0
    return Rule(
        key="r",
        sequence=draw(st.sampled_from(["T1w", "T2w", "FLAIR"])),
        quantity=draw(st.sampled_from(NUMBERS)),
        severity=draw(st.sampled_from(list(Severity))),
        lowest=low,
        highest=high,
        absent=draw(st.sampled_from(list(Absent))),
        manufacturer=draw(st.sampled_from(["", "Siemens", "GE"])),
        model=draw(st.sampled_from(["", "Prisma"])),
        field_strength_t=draw(st.sampled_from([None, 1.5, 3.0])),
    )


@given(rules_on_numbers(), st.lists(facts_of_anything, max_size=3))
def test_every_rule_has_an_answer_in_words_for_every_scan(asked, scans):
    results = evaluate([asked, *STARTING_RULES], VisitFacts(tuple(scans)))
    presences = sum(r.quantity == Quantity.PRESENT for r in STARTING_RULES)
    on_scans = len(STARTING_RULES) + 1 - presences
    assert len(results) == (on_scans * len(scans) + presences if scans else 0)
    assert all(r.sentence.endswith(".") for r in results)


@given(rules_on_numbers(), facts_of_anything, st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_wider_range_never_turns_met_into_not_met(asked, facts, down, up):
    wider = replace(
        asked,
        lowest=None if asked.lowest is None else asked.lowest - down,
        highest=None if asked.highest is None else asked.highest + up,
    )
    (before,) = evaluate([asked], VisitFacts((facts,)))
    (after,) = evaluate([wider], VisitFacts((facts,)))
    if before.outcome == Outcome.MET:
        assert after.outcome == Outcome.MET
    if before.outcome in (Outcome.CANNOT_TELL, Outcome.NOT_APPLICABLE):
        assert after.outcome == before.outcome


@given(st.lists(facts_of_anything, max_size=3))
def test_the_same_question_has_the_same_answer(scans):
    visit = VisitFacts(tuple(scans))
    assert evaluate(STARTING_RULES, visit) == evaluate(STARTING_RULES, visit)
