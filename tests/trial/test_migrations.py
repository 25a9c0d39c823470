"""Migrations that meet rows which only taking back and applying again can leave."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from mldtrial.trial.models import Conflict, ScanState
from tests.support.loads import make_scan
from tests.support.locking import freeze
from tests.support.world import World

pytestmark = pytest.mark.django_db

QUARANTINE = import_module("mldtrial.trial.migrations.0022_scans_wait_in_quarantine")
CONSTRAINT = "scan_waits_for_a_reason"


@pytest.mark.parametrize("is_frozen", [False, True])
def test_images_in_quarantine_outlive_the_way_back_and_forth(world: World, is_frozen: bool):
    """Their conflicts were columns that the way back has removed."""
    definition = f"ALTER TABLE trial_scan ADD CONSTRAINT {CONSTRAINT} CHECK " + (
        "(NOT state = 'QUARANTINED' OR coalesce(array_length(conflicts, 1), 0) > 0)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE trial_scan DROP CONSTRAINT {CONSTRAINT}")
        lost = make_scan(world.visit_a, state=ScanState.QUARANTINED, conflicts=[])
        known = make_scan(world.visit_a, state=ScanState.QUARANTINED, conflicts=[Conflict.SEX])
        if is_frozen:
            freeze(world, world.visit_a)
        # As in a migration, nothing is left to check of the rows of before.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with connection.schema_editor(atomic=False) as editor:
            QUARANTINE.say_that_reasons_are_lost(apps, editor)
        cursor.execute(definition)
        cursor.execute(
            "SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'trial_scan'::regclass "
            "AND tgname LIKE 'pgtrigger_%'"
        )
        assert {state for (state,) in cursor.fetchall()} == {"O"}
    lost.refresh_from_db()
    known.refresh_from_db()
    assert (lost.conflicts, known.conflicts) == ([Conflict.NOT_RECORDED], [Conflict.SEX])
    (event,) = apps.get_model("trial", "ScanEvent").objects.filter(
        pgh_obj_id=lost.pk, pgh_label="update"
    )
    assert event.pgh_context["reason"] == QUARANTINE.REASON
