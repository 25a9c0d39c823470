"""Two people at the same moment, and a result that arrives between two signatures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from analytics.services import promotion
from mldtrial.audit.context import acting
from mldtrial.audit.models import ApprovalRequest
from mldtrial.trial.models import Role
from mldtrial.trial.services import studies
from segmentation.models import (
    JobState,
    ModelVersion,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.services import jobs, models, runs, store
from tests.support.loads import make_model, make_scan
from tests.support.locking import freeze, second_manager
from tests.support.promoting import decide, propose
from tests.support.shadows import candidate, pair
from tests.support.world import World, person

pytestmark = pytest.mark.django_db(transaction=True)

M12 = date(2024, 5, 10)


def test_of_two_confirmations_at_once_one_counts_and_a_result_under_way_is_waited_for(
    world: World,
):
    pair(world.patient_a, M12, 20.0, 26.0)
    second, third = second_manager(world), person("third_manager")
    studies.grant_membership(user=third, study=world.study, role=Role.DATA_MANAGER)
    proposed = propose(world.user("data_manager"))
    begun = Event()

    def confirm_beside_a_new_result() -> ApprovalRequest:
        try:
            begun.wait(timeout=10)
            return decide(proposed, second)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            pair(world.patient_b, M12, 10.0, 11.0)
            begun.set()
            waiting = threads.submit(confirm_beside_a_new_result)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        # The confirmation saw the result that it could not see when it was sent.
        assert waiting.result(timeout=20).decision_reason == promotion.VOID
    assert ModelVersion.objects.get(name="small").state == ReleaseState.ACTIVE

    proposed = propose(world.user("data_manager"))
    together = Barrier(2)

    def confirm(by: Any) -> str:
        try:
            together.wait(timeout=10)
            decide(proposed, by)
        except ValidationError as error:
            return error.messages[0]
        finally:
            connection.close()
        return "confirmed"

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(confirm, [second, third]))
    assert outcomes == ["Somebody has decided this already.", "confirmed"]
    assert ModelVersion.objects.get(name="next").state == ReleaseState.ACTIVE


def test_a_run_asked_for_while_methods_are_switched_is_by_what_counts_after_it(world: World):
    make_model()
    following = candidate()
    for sequence in ("T1w", "T2w"):
        make_scan(world.visit_b, sequence)
    begun = Event()

    def ask() -> str:
        try:
            begun.wait(timeout=10)
            with acting(origin="test"):
                run = runs.queue_run(visit=world.visit_b)
            return "" if run is None else run.model_version.name
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            # A promotion holds the same gate, from before it looks at anything.
            models.activate(model=following, reason="test")
            begun.set()
            waiting = threads.submit(ask)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert waiting.result(timeout=20) == "next"


def claimed_run(world: World) -> SegmentationRun:
    """Return a run of the candidate at the frozen visit of site A that a worker has taken."""
    SegmentationRun.objects.create(
        visit=world.visit_a, site=world.site_a, t1w_scan=make_scan(world.visit_a),
        model_version=candidate(), parameters_sha256="0" * 64, input_sha256="1" * 64,
    )  # fmt: skip
    freeze(world, world.visit_a)
    run = jobs.claim_next(SegmentationRun, worker="test")
    assert run is not None
    return run


def store_result(run: SegmentationRun) -> None:
    measured = {"mask_sha256": "2" * 64, "voxel_count": 1, "demyelination_load_ml": 1.0}
    runs._publish(run, store.root() / "masks" / "a.nii.gz", measured, {})


def test_a_result_waits_for_a_promotion_under_way_and_is_refused_where_it_would_count(
    world: World,
):
    run = claimed_run(world)

    def store_beside() -> str:
        try:
            store_result(run)
        except IntegrityError as error:
            return str(error)
        finally:
            connection.close()
        return "stored"

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            # Not by the service, which lets results end first: whatever way it comes.
            ModelVersion.objects.filter(name="next").update(state=ReleaseState.ACTIVE)
            waiting = threads.submit(store_beside)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert "This record is frozen" in waiting.result(timeout=20)
    run.refresh_from_db()
    assert run.state == JobState.RUNNING
    assert not SegmentationResult.objects.exists()


def test_a_promotion_waits_for_a_result_under_way_and_is_refused_for_it(world: World):
    run = claimed_run(world)

    def activate(by_service: bool) -> str:
        try:
            if by_service:
                models.activate(model=run.model_version, reason="test")
            else:
                ModelVersion.objects.filter(name="next").update(state=ReleaseState.ACTIVE)
        except (ValidationError, IntegrityError) as error:
            return str(error)
        finally:
            connection.close()
        return "active"

    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            store_result(run)
            waiting = [threads.submit(activate, by_service) for by_service in (True, False)]
            with pytest.raises(TimeoutError):
                waiting[0].result(timeout=0.5)
            assert not waiting[1].done()
        assert "1 frozen or locked visit would show another load" in waiting[0].result(timeout=20)
        assert "This record is frozen" in waiting[1].result(timeout=20)
    assert SegmentationResult.objects.get().run == run
    assert ModelVersion.objects.get(name="next").state == ReleaseState.CANDIDATE
