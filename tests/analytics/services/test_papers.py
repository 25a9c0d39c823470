"""A paper names the state of the data that it shows, or an earlier one, never a later one."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.services import cohort_content, papers
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Study
from segmentation.models import Method, ReleaseState
from tests.support.loads import make_load, make_model
from tests.support.meanwhile import meanwhile
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = [date(2024, month, 10) for month in (1, 5, 9)]
LOADS = "segmentation_segmentationresult"


def named_and_shown(world: World, made: Callable[[], str]) -> tuple[str, str]:
    """Return which state a paper names, and which it shows: a load comes in once all are read."""
    with CaptureQueriesContext(connection) as asked:
        made()
    last = max(n for n, one in enumerate(asked) if LOADS in one["sql"])
    shown = []

    def come_in() -> None:
        shown.append(papers.data_version())
        make_load(world.patient_b, date(2025, 1, 10), 60.0)
        assert papers.data_version() != shown[0]

    with meanwhile(last + 1, come_in):
        return made(), shown[0]


@pytest.mark.parametrize("name", ["patient_pdf", "agreement_pdf"])
def test_a_paper_names_no_later_state_than_it_shows(client, chained_world: World, name: str):
    other = make_model("toolbox", method=Method.CONVENTIONAL, state=ReleaseState.RETIRED)
    for number, day in enumerate(DAYS):
        run = make_load(chained_world.patient_a, day, 10.0 + 7 * number)
        make_load(chained_world.patient_a, day, 9.0 + 7 * number, model=other, beside=run)
    more = [chained_world.patient_a.pk] if name == "patient_pdf" else []
    client.force_login(chained_world.user("data_manager"))

    def made() -> str:
        assert client.get(reverse(name, args=["MLD-1", *more])).status_code == 200
        taken = AccessEvent.objects.filter(action=AccessAction.EXPORT_DONE).latest("pk")
        return str(taken.details["data_version"])

    named, shown = named_and_shown(chained_world, made)
    assert named == shown


def test_a_report_names_no_later_state_than_it_shows(chained_world: World):
    for number, day in enumerate(DAYS):
        make_load(chained_world.patient_a, day, 10.0 + 7 * number)
    study = Study.objects.get(pk=chained_world.study.pk)

    def made() -> str:
        report = cohort_content.report(study, user=chained_world.user("sponsor"), period="2026-03")
        return report.origin.data_version

    named, shown = named_and_shown(chained_world, made)
    assert named == shown
