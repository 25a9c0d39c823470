from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Query, Treatment, Visit
from mldtrial.trial.services import assessments, patients
from tests.support.world import World

pytestmark = pytest.mark.django_db

TOMORROW = timedelta(days=2)


def new_patient(world: World, **changes):
    values = {
        "site": world.site_a,
        "subject_code": "A-002",
        "sex": "F",
        "birth_month": date(2019, 7, 20),
        "onset_age_months": 20,
        "by": world.user("coordinator"),
    }
    return patients.create_patient(**{**values, **changes})


def fields_of(refused: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return refused.value.message_dict


def test_only_the_month_of_birth_is_kept(world: World):
    assert new_patient(world).birth_month == date(2019, 7, 1)


def test_a_patient_is_added_to_the_study_of_the_site(world: World):
    assert new_patient(world).study == world.study


def test_a_coordinator_adds_nobody_to_another_site(world: World):
    with pytest.raises(PermissionDenied):
        new_patient(world, site=world.site_b)
    assert not Patient.objects.filter(subject_code="A-002").exists()


@pytest.mark.parametrize("role", ["monitor", "data_manager", "sponsor", "administrator"])
def test_other_roles_add_nobody(world: World, role):
    with pytest.raises(PermissionDenied):
        new_patient(world, by=world.user(role))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject_code": "A-001"}, "subject_code"),
        ({"subject_code": ""}, "subject_code"),
        ({"subject_code": "Jane Doe"}, "subject_code"),
        ({"subject_code": "A" * 33}, "subject_code"),
        ({"sex": "X"}, "sex"),
        ({"birth_month": date(2199, 1, 1)}, "birth_month"),
        ({"onset_age_months": 1201}, "onset_age_months"),
        ({"onset_age_months": 600}, "onset_age_months"),
        ({"first_study_dose_on": date(2018, 1, 1)}, "first_study_dose_on"),
        ({"first_study_dose_on": date(2199, 1, 1)}, "first_study_dose_on"),
    ],
)
def test_an_implausible_value_is_refused_at_its_field(world: World, changes, field):
    before = Patient.objects.count()
    with pytest.raises(ValidationError) as refused:
        new_patient(world, **changes)
    assert list(fields_of(refused)) == [field]
    assert Patient.objects.count() == before


def test_a_second_patient_with_the_code_is_refused_in_words(world: World):
    new_patient(world)
    with pytest.raises(ValidationError) as refused:
        new_patient(world)
    assert fields_of(refused) == {
        "subject_code": ["This study has a patient with this subject code already."]
    }


def test_a_twin_that_slips_past_the_check_is_refused_by_the_database(world: World, monkeypatch):
    # Two requests at once: the check of the second runs before the first is stored.
    constraint = next(
        c for c in Patient._meta.constraints if c.name == "patient_code_once_per_study"
    )
    monkeypatch.setattr(constraint, "validate", lambda *_args, **_kwargs: None)
    with pytest.raises(ValidationError) as refused:
        new_patient(world, subject_code="A-001")
    assert list(fields_of(refused)) == ["subject_code"]


def test_the_same_code_is_free_in_another_study(world: World):
    other_site = world.other_study.sites.get()
    assert new_patient(world, site=other_site, subject_code="A-001", by=None).pk


def change(world: World, reason="Typing error", **changes):
    return patients.change_patient(
        patient=world.patient_a, changes=changes, reason=reason, by=world.user("coordinator")
    )


def test_a_correction_is_stored(world: World):
    change(world, onset_age_months=24)
    world.patient_a.refresh_from_db()
    assert world.patient_a.onset_age_months == 24


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_needs_a_reason(world: World, reason):
    with pytest.raises(ValidationError) as refused:
        change(world, reason=reason, onset_age_months=24)
    assert list(fields_of(refused)) == ["reason"]


def test_a_patient_is_not_moved_to_another_site(world: World):
    with pytest.raises(ValidationError, match="cannot be changed here: site"):
        change(world, site=world.site_b)


def test_a_birth_after_a_visit_is_refused(world: World):
    with pytest.raises(ValidationError) as refused:
        change(world, birth_month=date(2023, 6, 1))
    assert list(fields_of(refused)) == ["birth_month"]
    world.patient_a.refresh_from_db()
    assert world.patient_a.birth_month == date(2020, 3, 1)


def test_a_correction_does_not_take_back_what_another_has_stored(world: World):
    stale = Patient.objects.get(pk=world.patient_a.pk)
    change(world, onset_age_months=24)
    patients.change_patient(
        patient=stale, changes={"sex": "M"}, reason="Log", by=world.user("investigator")
    )
    world.patient_a.refresh_from_db()
    assert (world.patient_a.sex, world.patient_a.onset_age_months) == ("M", 24)


def treat(world: World, started_on, stopped_on=None, kind="HSCT"):
    return patients.record_treatment(
        patient=world.patient_a,
        kind=kind,
        started_on=started_on,
        stopped_on=stopped_on,
        by=world.user("investigator"),
    )


def test_a_treatment_is_recorded(world: World):
    assert treat(world, date(2022, 5, 1), date(2022, 6, 1)).patient == world.patient_a


@pytest.mark.parametrize(
    ("started_on", "stopped_on", "field"),
    [
        (date(2019, 1, 1), None, "started_on"),
        (date(2199, 1, 1), None, "started_on"),
        (date(2022, 5, 1), date(2022, 4, 1), "stopped_on"),
    ],
)
def test_an_impossible_treatment_is_refused(world: World, started_on, stopped_on, field):
    with pytest.raises(ValidationError) as refused:
        treat(world, started_on, stopped_on)
    assert list(fields_of(refused)) == [field]
    assert not Treatment.objects.exists()


def test_the_same_treatment_is_not_recorded_twice(world: World):
    treat(world, date(2022, 5, 1))
    with pytest.raises(ValidationError, match="recorded already"):
        treat(world, date(2022, 5, 1))


def visit(world: World, code: str | None, day: date, by="coordinator"):
    definition = world.study.visit_definitions.get(code=code) if code else None
    return patients.create_visit(
        patient=world.patient_a, definition=definition, visit_date=day, by=world.user(by)
    )


def test_a_planned_visit_takes_number_and_name_from_its_definition(world: World):
    made = visit(world, "M06", date(2023, 11, 9))
    assert (made.number, made.name) == (Decimal(2), "Month 6")


def test_a_visit_outside_its_window_is_kept(world: World):
    assert visit(world, "M06", date(2024, 5, 1)).pk


def test_unscheduled_visits_lie_between_their_neighbours(world: World):
    first = visit(world, None, date(2023, 6, 1))
    second = visit(world, None, date(2023, 6, 2))
    assert first.number == Decimal("1.1")
    assert Decimal(1) < first.number < second.number < Decimal(2)


@pytest.mark.parametrize("day", [date(2020, 2, 29), date(1990, 1, 1)])
def test_a_visit_before_birth_is_refused(world: World, day):
    with pytest.raises(ValidationError) as refused:
        visit(world, "M06", day)
    assert "before the patient's birth" in fields_of(refused)["date"][0]
    assert Visit.objects.filter(patient=world.patient_a).count() == 1


def test_a_visit_in_the_future_is_refused(world: World):
    with pytest.raises(ValidationError) as refused:
        visit(world, "M06", timezone.localdate() + TOMORROW)
    assert list(fields_of(refused)) == ["date"]


def test_a_planned_visit_happens_once(world: World):
    with pytest.raises(ValidationError):
        visit(world, "M00", date(2023, 6, 1))


def test_one_day_holds_one_visit(world: World):
    with pytest.raises(ValidationError) as refused:
        visit(world, "M06", world.visit_a.date)
    assert fields_of(refused) == {"date": ["This patient has a visit on this date already."]}


def test_a_visit_planned_in_another_study_is_refused(world: World):
    definition = world.other_study.visit_definitions.get(code="M06")
    with pytest.raises(ValidationError) as refused:
        patients.create_visit(
            patient=world.patient_a, definition=definition, visit_date=date(2023, 6, 1), by=None
        )
    assert list(fields_of(refused)) == ["definition"]


def test_the_other_sites_coordinator_adds_no_visit(world: World):
    with pytest.raises(PermissionDenied):
        visit(world, "M06", date(2023, 11, 9), by="coordinator_b")


def test_a_score_before_birth_holds_the_birth_month_as_well(world: World):
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=1,
        assessed_on=date(2022, 1, 1),
        by=None,
        recorder=world.user("coordinator"),
    )
    with pytest.raises(ValidationError):
        change(world, birth_month=date(2022, 2, 1))


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"arsa_activity": Decimal("1.5")}, "arsa_unit"),
        ({"arsa_activity": Decimal(-1), "arsa_unit": "nmol/h/mg"}, "arsa_activity"),
        ({"genotype_class": "0/1"}, "genotype_class"),
        ({"first_symptom": "GAIT"}, "first_symptom"),
        ({"arsa_result": "ABSENT"}, "arsa_result"),
        ({"urinary_sulfatides": "LOW"}, "urinary_sulfatides"),
        ({"sibling_onset_age_months": 30}, "sibling_onset_age_months"),
        (
            {"sibling_onset_age_months": 30, "affected_sibling": False},
            "sibling_onset_age_months",
        ),
        ({"diagnosed_on": date(2019, 1, 1)}, "diagnosed_on"),
        ({"diagnosed_on": date(2199, 1, 1)}, "diagnosed_on"),
    ],
)
def test_an_implausible_covariate_is_refused_at_its_field(world: World, details, field):
    with pytest.raises(ValidationError) as refused:
        new_patient(world, details=details)
    assert list(fields_of(refused)) == [field]


def test_a_covariate_of_another_name_is_refused(world: World):
    with pytest.raises(ValidationError, match="cannot be changed here: subtype"):
        new_patient(world, details={"subtype": "LI"})


def test_covariates_are_kept(world: World):
    made = new_patient(
        world, details={"affected_sibling": True, "sibling_onset_age_months": 30, "allele_1": "x"}
    )
    made.refresh_from_db()
    assert (made.sibling_onset_age_months, made.allele_1) == (30, "x")
    assert made.arsa_activity is None
    assert made.pseudodeficiency_ruled_out is None


@pytest.mark.parametrize(
    ("kind", "details", "field"),
    [
        ("ERT", {"donor": "CORD_BLOOD"}, "donor"),
        ("ERT", {"chimerism_percent": Decimal(90)}, "donor"),
        ("HSCT", {"chimerism_percent": Decimal(101)}, "chimerism_percent"),
        ("HSCT", {"donor": "SISTER"}, "donor"),
        ("HSCT", {"symptom_status": "LATE"}, "symptom_status"),
    ],
)
def test_an_implausible_particular_of_a_treatment_is_refused(world: World, kind, details, field):
    with pytest.raises(ValidationError) as refused:
        patients.record_treatment(
            patient=world.patient_a,
            kind=kind,
            started_on=date(2022, 5, 1),
            details=details,
            by=world.user("coordinator"),
        )
    assert list(fields_of(refused)) == [field]


def test_a_treatment_is_corrected_with_a_reason(world: World):
    treatment = treat(world, date(2022, 5, 1))
    for reason, started_on, field in (
        (" ", date(2022, 6, 1), "reason"),
        ("Typing error", date(2019, 6, 1), "started_on"),
    ):
        with pytest.raises(ValidationError) as refused:
            correct(world, treatment, reason, started_on)
        assert list(fields_of(refused)) == [field]
    correct(world, treatment, "Typing error", date(2022, 6, 1))
    treatment.refresh_from_db()
    assert treatment.started_on == date(2022, 6, 1)
    events = apps.get_model("trial", "TreatmentEvent").objects.filter(pgh_obj_id=treatment.pk)
    assert events.order_by("pgh_id").last().pgh_context["reason"] == "Typing error"


def correct(world: World, treatment: Treatment, reason: str, started_on: date) -> Treatment:
    return patients.change_treatment(
        treatment=treatment,
        changes={"started_on": started_on},
        reason=reason,
        by=world.user("investigator"),
    )


def test_a_treatment_is_not_corrected_from_another_site(world: World):
    treatment = treat(world, date(2022, 5, 1))
    with pytest.raises(PermissionDenied):
        patients.change_treatment(
            treatment=treatment, changes={}, reason="x", by=world.user("coordinator_b")
        )


def twin(world: World, **changes):
    """Add a patient with the birth month, sex and age at first symptom of A-001."""
    values = {"birth_month": date(2020, 3, 5), "sex": "F", "onset_age_months": 21, **changes}
    return new_patient(world, **values)


def test_a_patient_who_looks_like_one_of_the_site_needs_a_confirmation(world: World):
    with pytest.raises(ValidationError) as refused:
        twin(world)
    assert list(fields_of(refused)) == ["is_another"]
    assert "A-001 at this site" in str(refused.value)
    assert twin(world, is_another=True).pk
    assert not Query.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_month": date(2020, 4, 1)},
        {"sex": "M"},
        {"onset_age_months": 22},
        {"onset_age_months": None},
    ],
)
def test_a_patient_who_differs_needs_none(world: World, changes):
    assert twin(world, **changes).pk


def test_alleles_tell_two_patients_apart_where_both_are_known(world: World):
    change(world, allele_1="a", allele_2="b")
    with pytest.raises(ValidationError, match="A-001"):
        twin(world, details={"allele_1": "B", "allele_2": "A"})
    assert twin(world, details={"allele_1": "c", "allele_2": "b"}).pk


def test_a_match_at_another_site_tells_the_site_nothing_and_asks_the_data_manager(world: World):
    made = twin(world, site=world.site_b, by=world.user("coordinator_b"))
    query = Query.objects.get(patient=made)
    assert (query.rule, query.audience) == ("DUPLICATE-PATIENT", "IMAGING")
    assert "A-001 (site A)" in query.question
    seen = policies.visible_to(world.user("coordinator_b"), Query.objects.all())
    assert not seen.exists()
    assert policies.visible_to(world.user("data_manager"), Query.objects.all()).exists()


@pytest.mark.parametrize("code", ["JaneDoe", "JD", "A-20190720", "2019-07-20"])
def test_a_code_that_looks_like_a_person_is_refused(world: World, code: str):
    given = {"site": world.site_a, "sex": "F", "birth_month": date(2020, 1, 1), "by": None}
    with pytest.raises(ValidationError) as refused:
        patients.create_patient(subject_code=code, **given)
    assert list(refused.value.message_dict) == ["subject_code"]
    with pytest.raises(ValidationError) as refused:
        patients.change_patient(
            patient=world.patient_a,
            changes={"subject_code": code},
            reason="Typing error",
            by=world.user("coordinator"),
        )
    assert list(refused.value.message_dict) == ["subject_code"]
