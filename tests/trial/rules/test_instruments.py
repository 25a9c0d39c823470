import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.gmfc import HIGHEST_LEVEL, gmfc_levels
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


def test_gmfc_mld_has_the_levels_0_to_6_each_with_a_text():
    assert [level.level for level in gmfc_levels()] == list(range(HIGHEST_LEVEL + 1))
    assert all(level.text for level in gmfc_levels())


def test_only_level_4_is_divided():
    divided = {level.level: [part.key for part in level.sublevels] for level in gmfc_levels()}
    assert {level: keys for level, keys in divided.items() if keys} == {4: ["a", "b"]}
