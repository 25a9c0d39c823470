"""A study with two readers more, and cases that are given to them."""

from typing import Any

from mldtrial.audit.context import acting
from mldtrial.trial.models import MriSeverityRead, ReadAssignment, Role, Visit
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import reads, studies
from tests.support.world import World, person


def second_reader(world: World) -> Any:
    """Return a second reader of the study, made on first use."""
    if "reader_2" not in world.users:
        world.users["reader_2"] = person("reader_2")
        studies.grant_membership(user=world.users["reader_2"], study=world.study, role=Role.READER)
    return world.users["reader_2"]


def items_of(total: int, **changes: int | None) -> dict[str, int | None]:
    """Return items that add to a total, from the first item on, with some changed."""
    items: dict[str, int | None] = {}
    for item in severity_instrument().items:
        items[item.key] = min(item.maximum, total)
        total -= items[item.key] or 0
    return {**items, **changes}


def give(world: World, visit: Visit) -> tuple[ReadAssignment, ReadAssignment]:
    """Give a visit to both readers as the data manager."""
    reads.assign_cases(
        visits=[visit],
        first=world.user("reader"),
        second=second_reader(world),
        by=world.user("data_manager"),
    )
    first, second = (visit.read_assignments.get(role=role) for role in ("FIRST", "SECOND"))
    return first, second


def sign(assignment: ReadAssignment, total: int, **more: Any) -> MriSeverityRead:
    """Sign a read as the person it is given to."""
    by = assignment.reader
    values = {"items": items_of(total), "by": by, **more}
    with acting(user=by, origin="web"):
        return reads.sign_read(assignment=assignment, **values)
