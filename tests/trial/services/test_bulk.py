import copy
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldtrial.trial.models import Patient, Treatment
from mldtrial.trial.services import bulk
from tests.support.world import World

pytestmark = pytest.mark.django_db

VALUES = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["F", "U", "X", ""]),
        "birth_month": st.sampled_from([date(2020, 3, 1), date(2020, 3, 2)]),
        "onset_age_months": st.sampled_from([None, 0, 1200, 1201]),
        "first_study_dose_on": st.sampled_from([None, date(2019, 1, 1), date(2021, 1, 1)]),
        "arsa_activity": st.sampled_from([None, Decimal(-1), Decimal("0.5")]),
        "arsa_unit": st.sampled_from(["", "nmol"]),
        "affected_sibling": st.sampled_from([None, True, False]),
        "sibling_onset_age_months": st.sampled_from([None, 30]),
        "participation": st.sampled_from(["FOLLOWED", "DIED", "?"]),
        "withdrawn_on": st.sampled_from([None, date(2022, 1, 1)]),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(VALUES)
def test_each_constraint_is_judged_as_the_database_judges_it(world: World, values):
    record = copy.copy(world.patient_a)
    for name, value in values.items():
        setattr(record, name, value)
    for constraint in Patient._meta.constraints:
        if not isinstance(constraint, models.CheckConstraint):
            continue
        assert bulk.holds(constraint.condition, record) in judged(constraint, record), (
            constraint.name
        )


def judged(constraint: models.CheckConstraint, record: Patient) -> tuple[bool | None, ...]:
    try:
        constraint.validate(Patient, record)
    except ValidationError:
        return (False,)
    return (True, None)


def test_a_broken_constraint_is_said_at_its_field(world: World):
    treatment = Treatment(
        patient=world.patient_a, kind="ERT", started_on=date(2022, 1, 1), donor="UNRELATED"
    )
    with pytest.raises(ValidationError) as refused:
        bulk.check(treatment)
    assert list(refused.value.message_dict) == ["donor"]


def test_a_field_is_checked_by_its_own_validators(world: World):
    patient = copy.copy(world.patient_a)
    patient.subject_code = "Jane Doe"
    with pytest.raises(ValidationError) as refused:
        bulk.check(patient)
    assert list(refused.value.message_dict) == ["subject_code"]


def test_what_only_the_database_can_judge_is_said_to_be_so(world: World):
    with pytest.raises(bulk.UnknownLookupError):
        bulk.holds(models.Q(subject_code__iregex="x"), world.patient_a)
