"""Rules for the images of a study, put in force as its data manager does it."""

from dataclasses import replace

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, Visit
from segmentation.imaging.protocol.rules import Quantity, Rule, Severity
from segmentation.models import ProtocolVersion
from segmentation.selectors import protocol as selectors
from segmentation.services import compliance, protocols
from tests.support.loads import make_scan
from tests.support.world import World

TE = Rule(
    key="te", sequence="T2w", quantity=Quantity.TE, severity=Severity.DEVIATION,
    lowest=80.0, highest=100.0,
)  # fmt: skip
SLICES = Rule(
    key="slices", sequence="T1w", quantity=Quantity.THROUGH_PLANE, severity=Severity.DEVIATION,
    highest=1.5,
)  # fmt: skip
EXCLUDES = replace(SLICES, key="thick", severity=Severity.EXCLUDE, highest=6.0)


def in_force(world: World, *rules: Rule, reason: str = "Charter") -> ProtocolVersion:
    """Put rules in force for the study of the world, in place of those before."""
    by = world.user("data_manager")
    with acting(user=by, origin="web"):
        draft = protocols.start_draft(study=world.study, rules=list(rules), by=by)
        return protocols.put_in_force(
            study=world.study, seen=protocols.mark(draft), reason=reason, by=by
        )


def ask_all() -> int:
    """Ask every visit that is left, as the worker does."""
    asked = 0
    with acting(origin="worker:test"):
        while (batch := compliance.check_outstanding()) > 0:
            asked += batch
    return asked


def thick(visit: Visit, slice_mm: float = 4.0) -> Scan:
    """Return a T1w scan in thick slices."""
    return make_scan(visit, voxel_size_mm=[1.0, 1.0, slice_mm], acq_stratum="2D")


def t2w(visit: Visit, te_ms: float | None = 120.0) -> Scan:
    """Return a T2w scan with an echo time, or without any."""
    acquisition = {} if te_ms is None else {"EchoTime": te_ms}
    return make_scan(visit, "T2w", acquisition=acquisition, acq_stratum="2D")


def in_force_number(world: World) -> int:
    """Return the number of the version in force."""
    found = selectors.in_force(world.study)
    assert found is not None
    assert found.number is not None
    return found.number
