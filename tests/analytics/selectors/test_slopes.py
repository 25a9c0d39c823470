"""How fast a load rises: by hand, with and without an interval, and what has no slope."""

from datetime import date

import pytest
from django.urls import reverse

from analytics.selectors import loads, measures, slopes
from mldtrial.trial.models import Treatment
from tests.support.loads import make_load, make_tissue
from tests.support.world import World

pytestmark = pytest.mark.django_db


def course(world: World, *loads_ml: float) -> list[loads.LoadPoint]:
    """Return loads of one patient, half a year apart."""
    days = [date(2024 + n // 2, 1 + 6 * (n % 2), 15) for n in range(len(loads_ml))]
    for day, load_ml in zip(days, loads_ml, strict=True):
        make_tissue(make_load(world.patient_a, day, load_ml), BRNVOL=1000.0)
    return loads.load_series(world.patient_a, user=world.user("data_manager"))


def slope(world: World, series: list[loads.LoadPoint], key: str = "ml") -> slopes.Slope | None:
    measure = measures.MEASURES[key]
    user = world.user("data_manager")
    return slopes.slope_of(series, measures.measured(series, measure, user=user))


def test_half_a_year_apart_the_slope_is_twice_the_step(world: World):
    found = slope(world, course(world, 10.0, 15.0, 20.0))
    assert found is not None
    assert found.per_year == pytest.approx(10.0, rel=0.02)  # halves of a year differ by days
    assert (found.low, found.high, found.n) == (None, None, 3)


def test_five_loads_have_an_interval_that_holds_the_slope(world: World):
    found = slope(world, course(world, 10.0, 15.5, 19.0, 26.0, 30.0))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.per_year <= found.high


def test_in_percent_the_slope_is_that_of_the_shares(world: World):
    series = course(world, 10.0, 15.0, 20.0)
    in_ml, in_percent = slope(world, series), slope(world, series, "brain")
    assert in_ml is not None
    assert in_percent is not None
    assert in_percent.per_year == pytest.approx(in_ml.per_year / 10)
    assert slope(world, series, "white-matter") is None  # no load has that volume


@pytest.mark.parametrize("loads_ml", [(), (10.0,), (10.0, 20.0), (10.0, 10.0, 10.0)])
def test_too_few_or_equal_loads_have_no_slope(world: World, loads_ml: tuple[float, ...]):
    assert slope(world, course(world, *loads_ml)) is None


def test_a_slope_over_3d_and_2d_scans_says_so(client, world: World):
    course(world, 10.0, 15.0)
    make_load(world.patient_a, date(2025, 7, 1), 30.0, acq_stratum="2D")
    found = slope(world, loads.load_series(world.patient_a, user=world.user("data_manager")))
    assert found is not None
    assert (found.spans_strata, found.spans_treatment) == (True, False)
    client.force_login(world.user("data_manager"))
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    assert "3D and 2D scans are taken together" in client.get(address).content.decode()


def test_the_page_says_the_slope_and_that_it_spans_a_treatment(client, world: World):
    course(world, 10.0, 15.0, 20.0)
    Treatment.objects.create(patient=world.patient_a, kind="HSCT", started_on=date(2024, 5, 1))
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    client.force_login(world.user("data_manager"))
    shown = " ".join(client.get(address).content.decode().split())
    assert "mL a year</strong> (Theil–Sen, 3 loads; so few have no 95 % interval)" in shown
    assert "Loads from before and after treatment are taken together." in shown
    client.force_login(world.user("coordinator"))
    assert "a year" not in client.get(address).content.decode()
