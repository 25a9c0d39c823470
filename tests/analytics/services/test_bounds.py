"""Loads that no head can have: above the brain, above the white matter, above all experience."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import flag_words
from analytics.models import FlagKind, TrajectoryFlag
from analytics.selectors import patient_page
from analytics.services import review
from analytics.services.findings import find
from mldtrial.trial.models import Audience, QueryState, Study
from mldtrial.trial.services import settings
from segmentation.models import TissueCode
from segmentation.selectors import tissue
from tests.support.loads import make_load, make_tissue
from tests.support.world import World

pytestmark = pytest.mark.django_db
M12 = date(2024, 5, 10)


def flags(world: World) -> dict[str, TrajectoryFlag]:
    found = TrajectoryFlag.objects.filter(patient=world.patient_a, is_current=True)
    return {flag.kind: flag for flag in found}


def test_a_load_above_the_brain_is_flagged_and_asked_about(world: World):
    run = make_load(world.patient_a, M12, 120.0)
    make_tissue(run, BRNVOL=110.0, WMVOL=50.0)
    review.review_patient(patient=world.patient_a)
    (flag,) = flags(world).values()
    assert (flag.kind, flag.reference_run) == (FlagKind.ABOVE_BRAIN, None)
    assert (flag.difference_ml, flag.tolerance_ml) == (pytest.approx(10), 110.0)
    assert flag.query.audience == Audience.IMAGING
    assert "is more than the volume of the whole brain, 110.0 mL." in flag.query.question


def test_a_load_above_the_white_matter_is_flagged_with_room_for_error(world: World):
    run = make_load(world.patient_a, M12, 105.1)
    make_tissue(run, BRNVOL=900.0, WMVOL=100.0)
    review.review_patient(patient=world.patient_a)
    assert flags(world)[FlagKind.ABOVE_WHITE_MATTER].tolerance_ml == pytest.approx(105)
    (shown,) = patient_page.flags(world.patient_a, user=world.user("data_manager"))
    assert shown.label == "load above the white matter"
    assert "105.0 mL" in shown.sentence
    assert shown.hint == flag_words.HINTS[FlagKind.ABOVE_WHITE_MATTER]


def test_a_load_within_its_bounds_is_not(world: World):
    run = make_load(world.patient_a, M12, 105.0)
    make_tissue(run, BRNVOL=105.0, WMVOL=100.0)
    assert review.review_patient(patient=world.patient_a) == []


def test_a_load_without_denominators_is_held_to_experience_alone(world: World):
    make_load(world.patient_a, M12, 300.5)
    review.review_patient(patient=world.patient_a)
    (flag,) = flags(world).values()
    assert (flag.kind, flag.tolerance_ml) == (FlagKind.IMPLAUSIBLE_LOAD, 300.0)


def test_what_the_study_holds_plausible_is_its_setting(world: World):
    make_load(world.patient_a, M12, 120.0)
    assert review.review_patient(patient=world.patient_a) == []
    settings.change_settings(
        study=world.study,
        changes={"largest_load_ml": Decimal(100)},
        reason="Toddlers only",
        by=world.user("administrator"),
    )
    assert review.review_queued(origin="test") == 1
    assert set(flags(world)) == {FlagKind.IMPLAUSIBLE_LOAD}


def test_denominators_that_come_later_are_judged_by_the_next_sweep(world: World):
    run = make_load(world.patient_a, M12, 120.0)
    assert review.review_queued(origin="test") == 0
    make_tissue(run, BRNVOL=110.0)
    assert review.review_queued(origin="test") == 1
    assert review.review_queued(origin="test") == 0
    # A later version of the method tells the brain apart better: the flag goes, its query too.
    make_tissue(run, version="tissue-2", BRNVOL=900.0)
    assert review.review_queued(origin="test") == 1
    assert not flags(world)
    assert TrajectoryFlag.objects.get().query.state == QueryState.CLOSED


def test_volumes_are_of_one_measurement_never_of_two(world: World):
    run = make_load(world.patient_a, M12, 20.0)
    other = make_load(world.patient_b, M12, 20.0)
    make_tissue(run, BRNVOL=800.0, WMVOL=300.0)
    make_tissue(run, version="tissue-2", BRNVOL=900.0)
    assert tissue.volumes_of([run.pk, other.pk]) == {run.pk: {TissueCode.BRAIN: 900.0}}


class _Load:
    """What the rules read of a load."""

    age_at_scan_months = 40.0
    acquisition: Any = ()
    model = "m 1"
    is_after_treatment = False
    run_id = "run"

    def __init__(self, load_ml: float) -> None:
        self.load_ml = load_ml


volume = st.none() | st.floats(1, 2000)


@given(load_ml=st.floats(0, 2000), brain_ml=volume, white_ml=volume)
def test_a_load_is_flagged_if_and_only_if_it_is_above_a_bound(
    load_ml: float, brain_ml: float | None, white_ml: float | None
):
    stated = {TissueCode.BRAIN: brain_ml, TissueCode.WHITE_MATTER: white_ml}
    volumes: Any = {"run": {code: value for code, value in stated.items() if value is not None}}
    loads: Any = [_Load(load_ml)]
    kinds = {finding.kind for finding in find(loads, Study(), volumes)}
    bounds = [300.0, *([brain_ml] if brain_ml else []), *([1.05 * white_ml] if white_ml else [])]
    assert bool(kinds) == (load_ml > min(bounds))
    assert (FlagKind.ABOVE_BRAIN in kinds) == (brain_ml is not None and load_ml > brain_ml)
