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


def slope(
    world: World, series: list[loads.LoadPoint], key: str = "ml"
) -> slopes.Slope | slopes.NoSlope | None:
    measure = measures.MEASURES[key]
    user = world.user("data_manager")
    return slopes.slope_of(series, measures.measured(series, measure, user=user))


def estimated(world: World, series: list[loads.LoadPoint], key: str = "ml") -> slopes.Slope:
    found = slope(world, series, key)
    assert isinstance(found, slopes.Slope)
    return found


def test_half_a_year_apart_the_slope_is_twice_the_step(world: World):
    found = estimated(world, course(world, 10.0, 15.0, 20.0))
    assert found.per_year == pytest.approx(10.0, rel=0.02)  # halves of a year differ by days
    assert (found.low, found.high, found.n) == (None, None, 3)


def test_five_loads_have_an_interval_that_holds_the_slope(world: World):
    found = estimated(world, course(world, 10.0, 15.5, 19.0, 26.0, 30.0))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.per_year <= found.high


def test_in_percent_the_slope_is_that_of_the_shares(world: World):
    series = course(world, 10.0, 15.0, 20.0)
    in_ml, in_percent = estimated(world, series), estimated(world, series, "brain")
    assert in_percent.per_year == pytest.approx(in_ml.per_year / 10)
    assert slope(world, series, "white-matter") is None  # no load has that volume


@pytest.mark.parametrize(
    ("loads_ml", "why"),
    [
        ((10.0,), "it takes 3 loads, here is 1"),
        ((10.0, 20.0), "it takes 3 loads, here are 2"),
        ((10.0, 10.0, 10.0), "all times or all values are equal"),
    ],
)
def test_too_few_or_equal_loads_have_no_slope_and_the_page_says_why(
    client, world: World, loads_ml: tuple[float, ...], why: str
):
    assert slope(world, course(world, *loads_ml)) == slopes.NoSlope(why)
    client.force_login(world.user("data_manager"))
    address = reverse("patient", args=["MLD-1", world.patient_a.pk])
    assert f"Slope: not estimable ({why})." in client.get(address).content.decode()


def test_without_a_load_nothing_is_said_of_a_slope(world: World):
    assert slope(world, []) is None


def test_the_line_runs_from_the_first_to_the_last_load_by_hand(world: World):
    """Of 10, 20 and 18 the middle slope is that of the first and last: the line joins them."""
    series = course(world, 10.0, 20.0, 18.0)
    start, end = estimated(world, series).line
    ages = [load.age_at_scan_months for load in series]
    assert start == pytest.approx((ages[0], 10.0))
    assert end == pytest.approx((ages[2], 18.0))


def test_the_line_begins_where_it_leaves_zero(world: World):
    """Half a year apart 0, 0, 1 and 20 rise by 3.8 a step: at the first load by less than none."""
    series = course(world, 0.0, 0.0, 1.0, 20.0)
    found = estimated(world, series)
    (start, low), (end, high) = found.line
    ages = [load.age_at_scan_months for load in series]
    assert low == 0.0
    assert ages[0] < start < ages[1]
    assert end == pytest.approx(ages[3])
    assert high == pytest.approx(found.per_year * (end - start) / 12)


def test_in_percent_the_line_ends_with_the_last_load_that_has_a_share(world: World):
    series = course(world, 10.0, 20.0, 18.0)
    last = make_load(world.patient_a, date(2026, 1, 15), 40.0)
    series = loads.load_series(world.patient_a, user=world.user("data_manager"))
    assert series[-1].run_id == last.pk
    start, end = estimated(world, series, "brain").line
    assert (start[1], end[1]) == pytest.approx((1.0, 1.8))
    assert end[0] == pytest.approx(series[2].age_at_scan_months)


def test_a_slope_over_3d_and_2d_scans_says_so(client, world: World):
    course(world, 10.0, 15.0)
    make_load(world.patient_a, date(2025, 7, 1), 30.0, acq_stratum="2D")
    found = estimated(world, loads.load_series(world.patient_a, user=world.user("data_manager")))
    assert found.strata == ("3D", "2D")
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
