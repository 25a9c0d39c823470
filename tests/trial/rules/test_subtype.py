import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.subtype import (
    NEVER_BEFORE_ONSET,
    WITH_SIBLING_AND_GENOTYPE,
    Basis,
    Subtype,
    derive_subtype,
    derive_with_basis,
)

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


P0, P1 = NEVER_BEFORE_ONSET, WITH_SIBLING_AND_GENOTYPE


def with_basis(onset=None, sibling=None, genotype="UNKNOWN", presymptomatic=P1):
    found = derive_with_basis(
        onset_age_months=onset,
        sibling_onset_age_months=sibling,
        genotype_class=genotype,
        rule=EJ6,
        presymptomatic_rule=presymptomatic,
    )
    return found.subtype, found.basis


@pytest.mark.parametrize(
    ("facts", "subtype", "basis"),
    [
        ({}, Subtype.UNDETERMINED, Basis.NONE),
        ({"onset": 20, "sibling": 80, "genotype": "R/R"}, Subtype.LATE_INFANTILE, Basis.ONSET),
        ({"sibling": 40, "genotype": "0/0"}, Subtype.EARLY_JUVENILE, Basis.SIBLING),
        ({"genotype": "0/0"}, Subtype.LATE_INFANTILE, Basis.GENOTYPE),
        ({"genotype": "0/R"}, Subtype.JUVENILE, Basis.GENOTYPE),
        ({"genotype": "R/R"}, Subtype.UNDETERMINED, Basis.NONE),
    ],
)
def test_before_the_first_symptom_the_sibling_speaks_then_the_genotype(facts, subtype, basis):
    assert with_basis(**facts) == (subtype, basis)


def test_the_other_rule_waits_for_the_first_symptom():
    facts = {"sibling": 40, "genotype": "0/0", "presymptomatic": P0}
    assert with_basis(**facts) == (Subtype.UNDETERMINED, Basis.NONE)
    assert with_basis(onset=40, presymptomatic=P0) == (Subtype.EARLY_JUVENILE, Basis.ONSET)


def test_an_unknown_presymptomatic_rule_is_a_mistake():
    with pytest.raises(ValueError, match="Unknown presymptomatic rule"):
        with_basis(presymptomatic="MLD-PRESYMPTOMATIC-9")
