"""Locks set and requests made by the people who may."""

from typing import Any

from mldtrial.audit.context import acting
from mldtrial.audit.models import ApprovalRequest, Lock
from mldtrial.trial.models import Role
from mldtrial.trial.services import locking, studies
from tests.support.world import PASSWORD, World, person


def second_manager(world: World) -> Any:
    """Return another data manager of the study, made on first use."""
    if "second_manager" not in world.users:
        world.users["second_manager"] = person("second_manager")
        studies.grant_membership(
            user=world.users["second_manager"], study=world.study, role=Role.DATA_MANAGER
        )
    return world.users["second_manager"]


def freeze(world: World, record: Any) -> Lock:
    """Freeze a record."""
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        return locking.freeze(record=record, reason="Data review", by=by)


def lock(world: World, record: Any) -> Lock:
    """Lock a record."""
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        return locking.lock(record=record, reason="Database lock", by=by)


def thaw(world: World, record: Any) -> Lock:
    """End the freeze of a record."""
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        return locking.thaw(record=record, reason="Data review is over", by=by)


def request_unlock(world: World, record: Any, *, by: Any = None) -> ApprovalRequest:
    """Ask for the unlocking of a record, as the data manager unless somebody else is named."""
    asking = by or world.user("data_manager")
    with acting(user=asking, origin="web"):
        return locking.request_unlock(
            record=record, reason="A level was typed wrong", password=PASSWORD, by=asking
        )


def decide(request: ApprovalRequest, *, by: Any, is_approved: bool = True) -> ApprovalRequest:
    """Approve or refuse a request."""
    with acting(user=by, origin="web"):
        return locking.decide_unlock(
            request=request, is_approved=is_approved, reason="Seen", password=PASSWORD, by=by
        )
