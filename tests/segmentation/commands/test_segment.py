"""`segment` says what a visit lacks that cannot be segmented."""

import pytest
from django.core.management import CommandError, call_command

from mldtrial.trial.models import Conflict, ScanState
from tests.support.loads import make_model, make_scan
from tests.support.protocol import EXCLUDES, ask_all, in_force, t2w, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db


def refusal(world: World) -> str:
    make_model()
    with pytest.raises(CommandError) as refused:
        call_command("segment", "--visit", str(world.visit_a.pk))
    return str(refused.value)


def test_a_missing_image_is_named(world: World):
    t2w(world.visit_a)
    assert refusal(world) == "The visit lacks a T1w image, which the model needs."


def test_an_image_that_the_protocol_rules_leave_out_is_not_called_missing(world: World):
    t2w(world.visit_a)
    thick(world.visit_a, slice_mm=8.0)
    in_force(world, EXCLUDES)
    ask_all()
    assert refusal(world).startswith("The protocol rules leave out the T1w image of this visit.")


def test_an_image_in_quarantine_is_not_called_missing(world: World):
    t2w(world.visit_a)
    make_scan(world.visit_a, state=ScanState.QUARANTINED, conflicts=[Conflict.SEX])
    assert refusal(world).startswith("The T1w image of this visit waits in quarantine")
