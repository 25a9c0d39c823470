"""Who sees and may do what, as a table written by hand."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models

from mldtrial.audit.tracking import ClinicalModel
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Audience,
    Disposition,
    ElfcMldAssessment,
    GmfcMldAssessment,
    Membership,
    MriSeverityFinal,
    MriSeverityRead,
    Patient,
    Query,
    ReadAssignment,
    Role,
    Site,
    Study,
    Treatment,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.services import assessments, participation, patients, queries, reads, studies
from tests.support.reads import give, sign
from tests.support.world import World

pytestmark = pytest.mark.django_db

SITE_PEOPLE = ["coordinator", "investigator", "monitor"]
CENTRAL = ["data_manager", "statistician", "sponsor", "auditor"]
BY_ASSIGNMENT = ["reader", "adjudicator", "operator"]
ENTRY = {"coordinator", "investigator"}
LOADS = set(CENTRAL)
ALL_ROLES = set(Role.values)

MAY: dict[str, set[str]] = {
    "view_people": {"administrator", "auditor"},
    "manage_people": {"administrator"},
    "view_patient": {*SITE_PEOPLE, *CENTRAL},
    "add_patient": ENTRY,
    "change_patient": ENTRY,
    "add_visit": ENTRY,
    "record_treatment": ENTRY,
    "record_participation": ENTRY,
    "import_records": {"data_manager"},
    "record_assessment": ENTRY,
    "record_severity": {"reader", "adjudicator"},
    "assign_reads": {"data_manager"},
    "view_reads": {"data_manager", "auditor"},
    "review_mask": {"reader", "adjudicator"},
    "give_masks": {"data_manager"},
    "view_mask_reviews": {"data_manager", "auditor"},
    "upload_scan": ENTRY,
    "view_quarantine": {*ENTRY, "data_manager", "auditor"},
    "place_scan": {*ENTRY, "data_manager"},
    "set_scan_aside": {*ENTRY, "data_manager"},
    "retry_job": {*ENTRY, "data_manager"},
    "cancel_job": {*ENTRY, "data_manager"},
    "view_segmentations": {"data_manager", "auditor"},
    "order_segmentations": {"data_manager"},
    "import_mask": {"data_manager"},
    "answer_query": {*ENTRY, "data_manager"},
    "open_query": {"data_manager", "monitor"},
    "close_query": {"data_manager"},
    "reopen_query": {"data_manager"},
    "assign_query": {"data_manager"},
    "comment_on_query": {*ENTRY, "data_manager", "monitor"},
    "view_loads": LOADS,
    "view_severity_finals": {*CENTRAL},
    "view_snapshots": {*ENTRY, "data_manager", "sponsor", "auditor"},
    "view_cohort": LOADS,
    "view_quality": {*SITE_PEOPLE, *CENTRAL},
    "view_quality_distribution": set(CENTRAL),
    "export_rows": {"data_manager", "statistician"},
    "export_images": {"data_manager"},
    "sign_visit": {"investigator"},
    "view_work": {*SITE_PEOPLE, "data_manager"},
    "change_visit": ENTRY,
    "declare_not_done": ENTRY,
    "view_deviations": {*SITE_PEOPLE, *CENTRAL},
    "record_deviation": {*ENTRY, "data_manager"},
    "close_deviation": {"data_manager"},
    "view_overview": {*CENTRAL, "administrator"},
    "view_settings": {"administrator", "data_manager", "auditor"},
    "change_settings": {"administrator"},
    "change_protocol": {"data_manager"},
    "decide_finding": {"data_manager"},
    "name_scanner": {*ENTRY, "data_manager"},
    "qualify_scanner": {"data_manager"},
    "view_locks": {"investigator", "data_manager", "auditor"},
    "freeze_record": {"data_manager"},
    "lock_record": {"data_manager"},
    "request_unlock": {"investigator", "data_manager"},
    "approve_unlock": {"data_manager"},
    "view_impact": {"data_manager", "statistician", "auditor"},
    "promote_model": {"data_manager"},
    "freeze_reference": {"data_manager"},
    "retire_model": {"administrator"},
    "train_model": {"administrator"},
    "view_arms": {*SITE_PEOPLE, *CENTRAL},
    "unblind": {"investigator"},
    "unblind_study": {"data_manager"},
    "view_audit": {*SITE_PEOPLE, "data_manager", "auditor"},
    "view_study_audit": {"data_manager", "auditor"},
    "export_audit": {"data_manager", "auditor"},
    "verify_audit": {"auditor"},
    "redact_audit": {"data_manager", "administrator"},
    "load_allocation": {"administrator"},
}


def records(world: World) -> None:
    """Give each patient a treatment, a level and a query, so that there is something to see."""
    for patient, visit in ((world.patient_a, world.visit_a), (world.patient_b, world.visit_b)):
        patients.record_treatment(
            patient=patient, kind="HSCT", started_on=patient.birth_month, by=None
        )
        participation.record_step(patient=patient, step="CONSENT", happened_on=visit.date, by=None)
        for record in (assessments.record_gmfc_mld, assessments.record_elfc_mld):
            record(
                visit=visit,
                level=1,
                assessed_on=visit.date,
                by=None,
                recorder=world.user("coordinator"),
            )
        queries.open_query(
            patient=patient, visit=visit, audience=Audience.SITE, rule="R1", question="Why?"
        )
        queries.open_query(
            patient=patient, visit=visit, audience=Audience.IMAGING, rule="R2", question="Why?"
        )


def test_the_table_names_every_action():
    assert set(policies.ACTIONS) == set(MAY)


@pytest.mark.parametrize("action", sorted(MAY))
def test_an_action_is_open_to_its_roles_at_their_own_site_only(world: World, action):
    on_a = {r for r in ALL_ROLES if policies.may(world.user(r), action, world.patient_a)}
    on_b = {r for r in ALL_ROLES if policies.may(world.user(r), action, world.patient_b)}
    elsewhere = {r for r in ALL_ROLES if policies.may(world.user(r), action, world.other_patient)}
    assert on_a == MAY[action]
    assert on_b == MAY[action] - set(SITE_PEOPLE)
    assert elsewhere == set()


@pytest.mark.parametrize("action", sorted(MAY))
def test_nobody_may_do_anything(world: World, action):
    for nobody in (None, AnonymousUser(), world.user("stranger")):
        assert not policies.may(nobody, action, world.patient_a)
        with pytest.raises(PermissionDenied):
            policies.require(nobody, action, world.patient_a)


def test_a_person_who_left_may_do_nothing(world: World):
    manager = world.user("data_manager")
    manager.is_active = False
    manager.save()
    assert not policies.may(manager, "view_patient", world.patient_a)
    assert not policies.visible_to(manager, Patient.objects.all()).exists()


def test_an_ended_membership_opens_nothing(world: World):
    Membership.objects.filter(user=world.user("coordinator")).update(is_active=False)
    assert not policies.may(world.user("coordinator"), "view_patient", world.patient_a)
    assert not policies.visible_to(world.user("coordinator"), Patient.objects.all()).exists()


def test_an_undeclared_action_is_a_mistake_not_an_answer(world: World):
    with pytest.raises(KeyError):
        policies.may(world.user("data_manager"), "veiw_patient", world.patient_a)


def test_a_subject_without_a_policy_is_a_mistake(world: World):
    with pytest.raises(TypeError):
        policies.may(world.user("data_manager"), "view_patient", world.user("sponsor"))


def test_a_model_without_a_rule_is_refused(world: World):
    with pytest.raises(KeyError):
        policies.visible_to(world.user("auditor"), type(world.user("auditor")).objects.all())


def test_every_record_of_the_trial_has_a_rule():
    from django.apps import apps

    clinical = {
        model
        for app in ("audit", "trial")
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, ClinicalModel)
    }
    assert clinical == set(policies.VISIBLE)


EMPTY: set[str] = set()
BOTH, OWN = {"A-001", "B-001"}, {"A-001"}


@pytest.mark.parametrize("model", [Patient, Treatment, Disposition, Visit, GmfcMldAssessment])
def test_clinical_rows_are_seen_by_site_and_by_the_central_roles(world: World, model):
    records(world)
    for role in Role.values:
        expected = OWN if role in SITE_PEOPLE else BOTH if role in CENTRAL else EMPTY
        assert subjects(world, role, model) == expected, role
    assert subjects(world, "coordinator_b", model) == {"B-001"}
    assert subjects(world, "stranger", model) == EMPTY
    if model in (Patient, Visit):
        assert subjects(world, "other_sponsor", model) <= {"X-001"}


def subjects(world: World, key: str, model: type[models.Model]) -> set[str]:
    """Return the subject codes of the rows that a person sees."""
    path = {
        Patient: "subject_code",
        Treatment: "patient__subject_code",
        Disposition: "patient__subject_code",
        Visit: "patient__subject_code",
        Query: "patient__subject_code",
        GmfcMldAssessment: "visit__patient__subject_code",
        ElfcMldAssessment: "visit__patient__subject_code",
        MriSeverityRead: "visit__patient__subject_code",
    }[model]
    rows = policies.visible_to(world.user(key), model.objects.all())
    return set(rows.values_list(path, flat=True))


def test_a_query_born_from_loads_is_not_for_sites_nor_for_the_sponsor(world: World):
    records(world)
    for role in Role.values:
        rows = policies.visible_to(world.user(role), Query.objects.all())
        imaging = rows.filter(audience=Audience.IMAGING).exists()
        assert imaging == (role in ("data_manager", "auditor")), role
        assert rows.filter(audience=Audience.SITE).exists() == (role in [*SITE_PEOPLE, *CENTRAL])


def test_a_query_born_from_loads_opens_no_action_to_a_site(world: World):
    records(world)
    of_site, of_imaging = (
        Query.objects.get(patient=world.patient_a, audience=audience)
        for audience in (Audience.SITE, Audience.IMAGING)
    )
    for action in ("answer_query", "comment_on_query"):
        assert policies.may(world.user("coordinator"), action, of_site)
        assert not policies.may(world.user("coordinator"), action, of_imaging)
        assert policies.may(world.user("data_manager"), action, of_imaging)


def test_a_case_is_seen_by_its_reader_and_by_who_oversees_reads(world: World):
    first, second = give(world, world.visit_a)
    for role in Role.values:
        seen = set(policies.visible_to(world.user(role), ReadAssignment.objects.all()))
        central = {first, second} if role in ("data_manager", "auditor") else set()
        assert seen == ({first} if role == "reader" else central), role
    Membership.objects.filter(user=world.user("reader")).update(is_active=False)
    assert not policies.visible_to(world.user("reader"), ReadAssignment.objects.all()).exists()


def test_a_draft_is_seen_by_nobody_else(world: World):
    first, second = give(world, world.visit_a)
    reads.save_draft(assignment=first, items={"pons": 1}, by=first.reader)
    sign(second, 10)
    for role in Role.values:
        seen = policies.visible_to(world.user(role), MriSeverityRead.objects.all())
        assert seen.count() == (1 if role in CENTRAL else 0), role


def test_the_settled_score_is_not_shown_to_sites(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 10)
    for role in Role.values:
        seen = policies.visible_to(world.user(role), MriSeverityFinal.objects.all())
        assert seen.exists() == (role in CENTRAL), role


def test_severity_reads_are_not_shown_to_sites(world: World):
    from mldtrial.trial.rules.severity import severity_instrument

    assessments.record_severity(
        visit=world.visit_a,
        reader=world.user("reader"),
        items={item.key: 1 for item in severity_instrument().items},
        read_on=world.visit_a.date,
        by=None,
    )
    for role in Role.values:
        expected = OWN if role in CENTRAL else EMPTY
        assert subjects(world, role, MriSeverityRead) == expected, role


def test_everybody_sees_the_studies_they_take_part_in_and_no_other(world: World):
    for role in Role.values:
        assert list(policies.visible_to(world.user(role), Study.objects.all())) == [world.study]
        own = policies.visible_to(world.user(role), VisitDefinition.objects.all())
        assert {d.study_id for d in own} == {world.study.pk}
    assert not policies.visible_to(world.user("stranger"), Study.objects.all()).exists()


def test_people_of_a_site_see_that_site_only(world: World):
    for role in Role.values:
        seen = set(policies.visible_to(world.user(role), Site.objects.all()))
        expected = (
            {world.site_a}
            if role in SITE_PEOPLE
            else set()
            if role in BY_ASSIGNMENT
            else {world.site_a, world.site_b}
        )
        assert seen == expected, role


def test_people_see_their_own_memberships_and_administrators_all(world: World):
    mine = policies.visible_to(world.user("sponsor"), Membership.objects.all())
    assert [m.user_id for m in mine] == [world.user("sponsor").pk]
    everyone = policies.visible_to(world.user("administrator"), Membership.objects.all())
    assert everyone.count() == Membership.objects.filter(study=world.study).count()


def test_a_study_may_open_its_loads_to_its_sites(world: World):
    world.study.site_roles_see_loads = True
    world.study.save()
    patient_a = Patient.objects.get(pk=world.patient_a.pk)
    patient_b = Patient.objects.get(pk=world.patient_b.pk)
    coordinator, monitor = world.user("coordinator"), world.user("monitor")
    assert policies.may(coordinator, "view_loads", patient_a)
    assert not policies.may(coordinator, "view_loads", patient_b)
    assert not policies.may(monitor, "view_loads", patient_a)
    seen = Patient.objects.filter(policies.loads_of(coordinator))
    assert list(seen) == [patient_a]


def test_loads_are_otherwise_seen_by_the_central_roles_only(world: World):
    for role in Role.values:
        seen = Patient.objects.filter(policies.loads_of(world.user(role)))
        assert seen.count() == (2 if role in CENTRAL else 0), role


def test_a_sponsor_exports_rows_only_where_granted(world: World):
    assert not policies.may(world.user("sponsor"), "export_rows", world.study)
    Membership.objects.filter(user=world.user("sponsor")).update(may_export_rows=True)
    assert policies.may(world.user("sponsor"), "export_rows", world.study)
    Membership.objects.filter(user=world.user("coordinator")).update(may_export_rows=True)
    assert not policies.may(world.user("coordinator"), "export_rows", world.study)


def test_a_role_at_one_site_gives_nothing_at_the_other_even_with_two_roles(world: World):
    studies.grant_membership(
        user=world.user("coordinator"), study=world.study, role=Role.MONITOR, site=world.site_b
    )
    coordinator = world.user("coordinator")
    assert policies.may(coordinator, "view_patient", world.patient_b)
    assert not policies.may(coordinator, "change_patient", world.patient_b)


@pytest.mark.parametrize("role", Role.values)
def test_the_menu_promises_what_the_policy_keeps(world: World, role):
    held = list(policies.memberships(world.user(role)))
    promised = policies.actions_of(held)
    kept = {a for a in policies.ACTIONS if policies.may(world.user(role), a, world.study)}
    assert promised == kept
