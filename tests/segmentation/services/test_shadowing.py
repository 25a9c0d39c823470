"""A candidate runs over frozen and locked visits, and all that counts there stays as it is."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from analytics.selectors import exports, impact
from analytics.services import impact as impacts
from analytics.services import impact_snapshot
from mldtrial.trial.models import Visit
from segmentation import selectors
from segmentation.models import (
    JobState,
    Method,
    ModelVersion,
    Priority,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.services import batches, models, quality, run_requests, runs, store, tissue
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load, make_model, make_scan
from tests.support.locking import freeze, lock, thaw
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db

TOKENS = re.compile(r'(?<=")\w{32,}(?=")|(?<=nonce-)[\w-]+')
NO_CANDIDATE = [ReleaseState.ACTIVE, ReleaseState.RETIRED]


@pytest.fixture
def model(world: World, tmp_path: Path) -> ModelVersion:
    """A candidate that segments here, beside a load that counts at the visit of site A."""
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    images = SegmentationRun(t1w_scan=world.visit_a.scans.get(sequence="T1w"))
    make_load(world.patient_a, world.visit_a.date, 40.0, beside=images)
    return models.register_threshold()


def ordered(world: World, model: ModelVersion) -> Any:
    batches.order(study=world.study, model=model, by=world.user("data_manager"))
    return batches.prepare_next(worker="test")


def none_counts() -> None:
    """Void the run that counts, so that the method of it can give way to another."""
    SegmentationRun.objects.update(analysis_flag=False, is_voided=True)


def becomes(model: ModelVersion, state: str) -> None:
    if state == ReleaseState.ACTIVE:
        ModelVersion.objects.filter(state=state).update(state=ReleaseState.RETIRED)
    ModelVersion.objects.filter(pk=model.pk).update(state=state)


def shown(client: Any, world: World) -> dict[str, str]:
    """Return what is shown and exported of the visits, without the tokens of forms."""
    found = {}
    for role in ("data_manager", "coordinator"):
        client.force_login(world.user(role))
        pages = {
            "patient": reverse("patient", args=["MLD-1", world.patient_a.pk]),
            "status": reverse("visit_status", args=["MLD-1", world.visit_a.pk]),
            "work list": reverse("home"),
        }
        for name, url in pages.items():
            html = client.get(url).content.decode()
            found[f"{name} of {role}"] = TOKENS.sub("", html)
    with connection.cursor() as cursor:
        for dataset in exports.DATASETS:
            rows = exports.rows(dataset, world.study, user=world.user("data_manager"))
            cursor.execute(rows.sql, rows.params)
            taken = sorted(str(row) for row in cursor.fetchall())
            # A table of all methods is where a candidate is told from the others.
            found[dataset] = "\n".join(row for row in taken if "threshold 1" not in row)
    return found


@pytest.mark.requirement("ICH-E6R3-4.2.6")
def test_a_candidate_runs_over_a_locked_visit_which_shows_and_exports_the_same(
    world: World, model: ModelVersion, client: Any
):
    tissue.queue_missing()
    quality.queue_missing()
    lock(world, world.visit_a)
    before = shown(client, world)
    batch = ordered(world, model)
    assert (batch.visits_seen, batch.queued, batch.held) == (1, 1, 0)
    run = runs.execute_next(worker="test")
    assert (run.visit, run.state, run.analysis_flag) == (
        world.visit_a, JobState.SUCCEEDED, True,
    )  # fmt: skip
    assert shown(client, world) == before
    first = SegmentationRun.pgh_event_model.objects.filter(pgh_obj=run).earliest("pgh_id")
    assert first.pgh_context["reason"] == "The cohort is to be segmented"
    # What other jobs would write waits until the visit is open.
    assert (tissue.queue_missing(), quality.queue_missing()) == (0, 0)
    (row,) = impact.rows(world.study, model, user=world.user("data_manager"))
    assert row.other is not None
    assert row.other.load_ml == run.result.demyelination_load_ml


def test_a_frozen_visit_without_a_load_that_counts_does_not_seem_segmented(
    world: World, model: ModelVersion, client: Any
):
    none_counts()
    freeze(world, world.visit_a)
    before = shown(client, world)
    ordered(world, model)
    assert selectors.visits_in_progress(user=world.user("coordinator"), at_most=5) == []
    runs.execute_next(worker="test")
    assert shown(client, world) == before


def test_a_frozen_visit_shows_the_same_when_it_is_locked_as_well(
    world: World, model: ModelVersion, client: Any
):
    none_counts()
    freeze(world, world.visit_a)
    ordered(world, model)
    runs.execute_next(worker="test")
    before = selectors.visit_status(world.visit_a, user=world.user("coordinator")).code
    lock(world, world.visit_a)
    after = selectors.visit_status(world.visit_a, user=world.user("coordinator")).code
    assert before == after


def test_what_only_a_candidate_saw_is_segmented_once_the_visit_is_open(
    world: World, model: ModelVersion
):
    none_counts()
    freeze(world, world.visit_a)
    ordered(world, model)
    runs.execute_next(worker="test")
    counting = make_model("counts", method=model.method, state=ReleaseState.CANDIDATE)
    becomes(counting, ReleaseState.ACTIVE)
    assert runs.queue_missing() == []
    thaw(world, world.visit_a)
    (run,) = runs.queue_missing()
    assert (run.visit, run.model_version) == (world.visit_a, counting)


def test_what_only_a_retired_method_has_measured_is_given_to_the_active_one(
    world: World, model: ModelVersion
):
    """As where the images of a visit are chosen again after a promotion."""
    retired = SegmentationRun.objects.get(visit=world.visit_a)
    becomes(model, ReleaseState.CANDIDATE)
    SegmentationRun.objects.filter(pk=retired.pk).update(analysis_flag=False)
    becomes(model, ReleaseState.ACTIVE)
    assert not retired.is_voided
    (run,) = runs.queue_missing()
    assert (run.visit, run.model_version) == (world.visit_a, model)
    assert runs.queue_missing() == []


@pytest.mark.parametrize("state", NO_CANDIDATE)
def test_no_other_run_is_asked_for_at_a_held_visit(world: World, model: ModelVersion, state: str):
    batches.order(study=world.study, model=model, by=world.user("data_manager"))
    none_counts()
    lock(world, world.visit_a)
    becomes(model, state)
    # What a caller holds may be older than a promotion: the database is asked.
    assert model.state == ReleaseState.CANDIDATE
    assert runs.queue_run(visit=world.visit_a, model=model) is None
    batch = batches.prepare_next(worker="test")
    assert batch is not None
    assert (batch.queued, batch.held) == (0, 1)


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize("state", NO_CANDIDATE)
@pytest.mark.parametrize("when", ["before the work", "during the work"])
def test_what_is_no_candidate_any_more_when_it_is_done_adds_nothing_to_a_held_visit(
    world: World, model: ModelVersion, monkeypatch: pytest.MonkeyPatch, state: str, when: str
):
    none_counts()
    freeze(world, world.visit_a)
    assert runs.queue_run(visit=world.visit_a, model=model) is not None
    if when == "before the work":
        becomes(model, state)
    else:
        measured = runs._measured_twice
        monkeypatch.setattr(
            runs, "_measured_twice", lambda *a: (measured(*a), becomes(model, state))[0]
        )
    run = runs.execute_next(worker="test")
    assert (run.state, run.failure_code) == (JobState.REJECTED, "RECORD_LOCKED")
    assert not SegmentationResult.objects.filter(run=run).exists()
    assert list(store.root().glob("masks/*")) == []
    with pytest.raises(ValidationError, match="frozen"):
        run_requests.retry_run(run=run, by=world.user("data_manager"))
    thaw(world, world.visit_a)
    asked = run_requests.retry_run(run=run, by=world.user("data_manager"))
    if state == ReleaseState.RETIRED:
        assert asked.model_version.state == ReleaseState.ACTIVE
        return
    again = runs.execute_next(worker="test")
    assert (again.state, again.message) == (JobState.SUCCEEDED, "")


def test_people_stop_retry_and_put_first_a_candidates_run_at_a_held_visit(
    world: World, model: ModelVersion
):
    lock(world, world.visit_a)
    by = world.user("data_manager")
    ordered(world, model)
    run = SegmentationRun.objects.get(model_version=model)
    run_requests.put_first(run=run, by=by)
    run_requests.cancel_run(run=run, by=by)
    run_requests.retry_run(run=run, by=by)
    run.refresh_from_db()
    assert (run.state, run.priority) == (JobState.QUEUED, Priority.URGENT)
    SegmentationRun.objects.filter(pk=run.pk).update(
        state=JobState.REJECTED, failure_code="RECORD_LOCKED"
    )
    # An order asks again for what a lock refused before.
    again = ordered(world, model)
    run.refresh_from_db()
    assert (again.queued, run.state, run.batch) == (1, JobState.QUEUED, again)


def test_the_command_runs_a_candidate_over_held_visits(
    world: World, model: ModelVersion, capsys: pytest.CaptureFixture[str]
):
    lock(world, world.study)
    call_command("segment", "--all", "--inline", "--model", model.name)
    assert "left out" not in capsys.readouterr().err
    assert SegmentationResult.objects.filter(run__model_version=model).count() == 1


def refused(change: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="This record is locked"), transaction.atomic():
        change()


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize("state", NO_CANDIDATE)
def test_the_database_takes_nothing_of_another_method_at_a_locked_visit(world: World, state: str):
    model = make_model("next", state=state)
    lock(world, world.visit_a)
    refused(lambda: bare_run(world.visit_a, model))


def bare_run(visit: Visit, model: ModelVersion, **columns: Any) -> SegmentationRun:
    return SegmentationRun.objects.create(
        visit=visit, site=visit.patient.site, t1w_scan=visit.scans.first(), model_version=model,
        parameters_sha256="0" * 64, input_sha256=uuid4().hex * 2, **columns,
    )  # fmt: skip


@pytest.mark.requirement("21CFR11.10(c)")
def test_what_a_candidate_found_never_changes_at_a_locked_visit(world: World):
    run = pair(world.patient_a, world.visit_a.date, 40.0, 41.0)
    make_scan(world.visit_b)
    other = bare_run(world.visit_b, candidate())
    active = run.model_version
    imported = make_model(
        "elsewhere", state=ReleaseState.CANDIDATE, method=Method.MANUAL,
        manifest={"made_elsewhere": True},
    )  # fmt: skip
    lock(world, world.visit_a)
    of_candidate = SegmentationRun.objects.filter(model_version=candidate(), visit=world.visit_a)
    results = SegmentationResult.objects.filter(run__in=of_candidate)
    refused(lambda: results.update(demyelination_load_ml=1.0))
    refused(lambda: of_candidate.update(is_voided=True, analysis_flag=False))
    refused(lambda: of_candidate.update(provenance={"model": "another"}))
    refused(lambda: of_candidate.update(visit=world.visit_b))
    refused(lambda: SegmentationRun.objects.filter(pk=other.pk).update(visit=world.visit_a))
    waiting = bare_run(world.visit_a, candidate())
    mine = SegmentationRun.objects.filter(pk=waiting.pk)
    refused(lambda: mine.update(model_version=active))
    refused(lambda: mine.update(input_sha256="2" * 64))
    # Masks that are imported are entered by people, as scores are.
    refused(lambda: bare_run(world.visit_a, imported))
    # A later run of the same candidate takes the place of an earlier one.
    of_candidate.update(analysis_flag=False)
    mine.update(state=JobState.SUCCEEDED, analysis_flag=True, provenance={"attempt": 1})


@pytest.mark.parametrize("held", [False, True])
def test_a_gap_of_a_held_visit_says_what_it_says_of_an_open_one(world: World, held: bool):
    run = make_load(world.patient_a, date(2024, 5, 10), 20.0)
    make_scan(run.visit, "T2w")
    if held:
        lock(world, world.patient_a)
    gaps = [
        impact.rows(world.study, model, user=world.user("data_manager"))[0].gap
        for model in (candidate(), make_model("old", state=ReleaseState.RETIRED))
    ]
    assert [gap.code for gap in gaps if gap] == ["not_ordered", "held" if held else "not_ordered"]


def test_what_would_change_at_held_visits_is_told_where_it_bars_the_promotion(world: World):
    days = [date(2024, month, 10) for month in (3, 5, 7, 9)]
    pair(world.patient_a, days[0], 20.0, 18.5)
    pair(world.patient_a, days[1], 20.0, 25.0)
    pair(world.patient_a, days[2], 20.0, None)
    make_load(world.patient_a, days[3], 9.0, model=candidate())
    pair(world.patient_b, days[0], 20.0, 90.0)
    lock(world, world.patient_a)
    user = world.user("data_manager")
    found = impacts.held_changes(impact.rows(world.study, candidate(), user=user))
    said = "2 changing by -1.5 to +5.0 mL, 1 without a load, 1 with a first load"
    assert (found.visits, found.words) == (4, said)
    (obstacle,) = impact_snapshot.assess(candidate(), user=user).obstacles
    assert obstacle == (
        f"MLD-1: 4 frozen or locked visits would show another load, or none ({said})."
    )
