"""The audit pages: what changed, when, by whom and why, and nothing that unblinds."""

import csv
import re
from dataclasses import dataclass
from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.test import Client
from django.urls import reverse

from mldtrial.audit.belonging import BELONGINGS
from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction, AccessEvent, Action, ApprovalRequest
from mldtrial.trial.models import Audience, ImportBatch, Membership, Patient
from mldtrial.trial.selectors.versions import words_of
from mldtrial.trial.services import (
    assessments,
    audit_check,
    deviations,
    locking,
    patients,
    queries,
    studies,
)
from mldtrial.trial.trails import RULES, trails
from tests.support.loads import make_load
from tests.support.protocol import SLICES, ask_all, in_force, thick
from tests.support.world import PASSWORD, World, person

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("EMA-CSV-6.2")]


@pytest.fixture
def corrected(world: World, client: Client) -> World:
    """A world in which the coordinator of site A has corrected the sex of A-001."""
    client.force_login(world.user("coordinator"))
    url = reverse("patient_edit", args=["MLD-1", world.patient_a.pk])
    typed = {
        "seen": client.get(url).context["form"].mark,
        "subject_code": "A-001",
        "sex": "M",
        "birth_month": "2020-03",
        "onset_age_months": "20",
        "enrolled_on": "2023-05-10",
        "reason": "Source document checked",
    }
    answer = client.post(url, typed)
    assert answer.status_code == 302, answer.content.decode()
    return world


def page(client: Client, world: World, role: str, **asked: str) -> str:
    client.force_login(world.user(role))
    return client.get(reverse("audit_study", args=["MLD-1"]), asked).content.decode()


def test_the_trail_shows_records_that_keep_a_list_of_ids(world: World, client: Client):
    in_force(world, SLICES)
    scan = thick(world.visit_a)
    ask_all()
    assert str(scan.pk) in page(client, world, "auditor", kind="protocolcheck")
    taken = client.get(reverse("audit_export", args=["MLD-1"]))
    assert str(scan.pk) in b"".join(taken).decode()
    history = reverse("audit_record", args=["MLD-1", "protocolcheck", world.visit_a.pk])
    assert str(scan.pk) in client.get(history).content.decode()


LISTED = {
    "UUIDField": UUID(int=7), "CharField": "T1w", "FloatField": 1.5, "PositiveIntegerField": 2,
    "IntegerField": 2, "DateField": date(2024, 5, 10), "ArrayField": [1.5],
}  # fmt: skip


def test_every_list_of_every_record_is_told_in_words():
    lists = [
        part
        for trail in trails().values()
        for part in trail.model._meta.concrete_fields
        if isinstance(part, ArrayField)
    ]
    assert len(lists) >= 5
    for part in lists:
        value = LISTED[part.base_field.get_internal_type()]
        said = words_of(part, SimpleNamespace(**{part.attname: [value]}))
        assert said, part


@pytest.mark.requirement("21CFR11.10(e)")
def test_an_inspector_sees_what_changed_when_by_whom_and_why(corrected: World, client: Client):
    shown = page(client, corrected, "auditor", subject="A-001", action="update")
    for words in (
        "<dt>Sex</dt>", "<del>female</del>", "<ins>male</ins>", "Coordinator",
        "site coordinator, site A", "Source document checked", "127.0.0.1", "UTC",
    ):  # fmt: skip
        assert words in shown


def test_the_history_of_a_record_shows_each_version(corrected: World, client: Client):
    client.force_login(corrected.user("auditor"))
    url = reverse("audit_record", args=["MLD-1", "patient", corrected.patient_a.pk])
    shown = client.get(url).content.decode()
    assert "2 versions" in shown
    assert "first entry" not in shown  # the suite gives a reason for each
    assert shown.index("<del>female</del>") < shown.index("created")


def test_the_role_is_the_one_of_that_time(corrected: World, client: Client):
    held = Membership.objects.filter(user=corrected.user("coordinator"))
    held.update(is_active=False)
    shown = page(client, corrected, "auditor", subject="A-001", action="update")
    assert "site coordinator, site A" in shown


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"subject": "A-001", "action": "update"}, 1),
        ({"subject": "B-001", "action": "update"}, 0),
        ({"kind": "patient"}, 3),
        ({"kind": "patient", "until": "2020-01-01"}, 0),
        ({"kind": "patient", "since": "2020-01-01"}, 3),
    ],
)
def test_filters_narrow_the_trail(
    corrected: World, client: Client, asked: dict[str, str], count: int
):
    client.force_login(corrected.user("auditor"))
    answer = client.get(reverse("audit_study", args=["MLD-1"]), asked)
    assert answer.context["page"].paginator.count == count


def test_a_person_filters_by_whom_the_change_was_made(corrected: World, client: Client):
    client.force_login(corrected.user("auditor"))
    key = str(corrected.user("coordinator").pk)
    answer = client.get(reverse("audit_study", args=["MLD-1"]), {"person": key})
    assert [version.who for version in answer.context["versions"]] == ["Coordinator"]


@pytest.mark.requirement("EMA-CSV-6.3")
def test_a_site_reads_its_own_trail_and_nothing_else(corrected: World, client: Client):
    shown = page(client, corrected, "investigator")
    assert "A-001" in shown
    assert "B-001" not in shown
    assert "Membership" not in shown


def test_the_trail_of_another_site_does_not_exist(corrected: World, client: Client):
    client.force_login(corrected.user("coordinator_b"))
    url = reverse("audit_record", args=["MLD-1", "patient", corrected.patient_a.pk])
    assert client.get(url).status_code == 404


@pytest.mark.requirement("ICH-E6R3-4.1")
@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor"])
@pytest.mark.requirement("EMA-CSV-6.2.1")
def test_a_blinded_person_learns_no_load_and_no_imaging_query(
    world: World, client: Client, role: str
):
    run = make_load(world.patient_a, date(2023, 6, 1), 87.654)
    asked = queries.open_query(
        patient=world.patient_a,
        visit=run.visit,
        audience=Audience.IMAGING,
        rule="LOAD-JUMP",
        question="The load fell to 87.654 mL.",
    )
    shown = page(client, world, role)
    assert "87.654" not in shown
    assert "LOAD-JUMP" not in shown
    for kind, key in (("segmentationresult", run.pk), ("query", asked.pk)):
        assert client.get(reverse("audit_record", args=["MLD-1", kind, key])).status_code == 404
    assert "87.654" in page(client, world, "data_manager")


OF_METHODS = {
    "ModelVersion",
    "ModelEvaluation",
    "IntervalCalibration",
    "TrainingSet",
    "TrainingMember",
    "ModelPromotion",
}
OF_NO_STUDY = OF_METHODS | {
    "Notices", "Login", "SecondFactor", "ExportRecord", "ImageExport", "SegmentationBatch",
    "CohortReport", "ReportSubscription",
}  # fmt: skip
"""A person's own, or of the whole installation; exports are in the log of accesses."""
OF_THE_REGISTER = {"ScannedOn", "ScannerChange"}
"""Repeat what scans say, whose trail is shown; the register of scanners shows them."""
OF_TWO_MASKS = {"MaskOverlap"}
"""Computed from masks whose trail is shown; the page of the agreement shows them."""
OF_A_COHORT = {"ReferenceCohort"}
"""Never changes but in being shown; its own page shows every one, who froze it and when."""


def test_every_record_that_belongs_somewhere_has_a_trail():
    shown = {trail.model for trail in trails().values()}
    tracked = {
        model.pgh_tracked_model
        for model in apps.get_models()
        if hasattr(model, "pgh_tracked_model")
    }
    assert {model for model in BELONGINGS if model in tracked and model in RULES} <= shown
    assert {model.__name__ for model in tracked - shown} == (
        OF_NO_STUDY | OF_THE_REGISTER | OF_TWO_MASKS | OF_A_COHORT
    )
    assert len(shown) > 10


@dataclass
class Kept:
    """Records of every kind that is audited and covered by no signature, at both sites."""

    of_a: list[tuple[str, Any]]
    of_b: list[tuple[str, Any]]
    of_study: list[tuple[str, Any]]


@pytest.fixture
def kept(world: World) -> Kept:
    by = world.user("data_manager")
    found = Kept([], [], [])
    with acting(user=by, origin="web", reason="Cleaned"):
        for patient, visit, rows in (
            (world.patient_a, world.visit_a, found.of_a),
            (world.patient_b, world.visit_b, found.of_b),
        ):
            noted = deviations.record_deviation(
                patient=patient,
                visit=None,
                code="SEDATION_NOT_GIVEN",
                description=f"Ate before, {patient.subject_code}",
                by=by,
            )
            held = locking.lock(record=visit, reason="Cleaned", by=by)
            frozen = locking.freeze(record=patient, reason="Cleaning", by=by)
            asked = locking.request_unlock(
                record=visit, reason="Wrong date", password=PASSWORD, by=by
            )
            rows += [
                ("protocoldeviation", noted),
                ("lock", held),
                ("lock", frozen),
                ("approvalrequest", asked),
            ]
        batch = ImportBatch.objects.create(
            study=world.study,
            received_by=by,
            file_sha256="0" * 64,
            size_bytes=1,
            row_count=1,
        )
        planned = ApprovalRequest.objects.create(
            action=Action.PLANNED, subject_id=world.study.pk, reason="End", requested_by=by
        )
        whole = locking.freeze(record=world.study, reason="Data base lock", by=by)
    held = Membership.objects.get(user=world.user("monitor"))
    found.of_study += [
        ("importbatch", batch),
        ("approvalrequest", planned),
        ("lock", whole),
        ("study", world.study),
        ("membership", held),
        ("visitdefinition", world.study.visit_definitions.first()),
    ]
    return found


def statuses(client: Client, world: World, role: str, rows: list[tuple[str, Any]]) -> set[int]:
    client.force_login(world.user(role))
    return {
        client.get(reverse("audit_record", args=["MLD-1", kind, row.pk])).status_code
        for kind, row in rows
    }


@pytest.mark.parametrize("role", ["auditor", "data_manager"])
def test_deviations_locks_approvals_imports_and_settings_are_in_the_trail(
    kept: Kept, world: World, client: Client, role: str
):
    assert statuses(client, world, role, [*kept.of_a, *kept.of_b, *kept.of_study]) == {200}
    shown = page(client, world, role)
    for words in ("Ate before, A-001", "Ate before, B-001", "Wrong date", "Data base lock"):
        assert words in shown


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor"])
def test_a_site_reads_deviations_and_locks_of_its_own_patients_only(
    kept: Kept, world: World, client: Client, role: str
):
    assert statuses(client, world, role, kept.of_a) == {200}
    assert statuses(client, world, role, [*kept.of_b, *kept.of_study]) == {404}
    shown = page(client, world, role)
    assert "Ate before, A-001" in shown
    for hidden in ("B-001", "Data base lock", "unblinding of the whole study", "Import batch"):
        assert hidden not in shown


def test_what_is_held_and_what_was_asked_for_is_named_in_words(
    kept: Kept, world: World, client: Client
):
    rows = {kind: row for kind, row in kept.of_a if kind in ("lock", "approvalrequest")}
    for kind, words in (
        ("lock", "A-001"),  # the freeze of the patient came after the lock of the visit
        ("approvalrequest", f"locked {world.visit_a.name}"),
    ):
        client.force_login(world.user("auditor"))
        address = reverse("audit_record", args=["MLD-1", kind, rows[kind].pk])
        shown = client.get(address).content.decode()
        assert words in shown
    held = next(row for kind, row in kept.of_a if kind == "lock")
    read = re.sub(r'href="[^"]*"', "", page(client, world, "auditor"))
    assert str(held.record_id) not in read
    assert str(world.study.pk) not in read


def test_a_decision_on_unlocking_is_in_the_trail_with_both_people(
    world: World, client: Client, kept: Kept
):
    asked = next(row for kind, row in kept.of_a if kind == "approvalrequest")
    other = person("second_manager")
    studies.grant_membership(user=other, study=world.study, role="data_manager")
    with acting(user=other, origin="web", reason="Right"):
        locking.decide_unlock(
            request=asked, is_approved=True, reason="Right", password=PASSWORD, by=other
        )
    client.force_login(world.user("auditor"))
    url = reverse("audit_record", args=["MLD-1", "approvalrequest", asked.pk])
    shown = client.get(url).content.decode()
    assert "<ins>Second Manager</ins>" in shown
    assert "Data Manager" in shown
    assert "2 versions" in shown


def test_times_are_shown_in_utc_and_at_the_site(world: World, client: Client):
    type(world.site_a).objects.filter(pk=world.site_a.pk).update(time_zone="Asia/Tokyo")
    assert "at the site" in page(client, world, "auditor", subject="A-001")


def rows_of(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.requirement("21CFR11.10(b)")
def test_the_export_holds_what_the_page_shows(corrected: World, client: Client):
    client.force_login(corrected.user("auditor"))
    answer = client.get(
        reverse("audit_export", args=["MLD-1"]), {"subject": "A-001", "action": "update"}
    )
    rows = rows_of(answer)
    assert [(r["field"], r["old_value"], r["new_value"]) for r in rows] == [
        ("Sex", "female", "male")
    ]
    assert rows[0]["reason"] == "Source document checked"
    assert rows[0]["roles"] == "site coordinator, site A"
    logged = AccessEvent.objects.filter(details__dataset="audit_trail")
    assert [entry.action for entry in logged] == [
        AccessAction.EXPORT_DONE,
        AccessAction.EXPORT_BEGUN,
    ]
    assert logged[0].details["row_count"] == len(rows)


def test_the_dictionary_ends_with_the_anchor_of_the_chain(world: World, client: Client):
    client.force_login(world.user("auditor"))
    text = client.get(reverse("audit_dictionary", args=["MLD-1"])).content.decode()
    last = list(csv.reader(StringIO(text)))[-1]
    assert last[0] == "audit_anchor"
    assert ":" in last[1]


def test_a_formula_in_a_reason_stays_text(world: World, client: Client):
    client.force_login(world.user("auditor"))
    patients.change_patient(
        patient=world.patient_a,
        changes={"sex": "M"},
        reason="=HYPERLINK(1)",
        by=world.user("coordinator"),
    )
    answer = client.get(reverse("audit_export", args=["MLD-1"]), {"action": "update"})
    assert rows_of(answer)[0]["reason"] == "'=HYPERLINK(1)"


def test_the_auditor_verifies_and_the_page_says_when(world: World, client: Client, sql):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    client.force_login(world.user("auditor"))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    shown = client.post(reverse("audit_verify"), follow=True).content.decode()
    assert "The audit trail is whole" in shown
    assert "links verified on" in shown
    assert AccessEvent.objects.filter(action=AccessAction.VERIFY).count() == 1


def test_a_verification_that_ran_out_of_time_says_what_it_left(
    world: World, client: Client, sql, monkeypatch
):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    monkeypatch.setattr(audit_check, "LIMIT_SECONDS", -1.0)
    client.force_login(world.user("auditor"))
    shown = client.post(reverse("audit_verify"), follow=True).content.decode()
    left = "Not verified: links, triggers, functions, head of the chain, anchors, events outside"
    assert shown.count(left) == 2
    assert "The audit trail is whole" not in shown


def test_a_broken_trail_is_said_to_be_broken(world: World, client: Client, sql, as_superuser):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    as_superuser("UPDATE trial_patientevent SET sex = 'M'")
    client.force_login(world.user("auditor"))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    shown = client.post(reverse("audit_verify"), follow=True).content.decode()
    assert "The audit trail is broken" in shown
    assert "the event was changed after it was recorded" in shown


def test_the_access_log_shows_who_came_in(world: World, client: Client):
    client.force_login(world.user("coordinator"))
    client.force_login(world.user("data_manager"))
    shown = client.get(reverse("audit_access", args=["MLD-1"])).content.decode()
    assert "Signed in" in shown
    assert "Coordinator" in shown


@pytest.mark.parametrize("role", ["coordinator", "auditor"])
def test_the_patient_page_leads_to_the_history(world: World, client: Client, role: str):
    client.force_login(world.user(role))
    shown = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk])).content.decode()
    assert f"{reverse('audit_study', args=['MLD-1'])}?subject=A-001" in shown


def test_a_study_without_events_for_a_filter_offers_all(world: World, client: Client):
    assert "No event matches." in page(client, world, "auditor", subject="NOBODY")


def test_a_form_that_records_a_level_leads_to_its_history(world: World, client: Client):
    made = assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=2,
        assessed_on=world.visit_a.date,
        by=world.user("coordinator"),
    )
    client.force_login(world.user("coordinator"))
    shown = client.get(reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])).content.decode()
    assert reverse("audit_record", args=["MLD-1", "gmfcmldassessment", made.pk]) in shown


def test_the_trail_names_no_patient_of_another_study(world: World, client: Client):
    assert Patient.objects.filter(subject_code="X-001").exists()
    assert "X-001" not in page(client, world, "auditor")
