"""Two people at the same moment, and a result that arrives between two signatures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from analytics.services import promotion
from mldtrial.audit.models import ApprovalRequest
from mldtrial.trial.models import Role
from mldtrial.trial.services import studies
from segmentation.models import ModelVersion, ReleaseState
from tests.support.locking import second_manager
from tests.support.promoting import decide, propose
from tests.support.shadows import pair
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
