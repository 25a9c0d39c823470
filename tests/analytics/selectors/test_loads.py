from datetime import date

import pytest

from analytics.selectors import loads
from mldtrial.trial.models import TreatmentKind
from mldtrial.trial.services import patients as trial_patients
from tests.support.loads import make_load, make_model

pytestmark = pytest.mark.django_db

M12, M18 = date(2024, 5, 10), date(2024, 11, 10)


def test_a_series_is_in_order_of_age(world):
    make_load(world.patient_a, M18, 20.0)
    make_load(world.patient_a, M12, 10.0)
    series = loads.load_series(world.patient_a, user=world.user("sponsor"))
    assert [point.load_ml for point in series] == [10.0, 20.0]
    # From 15 March 2020 to 10 May 2024 are 1517 days.
    assert series[0].age_months == pytest.approx(1517 / 30.4375)


def test_a_series_never_mixes_method_versions(world):
    make_load(world.patient_a, M12, 10.0, model=make_model("old", state="RETIRED"))
    make_load(world.patient_a, M18, 20.0)
    series = loads.load_series(world.patient_a, user=world.user("sponsor"))
    assert [(point.load_ml, point.model) for point in series] == [(20.0, "small 1")]


def test_only_the_run_for_analysis_is_shown(world):
    make_load(world.patient_a, M12, 10.0, analysis_flag=False)
    make_load(world.patient_a, M12, 11.0)
    series = loads.load_series(world.patient_a, user=world.user("sponsor"))
    assert [point.load_ml for point in series] == [11.0]


def test_without_an_active_model_there_is_no_series(world):
    make_load(world.patient_a, M12, 10.0, model=make_model("old", state="RETIRED"))
    assert loads.load_series(world.patient_a, user=world.user("sponsor")) == []


def test_a_load_of_zero_is_a_load(world):
    make_load(world.patient_a, M12, 0.0)
    series = loads.load_series(world.patient_a, user=world.user("sponsor"))
    assert [point.load_ml for point in series] == [0.0]


def test_a_scan_on_the_day_of_treatment_is_before_it(world):
    trial_patients.record_treatment(
        patient=world.patient_a, kind=TreatmentKind.HSCT, started_on=M12, stopped_on=None, by=None
    )
    make_load(world.patient_a, M12, 10.0)
    make_load(world.patient_a, M18, 20.0)
    series = loads.load_series(world.patient_a, user=world.user("sponsor"))
    assert [point.is_after_treatment for point in series] == [False, True]


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor", "reader", "operator"])
def test_a_role_without_loads_gets_an_empty_series(world, role):
    make_load(world.patient_a, M12, 10.0)
    assert loads.load_series(world.patient_a, user=world.user(role)) == []


def test_a_study_may_open_loads_to_its_sites(world):
    world.study.site_roles_see_loads = True
    world.study.save()
    make_load(world.patient_a, M12, 10.0)
    make_load(world.patient_b, M12, 20.0)
    seen = loads.study_loads(world.study, user=world.user("coordinator"))
    assert [point.load_ml for point in seen] == [10.0]


def test_reading_a_study_takes_as_many_queries_for_many_scans(world, django_assert_num_queries):
    make_load(world.patient_a, M12, 10.0)
    with django_assert_num_queries(2):
        loads.study_loads(world.study, user=world.user("sponsor"))
    for month in range(1, 13):
        make_load(world.patient_b, date(2025, month, 1), 10.0 + month)
    with django_assert_num_queries(2):
        assert len(loads.study_loads(world.study, user=world.user("sponsor"))) == 13
