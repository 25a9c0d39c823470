"""Whether a header names another person than the earlier images of a patient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.dicom.matching import is_another


def visits(*named: str) -> list[frozenset[str]]:
    """Return whom each visit names: one letter a person."""
    return [frozenset(persons) for persons in named]


@pytest.mark.parametrize(
    ("named", "person", "kept", "expected"),
    [
        ([], "a", 0, False),
        ([""], "a", 0, False),
        (["a"], "a", 0, False),
        (["a"], "b", 0, True),
        (["a", ""], "b", 0, True),
        (["a", "a", "a"], "b", 0, True),
        # The change was kept: both are known now, a third is not.
        (["a", "b"], "b", 0, False),
        (["a", "b"], "c", 0, True),
        (["a", "a", "b"], "c", 0, True),
        (["ab"], "c", 0, True),
        # Two changes were kept, and nobody was named at two visits: the site renames each visit.
        (["a", "b", "c"], "d", 2, False),
        (["a", "b", "c", "c"], "d", 2, True),
        # Nobody looked at the changes: no habit yet.
        (["a", "b", "c"], "d", 1, True),
        (["a", "b", "c", "d"], "e", 0, True),
        (["a", "b", "", ""], "c", 0, True),
    ],
)
def test_a_person_is_another_one_where_earlier_visits_name_somebody_else(
    named: list[str], person: str, kept: int, expected: bool
):
    assert is_another(person, visits(*named), kept) is expected


people = st.sets(st.sampled_from("abcd"), max_size=3).map(frozenset)


@given(st.lists(people, max_size=6), st.sampled_from("abcd"), st.integers(0, 3))
def test_a_person_known_already_is_never_another(
    earlier: list[frozenset[str]], person: str, kept: int
):
    assert not is_another(person, [*earlier, frozenset({person})], kept)


@given(st.lists(people, max_size=6), st.randoms(), st.integers(0, 3))
def test_the_order_of_visits_and_what_names_nobody_do_not_matter(earlier, random, kept):
    shuffled = [*earlier, frozenset()]
    random.shuffle(shuffled)
    assert is_another("e", shuffled, kept) == is_another("e", earlier, kept)
