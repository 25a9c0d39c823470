"""Who was in the training set of a method, as it is recorded and as it is told."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from analytics.selectors import loads
from mldtrial.trial.services import patients as trial_patients
from segmentation.models import Method, ModelVersion, ReleaseState, TrainingMember, TrainingSet
from segmentation.policies import visible_to
from segmentation.selectors.training_sets import (
    Trained,
    as_yes_no,
    trained_on,
)
from segmentation.services import models, training_sets, upkeep
from segmentation.services.training_sets import read_csv, read_json, record_training_set
from tests.support.loads import make_load, make_model
from tests.support.loads import trained_on as record
from tests.support.trained import PRETRAINED, change_json, copied
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 5, 10)
PATHS = {"patient": "run__visit__patient", "model": "run__model_version"}
MARK = "training-mark"


def test_a_list_is_read_as_csv_and_as_json():
    expected = [training_sets.Trained("TUE", "001"), training_sets.Trained("TUE", "002")]
    assert read_csv("\ufeffsubject_code,study_code\n001,TUE\n002 ,TUE\n") == expected
    rows = [{"study_code": "TUE", "subject_code": code} for code in ("001", "002")]
    assert read_json(json.dumps(rows)) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("patient\n001\n", "no column study_code, subject_code"),
        ("study_code,subject_code\nTUE,\n", "Entry 1 of the list lacks"),
        ("study_code,subject_code\nTUE,1\nTUE,1\n", "Entry 2 of the list repeats"),
    ],
)
def test_a_list_with_a_fault_is_refused_by_entry_and_not_by_content(content: str, said: str):
    with pytest.raises(ValidationError, match=said):
        read_csv(content)


@pytest.mark.parametrize("content", ["{", '{"study_code": "TUE"}', "[1]"])
def test_json_that_is_no_list_of_patients_is_refused(content: str):
    with pytest.raises(ValidationError):
        read_json(content)


def test_not_on_record_is_neither_yes_nor_no(world: World):
    model = make_load(world.patient_a, DAY, 10.0).model_version
    assert trained_on(world.patient_a, model) == Trained.NOT_RECORDED
    told = loads.counting_results().values_list(as_yes_no(**PATHS), flat=True)
    assert list(told) == [None]


def test_corrected_masks_know_whom_their_origin_knows(world: World):
    origin = make_model("net")
    corrected = make_model("net corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    assert trained_on(world.patient_a, corrected) == Trained.NOT_RECORDED
    record(origin, world.patient_a)
    assert trained_on(world.patient_a, corrected) == Trained.IN_IT
    assert trained_on(world.patient_b, corrected) == Trained.NOT_IN_IT
    orphan = make_model("gone corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    assert trained_on(world.patient_a, orphan) == Trained.NOT_RECORDED


def test_a_method_that_learns_from_nobody_has_no_doubt_about_it(world: World):
    by_hand = make_model("hand", method=Method.MANUAL)
    assert trained_on(world.patient_a, by_hand) == Trained.NOT_IN_IT


ELSEWHERE = "e" * 64
"""Manifest of a network that is not registered here."""


def moved_from(sha256: str, *, to: str, **stated: object) -> ModelVersion:
    """Return a method whose manifest says that it is another one at another threshold."""
    manifest = {"shift": {"of_version": "1", "of_manifest_sha256": sha256}, **stated}
    model = make_model("net", to, state=ReleaseState.CANDIDATE, manifest=manifest)
    training_sets.from_manifest(model=model, manifest=manifest)
    return model


def test_a_network_at_another_threshold_knows_whom_it_knew(world: World):
    first = make_model("net", "1")
    record(first, world.patient_a)
    moved = moved_from(first.sha256, to="2")
    assert trained_on(world.patient_a, moved) == Trained.IN_IT
    assert trained_on(world.patient_b, moved) == Trained.NOT_IN_IT


@pytest.mark.parametrize("recorded_for", [0, 1, 2])
def test_a_list_recorded_later_is_of_the_network_at_every_threshold(world: World, recorded_for):
    first = make_model("net", "1")
    second = moved_from(first.sha256, to="2")
    versions = [first, second, moved_from(second.sha256, to="3")]
    record(versions[recorded_for], world.patient_a)
    assert [trained_on(world.patient_a, one) for one in versions] == [Trained.IN_IT] * 3
    record(versions[0], world.patient_b)
    assert [trained_on(world.patient_a, one) for one in versions] == [Trained.NOT_IN_IT] * 3


def test_another_network_of_the_same_name_and_version_is_another_network(world: World):
    here = make_model("net", "1")
    from_elsewhere = moved_from(ELSEWHERE, to="2")
    record(here, world.patient_a)
    assert trained_on(world.patient_a, from_elsewhere) == Trained.NOT_RECORDED
    record(from_elsewhere, world.patient_b)
    assert trained_on(world.patient_b, here) == Trained.NOT_IN_IT


def test_what_is_on_record_goes_before_what_the_folder_still_says(world: World):
    first = make_model("net", "1")
    record(first, world.patient_b)
    stale = {"patients": [{"study_code": "MLD-1", "subject_code": "A-001"}]}
    moved = moved_from(first.sha256, to="2", training_set=stale)
    assert trained_on(world.patient_a, moved) == Trained.NOT_IN_IT
    assert trained_on(world.patient_b, moved) == Trained.IN_IT


def test_two_thresholds_of_a_network_that_is_not_here_are_one_network(world: World):
    lower, higher = moved_from(ELSEWHERE, to="2"), moved_from(ELSEWHERE, to="3")
    record(lower, world.patient_a)
    assert trained_on(world.patient_a, higher) == Trained.IN_IT


def test_a_patient_of_the_set_is_told_from_one_who_is_not(world: World):
    model = make_load(world.patient_a, DAY, 10.0).model_version
    make_load(world.patient_b, DAY, 20.0)
    record(model, world.patient_a)
    assert trained_on(world.patient_a, model) == Trained.IN_IT
    assert trained_on(world.patient_b, model) == Trained.NOT_IN_IT
    told = loads.counting_results().values_list("demyelination_load_ml", as_yes_no(**PATHS))
    assert dict(told) == {10.0: "Y", 20.0: "N"}


def test_membership_is_of_a_version_and_of_the_study_of_the_code(world: World):
    model, next_model = make_model(), make_model(version="2", state="CANDIDATE")
    record(next_model, world.patient_a)
    record(model)
    assert trained_on(world.patient_a, model) == Trained.NOT_IN_IT
    assert trained_on(world.patient_a, next_model) == Trained.IN_IT
    # The same subject code in another study is another patient.
    TrainingMember.objects.filter(training_set=next_model.pk).update(
        patient=None, study_code="MLD-2"
    )
    assert trained_on(world.patient_a, next_model) == Trained.NOT_IN_IT


def test_a_patient_who_is_entered_later_is_known_at_once_and_after_a_new_code(world: World):
    model = make_model()
    listed = [training_sets.Trained("MLD-1", "A-777")]
    record_training_set(model=model, patients=listed, source="Tübingen", reason="test")
    late = trial_patients.create_patient(
        site=world.site_a, subject_code="A-777", sex="F", birth_month=date(2021, 1, 1),
        onset_age_months=None, by=None,
    )  # fmt: skip
    assert trained_on(late, model) == Trained.IN_IT
    assert upkeep.recognise_trained_patients() == 1
    type(late).objects.filter(pk=late.pk).update(subject_code="A-778")
    late.refresh_from_db()
    assert trained_on(late, model) == Trained.IN_IT


def test_a_later_list_takes_the_place_and_keeps_what_was_listed_by_mistake(world: World):
    model = make_model()
    record(model, world.patient_a)
    record(model, world.patient_b)
    assert trained_on(world.patient_a, model) == Trained.NOT_IN_IT
    assert trained_on(world.patient_b, model) == Trained.IN_IT
    assert TrainingMember.objects.filter(is_current=False).count() == 1
    record(model, world.patient_a, world.patient_b)
    assert trained_on(world.patient_a, model) == Trained.IN_IT


@pytest.mark.requirement("21CFR11.10(e)")
def test_a_training_set_is_recorded_with_who_and_why(world: World):
    record_training_set(
        model=make_model(),
        patients=[training_sets.Trained("MLD-1", "A-001")],
        source="list of the training",
        reason="handed over by the trainer",
    )
    event = TrainingMember.pgh_event_model.objects.order_by("pgh_id").first()
    assert event.pgh_context["reason"] == "handed over by the trainer"


def test_a_list_without_a_source_or_with_an_endless_one_is_refused():
    with pytest.raises(ValidationError, match="at most 200 characters"):
        record_training_set(model=make_model(), patients=[], source="x" * 201, reason="test")
    with pytest.raises(ValidationError, match="where the list comes from"):
        record_training_set(model=make_model(), patients=[], source=" ", reason="test")


def test_a_model_of_phantoms_was_trained_on_no_patient(world: World):
    model = models.register_model(folder=PRETRAINED)
    assert trained_on(world.patient_a, model) == Trained.NOT_IN_IT


def test_the_manifest_can_bring_the_list(world: World, tmp_path: Path):
    folder = copied(PRETRAINED, tmp_path / "model")
    patients = [{"study_code": "MLD-1", "subject_code": "A-001"}]
    change_json(
        folder / "manifest.json", training_set={"source": "trial MLD-1", "patients": patients}
    )
    # The intervals that come with the folder are of its manifest as it was.
    (folder / "interval.json").unlink()
    model = models.register_model(folder=folder)
    assert trained_on(world.patient_a, model) == Trained.IN_IT


def test_a_manifest_with_a_broken_list_registers_nothing(tmp_path: Path):
    folder = copied(PRETRAINED, tmp_path / "model")
    change_json(folder / "manifest.json", training_set={"patients": "all"})
    with pytest.raises(ValidationError, match="no list of patients"):
        models.register_model(folder=folder)
    assert not ModelVersion.objects.exists()


def test_the_command_records_a_list(world: World, tmp_path: Path, capsys):
    make_model()
    path = tmp_path / "list.csv"
    path.write_text("study_code,subject_code\nMLD-1,A-001\nTUE,005\n")
    said = ("--model", "small", "--model-version", "1", "--source", "the trainer")
    call_command("record_training_set", str(path), *said)
    assert capsys.readouterr().out == "small 1: trained on 2 patients, 1 known here\n"
    with pytest.raises(CommandError, match="Name a list, or say --no-patients"):
        call_command("record_training_set", *said)
    with pytest.raises(CommandError, match="No model small 9"):
        call_command("record_training_set", *said[:3], "9", *said[4:], "--no-patients")


@pytest.mark.parametrize(("role", "sees"), [("sponsor", True), ("coordinator", False)])
def test_the_mark_goes_with_the_load_and_not_without_it(world: World, client, role, sees):
    run = make_load(world.patient_a, DAY, 10.0)
    record(run.model_version, world.patient_a)
    client.force_login(world.user(role))
    page = client.get(reverse("patient", args=["MLD-1", world.patient_a.pk])).content.decode()
    assert (MARK in page, "was in the training set of small 1" in page) == (sees, sees)
    status = client.get(reverse("visit_status", args=["MLD-1", run.visit_id])).content.decode()
    assert (MARK in status) == sees


@pytest.mark.parametrize("role", ["data_manager", "coordinator"])
def test_who_sees_a_run_sees_whether_its_model_was_trained_on_the_patient(
    world: World, client, role
):
    run = make_load(world.patient_a, DAY, 10.0)
    client.force_login(world.user(role))
    url = reverse("run", args=["MLD-1", run.pk])
    assert "was trained on is not on record" in client.get(url).content.decode()
    record(run.model_version, world.patient_a)
    assert "This patient was in the training set of small 1" in client.get(url).content.decode()


def test_the_cohort_says_how_many_were_trained_on(world: World, client):
    run = make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0)
    record(run.model_version, world.patient_a)
    client.force_login(world.user("statistician"))
    page = client.get(reverse("cohort", args=["MLD-1"])).content.decode()
    assert "1 of these 2 patients was in the training set of small 1" in page


def test_a_site_sees_no_member_of_another_site(world: World):
    found = record(make_model(), world.patient_a, world.patient_b)
    seen = visible_to(world.user("coordinator"), TrainingMember.objects.all())
    assert [member.subject_code for member in seen] == ["A-001"]
    assert not visible_to(world.user("stranger"), TrainingMember.objects.all()).exists()
    assert list(visible_to(world.user("coordinator"), TrainingSet.objects.all())) == [found]


def test_a_code_in_other_letters_is_not_taken_for_another_patient(world: World):
    listed = [training_sets.Trained(world.study.code, world.patient_a.subject_code.lower())]
    with pytest.raises(ValidationError, match="as they are here"):
        record_training_set(model=make_model(), patients=listed, source="list", reason="test")
    assert not TrainingSet.objects.exists()
