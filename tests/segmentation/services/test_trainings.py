"""A training is ordered on what is approved, by patient, and goes on with nothing else."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mldtrial.trial import trails
from mldtrial.trial.models import AcqStratum, Patient, Query, Scan, ScanState
from mldtrial.trial.services import duplicates, participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import write_label_map, write_volume
from segmentation.inference.model_folder import INTERVAL, METRICS
from segmentation.inference.trained_folder import BEST
from segmentation.models import (
    JobState,
    MaskReview,
    Method,
    ModelEvaluation,
    ModelVersion,
    ReleaseState,
    TrainingCase,
    TrainingRun,
)
from segmentation.policies import VISIBLE, visible_to
from segmentation.services import (
    jobs,
    models,
    store,
    training_cards,
    training_data,
    training_process,
    trainings,
    upkeep,
    voiding,
)
from segmentation.training import approved, steps
from tests.support.approved import DAY, approve, approved_masks, mask_of, new_patient
from tests.support.heads import GRID, WHITE, head
from tests.support.loads import make_load, make_model, make_scan
from tests.support.trained import PRETRAINED, change_json, copied
from tests.support.world import World

pytestmark = pytest.mark.django_db
LATER = date(2024, 5, 10)


def order(world: World, **more: Any) -> TrainingRun:
    given: dict[str, Any] = {
        "study": world.study,
        "name": "ours",
        "version": "1",
        "network": "tiny",
        "device": "cpu",
        "epochs": 3,
        "by": world.user("administrator"),
    }
    return trainings.order(**{**given, **more})


def end_consent(patient: Patient) -> None:
    participation.record_step(patient=patient, step="IMAGES_WITHDRAWN", happened_on=DAY, by=None)


def test_each_patient_is_held_out_or_in_one_fold_with_all_visits(world: World):
    for review in approved_masks(world, 6):
        approve(world, mask_of(review.run.visit.patient, 50.0, on=LATER))
    training = order(world)
    places: dict[Any, set[int | None]] = {}
    for case in training.cases.select_related("review__run__visit"):
        places.setdefault(case.review.run.visit.patient_id, set()).add(case.fold)
    assert len(places) == 6
    assert all(len(found) == 1 for found in places.values())
    assert sum(found == {None} for found in places.values()) == 1
    assert training.cases.count() == 12


def test_two_records_that_may_be_of_one_patient_are_in_one_place(world: World):
    reviews = approved_masks(world, 8)
    Patient.objects.update(onset_age_months=None)
    one, other = (reviews[n].run.visit.patient for n in (0, 7))
    for patient in (one, other):
        Patient.objects.filter(pk=patient.pk).update(onset_age_months=31)
    one.refresh_from_db()
    duplicates.ask_data_manager(one, [other])
    assert not Query.objects.exists()  # of one site: the site itself was asked
    Patient.objects.filter(pk=other.pk).update(site=world.site_b)
    other.refresh_from_db()
    for seed in range(6):
        chosen = training_data.choose(world.study)
        apart = training_data._deal(chosen, held_out_percent=20, seed=seed)
        if apart[one.pk] != apart[other.pk]:
            break
    else:
        pytest.fail("They are never apart, so the test shows nothing.")
    duplicates.ask_data_manager(one, [other])
    for seed in range(6):
        folds = training_data._deal(chosen, held_out_percent=20, seed=seed)
        assert len(folds) == 8
        assert folds[one.pk] == folds[other.pk]


def test_no_name_of_a_case_says_who_it_is(world: World):
    approved_masks(world)
    for case in order(world).cases.select_related("review__run__visit__patient"):
        patient = case.review.run.visit.patient
        assert patient.subject_code not in case.name
        assert case.name.startswith(f"{case.patient_name}_")
    names = sorted(order(world, version="2", seed=2).cases.values_list("patient_name", flat=True))
    assert names == [f"p{n:04d}" for n in range(1, 6)]


def test_what_is_not_used_has_its_reason(world: World):
    reviews = approved_masks(world)
    patient = reviews[0].run.visit.patient
    by_hand = make_model("by-hand", method=Method.MANUAL, state=ReleaseState.CANDIDATE)
    second = approve(world, make_load(patient, reviews[0].run.visit.date, 1.0, model=by_hand))
    without = mask_of(new_patient(world, "A-900"), 5.0)
    Scan.objects.filter(visit=without.visit, sequence="T2w").update(state=ScanState.DISCARDED)
    alone = approve(world, without)
    training = order(world)
    reasons = dict(training.cases.exclude(left_out="").values_list("review", "left_out"))
    # The one drawn by hand is taken.
    assert reasons == {reviews[0].pk: training_data.ANOTHER, alone.pk: training_data.NO_T2W}
    assert training.cases.get(review=second).left_out == ""


def test_a_mask_of_a_three_dimensional_image_is_taken_first(world: World):
    (review, *_) = approved_masks(world)
    visit = review.run.visit
    by_hand = make_model("by-hand", method=Method.MANUAL, state=ReleaseState.CANDIDATE)
    thick = make_load(visit.patient, visit.date, 1.0, model=by_hand, acq_stratum=AcqStratum.TWO_D)
    left_out = approve(world, thick)
    assert order(world).cases.get(left_out=training_data.ANOTHER).review == left_out


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_patients_are_refused_with_what_is_missing(world: World, count):
    approved_masks(world, count)
    with pytest.raises(ValidationError, match="approved mask of a visit with T1w and T2w"):
        order(world)


@pytest.mark.parametrize("key", ["data_manager", "reader", "sponsor", "coordinator"])
def test_only_administrators_order_and_cancel_trainings(world: World, key):
    approved_masks(world)
    with pytest.raises(PermissionDenied):
        order(world, by=world.user(key))
    training = order(world)
    with pytest.raises(PermissionDenied):
        trainings.cancel(training=training, by=world.user(key))


def test_a_name_is_taken_once(world: World):
    approved_masks(world)
    order(world)
    with pytest.raises(ValidationError, match="under way"):
        order(world)
    make_model("ours", "2", state=ReleaseState.CANDIDATE)
    with pytest.raises(ValidationError, match="A model has this name"):
        order(world, version="2")


def test_a_device_that_no_worker_has_is_refused(world: World):
    approved_masks(world)
    with pytest.raises(ValidationError, match="No worker of this installation"):
        order(world, device="cuda")


def test_a_training_does_not_go_on_with_a_mask_that_is_no_longer_approved(world: World):
    reviews = approved_masks(world)
    order(world)
    voiding.void_runs([reviews[0].run.t1w_scan])
    done = trainings.execute_next(worker="test")
    assert done is not None
    assert (done.state, done.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    assert "Order the training again" in done.message


def test_a_training_takes_the_t2w_that_was_judged_and_goes_on_with_no_other(world: World):
    reviews = approved_masks(world)
    training = order(world)
    assert {case.t2w_scan for case in training.cases.all()} == {one.t2w_scan for one in reviews}
    make_scan(reviews[0].run.visit, "T2w")
    with pytest.raises(ValidationError, match="no longer approved"):
        training_data.require_still_approved(training)
    with pytest.raises(ValidationError, match="approved mask of a visit"):
        order(world, version="2", held_out_percent=80)
    done = trainings.execute_next(worker="test")
    assert done is not None
    assert (done.state, done.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")


def test_a_consent_that_ends_meanwhile_ends_the_training(world: World, tmp_path, monkeypatch):
    monkeypatch.setattr(trainings, "ASK_SECONDS", 0.0)
    reviews = approved_masks(world)
    training = order(world)
    told = []
    check = trainings._checks(training, jobs.Heartbeat(training, give_up=told.append))
    check()
    end_consent(reviews[0].run.visit.patient)
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as child:
        try:
            with pytest.raises(ImageError, match="a consent has ended") as refused:
                training_process._watch(child, tmp_path, told.append, check)
        finally:
            training_process.end(child)
    assert refused.value.code == FailureCode.IMAGES_CHANGED


def test_the_work_of_a_failed_training_goes_once_a_consent_ends(world: World, monkeypatch):
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    reviews = approved_masks(world)
    training = order(world)
    TrainingRun.objects.update(
        state=JobState.FAILED, failure_code="INTERNAL", finished_at=timezone.now()
    )
    trainings.work_folder(training).mkdir(parents=True)
    upkeep.clean_up()
    assert trainings.work_folder(training).exists()
    end_consent(reviews[0].run.visit.patient)
    upkeep.clean_up()
    assert not trainings.work_folder(training).exists()


def test_a_cancelled_training_is_not_claimed_and_its_name_is_free(world: World):
    approved_masks(world)
    training = order(world)
    assert trainings.cancel(training=training, by=world.user("administrator"))
    assert trainings.execute_next(worker="test") is None
    assert order(world).pk != training.pk
    with pytest.raises(ValidationError, match="Order another one"):
        trainings.retry(training=training, by=world.user("administrator"))


def test_the_sweep_takes_a_training_back_from_a_lost_worker(world: World):
    approved_masks(world)
    training = order(world)
    TrainingRun.objects.update(
        state=JobState.RUNNING,
        attempt=1,
        lease_token=training.pk,
        lease_until="2020-01-01T00:00:00Z",
    )
    assert upkeep.sweep().trainings_taken_back == 1


def test_the_work_of_a_training_that_will_not_go_on_is_removed(world: World, monkeypatch):
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    approved_masks(world)
    kept, gone = order(world), order(world, version="2")
    for training in (kept, gone):
        trainings.work_folder(training).mkdir(parents=True)
    trainings.cancel(training=gone, by=world.user("administrator"))
    upkeep.clean_up()
    assert trainings.work_folder(kept).exists()
    assert not trainings.work_folder(gone).exists()


def test_who_trains_is_not_told_who_a_name_stands_for(world: World):
    approved_masks(world)
    training = order(world)
    administrator = world.user("administrator")
    assert visible_to(administrator, TrainingRun.objects.all()).get() == training
    assert not visible_to(administrator, TrainingCase.objects.all()).exists()
    assert visible_to(world.user("data_manager"), TrainingCase.objects.all()).count() == 5


def outcomes(training: TrainingRun) -> None:
    """Record that every case was prepared, at volumes that no card may tell."""
    found = {
        case.name: approved.Outcome(mask_ml=41.25, written_ml=41.25, learnt_ml=42.075)
        for case in training.cases.all()
    }
    trainings._record_outcomes(training, found)


def measured(training: TrainingRun) -> dict[str, Any]:
    """Return a report of the held-out patients of a training."""
    cases = [
        {"case": case.name, "acq_stratum": case.acq_stratum, "truth_ml": 41.25, "load_ml": 38.5,
         "dice": 0.8 + 0.01 * number, "hausdorff95_mm": 3.5, "surface_dice": 0.75}
        for number, case in enumerate(training.cases.filter(fold__isnull=True))
    ]  # fmt: skip
    return {"cases": cases, "refused": []}


def test_the_card_tells_what_was_used_and_how_volumes_changed(world: World):
    approved_masks(world, 10)
    training = order(world, epochs=300, patience=50, held_out_percent=50)
    training.epochs_done = 120
    outcomes(training)
    taken = {"checkpoint": BEST, "epochs": 70}
    card = training_cards.card(training, measured(training), manifest=taken)
    assert "Learnt from: 5 visits of 5 patients. By stratum: 3D: 5 visits of 5 patients." in card
    assert "Held out: 5 visits of 5 patients." in card
    assert "+2.0 % in the median." in card
    assert "ended after 120: 50 without a better one" in card
    assert "- Weights taken: after epoch 70, the best by smoothed pseudo-Dice." in card
    assert (
        "- 3D, 5 visits of 5 patients: Dice 0.82 (0.81 to 0.83), "
        "95 % Hausdorff distance 3.5 (3.5 to 3.5) mm, surface Dice 0.75 (0.75 to 0.75)." in card
    )
    # A third of five patients is a few.
    assert "by tertile" not in card
    assert "A-10" not in card
    for load in ("41.25", "41.3", "38.5", "42.0", " mL"):
        assert load not in card


def test_the_card_tells_by_tertile_of_the_load_where_no_third_is_of_a_few(world: World):
    approved_masks(world, 30)
    training = order(world, held_out_percent=50)
    outcomes(training)
    report = measured(training)
    assert len(report["cases"]) == 15
    for number, case in enumerate(report["cases"]):
        case.update(truth_ml=10.0 + number, dice=0.5 + 0.02 * number, surface_dice=0.6)
    report["cases"][0]["hausdorff95_mm"] = None
    card = training_cards.card(training, report, manifest={})
    told = card[card.index("- 3D, by tertile of the load, low / middle / high: ") :]
    # Of 0.50 to 0.58, of 0.60 to 0.68 and of 0.70 to 0.78 in steps of 0.02.
    assert "Dice 0.54 (0.52 to 0.56) / 0.64 (0.62 to 0.66) / 0.74 (0.72 to 0.76)" in told
    assert "95 % Hausdorff distance 3.5 (3.5 to 3.5) / 3.5 (3.5 to 3.5) / 3.5" in told
    assert "surface Dice 0.60 (0.60 to 0.60) /" in told


def test_the_card_tells_nothing_of_a_few_patients(world: World):
    approved_masks(world)
    approve(world, mask_of(new_patient(world, "A-900"), 41.25, acq_stratum=AcqStratum.TWO_D))
    training = order(world)
    outcomes(training)
    (left_out, *_) = training.cases.filter(fold__isnull=False)
    reason = "Expected voxels of at most 3 mm, found 7 mm."
    trainings._record_outcomes(training, {left_out.name: approved.Outcome(left_out=reason)})
    assert training.cases.filter(fold__isnull=False, left_out="").count() == 4
    card = training_cards.card(training, measured(training), manifest={})
    assert "Learnt from: fewer than 5 patients." in card
    assert "Held out: fewer than 5 patients." in card
    assert "masks for reasons that fewer than 5 patients share" in card
    assert reason not in card
    assert "Dice" not in card
    assert "fewer than 5 patients were measured" in card
    assert " % in the median" not in card


@pytest.mark.parametrize(
    ("ordered", "trained", "where"), [(1, 1, ""), (2, 2, " in the last fold"),
                                      (5, 3, " in the last fold")],
)  # fmt: skip
def test_the_card_counts_the_folds_that_were_made(
    world: World, ordered: int, trained: int, where: str
):
    approved_masks(world, 4)
    training = order(world, trained_folds=ordered, epochs=3)
    training.epochs_done = 3
    # Of four patients one is held out, and of three no more than three folds are made.
    card = training_cards.card(training, None, manifest={})
    assert f"- {trained} of 3 patient-level folds; at most 3 epochs of" in card
    assert f" steps, all of them done{where}." in card


def test_nobody_takes_the_name_of_a_training_under_way(world: World, tmp_path: Path):
    approved_masks(world)
    training = order(world, name="mld-phantom", version="of-a-training")
    folder = copied(PRETRAINED, tmp_path / "model")
    change_json(folder / "manifest.json", name=training.name, version=training.version)
    # What was measured of the weights under their own name goes with that.
    for beside in (INTERVAL, METRICS):
        (folder / beside).unlink(missing_ok=True)
    with pytest.raises(ValidationError, match="training under way has this name and version"):
        models.register_model(folder=folder)
    assert not ModelVersion.objects.filter(version=training.version).exists()
    trainings.cancel(training=training, by=world.user("administrator"))
    assert models.register_model(folder=folder).version == training.version


def test_the_card_says_where_nobody_was_measured(world: World):
    approved_masks(world)
    card = training_cards.card(order(world), None, manifest={})
    assert "no patient was held out, or none could be measured" in card


@pytest.fixture
def registered(world: World, tmp_path: Path) -> ModelVersion:
    """Return the model of a training whose five held-out patients were measured."""
    approved_masks(world, 10)
    training = order(world, held_out_percent=50)
    work = tmp_path / "work"
    copied(PRETRAINED, work / steps.MODEL)
    approved.write_json(work / steps.EPOCHS, {"epoch": 3, "values": [0.5, 0.6, 0.7]})
    approved.write_json(work / steps.REPORT, measured(training))
    claimed = jobs.claim_next(TrainingRun, worker="test")
    assert claimed == training
    trainings._finish(claimed, work, seconds=1.0)
    training.refresh_from_db()
    assert training.model_version is not None
    return training.model_version


SEES_LOADS_OF_CANDIDATES = {"data_manager", "statistician", "auditor"}


def test_loads_of_held_out_patients_are_told_to_who_sees_those_of_all_sites(
    world: World, registered: ModelVersion
):
    measured_on = ModelEvaluation.objects.get(model_version=registered)
    assert measured_on.study == world.study
    assert measured_on.data == "approved masks of 5 visits of 5 held-out patients of MLD-1"
    told = {
        key
        for key, user in world.users.items()
        if visible_to(user, ModelEvaluation.objects.all()).exists()
    }
    assert told == SEES_LOADS_OF_CANDIDATES
    # What the trail shows is shown by the same rule, and these rows lead to no patient there.
    assert trails.RULES[ModelEvaluation] is VISIBLE[ModelEvaluation]
    assert "modelevaluation" not in trails.trails()


@pytest.mark.parametrize("key", ["coordinator", "reader", "administrator", "sponsor", "operator"])
def test_the_page_of_a_trained_model_shows_no_load_to_others(
    world: World, registered: ModelVersion, client: Client, key: str
):
    page = _page(client, world.user(key), registered)
    for load in ("41.2", "41.3", "38.5", "range by tertile", "Hausdorff distance, median"):
        assert load not in page
    assert "Nothing was measured" not in page
    assert "shown to who sees the loads of all sites" in page
    assert "Dice 0.82 (0.81 to 0.83)" in page


def test_the_page_of_a_trained_model_shows_its_loads_to_a_data_manager(
    world: World, registered: ModelVersion, client: Client
):
    page = _page(client, world.user("data_manager"), registered)
    assert "41.2 to 41.2" in " ".join(page.split())
    assert "approved masks of 5 visits of 5 held-out patients of MLD-1" in page


def _page(client: Client, user: Any, model: ModelVersion) -> str:
    client.force_login(user)
    return client.get(reverse("model", args=[model.pk])).content.decode()


def test_a_held_out_visit_whose_images_are_refused_is_counted_on_the_page(
    world: World, tmp_path: Path, client: Client
):
    approved_masks(world, 10)
    training = order(world, held_out_percent=50)
    good, bad = training.cases.filter(fold__isnull=True).order_by("name")[:2]
    work = tmp_path / "work"
    files = (held_out(good, tmp_path, 48), held_out(bad, tmp_path, 26))
    made = trainings._order(training, files)
    steps._cases(work, made, lambda **_: None)
    copied(PRETRAINED, work / steps.MODEL)
    steps._evaluate(work, made, lambda **_: None)
    approved.write_json(work / steps.EPOCHS, {"epoch": 3, "values": [0.5, 0.6, 0.7]})
    claimed = jobs.claim_next(TrainingRun, worker="test")
    assert claimed is not None
    trainings._finish(claimed, work, seconds=1.0)
    (recorded,) = ModelEvaluation.objects.all()
    assert (recorded.summary["3D"]["n"], recorded.summary["3D"]["refused_n"]) == (1, 1)
    page = _page(client, world.user("data_manager"), recorded.model_version)
    row = page[page.index("Scans refused, in none of the figures") :]
    assert '<td class="number">1</td>' in row[: row.index("</tr>")]
    assert "approved masks of 2 visits of 2 held-out patients of MLD-1" in page
    assert "Images refused, in none of the figures: fewer than 5 patients." in page


def held_out(case: TrainingCase, folder: Path, top: int) -> approved.ApprovedCase:
    """Write the files of a held-out case whose T2w image holds nothing from a slice on."""
    drawn = head(0.95)
    t2w = drawn.t2w()
    t2w[:, :, top:] = 0
    mask = np.zeros(drawn.tissue.shape, np.uint8)
    mask[17:26, 24:38, 23:31] = drawn.tissue[17:26, 24:38, 23:31] == WHITE
    paths = [str(folder / f"{case.name}_{part}.nii.gz") for part in ("t1w", "t2w", "mask")]
    write_volume(Path(paths[0]), drawn.t1w().data, GRID)
    write_volume(Path(paths[1]), t2w, GRID)
    write_label_map(Path(paths[2]), mask, GRID)
    return approved.ApprovedCase(case.name, case.patient_name, "3D", None, *paths)


def test_no_load_is_in_the_stored_folder_of_a_trained_model(registered: ModelVersion):
    folder = store.root() / registered.folder
    texts = [path.read_text() for path in folder.rglob("*") if path.suffix in (".json", ".md")]
    assert texts
    assert not any("41.25" in text for text in texts)


def test_the_command_orders_and_reports(world: World, capsys):
    approved_masks(world)
    arguments = ["train_model", "--study", "MLD-1", "--name", "ours", "--model-version", "1"]
    call_command(*arguments, "--network", "tiny", "--json")
    row = json.loads(capsys.readouterr().out)
    assert (row["state"], row["trained_on"], row["held_out"]) == ("QUEUED", 4, 1)
    with pytest.raises(CommandError, match="under way"):
        call_command(*arguments)
    with pytest.raises(CommandError, match="no study MLD-9"):
        call_command("train_model", "--study", "MLD-9", "--name", "x", "--model-version", "1")
    with pytest.raises(CommandError, match="--name and --model-version"):
        call_command("train_model", "--study", "MLD-1")
    with pytest.raises(CommandError, match="Name a study"):
        call_command("train_model")
    assert MaskReview.objects.count() == 5
