"""Loads as columns say what loads as objects say."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.selectors import acquired, load_columns, loads, shown_method
from mldtrial.trial.models import Patient, Treatment
from segmentation.imaging.acquisitions import is_acquired_alike
from tests.support.loads import make_load, make_model, make_scan, trained_on
from tests.support.world import World

pytestmark = pytest.mark.django_db
FIRST = date(2023, 5, 10)
PRISMA = {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 2.8936, "device": "a"}
SCANNERS = (
    PRISMA,
    {"field_strength_t": 2.89362, "model": "Prisma", "manufacturer": "Siemens", "coil": "7"},
    {**PRISMA, "device": "b"},
    {},
    {**PRISMA, "software": ["E11", "x"]},
)
ECHOES = (95.0, 95.0, None, 140.0, 95.0)


def as_object(columns: load_columns.LoadColumns, row: int) -> tuple[object, ...]:
    return (
        columns.patient_ids[columns.patient[row]],
        columns.run_id[row],
        columns.visit_id[row],
        columns.visit_number[row],
        columns.visit_name[row],
        str(columns.visit_date[row]),
        str(columns.scanned_on[row]),
        columns.age_months[row],
        columns.age_at_scan_months[row],
        columns.load_ml[row],
        columns.stratum[row],
        str(columns.method),
        columns.is_planned[row],
        columns.is_after_treatment[row],
        columns.therapy_kinds[columns.therapies[row]],
    )


def by_visit(load: loads.LoadPoint) -> date:
    return load.visit_date


def as_columns(load: loads.LoadPoint) -> tuple[object, ...]:
    scanned_on = load.visit_date + timedelta(days=load.days_from_visit or 0)
    return (
        str(load.patient_id), str(load.run_id), str(load.visit_id), load.visit_number,
        load.visit_name, load.visit_date.isoformat(), scanned_on.isoformat(), load.age_months,
        load.age_at_scan_months, load.load_ml, load.acq_stratum, load.model, load.is_planned,
        load.is_after_treatment, load.therapies,
    )  # fmt: skip


def test_every_value_is_that_of_the_object(world: World):
    Treatment.objects.create(patient=world.patient_a, kind="HSCT", started_on=FIRST)
    Treatment.objects.create(
        patient=world.patient_a, kind="ERT", started_on=FIRST + timedelta(days=90)
    )
    Patient.objects.filter(pk=world.patient_b.pk).update(first_study_dose_on=FIRST)
    for number, (scanner, echo_ms) in enumerate(zip(SCANNERS, ECHOES, strict=True)):
        day = FIRST + timedelta(days=60 * number)
        run = make_load(
            world.patient_a, day, 10.1 + number, scanner=scanner, days_from_visit=number or None,
            acquisition={"EchoTime": 2.98, "series_uid": str(number)},
        )  # fmt: skip
        if echo_ms is not None:
            run.t2w_scan = make_scan(run.visit, "T2w", acquisition={"EchoTime": echo_ms})
            run.save()
        make_load(world.patient_b, day, 20.3 + number, acq_stratum="2D" if number else "3D")
    # Accepted from far: its scan lies beyond those of the visits after it.
    make_load(world.patient_a, FIRST + timedelta(days=30), 9.9, days_from_visit=150)
    user = world.user("data_manager")
    objects, columns = (
        read(world.study, user=user) for read in (loads.study_loads, load_columns.read)
    )
    rows = range(len(objects))
    of_a = [load.scanned_on for load in objects if load.patient_id == world.patient_a.pk]
    assert of_a == sorted(of_a)
    assert of_a != [load.scanned_on for load in sorted(objects, key=by_visit) if load.load_ml < 20]
    assert [as_object(columns, row) for row in rows] == [as_columns(load) for load in objects]
    assert [columns.acquisitions[place] for place in columns.acquisition] == [
        load.acquisition for load in objects
    ]
    one, other = np.indices((len(objects), len(objects))).reshape(2, -1)
    told = columns.are_alike(columns.acquisition[one], columns.acquisition[other])
    pairs = [(a.acquisition, b.acquisition) for a in objects for b in objects]
    assert told.tolist() == [is_acquired_alike(*pair) for pair in pairs]
    # What is found is no artefact of what was left out: both answers are among them.
    assert {True, False} == set(told.tolist())
    assert acquired.of_runs([load.run_id for load in objects]) == {
        load.run_id: load.acquisition for load in objects
    }


def test_who_may_see_no_load_reads_none(world: World):
    make_load(world.patient_a, FIRST, 10.0)
    columns = load_columns.read(world.study, user=world.user("reader"))
    assert (columns.load_ml.size, columns.patient_ids) == (0, ())


@pytest.mark.parametrize("has_set", [True, False])
def test_the_method_that_comes_with_the_loads_is_the_active_one(world: World, has_set: bool):
    user = world.user("data_manager")
    assert shown_method.active() is None
    run = make_load(world.patient_a, FIRST, 10.0)
    if has_set:
        trained_on(run.model_version, world.patient_b)
    make_model(name="other", state="CANDIDATE")
    method, active = load_columns.read(world.study, user=user).method, loads.active_model()
    assert method == shown_method.active()
    told = ("pk", "name", "version", "method", "is_demonstration")
    assert [getattr(method, one) for one in told] == [getattr(active, one) for one in told]
    assert (str(method), method.get_method_display) == (str(active), active.get_method_display())
    assert method.has_training_set == hasattr(active, "training_set") == has_set


@given(st.lists(st.dates()))
def test_dates_become_the_days_that_numpy_makes_of_them(dates: list[date]):
    assert (load_columns.days_of(dates) == np.array(dates, "datetime64[D]")).all()
