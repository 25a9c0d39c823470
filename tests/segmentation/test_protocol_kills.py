"""A worker that dies while a new version is asked of all visits loses and doubles nothing."""

from datetime import timedelta

import pytest
from django.apps import apps

from mldtrial.audit.context import acting
from mldtrial.trial.models import Visit
from segmentation import tasks
from segmentation.models import ProtocolCheck, ProtocolFinding
from segmentation.selectors import protocol as selectors
from segmentation.services import compliance
from tests.segmentation.test_kills import wait_for
from tests.support.loads import make_scan, make_visit
from tests.support.protocol import SLICES, in_force
from tests.support.workers import broker, end, start_worker
from tests.support.world import World, build_world

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
VISITS = 12


def many_visits(world: World) -> None:
    for index in range(VISITS):
        visit = make_visit(world.patient_a, world.visit_a.date + timedelta(days=30 * index))
        make_scan(visit, voxel_size_mm=[1.0, 1.0, 4.0])


@pytest.mark.faults
def test_a_kill_in_the_middle_of_asking_leaves_one_finding_of_each_scan():
    world = build_world()
    with acting(origin="test suite", reason="test"):
        many_visits(world)
    in_force(world, SLICES)
    with acting(origin="worker:test"):
        assert compliance.check_outstanding(at_most=4) == 4
    with broker():
        doomed = start_worker("imaging", FAILPOINT="protocol_batch")
        tasks.ring_checks()
        doomed.wait(timeout=60)
        assert ProtocolCheck.objects.count() == 4
        assert selectors.waiting(world.study) == VISITS - 4
        heir = start_worker("imaging")
        tasks.ring_checks()
        wait_for(lambda: selectors.waiting(world.study) == 0, 60)
        end(heir)
    assert ProtocolCheck.objects.count() == Visit.objects.filter(scans__isnull=False).count()
    assert ProtocolFinding.objects.count() == VISITS
    events = apps.get_model("segmentation", "ProtocolFindingEvent").objects
    assert events.count() == VISITS
