"""Whether a header names another person than the earlier images of a patient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.dicom.matching import is_another


def visits(*named: str) -> list[frozenset[str]]:
    """Return whom each visit names: one letter a person."""
    return [frozenset(persons) for persons in named]


@pytest.mark.parametrize(
    ("named", "person", "expected"),
    [
        ([], "a", False),
        ([""], "a", False),
        (["a"], "a", False),
        (["a"], "b", True),
        (["a", ""], "b", True),
        (["a", "a", "a"], "b", True),
        # The change was kept: both are known now, a third is not.
        (["a", "b"], "b", False),
        (["a", "b"], "c", True),
        (["a", "a", "b"], "c", True),
        (["ab"], "c", True),
        # Two changes were kept, and nobody was named at two visits: the site renames each visit.
        (["a", "b", "c"], "d", False),
        (["a", "b", "c", "c"], "d", True),
        (["a", "b", "", ""], "c", True),
    ],
)
def test_a_person_is_another_one_where_earlier_visits_name_somebody_else(
    named: list[str], person: str, expected: bool
):
    assert is_another(person, visits(*named)) is expected


people = st.sets(st.sampled_from("abcd"), max_size=3).map(frozenset)


@given(st.lists(people, max_size=6), st.sampled_from("abcd"))
def test_a_person_known_already_is_never_another(earlier: list[frozenset[str]], person: str):
    assert not is_another(person, [*earlier, frozenset({person})])


@given(st.lists(people, max_size=6), st.randoms())
def test_the_order_of_visits_and_what_names_nobody_do_not_matter(earlier, random):
    shuffled = [*earlier, frozenset()]
    random.shuffle(shuffled)
    assert is_another("e", shuffled) == is_another("e", earlier)
