from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.plausibility import (
    ELFC,
    GMFC,
    RULES,
    Course,
    ScoreFacts,
    VisitFacts,
    find_all,
)

BORN = date(2020, 1, 1)


def on(months: float) -> date:
    """Return the day on which the child is so old, from the middle of the birth month."""
    return BORN.replace(day=15) + timedelta(days=round(months * 30.4375))


def score(months: float, level: int, *, number: float = 1, assessed_later: int = 0) -> ScoreFacts:
    visit = VisitFacts(f"visit {months}", f"Visit at {months}", number, on(months))
    return ScoreFacts(visit, level, on(months) + timedelta(days=assessed_later))


def course(
    gmfc=(), elfc=(), *, onset=20, subtype="LI", treatments=(), visits=None, consented_on=None
) -> Course:
    return Course(
        birth_month=BORN,
        onset_age_months=onset,
        subtype=subtype,
        visits=[s.visit for s in (*gmfc, *elfc)] if visits is None else visits,
        levels={GMFC: gmfc, ELFC: elfc},
        treatments=treatments,
        consented_on=consented_on,
    )


def codes(given: Course) -> set[str]:
    return {finding.code for finding in find_all(given)}


def test_a_course_that_gets_worse_raises_nothing():
    gmfc = [score(22, 1), score(28, 3), score(34, 5), score(40, 6)]
    elfc = [score(22, 1), score(28, 2), score(34, 4), score(40, 4)]
    assert codes(course(gmfc, elfc)) == set()


@pytest.mark.parametrize(("kind", "code"), [("gmfc", "GMFC"), ("elfc", "ELFC")])
def test_an_improvement_by_a_level_is_asked_about_at_the_later_visit(kind, code):
    found = find_all(course(**{kind: [score(22, 3), score(28, 2)]}))
    assert [(f.code, f.visit) for f in found] == [(f"{code}-IMPROVEMENT", "visit 28")]
    assert "from level 3 (Visit at 22" in found[0].words
    assert "confirm the improvement" in found[0].words


def test_a_visit_before_the_first_consent_is_asked_about_with_both_days():
    gmfc = [score(22, 1), score(28, 3)]
    (found,) = find_all(course(gmfc, consented_on=on(25)))
    assert (found.code, found.visit) == ("VISIT-BEFORE-CONSENT", "visit 22")
    assert f"the first consent ({on(25)}). Visit at 22 is on {on(22)}." in found.words


@pytest.mark.parametrize("consented_on", [None, on(22), on(21)])
def test_a_visit_on_the_day_of_the_consent_or_without_one_on_record_asks_nothing(consented_on):
    assert codes(course([score(22, 1), score(28, 3)], consented_on=consented_on)) == set()


def test_an_improvement_after_a_treatment_is_asked_about_with_the_treatment_named():
    gmfc = [score(22, 3), score(30, 2)]
    found = find_all(course(gmfc, treatments=[(on(24), "gene therapy")]))
    assert "this can follow gene therapy" in found[0].words
    later = find_all(course(gmfc, treatments=[(on(30), "gene therapy")]))
    assert "can follow" not in later[0].words


def test_an_improvement_is_measured_from_the_level_before_not_from_the_worst():
    found = find_all(course([score(22, 4), score(26, 3), score(30, 3), score(34, 4)]))
    assert [f.visit for f in found] == ["visit 26"]


@pytest.mark.parametrize(
    ("months", "level", "expected"),
    [
        (19.5, 1, set()),
        (18.5, 1, {"GMFC-BEFORE-ONSET"}),
        (18.5, 0, set()),
        (25, 1, set()),
    ],
)
def test_a_level_before_the_first_symptom_is_0_give_or_take_a_month(months, level, expected):
    assert codes(course([score(months, level)])) == expected


@pytest.mark.parametrize(("level", "expected"), [(0, set()), (2, {"ONSET-MISSING"})])
def test_who_has_no_symptom_has_level_0(level, expected):
    given = course([score(30, level)], onset=None, subtype="UNDETERMINED")
    assert codes(given) == expected


@pytest.mark.parametrize(
    ("months", "level", "changes", "expected"),
    [
        (41, 1, {}, {"LI-STILL-WALKING"}),
        (41, 0, {}, {"LI-STILL-WALKING"}),
        (41, 2, {}, set()),
        (39, 1, {}, set()),
        (41, 1, {"subtype": "EJ"}, set()),
        (41, 1, {"treatments": [(on(24), "HSCT")]}, set()),
        (41, 1, {"treatments": [(on(42), "HSCT")]}, {"LI-STILL-WALKING"}),
    ],
)
def test_an_untreated_late_infantile_child_does_not_walk_at_40_months(
    months, level, changes, expected
):
    assert codes(course([score(months, level)], **changes)) == expected


@pytest.mark.parametrize(
    ("months", "level", "expected"),
    [(48, 0, {"LI-STILL-SPEAKING"}), (48, 1, set()), (46, 0, set())],
)
def test_an_untreated_late_infantile_child_does_not_speak_well_at_47_months(
    months, level, expected
):
    assert codes(course(elfc=[score(months, level)])) == expected


@pytest.mark.parametrize(("days", "is_found"), [(0, False), (14, False), (15, True), (-15, True)])
def test_an_assessment_belongs_near_its_visit(days, is_found):
    found = codes(course([score(30, 3, assessed_later=days)]))
    assert found == ({"GMFC-FAR-FROM-VISIT"} if is_found else set())


def test_visits_follow_their_numbers():
    visits = [VisitFacts(n, f"V{n}", n, on(m)) for n, m in ((1, 22), (3, 28), (2, 34))]
    found = find_all(course(visits=visits))
    assert [(f.code, f.visit) for f in found] == [("VISIT-ORDER", 2)]
    assert codes(course(visits=[*reversed(visits[:2])])) == set()


def test_nothing_happens_before_birth():
    visits = [VisitFacts(1, "V1", 1, date(2019, 12, 31))]
    given = course(visits=visits, treatments=[(date(2019, 6, 1), "HSCT")])
    assert codes(given) == {"VISIT-BEFORE-BIRTH", "TREATMENT-BEFORE-BIRTH"}


# Domain reference, 15: late-infantile patients at level 6 with low MRI scores, treated juveniles
# at level 0 with high ones. The rules know of no score and no load, so they cannot ask.
def test_no_rule_knows_a_load_or_an_mri_score():
    assert set(Course.__dataclass_fields__) == {
        "birth_month", "onset_age_months", "subtype", "visits", "levels", "treatments",
        "consented_on",
    }  # fmt: skip


def test_every_finding_says_what_was_expected_and_what_to_do():
    everything = course(
        [score(18, 1, assessed_later=20), score(30, 3), score(41, 1)],
        [score(18, 1), score(30, 3), score(48, 0)],
        treatments=[(date(2019, 6, 1), "HSCT")],
    )
    for finding in find_all(everything):
        assert "expected" in finding.words, finding.code
        assert "Please" in finding.words, finding.code


MONTHS = st.lists(st.integers(19, 60), min_size=1, max_size=6, unique=True).map(sorted)


@given(MONTHS, st.data())
def test_rising_levels_are_never_an_improvement(months, data):
    levels = sorted(
        data.draw(st.lists(st.integers(0, 6), min_size=len(months), max_size=len(months)))
    )
    gmfc = [score(m, level) for m, level in zip(months, levels, strict=True)]
    assert "GMFC-IMPROVEMENT" not in codes(course(gmfc))


@given(MONTHS, st.data())
def test_a_rule_asks_once_per_visit(months, data):
    size = {"min_size": len(months), "max_size": len(months)}
    gmfc = [
        score(m, level)
        for m, level in zip(months, data.draw(st.lists(st.integers(0, 6), **size)), strict=True)
    ]
    found = [(f.code, f.visit) for f in find_all(course(gmfc))]
    assert len(found) == len(set(found))
    assert {code for code, _ in found} <= set(RULES)
