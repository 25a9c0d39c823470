import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.levels import CURRENT, level_instrument
from mldtrial.trial.rules.severity import severity_instrument

INSTRUMENT = severity_instrument()
VALUES = st.fixed_dictionaries(
    {item.key: st.integers(0, item.maximum) for item in INSTRUMENT.items}
)


def worst():
    return {item.key: item.maximum for item in INSTRUMENT.items}


def test_the_severity_score_reaches_34():
    assert INSTRUMENT.total(worst()) == 34


def test_the_severity_score_has_the_nineteen_items_of_eichler_2009():
    assert len(INSTRUMENT.items) == 19
    assert sum(item.maximum == 1 for item in INSTRUMENT.items) == 4


@given(VALUES)
def test_a_total_is_the_sum_of_its_items(values):
    assert INSTRUMENT.total(values) == sum(values.values())


def test_one_item_that_cannot_be_evaluated_leaves_no_total():
    assert INSTRUMENT.total({**worst(), "pons": None}) is None


def test_a_missing_item_is_named():
    values = worst()
    del values["pons"]
    with pytest.raises(ValueError, match="pons"):
        INSTRUMENT.total(values)


def test_an_unknown_item_is_named():
    with pytest.raises(ValueError, match="cerebrum"):
        INSTRUMENT.total({**worst(), "cerebrum": 1})


@pytest.mark.parametrize("value", [-1, 3])
def test_an_item_above_its_maximum_is_refused(value):
    with pytest.raises(ValueError, match="must be 0 to 2"):
        INSTRUMENT.total({**worst(), "pons": value})


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match="Unknown version"):
        severity_instrument("MLDS-0")


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("GMFC-MLD", ["0", "1", "2", "3", "4", "5", "6"]),
        ("ELFC-MLD", ["E0", "E1", "E2", "E3", "E4"]),
    ],
)
def test_an_instrument_has_its_levels_each_with_a_text(name, labels):
    instrument = level_instrument(name)
    assert [level.label for level in instrument.levels] == labels
    assert all(level.text for level in instrument.levels)
    assert instrument.highest == len(labels) - 1


def test_only_level_4_of_gmfc_mld_is_divided():
    assert {name: level_instrument(name).divided for name in CURRENT} == {
        "GMFC-MLD": {4},
        "ELFC-MLD": frozenset(),
    }


@pytest.mark.parametrize(
    ("name", "age", "applies"),
    [("GMFC-MLD", 17.9, False), ("GMFC-MLD", 18.0, True), ("ELFC-MLD", 3.0, True)],
)
def test_gmfc_mld_applies_from_18_months(name, age, applies):
    assert level_instrument(name).applies_at(age) is applies


# Domain reference, 5.2: the subscores and their ranges.
SUBSCORES = {
    "Frontal": 6,
    "Parieto-occipital": 6,
    "Temporal": 6,
    "U-fibres": 6,
    "Corpus callosum": 4,
    "Projection fibres": 6,
    "Cerebral atrophy": 2,
    "Grey-matter nuclei": 2,
    "Cerebellum": 2,
}


def test_the_subscores_have_their_ranges():
    assert {part.label: part.maximum for part in INSTRUMENT.subscores} == SUBSCORES


def test_the_u_fibres_are_items_3_6_and_9_and_no_part_of_the_total():
    u_fibres = next(part for part in INSTRUMENT.subscores if part.overlaps)
    keys = [item.key for item in INSTRUMENT.items]
    assert u_fibres.items == (keys[2], keys[5], keys[8])


@given(VALUES)
def test_the_subscores_that_do_not_overlap_add_to_the_total(values):
    parts = [part.value(values) for part in INSTRUMENT.subscores if not part.overlaps]
    assert sum(parts) == INSTRUMENT.total(values)


def test_a_subscore_with_an_item_not_evaluable_or_missing_has_no_value():
    values = {**worst(), "pons": None}
    del values["thal"]
    by_label = {part.label: part.value(values) for part in INSTRUMENT.subscores}
    assert by_label["Projection fibres"] is None
    assert by_label["Grey-matter nuclei"] is None
    assert by_label["Frontal"] == 6


def test_every_value_of_every_item_has_a_word():
    for item in INSTRUMENT.items:
        assert len(item.level_labels) == item.maximum + 1
        assert all(item.level_labels)


def test_some_answers_are_checked_before_all_are_there():
    INSTRUMENT.check({"pons": 2, "thal": None})
    with pytest.raises(ValueError, match="Thalamus must be 0 to 1, got 2"):
        INSTRUMENT.check({"thal": 2})
    with pytest.raises(ValueError, match="cerebrum"):
        INSTRUMENT.check({"cerebrum": 1})
