"""Who can do something about a failed segmentation is told by e-mail, once and without identity."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from mldtrial.trial.services import notices
from segmentation.models import JobState, ModelVersion, ReleaseState, SegmentationRun
from segmentation.services import models, run_requests, telling
from tests.support.intake import bare_scan
from tests.support.locking import freeze
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(world: World) -> SegmentationRun:
    for key in ("coordinator", "coordinator_b", "data_manager", "sponsor", "auditor"):
        user: Any = world.user(key)
        user.email = f"{key}@example.org"
        user.save()
    return ended(world, JobState.FAILED)


def ended(world: World, state: str, number: int = 0) -> SegmentationRun:
    return SegmentationRun.objects.create(
        site=world.site_a,
        visit=world.visit_a,
        t1w_scan=bare_scan(world.visit_a, number),
        model_version=counting(),
        parameters_sha256="0" * 64,
        input_sha256=f"{number:064x}",
        state=state,
        failure_code="NO_BRAIN" if state != JobState.SUCCEEDED else "",
        finished_at=timezone.now(),
    )


def counting() -> ModelVersion:
    found = models.register_threshold()
    ModelVersion.objects.filter(pk=found.pk).update(state=ReleaseState.ACTIVE)
    return found


def told() -> list[str]:
    return sorted(message.to[0].split("@")[0] for message in mail.outbox)


def test_the_site_and_the_data_manager_are_told_once(failed: SegmentationRun):
    assert telling.tell_of_failures() == 2
    assert told() == ["coordinator", "data_manager"]
    body = mail.outbox[0].body
    assert "MLD-1 A-001, Baseline, threshold 1: failed" in body
    assert telling.tell_of_failures() == 0
    assert len(mail.outbox) == 2


def test_of_a_candidate_hears_who_orders_cohorts_and_no_site(failed: SegmentationRun):
    ModelVersion.objects.update(state=ReleaseState.CANDIDATE)
    assert telling.tell_of_failures() == 1
    assert told() == ["data_manager"]


def test_several_make_one_message(world: World, failed: SegmentationRun):
    ended(world, JobState.REJECTED, 1)
    ended(world, JobState.SUCCEEDED, 2)
    ended(world, JobState.CANCELLED, 3)
    telling.tell_of_failures()
    (message,) = [one for one in mail.outbox if one.to == ["data_manager@example.org"]]
    assert message.body.count("A-001") == 2
    assert "refused" in message.body


def test_who_turned_messages_off_gets_none(world: World, failed: SegmentationRun):
    notices.choose_digest(wants_digest=False, by=world.user("data_manager"))
    telling.tell_of_failures()
    assert told() == ["coordinator"]


def test_what_fails_again_after_another_try_is_told_again(world: World, failed: SegmentationRun):
    telling.tell_of_failures()
    run_requests.retry_run(run=failed, by=world.user("data_manager"))
    SegmentationRun.objects.filter(pk=failed.pk).update(
        state=JobState.FAILED, failure_code="UNEXPECTED", finished_at=timezone.now()
    )
    assert telling.tell_of_failures() == 2


def test_a_run_of_a_frozen_visit_is_told_as_well(world: World, failed: SegmentationRun):
    freeze(world, world.visit_a)
    assert telling.tell_of_failures() == 2


def test_what_ended_long_ago_is_not_told(failed: SegmentationRun):
    SegmentationRun.objects.update(finished_at=timezone.now() - timedelta(days=2))
    assert telling.tell_of_failures() == 0


def test_a_dead_mail_server_is_asked_once_for_all(
    failed: SegmentationRun, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def dead(_backend: EmailBackend) -> None:
        asked.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "open", dead)
    assert telling.tell_of_failures() == 0
    assert len(asked) == 1
