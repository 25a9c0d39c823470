from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.models import DispositionStep, ParticipationState
from mldtrial.trial.rules.participation import (
    ENDED,
    ENDS,
    State,
    Step,
    contradiction,
    participation,
)

DAYS = st.dates(date(2020, 1, 1), date(2025, 1, 1))
STEPS = st.lists(st.tuples(st.sampled_from(Step), DAYS), max_size=8)
D1, D2, D3 = date(2023, 1, 1), date(2023, 6, 1), date(2024, 1, 1)


def test_pages_and_rule_know_the_same_steps_and_states():
    assert set(DispositionStep.values) == {step.value for step in Step}
    assert set(ParticipationState.values) == {state.value for state in State}


@pytest.mark.parametrize(
    ("steps", "state", "ended_on"),
    [
        ([], State.UNRECORDED, None),
        ([(Step.ASSENT, D1)], State.UNRECORDED, None),
        ([(Step.CONSENT, D1)], State.FOLLOWED, None),
        ([(Step.CONSENT, D1), (Step.FOLLOW_UP_WITHDRAWN, D2)], State.WITHDRAWN, D2),
        ([(Step.CONSENT, D1), (Step.LOST, D2)], State.LOST, D2),
        ([(Step.CONSENT, D1), (Step.COMPLETED, D2)], State.COMPLETED, D2),
        ([(Step.CONSENT, D1), (Step.DIED, D2)], State.DIED, D2),
        ([(Step.DIED, D2)], State.DIED, D2),
        # The first end is the day; the last end is the state.
        ([(Step.CONSENT, D1), (Step.LOST, D2), (Step.DIED, D3)], State.DIED, D2),
        ([(Step.CONSENT, D1), (Step.LOST, D2), (Step.RECONSENT, D3)], State.FOLLOWED, None),
        # A consent of the same day comes first.
        ([(Step.FOLLOW_UP_WITHDRAWN, D1), (Step.CONSENT, D1)], State.WITHDRAWN, D1),
        # Neither treatment nor images end the follow-up.
        (
            [(Step.CONSENT, D1), (Step.TREATMENT_WITHDRAWN, D2), (Step.IMAGES_WITHDRAWN, D2)],
            State.FOLLOWED,
            None,
        ),
    ],
)
def test_steps_add_up_to_a_state_and_a_day(steps, state, ended_on):
    found = participation(steps)
    assert (found.state, found.ended_on) == (state, ended_on)


def test_a_renewed_consent_opens_neither_treatment_nor_images():
    found = participation(
        [
            (Step.CONSENT, D1),
            (Step.TREATMENT_WITHDRAWN, D2),
            (Step.IMAGES_WITHDRAWN, D2),
            (Step.RECONSENT, D3),
        ]
    )
    assert (found.treatment_withdrawn_on, found.images_withdrawn_on) == (D2, D2)


def test_images_are_opened_by_their_own_consent():
    steps = [(Step.CONSENT, D1), (Step.IMAGES_WITHDRAWN, D2), (Step.IMAGE_CONSENT, D3)]
    assert participation(steps).images_withdrawn_on is None


@given(STEPS)
def test_an_ended_state_has_a_day_and_no_other_has_one(steps):
    found = participation(steps)
    assert (found.state in ENDED) == (found.ended_on is not None)


@given(STEPS, st.randoms())
def test_the_order_of_entry_makes_no_difference(steps, random):
    shuffled = list(steps)
    random.shuffle(shuffled)
    assert participation(shuffled) == participation(steps)


@given(STEPS)
def test_nobody_returns_from_death(steps):
    later = max((day for _, day in steps), default=D3) + timedelta(days=1)
    assert participation([*steps, (Step.DIED, later)]).state is State.DIED


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([(Step.DIED, D1), (Step.DIED, D2)], "recorded already"),
        ([(Step.CONSENT, D1), (Step.DIED, D2), (Step.COMPLETED, D3)], "after the patient's death"),
        ([(Step.CONSENT, D2), (Step.LOST, D1)], "before the first consent"),
    ],
)
def test_a_contradiction_is_named(steps, words):
    assert words in (contradiction(steps) or "")


@pytest.mark.parametrize("end", sorted(ENDS))
def test_a_plain_course_has_no_contradiction(end):
    assert contradiction([(Step.CONSENT, D1), (Step.ASSENT, D1), (end, D2)]) is None
