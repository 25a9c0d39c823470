"""`segment` says what a visit lacks that cannot be segmented."""

import pytest
from django.core.management import CommandError, call_command

from mldtrial.trial.models import Conflict, ScanState
from segmentation.models import ReleaseState, SegmentationRun
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


@pytest.mark.parametrize("which", ["--all", "--visit"])
def test_a_retired_method_is_refused_in_one_line_even_where_it_is_named(world: World, which: str):
    make_model("small", "2", state=ReleaseState.RETIRED)
    asked = [which] if which == "--all" else [which, str(world.visit_a.pk)]
    with pytest.raises(CommandError) as refused:
        call_command("segment", *asked, "--model", "small", "--model-version", "2")
    assert str(refused.value) == "small 2 is retired. Name one that is active or a candidate."
    with pytest.raises(CommandError, match="Every version of small is retired"):
        call_command("segment", *asked, "--model", "small")


def test_a_name_is_of_the_active_version_and_another_one_is_named_by_its_version(world: World):
    make_model("small", "1")
    make_model("small", "2", state=ReleaseState.CANDIDATE)
    make_scan(world.visit_a)
    t2w(world.visit_a)
    call_command("segment", "--all", "--model", "small")
    call_command("segment", "--all", "--model", "small", "--model-version", "2")
    runs = SegmentationRun.objects.order_by("queued_at")
    assert [run.model_version.version for run in runs] == ["1", "2"]


def test_a_version_without_a_model_is_refused(world: World):
    make_model()
    with pytest.raises(CommandError, match="--model NAME"):
        call_command("segment", "--all", "--model-version", "1")
