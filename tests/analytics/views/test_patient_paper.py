"""The PDF of one patient's course says what the page says, to whom the page says it."""

from datetime import date
from decimal import Decimal

import pytest
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from analytics.selectors import loads, measures, slopes
from analytics.services import review
from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import (
    AssessmentStatus,
    Blinding,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    Query,
    Study,
    Treatment,
)
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.services import patients, unblinding
from mldtrial.trial.views.patients import SUBTYPE_NAMES
from segmentation.models import SegmentationRun, TissueCode
from segmentation.services import setting_aside
from tests.support.loads import give_interval, make_load, make_model, make_tissue, trained_on
from tests.support.papers import pages_of, text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = (date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10))


@pytest.fixture
def course(world: World) -> World:
    """Three loads, the last one fallen, with scores, an onset and two treatments."""
    patient = world.patient_a
    patient.first_study_dose_on = date(2024, 9, 1)
    patient.save()
    for day, load_ml in zip(DAYS, (120.0, 160.3, 142.0), strict=True):
        run = make_load(patient, day, load_ml)
        for model, level in ((GmfcMldAssessment, 2), (ElfcMldAssessment, 1)):
            model.objects.create(
                visit=run.visit,
                status=AssessmentStatus.DONE,
                level=level,
                assessed_on=day,
                assessed_by=world.user("investigator"),
            )
    Treatment.objects.create(patient=patient, kind="HSCT", started_on=date(2024, 8, 10))
    review.review_queued(origin="test")
    return world


def taken(client, world: World, role: str = "data_manager", patient=None, **query: str):
    client.force_login(world.user(role))
    whose = patient or world.patient_a
    return client.get(reverse("patient_pdf", args=["MLD-1", whose.pk]), query)


def test_the_paper_holds_the_numbers_of_the_selectors(client, course):
    answer = taken(client, course)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="MLD-1_A-001_course.pdf"'
    text = text_of(answer.content)
    user = course.user("data_manager")
    series = loads.load_series(course.patient_a, user=user)
    assert len(series) == 3
    for load in series:
        row = f"{load.visit_date} {floatformat(load.age_months, 1)} 2 E1 – {load.load_ml:.1f}"
        assert row in text
    slope = slopes.slope_of(series, measures.measured(series, measures.ML, user=user))
    assert f"Slope: {floatformat(slope.per_year, 1)} mL a year (Theil–Sen, 3 loads" in text
    assert "Stem cell transplantation (HSCT)" in text
    assert "2024-08-10" in text
    assert "First study dose 2024-09-01" in text
    assert "20 months" in text
    assert SUBTYPE_NAMES[Subtype.LATE_INFANTILE] in text
    assert "Demonstration model." in text
    assert "small 1" in text
    assert "by Data Manager" in text
    assert "page 1 of" in text


def test_the_paper_says_what_was_flagged_and_what_was_made_of_it(client, course):
    text = text_of(taken(client, course).content)
    assert "142.0 mL at Visit of 2025-05-10 is 18.3 mL below" in text
    assert "Query open, not answered yet." in text
    for query in Query.objects.filter(rule__startswith="LOAD-"):
        query.answer, query.state = "The mask was right.", "ANSWERED"
        query.save()
    assert "Query answered: The mask was right." in text_of(taken(client, course).content)


def test_the_paper_follows_the_switches_of_the_page(client, course):
    runs = SegmentationRun.objects.order_by("visit__date")
    for run, white_ml in zip(runs, (400.0, 420.0, None), strict=True):
        make_tissue(run, **({} if white_ml is None else {TissueCode.WHITE_MATTER: white_ml}))
    text = text_of(taken(client, course, load_as="white-matter", against="onset").content)
    assert "Months since the first symptom" in text
    assert "30.00" in text
    assert "No percentage at Visit of 2025-05-10" in text
    client.force_login(course.user("data_manager"))
    page = client.get(
        reverse("patient", args=["MLD-1", course.patient_a.pk]), {"load_as": "white-matter"}
    ).content.decode()
    assert "course.pdf?load_as=white-matter" in page


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor"])
def test_who_sees_no_loads_on_the_page_gets_none_on_paper(client, course, role):
    MriSeverityFinal.objects.create(
        visit=course.visit_a,
        status="DONE",
        basis="MEAN",
        total=Decimal("33"),
        instrument_version="1",
        read_on=DAYS[0],
    )
    text = text_of(taken(client, course, role).content)
    for hidden in (
        "142.0",
        "160.3",
        "120.0",
        "mL",
        "MRI",
        "Flag",
        "Slope",
        "small 1",
        " 33 ",
        "otherwise",
    ):
        assert hidden not in text, hidden
    assert " 33 " in text_of(taken(client, course).content)
    assert "2024-11-10" in text
    assert "E1" in text


def test_no_paper_names_an_arm_that_the_page_shows(client, course):
    unblinding.load_allocations(
        study=course.study, rows=[("A-001", "VERUM-7Q")], by_whom="Pharmacist"
    )
    text = text_of(taken(client, course, "sponsor").content)
    page = client.get(reverse("patient", args=["MLD-1", course.patient_a.pk])).content.decode()
    assert "VERUM-7Q" in page
    assert "VERUM" not in text
    assert "Arm" not in text
    assert "142.0" in text


def test_the_paper_says_how_percentages_came_about(client, course):
    runs = SegmentationRun.objects.order_by("visit__date")
    for run, version in zip(runs, ("tissue-1", "tissue-1", "tissue-2"), strict=True):
        make_tissue(run, version=version, **{TissueCode.WHITE_MATTER: 400.0})
        give_interval(run, 100.0, 200.0)
    text = text_of(taken(client, course, load_as="white-matter").content)
    assert "measured by more than one version of the method: a step between two" in text
    assert "(volumes by tissue-1, tissue-2)" in text
    assert "White matter includes the demyelinated white matter." in text
    assert "In percent they are divided by the volume as if it were exact." in text
    in_ml = text_of(taken(client, course).content)
    assert "Bars: intervals of the load" in in_ml
    for of_percent in ("more than one version", "White matter", "as if it were exact"):
        assert of_percent not in in_ml


def test_the_paper_says_what_is_known_of_the_training_set(client, course):
    unknown = "Which patients small 1 was trained on is not on record."
    assert unknown in text_of(taken(client, course).content)
    trained_on(make_model(), course.patient_a)
    text = text_of(taken(client, course).content)
    assert unknown not in text
    assert "This patient was in the training set of small 1." in text


def test_the_paper_says_how_a_scan_was_acquired_otherwise(client, world):
    one, other = {"manufacturer": "One & Co"}, {"manufacturer": "Two & Co"}
    for day, scanner in zip(DAYS, (one, one, other), strict=True):
        make_load(world.patient_a, day, 120.0, scanner=scanner)
    text = text_of(taken(client, world).content)
    how = "since the scan before: scanner One & Co → Two & Co."
    assert f"Framed: Visit of 2025-05-10, acquired otherwise {how}" in text
    assert text.count("Framed:") == 1
    assert "Acquired otherwise than before" in text


def test_a_patient_without_a_visit_has_a_paper_that_says_so(client, world):
    new = patients.create_patient(
        site=world.site_a, subject_code="A-002", sex="M", birth_month=date(2021, 1, 1),
        onset_age_months=None, by=None,
    )  # fmt: skip
    text = text_of(taken(client, world, patient=new).content)
    assert "No visit yet." in text
    assert "No load and no score yet." in text


def test_many_visits_reach_over_pages_with_their_head(client, world):
    for month in range(1, 49):
        make_load(world.patient_a, date(2020 + month // 12, 1 + month % 12, 3), 10.0 + month)
    pages = pages_of(taken(client, world).content)
    assert len(pages) >= 2
    assert all("GMFC-MLD 0–6" in page for page in pages if "58.0" in page or "20.0" in page)
    assert f"page {len(pages)} of {len(pages)}" in pages[-1]


def test_a_name_with_markup_is_printed_as_it_is(client, world):
    study = Study.objects.get(pk=world.study.pk)
    study.name = "<b>Trial</b> & <font color='red'>x"
    study.save()
    assert study.name in text_of(taken(client, world).content)


def test_a_paper_that_was_taken_is_logged_as_an_export(client, course):
    Study.objects.filter(pk=course.study.pk).update(blinding=Blinding.BLINDED)
    answer = taken(client, course, "sponsor")
    event = AccessEvent.objects.get(action=AccessAction.EXPORT_DONE)
    assert event.subject == "A-001"
    assert event.details["dataset"] == "patient_course_pdf"
    assert event.details["data_version"] in text_of(answer.content)
    assert event.user_name == "Sponsor"
    seen = AccessEvent.objects.get(action=AccessAction.VIEW_SENSITIVE)
    assert seen.details == {"what": "course"}


def test_the_page_leads_to_its_paper(client, course):
    client.force_login(course.user("investigator"))
    page = client.get(reverse("patient", args=["MLD-1", course.patient_a.pk])).content.decode()
    assert reverse("patient_pdf", args=["MLD-1", course.patient_a.pk]) in page


@pytest.mark.requirement("ICH-E6R3-4.2.4")
@pytest.mark.parametrize("role", ["data_manager", "sponsor", "coordinator", "monitor"])
def test_the_paper_says_of_a_scan_that_is_set_aside_what_the_page_says(client, course, role):
    visit = course.patient_a.visits.get(date=DAYS[1])
    scan = visit.scans.select_related("visit__patient__study", "visit__patient__site").first()
    by = course.user("coordinator")
    client.force_login(course.user(role))
    with acting(user=by, origin="web"):
        row = setting_aside.set_aside(
            scan=scan, cause="MOVEMENT", reason="<b>Woke</b> up & cried", by=by
        )
    status = client.get(reverse("visit_status", args=["MLD-1", visit.pk])).content.decode()
    text = text_of(taken(client, course, role).content)
    known = "Its load had been measured, but loads are not shown to who set it aside."
    on = timezone.localdate(row.created_at)
    for words in (
        "T1w 3D is set aside: movement.",
        "<b>Woke</b> up & cried",
        f"By Coordinator on {on}. {known}",
    ):
        assert escape(words) in " ".join(status.split())
        assert words in text
    assert f"{visit.name}: T1w 3D is set aside" in text
    assert "T1w 3D (set aside)" in text
    assert ("mL" in text) == (role in ("data_manager", "sponsor"))
    with acting(user=by, origin="web"):
        setting_aside.take_back(row=row, reason="The only one", by=by)
    assert "set aside" not in text_of(taken(client, course, role).content)
