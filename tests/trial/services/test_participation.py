from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from mldtrial.trial import selectors
from mldtrial.trial.models import Disposition, Patient, Visit
from mldtrial.trial.services import assessments, participation, patients
from tests.support.world import World

pytestmark = pytest.mark.django_db

CONSENTED, LEFT, LATER = date(2023, 1, 10), date(2024, 2, 1), date(2024, 6, 1)


def record(world: World, step: str, on: date, by="coordinator", **changes) -> Disposition:
    return participation.record_step(
        patient=world.patient_a, step=step, happened_on=on, by=world.user(by), **changes
    )


def patient(world: World) -> Patient:
    return Patient.objects.select_related("site", "study").get(pk=world.patient_a.pk)


def leave(world: World, step="FOLLOW_UP_WITHDRAWN") -> Patient:
    record(world, "CONSENT", CONSENTED)
    record(world, step, LEFT)
    return patient(world)


def fields_of(refused: pytest.ExceptionInfo[ValidationError]) -> list[str]:
    return list(refused.value.message_dict)


@pytest.mark.requirement("ICH-E6R3-2.8")
def test_a_consent_is_a_row_and_a_state(world: World):
    record(world, "CONSENT", CONSENTED, form_version="2.0 of 2022-11")
    found = patient(world)
    assert (found.participation, found.withdrawn_on) == ("FOLLOWED", None)
    assert found.dispositions.get().form_version == "2.0 of 2022-11"


def test_a_consent_can_be_given_with_the_new_patient(world: World):
    made = patients.create_patient(
        site=world.site_a,
        subject_code="A-002",
        sex="U",
        birth_month=date(2020, 1, 1),
        consented_on=CONSENTED,
        by=world.user("coordinator"),
    )
    assert (made.participation, made.dispositions.get().happened_on) == ("FOLLOWED", CONSENTED)


def test_a_consent_before_birth_is_refused_at_its_field_and_no_patient_is_made(world: World):
    with pytest.raises(ValidationError) as refused:
        patients.create_patient(
            site=world.site_a,
            subject_code="A-002",
            sex="U",
            birth_month=date(2020, 1, 1),
            consented_on=date(2019, 1, 1),
            by=world.user("coordinator"),
        )
    assert fields_of(refused) == ["consented_on"]
    assert not Patient.objects.filter(subject_code="A-002").exists()


@pytest.mark.requirement("ICH-E6R3-2.8")
def test_withdrawal_deletes_nothing(world: World):
    before = Visit.objects.filter(patient=world.patient_a).count()
    found = leave(world)
    assert (found.participation, found.withdrawn_on) == ("WITHDRAWN", LEFT)
    assert Visit.objects.filter(patient=world.patient_a).count() == before


def test_nothing_is_asked_of_a_patient_whose_follow_up_ended(world: World):
    coordinator = world.user("coordinator")
    assert selectors.work(user=coordinator)[selectors.Kind.SCORE]
    leave(world)
    assert not selectors.work(user=coordinator)[selectors.Kind.SCORE]
    assert selectors.study_counts(world.study, user=coordinator).visits_without_gmfc == 0


@pytest.mark.parametrize("role", ["monitor", "data_manager", "sponsor", "reader"])
def test_other_roles_record_no_consent(world: World, role):
    with pytest.raises(PermissionDenied):
        record(world, "CONSENT", CONSENTED, by=role)


def test_no_consent_is_recorded_at_another_site(world: World):
    with pytest.raises(PermissionDenied):
        record(world, "CONSENT", CONSENTED, by="coordinator_b")


@pytest.mark.parametrize(
    ("step", "on", "field"),
    [
        ("CONSENT", date(2019, 1, 1), "happened_on"),
        ("CONSENT", date(2199, 1, 1), "happened_on"),
        ("CONSENTED", CONSENTED, "step"),
        ("FOLLOW_UP_WITHDRAWN", date(2022, 1, 1), "happened_on"),
    ],
)
def test_an_implausible_step_is_refused_at_its_field(world: World, step, on, field):
    record(world, "CONSENT", date(2023, 1, 1))
    with pytest.raises(ValidationError) as refused:
        record(world, step, on)
    assert fields_of(refused) == [field]
    assert Disposition.objects.count() == 1


def test_the_same_step_of_a_day_is_recorded_once(world: World):
    record(world, "CONSENT", CONSENTED)
    with pytest.raises(ValidationError, match="recorded for this day already"):
        record(world, "CONSENT", CONSENTED)


def correct(entry: Disposition, world: World, reason="Typing error", **changes) -> Disposition:
    return participation.correct_step(
        disposition=entry, changes=changes, reason=reason, by=world.user("investigator")
    )


def test_a_correction_moves_the_state_with_it(world: World):
    leave(world)
    entry = Disposition.objects.get(step="FOLLOW_UP_WITHDRAWN")
    correct(entry, world, happened_on=LATER)
    assert patient(world).withdrawn_on == LATER


@pytest.mark.requirement("21CFR11.10(e)")
def test_an_entry_made_in_error_is_voided_with_a_reason_and_stays(world: World):
    leave(world)
    entry = Disposition.objects.get(step="FOLLOW_UP_WITHDRAWN")
    with pytest.raises(ValidationError, match="Give the reason"):
        correct(entry, world, reason=" ", is_void=True)
    correct(entry, world, reason="Wrong patient", is_void=True)
    found = patient(world)
    assert (found.participation, found.withdrawn_on) == ("FOLLOWED", None)
    events = apps.get_model("trial", "DispositionEvent").objects.filter(pgh_obj_id=entry.pk)
    last = events.order_by("pgh_id").last()
    assert (last.is_void, last.pgh_context["reason"]) == (True, "Wrong patient")


def test_a_row_is_never_deleted(world: World):
    record(world, "CONSENT", CONSENTED)
    with pytest.raises(Exception, match=r"[Cc]annot delete"):
        Disposition.objects.all().delete()


def visit_on(world: World, day: date, **changes) -> Visit:
    return patients.create_visit(
        patient=patient(world),
        definition=None,
        visit_date=day,
        by=world.user("coordinator"),
        **changes,
    )


def test_what_is_dated_after_the_end_needs_a_reason_that_is_kept(world: World):
    leave(world)
    with pytest.raises(ValidationError) as refused:
        visit_on(world, LATER)
    assert fields_of(refused) == ["after_end_reason"]
    assert f"ended on {LEFT}" in str(refused.value)
    made = visit_on(world, LATER, after_end_reason="Safety visit, agreed by the parents")
    event = apps.get_model("trial", "VisitEvent").objects.get(pgh_obj_id=made.pk)
    assert event.pgh_context["reason"] == "Safety visit, agreed by the parents"


def test_what_happened_before_the_end_is_entered_as_ever(world: World):
    leave(world)
    assert visit_on(world, date(2023, 9, 1)).pk


def test_a_treatment_and_a_level_after_the_end_need_a_reason_too(world: World):
    visit = visit_on(world, LATER)
    leave(world)
    visit.refresh_from_db()
    with pytest.raises(ValidationError) as refused:
        patients.record_treatment(
            patient=patient(world), kind="HSCT", started_on=LATER, by=world.user("coordinator")
        )
    assert fields_of(refused) == ["after_end_reason"]
    with pytest.raises(ValidationError) as refused:
        assessments.record_gmfc_mld(
            visit=Visit.objects.get(pk=visit.pk),
            level=1,
            assessed_on=LATER,
            by=world.user("coordinator"),
        )
    assert fields_of(refused) == ["after_end_reason"]


def test_nothing_happens_after_a_death(world: World):
    leave(world, "DIED")
    with pytest.raises(ValidationError, match="had died"):
        visit_on(world, LATER, after_end_reason="any")


def test_images_are_refused_in_words_once_their_consent_is_withdrawn(world: World):
    record(world, "CONSENT", CONSENTED)
    participation.require_images_allowed(world.patient_a)
    record(world, "IMAGES_WITHDRAWN", LEFT)
    with pytest.raises(ValidationError, match=f"withdrawn on {LEFT}"):
        participation.require_images_allowed(world.patient_a)
    record(world, "IMAGE_CONSENT", LATER)
    participation.require_images_allowed(world.patient_a)


def test_state_and_day_cannot_part(world: World):
    with pytest.raises(Exception, match="patient_end_has_a_day"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trial_patient SET participation = 'DIED' WHERE id = %s", [world.patient_a.pk]
        )


def test_a_correction_moves_no_level_past_a_death(world: World):
    level = {"visit": world.visit_a, "level": 2, "by": world.user("coordinator")}
    assessments.record_gmfc_mld(**level, assessed_on=world.visit_a.date)
    record(world, "CONSENT", date(2023, 1, 1))
    record(world, "DIED", world.visit_a.date)
    with pytest.raises(ValidationError, match="had died by this day"):
        assessments.record_gmfc_mld(
            **level,
            assessed_on=world.visit_a.date + timedelta(days=1),
            change_reason="Chart",
        )
