import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.subtype import Subtype, derive_subtype

EJ6, EJ7 = "MLD-SUBTYPE-EJ6", "MLD-SUBTYPE-EJ7"
ORDER = [
    Subtype.LATE_INFANTILE,
    Subtype.EARLY_JUVENILE,
    Subtype.LATE_JUVENILE,
    Subtype.ADULT,
]


@pytest.mark.parametrize(
    ("onset_age_months", "rule", "subtype"),
    [
        (0, EJ6, Subtype.LATE_INFANTILE),
        (30, EJ6, Subtype.LATE_INFANTILE),
        (31, EJ6, Subtype.EARLY_JUVENILE),
        (71, EJ6, Subtype.EARLY_JUVENILE),
        (72, EJ6, Subtype.LATE_JUVENILE),
        (83, EJ7, Subtype.EARLY_JUVENILE),
        (84, EJ7, Subtype.LATE_JUVENILE),
        (191, EJ6, Subtype.LATE_JUVENILE),
        (192, EJ6, Subtype.ADULT),
        (None, EJ6, Subtype.UNDETERMINED),
    ],
)
def test_each_boundary_falls_on_its_side(onset_age_months, rule, subtype):
    assert derive_subtype(onset_age_months, rule) == subtype


def test_the_rules_differ_only_in_the_seventh_year():
    differing = [m for m in range(1200) if derive_subtype(m, EJ6) != derive_subtype(m, EJ7)]
    assert differing == list(range(72, 84))


@given(st.integers(0, 1200), st.integers(0, 100), st.sampled_from([EJ6, EJ7]))
def test_a_later_onset_is_never_an_earlier_form(months, later, rule):
    first, second = derive_subtype(months, rule), derive_subtype(months + later, rule)
    assert ORDER.index(second) >= ORDER.index(first)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="Unknown subtype rule"):
        derive_subtype(20, "MLD-SUBTYPE-EJ8")


def test_a_negative_age_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        derive_subtype(-1, EJ6)
