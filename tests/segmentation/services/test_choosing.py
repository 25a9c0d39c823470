"""Which run of a visit makes its load: that of the images that would be chosen today."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mldtrial.trial.models import Scan, Sequence, Visit
from segmentation.models import SegmentationRun
from segmentation.selectors import visit_status
from segmentation.selectors.usable import chosen_scans
from segmentation.services import choosing, upkeep
from tests.support.loads import make_load, make_model, make_scan, make_visit
from tests.support.locking import freeze, thaw
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(world: World) -> Visit:
    return make_visit(world.patient_a, date(2024, 5, 10))


def repeat(visit: Visit, sequence: str, *, came_in: int, **more: Any) -> Scan:
    """Make an image that came in on a day of the year."""
    scan = make_scan(visit, sequence, **more)
    Scan.objects.filter(pk=scan.pk).update(
        created_at=timezone.make_aware(timezone.datetime(2024, 6, 1)) + timedelta(days=came_in)
    )
    return scan


def run_of(t1w: Scan, t2w: Scan | None, load_ml: float, *, day: int, **more: Any):
    """Make a run of images that was queued on a day, and does not count yet."""
    visit = t1w.visit
    run = make_load(
        visit.patient,
        visit.date,
        load_ml,
        analysis_flag=False,
        beside=SegmentationRun(t1w_scan=t1w),
    )
    queued_at = timezone.make_aware(timezone.datetime(2024, 7, 1)) + timedelta(days=day)
    SegmentationRun.objects.filter(pk=run.pk).update(t2w_scan=t2w, queued_at=queued_at, **more)
    run.refresh_from_db()
    return run


def counting(visit: Visit) -> SegmentationRun:
    found = choosing.flag_for_analysis(visit=visit, model=make_model())
    assert found is not None
    assert list(SegmentationRun.objects.filter(visit=visit, analysis_flag=True)) == [found]
    return found


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_repeated_t2w_counts_whichever_run_was_made_first(
    world: World, visit: Visit, is_reversed: bool
):
    t1w = repeat(visit, Sequence.T1W, came_in=0)
    first = repeat(visit, Sequence.T2W, came_in=0)
    second = repeat(visit, Sequence.T2W, came_in=1)
    days = (1, 0) if is_reversed else (0, 1)
    run_of(t1w, first, 30.0, day=days[0])
    better = run_of(t1w, second, 20.0, day=days[1])
    assert counting(visit) == better
    status = visit_status(visit, user=world.user("data_manager"))
    assert (status.run, status.load_ml) == (better, 20.0)


def test_an_acquisition_counts_as_later_by_its_day_not_by_its_upload(visit: Visit):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    late = repeat(visit, Sequence.T1W, came_in=0, days_from_visit=7)
    early = repeat(visit, Sequence.T1W, came_in=5, days_from_visit=1)
    undated = repeat(visit, Sequence.T1W, came_in=9)
    runs = {one: run_of(one, t2w, 20.0, day=n) for n, one in enumerate((late, early, undated))}
    assert chosen_scans(visit, make_model()) == {"T1w": late, "T2w": t2w}
    assert counting(visit) == runs[late]
    SegmentationRun.objects.filter(pk=runs[late].pk).update(is_voided=True, analysis_flag=False)
    assert counting(visit) == runs[early]


def test_of_the_same_images_the_latest_run_counts_and_one_without_t2w_last(visit: Visit):
    t1w, t2w = repeat(visit, Sequence.T1W, came_in=0), repeat(visit, Sequence.T2W, came_in=0)
    run_of(t1w, t2w, 20.0, day=0)
    latest = run_of(t1w, t2w, 21.0, day=1)
    run_of(t1w, None, 22.0, day=2)
    assert counting(visit) == latest


def test_a_visit_shows_the_load_that_counts_not_the_run_that_came_last(world: World, visit: Visit):
    t2w = repeat(visit, Sequence.T2W, came_in=0)
    whole = repeat(visit, Sequence.T1W, came_in=0)
    thick = repeat(visit, Sequence.T1W, came_in=1, acq_stratum="2D")
    of_whole = run_of(whole, t2w, 20.0, day=0)
    run_of(thick, t2w, 29.0, day=1)
    assert counting(visit) == of_whole
    status = visit_status(visit, user=world.user("data_manager"))
    assert (status.run, status.load_ml) == (of_whole, 20.0)
    waiting = SegmentationRun.objects.create(
        visit=visit, site=world.site_a, t1w_scan=thick, t2w_scan=t2w, model_version=make_model(),
        parameters_sha256="0" * 64, input_sha256="1" * 64,
    )  # fmt: skip
    assert visit_status(visit, user=world.user("data_manager")).run == waiting


def test_what_an_earlier_order_chose_is_chosen_again_once_the_visit_is_open(
    world: World, visit: Visit
):
    t1w = repeat(visit, Sequence.T1W, came_in=0)
    before = run_of(t1w, repeat(visit, Sequence.T2W, came_in=0), 30.0, day=0, analysis_flag=True)
    better = run_of(t1w, repeat(visit, Sequence.T2W, came_in=1), 20.0, day=1)
    make_load(world.patient_b, date(2024, 5, 10), 9.0)
    freeze(world, visit)
    assert upkeep.choose_runs() == 0
    before.refresh_from_db()
    assert before.analysis_flag
    thaw(world, visit)
    assert upkeep.choose_runs() == 1
    assert upkeep.choose_runs() == 0
    better.refresh_from_db()
    assert better.analysis_flag
    event = SegmentationRun.pgh_event_model.objects.filter(pgh_obj=better).latest("pgh_id")
    assert event.pgh_context["reason"] == choosing.CHOSEN_AGAIN
