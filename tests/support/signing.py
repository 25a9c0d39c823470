"""A visit with something of everything recorded at it, signed by its investigator."""

from typing import Any

from mldtrial.audit import canonical
from mldtrial.audit.belonging import RecordKind
from mldtrial.audit.context import acting
from mldtrial.audit.models import Meaning, Signature
from mldtrial.trial.models import Visit
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import assessments, signing
from tests.support.loads import make_load
from tests.support.world import PASSWORD, World


def full_visit(world: World) -> Visit:
    """Return the visit of site A with a level, a read, an image, a run and its result."""
    visit = world.visit_a
    assessments.record_gmfc_mld(
        visit=visit, level=2, assessed_on=visit.date, by=None, recorder=world.user("coordinator")
    )
    assessments.record_severity(
        visit=visit,
        reader=world.user("reader"),
        items={item.key: 0 for item in severity_instrument().items},
        read_on=visit.date,
        by=None,
    )
    make_load(world.patient_a, visit.date, 120.5)
    return visit


def seen(visit: Visit) -> str:
    """Return the hash that the page shows for a visit now."""
    return canonical.digests(RecordKind.VISIT, [visit.pk])[visit.pk]


def sign(world: World, visit: Visit, **more: Any) -> Signature:
    """Sign a visit as the investigator of its site."""
    by = world.user("investigator")
    with acting(user=by, origin="web"):
        return signing.sign_visit(
            **{
                "visit": visit,
                "meaning": Meaning.REVIEWED,
                "seen_sha256": seen(visit),
                "password": PASSWORD,
                "by": by,
                **more,
            }
        )
