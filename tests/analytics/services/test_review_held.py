"""A visit that is frozen keeps its flags as they are, and keeps no other visit waiting."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from analytics.models import FlagKind, TrajectoryFlag
from analytics.services import review
from mldtrial.trial.models import Query
from mldtrial.trial.services import settings
from tests.support.loads import make_load
from tests.support.locking import freeze, lock, thaw
from tests.support.papers import text_of

pytestmark = pytest.mark.django_db

M12, M18, M24, M30 = (date(2024 + month // 12, 5, 10) for month in (0, 12, 24, 36))
FALL = FlagKind.NON_MONOTONIC
WAITS = "To be asked about: 120.0 mL at Visit of 2025-05-10 is 20.0 mL below 140.0 mL"


def falls(patient):
    found = TrajectoryFlag.objects.filter(patient=patient, is_current=True, kind=FALL)
    return {flag.run.visit.date: flag for flag in found}


def narrow_tolerance(world, percent):
    settings.change_settings(
        study=world.study,
        changes={
            "tolerance_same_percent": Decimal(percent),
            "tolerance_same_ml": Decimal(1),
        },
        reason="Test-retest data",
        by=world.user("administrator"),
    )


@pytest.mark.parametrize("hold", [freeze, lock])
def test_a_fall_at_an_open_visit_is_flagged_beside_a_held_one(world, hold):
    make_load(world.patient_a, M12, 140.0)
    held = make_load(world.patient_a, M18, 120.0)
    hold(world, held.visit)
    make_load(world.patient_a, M24, 60.0)
    assert review.review_queued(origin="test") == 1
    assert set(falls(world.patient_a)) == {M24}
    assert Query.objects.filter(visit=held.visit).count() == 0
    # What waits is not tried again at every sweep.
    assert review.review_queued(origin="test") == 0


def test_a_flag_of_a_frozen_visit_stays_as_it_is_until_the_thaw(world):
    make_load(world.patient_a, M12, 140.0)
    held = make_load(world.patient_a, M18, 120.0)
    review.review_queued(origin="test")
    before = falls(world.patient_a)[M18]
    freeze(world, held.visit)
    narrow_tolerance(world, 2)
    make_load(world.patient_a, M24, 135.0)
    make_load(world.patient_a, M30, 90.0)
    assert review.review_queued(origin="test") == 1
    found = falls(world.patient_a)
    # 2 % of the mean of 140 and 135 is 2.75 mL; by the 8 % of before, 135 mL was noise.
    assert set(found) == {M18, M24, M30}
    assert found[M18].tolerance_ml == pytest.approx(10.4) == before.tolerance_ml
    assert found[M24].tolerance_ml == pytest.approx(2.75)
    thaw(world, held.visit)
    assert review.review_queued(origin="test") == 1
    assert falls(world.patient_a)[M18].tolerance_ml == pytest.approx(2.6)


def test_the_page_and_the_paper_say_what_waits_and_to_nobody_else(client, world):
    make_load(world.patient_a, M12, 140.0)
    held = make_load(world.patient_a, M18, 120.0)
    freeze(world, held.visit)
    review.review_queued(origin="test")
    address = [world.study.code, world.patient_a.pk]
    for role, is_told in (("data_manager", True), ("coordinator", False)):
        client.force_login(world.user(role))
        page = client.get(reverse("patient", args=address)).content.decode()
        assert (WAITS in " ".join(page.split())) is is_told
        paper = client.get(reverse("patient_pdf", args=address)).content
        assert (WAITS in text_of(paper)) is is_told
    thaw(world, held.visit)
    review.review_queued(origin="test")
    client.force_login(world.user("data_manager"))
    assert WAITS not in client.get(reverse("patient", args=address)).content.decode()


def test_a_flag_that_would_go_is_told_as_well(client, world):
    make_load(world.patient_a, M12, 140.0)
    held = make_load(world.patient_a, M18, 120.0)
    review.review_queued(origin="test")
    freeze(world, held.visit)
    narrow_tolerance(world, 40)
    assert review.review_queued(origin="test") == 0
    assert set(falls(world.patient_a)) == {M18}
    client.force_login(world.user("data_manager"))
    page = client.get(reverse("patient", args=[world.study.code, world.patient_a.pk]))
    assert "To be taken back, for the review no longer finds it" in page.content.decode()
