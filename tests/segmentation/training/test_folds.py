"""Patients are dealt by patient, alike in strata and loads, the same for the same seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.training.folds import Dealt, Subject, deal, splits

subjects_of_any_kind = st.lists(
    st.tuples(st.sampled_from(["3D", "2D", "2D 3D"]), st.floats(0, 200)), min_size=4, max_size=60
).map(
    lambda rows: [
        Subject(f"p{number:03d}", frozenset(strata.split()), load)
        for number, (strata, load) in enumerate(rows)
    ]
)


@given(
    subjects_of_any_kind, st.integers(2, 6), st.sampled_from([0.0, 0.1, 0.2, 0.3]), st.integers()
)
def test_everybody_is_in_one_place_and_the_folds_are_of_one_size(subjects, folds, share, seed):
    dealt = deal(subjects, folds=folds, held_out_share=share, seed=abs(seed))
    everybody = [*dealt.held_out, *(key for fold in dealt.folds for key in fold)]
    assert sorted(everybody) == sorted(subject.key for subject in subjects)
    sizes = [len(fold) for fold in dealt.folds]
    assert max(sizes) - min(sizes) <= 1
    assert len(dealt.held_out) == (max(1, round(len(subjects) * share)) if share else 0)
    assert dealt == deal(subjects[::-1], folds=folds, held_out_share=share, seed=abs(seed))


def thirty() -> list[Subject]:
    """Return 30 patients, 10 of thick slices, of loads of 0 to 29 mL."""
    return [
        Subject(f"p{n:02d}", frozenset({"2D" if n % 3 == 0 else "3D"}), float(n)) for n in range(30)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_each_fold_has_its_share_of_strata_and_of_high_loads(seed):
    subjects = {subject.key: subject for subject in thirty()}
    dealt = deal(list(subjects.values()), folds=4, held_out_share=0.2, seed=seed)
    for hand in (*dealt.folds, dealt.held_out):
        thick = Counter("2D" in subjects[key].strata for key in hand)
        assert thick[True] in (1, 2, 3)
        assert 1 <= sum(subjects[key].load_ml >= 15 for key in hand) <= 5


def test_another_seed_deals_otherwise():
    assert deal(thirty(), folds=4, held_out_share=0.2, seed=1) != deal(
        thirty(), folds=4, held_out_share=0.2, seed=2
    )


def test_all_cases_of_a_patient_are_on_one_side_of_each_split():
    dealt = Dealt(("h",), (("a", "b"), ("c",)))
    cases = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "h1": "h"}
    assert splits(dealt, cases) == [
        {"train": ["c1"], "val": ["a1", "a2", "b1"]},
        {"train": ["a1", "a2", "b1"], "val": ["c1"]},
    ]


@pytest.mark.parametrize(
    ("count", "share", "message"),
    [(2, 0.2, "3 patients or more"), (1, 0.0, "2 patients or more"), (5, 0.6, "0 to 0.5")],
)
def test_too_few_patients_or_too_many_held_out_are_refused(count, share, message):
    with pytest.raises(ValueError, match=message):
        deal(thirty()[:count], folds=5, held_out_share=share, seed=0)


def test_a_patient_who_is_there_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        deal([*thirty(), thirty()[0]], folds=5, held_out_share=0.2, seed=0)
