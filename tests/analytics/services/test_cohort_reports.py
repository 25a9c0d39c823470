"""The regular report of a cohort: when it is made, for whom, what it says, who reads it."""

import xml.etree.ElementTree as ET
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone

from analytics import tasks
from analytics.models import CohortReport, ReportSubscription
from analytics.reports import cohort
from analytics.selectors import cohort_reports as selectors
from analytics.selectors import correlations
from analytics.selectors.cohort import Filters, part
from analytics.services import cohort_content
from analytics.services import cohort_reports as services
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, Membership, Study
from mldtrial.trial.services import assessments, patients, studies, unblinding
from segmentation.models import JobState
from segmentation.services import store
from tests.analytics.views.test_estimates import simpson as simpson
from tests.support.copied_rows import copied
from tests.support.loads import make_load
from tests.support.papers import text_of
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


@pytest.fixture
def cohort_of(db: None) -> World:
    """Six patients with two loads and a level each: enough for a correlation."""
    return copied("six patients with two loads and a level", build_cohort)


def build_cohort() -> World:
    world = build_world()
    for number in range(6):
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"A-1{number}", sex="M", birth_month=date(2020, 3, 1),
            onset_age_months=20, by=None,
        )  # fmt: skip
        for month in (3, 9):
            run = make_load(patient, date(2024, month, 5), 10.0 * number + month)
        assessments.record_gmfc_mld(
            visit=run.visit, level=number % 5, assessed_on=run.visit.date, by=None,
            recorder=world.user("coordinator"),
        )  # fmt: skip
    return world


def made(world: World, role: str = "sponsor", on: date = MONDAY) -> CohortReport:
    report = services.ask_for_one(study=world.study, by=world.user(role), on=on)
    services.execute_next(worker="test")
    report.refresh_from_db()
    return report


def test_the_report_holds_the_numbers_of_the_cohort_page(cohort_of: World):
    sponsor = cohort_of.user("sponsor")
    report = made(cohort_of)
    assert report.state == JobState.SUCCEEDED
    text = text_of(services.hand_out(report=report, by=sponsor))
    columns = part(cohort_of.study, user=sponsor, filters=Filters()).columns
    relation = correlations.RELATIONS["load-gmfc"]
    (row, *_) = correlations.table(columns, relation, smallest_group=1)
    rho, low, high = (floatformat(value, 2) for value in (row.rho, row.ci_low, row.ci_high))
    assert row.n > 0
    assert f"3D, all subtypes {row.n} ({row.n_patients}) {rho} ({low} to {high})" in text
    assert "3D 12 6" in text
    assert "Courses that rise" in text
    assert "Demonstration model." in text
    # The page shows what the paper shows: both are made of the one document.
    kept = services.read(report=report, by=sponsor)
    (drawn,) = [one for one in kept.correlations if one.name == relation.title]
    assert (drawn.rho, drawn.low, drawn.high) == (row.rho, row.ci_low, row.ci_high)
    assert cohort.of_plain(cohort.as_plain(kept)) == kept
    assert store.sha256_of(services.path_of(report.sha256, "pdf")) == report.sha256
    assert text_of(cohort.cohort_pdf(kept)) == text


def test_nothing_of_an_arm_is_in_a_blinded_report(cohort_of: World):
    Study.objects.filter(pk=cohort_of.study.pk).update(blinding=Blinding.BLINDED)
    cohort_of.study.refresh_from_db()
    arms = {"A-001": "VERUM-7Q", "A-10": "VERUM-7Q", "A-11": "CONTROL-3X"}
    unblinding.load_allocations(study=cohort_of.study, rows=arms.items(), by_whom="Pharmacist")
    report = made(cohort_of)
    text = text_of(services.hand_out(report=report, by=cohort_of.user("sponsor")))
    assert "12 6" in text
    assert "VERUM" not in text
    assert "CONTROL" not in text
    assert services.read(report=report, by=cohort_of.user("sponsor"))
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    assert [one.details for one in seen] == [{"what": "cohort report"}]
    (taken,) = AccessEvent.objects.filter(action=AccessAction.EXPORT_DONE)
    assert taken.details["sha256"] == report.sha256


def test_a_group_too_small_for_the_person_is_not_in_the_report(
    cohort_of: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cohort_content.policies, "smallest_group", lambda *_: 7)
    kept = cohort_content.report(cohort_of.study, user=cohort_of.user("sponsor"), period="2026-03")
    assert kept.correlations == ()
    relation = next(part for part in kept.sections if part.title == "Load and GMFC-MLD")
    assert {row[2] for row in relation.rows if row[0].startswith("3D")} == {
        "not estimable: fewer than 7 patients, not shown",
        "not estimable: no subtype has 7 patients or more",
        "not estimable: no patient has two scans or more",
    }


def test_the_report_counts_falls_after_treatment_and_gives_the_residual(cohort_of: World):
    treated = cohort_of.study.patients.get(subject_code="A-10")
    treated.first_study_dose_on = date(2024, 6, 1)
    treated.save()
    kept = cohort_content.report(cohort_of.study, user=cohort_of.user("sponsor"), period="2026-03")
    courses = next(part for part in kept.sections if part.title == "Courses that rise")
    row = dict(zip(courses.heads, courses.rows[0], strict=True))
    assert row["Next scans"] == "6 (1 after treatment)"
    assert row["Residual"] == "0.000"


def test_the_title_says_of_which_day_the_state_is(world: World):
    day = timezone.localdate().isoformat()
    sponsor = world.user("sponsor")
    titles = [
        cohort_content.report(world.study, user=sponsor, period=period).title
        for period in ("2026-W09", day)
    ]
    assert titles == [f"Cohort of MLD-1, 2026-W09 (state of {day})", f"Cohort of MLD-1, {day}"]


def test_a_report_of_a_period_is_made_once_and_told_once(world: World, mailoutbox):
    sponsor = world.user("sponsor")
    sponsor.email = "sponsor@example.org"
    sponsor.save()
    services.choose_rhythm(study=world.study, rhythm="WEEKLY", by=sponsor)
    assert [services.queue_due(on=day) for day in (MONDAY, MONDAY, date(2026, 3, 8))] == [1, 0, 0]
    assert services.queue_due(on=date(2026, 3, 9)) == 1
    assert set(CohortReport.objects.values_list("period", flat=True)) == {"2026-W10", "2026-W11"}
    while services.execute_next(worker="test") is not None:
        pass
    assert services.tell_of_reports() == 2
    assert services.tell_of_reports() == 0
    for mail in mailoutbox:
        assert mail.to == ["sponsor@example.org"]
        assert "MLD-1" in mail.body
        assert "/studies/MLD-1/reports/" in mail.body
        assert "A-001" not in mail.body + mail.subject
    services.choose_rhythm(study=world.study, rhythm="NEVER", by=sponsor)
    assert services.queue_due(on=date(2026, 3, 16)) == 0
    assert ReportSubscription.objects.count() == 1


def test_the_worker_makes_what_is_due_and_a_second_bell_is_harmless(world: World):
    services.choose_rhythm(study=world.study, rhythm="MONTHLY", by=world.user("auditor"))
    tasks.make_reports()
    tasks.make_reports()
    (report,) = CohortReport.objects.all()
    assert (report.state, report.role, report.attempt) == (JobState.SUCCEEDED, "auditor", 1)


def test_who_loses_the_role_loses_the_reports(world: World):
    sponsor = world.user("sponsor")
    report = made(world)
    waiting = services.ask_for_one(study=world.study, by=sponsor, on=date(2026, 3, 3))
    services.choose_rhythm(study=world.study, rhythm="WEEKLY", by=sponsor)
    assert selectors.report(world.study, report.pk, user=sponsor) == report
    with pytest.raises(Http404):
        selectors.report(world.study, report.pk, user=world.user("data_manager"))
    Membership.objects.filter(user=sponsor, study=world.study).update(is_active=False)
    with pytest.raises(Http404):
        selectors.report(world.study, report.pk, user=sponsor)
    for hand in (services.read, services.hand_out):
        with pytest.raises(PermissionDenied):
            hand(report=report, by=sponsor)
    assert services.queue_due(on=MONDAY) == 0
    services.execute_next(worker="test")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.message) == (JobState.CANCELLED, services.ENDED)
    # Another role that reads the cohort does not bring back what was made for this one.
    studies.grant_membership(user=sponsor, study=world.study, role="statistician")
    with pytest.raises(Http404):
        selectors.report(world.study, report.pk, user=sponsor)


def test_a_report_goes_with_the_role_that_shows_most(world: World):
    auditor = world.user("auditor")
    studies.grant_membership(user=auditor, study=world.study, role="statistician")
    report = made(world, "auditor")
    assert selectors.report(world.study, report.pk, user=auditor) == report
    # A statistician sees no queries about images, whose counts the report holds.
    Membership.objects.filter(user=auditor, role="auditor").update(is_active=False)
    with pytest.raises(Http404):
        selectors.report(world.study, report.pk, user=auditor)


def test_reports_cancelled_with_a_role_begin_anew_with_it(world: World):
    sponsor = world.user("sponsor")
    services.choose_rhythm(study=world.study, rhythm="WEEKLY", by=sponsor)
    services.queue_due(on=MONDAY)
    asked = services.ask_for_one(study=world.study, by=sponsor, on=MONDAY)
    role = Membership.objects.filter(user=sponsor, study=world.study)
    role.update(is_active=False)
    assert ends_of_all() == {JobState.CANCELLED}
    assert services.queue_due(on=MONDAY) == 0
    role.update(is_active=True)
    assert [services.queue_due(on=MONDAY) for _ in range(2)] == [1, 0]
    again = services.ask_for_one(study=world.study, by=sponsor, on=MONDAY)
    assert (again.pk, again.state, again.message) == (asked.pk, JobState.QUEUED, "")
    assert ends_of_all() == {JobState.SUCCEEDED}


def ends_of_all() -> set[str]:
    """Return how all reports that wait have ended."""
    while services.execute_next(worker="test") is not None:
        pass
    return set(CohortReport.objects.values_list("state", flat=True))


def test_who_asks_again_for_a_report_that_failed_has_it_queued(world: World):
    sponsor = world.user("sponsor")
    failed = services.ask_for_one(study=world.study, by=sponsor, on=MONDAY)
    CohortReport.objects.update(
        state=JobState.FAILED, failure_code="OUT_OF_MEMORY", message="There was no memory."
    )
    again = services.ask_for_one(study=world.study, by=sponsor, on=MONDAY)
    assert (again.pk, again.state, again.message) == (failed.pk, JobState.QUEUED, "")


def spoil(report: CohortReport, *endings: str) -> None:
    for ending in endings:
        kept = {"pdf": report.sha256, "json": report.document_sha256}[ending]
        services.path_of(kept, ending).write_bytes(b"something else")


def test_a_file_that_was_changed_is_not_handed_out(world: World):
    report = made(world)
    spoil(report, "pdf", "json")
    for take in (services.hand_out, services.read):
        with pytest.raises(ValidationError, match="not the one that was made"):
            take(report=report, by=world.user("sponsor"))


def test_a_lost_paper_is_drawn_again_to_the_byte_of_the_document(cohort_of: World):
    report = made(cohort_of)
    sponsor = cohort_of.user("sponsor")
    first = services.hand_out(report=report, by=sponsor)
    services.path_of(report.sha256, "pdf").unlink()
    assert services.damage(report) == ""
    assert services.hand_out(report=report, by=sponsor) == first
    # One that another version of the platform would draw is not the one that was made.
    CohortReport.objects.filter(pk=report.pk).update(sha256="0" * 64)
    report.refresh_from_db()
    with pytest.raises(ValidationError, match="not the one that was made"):
        services.hand_out(report=report, by=sponsor)


@pytest.mark.parametrize("period", ["2026-W10", "2026-03", "2026-03-02"])
def test_a_damaged_report_of_another_day_says_so_and_is_not_made_of_today(
    client, world: World, period: str
):
    report = made(world)
    CohortReport.objects.filter(pk=report.pk).update(period=period)
    report.refresh_from_db()
    spoil(report, "json")
    services.queue_due(on=MONDAY)
    services.ask_for_one(study=world.study, by=world.user("sponsor"), on=services.today())
    report.refresh_from_db()
    assert report.state == JobState.SUCCEEDED
    client.force_login(world.user("sponsor"))
    page = client.get(reverse("cohort_reports", args=["MLD-1"])).content.decode()
    day = timezone.localdate(report.finished_at)
    assert "damaged" in page
    assert f"It shows the records of {day}, so it is not made again of later ones." in page
    assert reverse("cohort_report", args=["MLD-1", report.pk]) not in page
    opened = client.get(reverse("cohort_report", args=["MLD-1", report.pk]), follow=True)
    assert f"It shows the records of {day}" in opened.content.decode()


def test_a_damaged_report_of_today_says_how_to_get_another(client, world: World):
    report = made(world, on=services.today())
    spoil(report, "json")
    client.force_login(world.user("sponsor"))
    page = client.get(reverse("cohort_reports", args=["MLD-1"])).content.decode()
    assert "A report of today is made anew: “Make it now”." in page


@pytest.mark.parametrize("ending", ["pdf", "json"])
def test_a_damaged_report_of_today_is_made_anew_for_who_asks_again(world: World, ending: str):
    report = made(world)
    kept = {"pdf": report.sha256, "json": report.document_sha256}[ending]
    services.path_of(kept, ending).write_bytes(b"something else")
    again = services.ask_for_one(study=world.study, by=world.user("sponsor"), on=MONDAY)
    assert (again.pk, again.state) == (report.pk, JobState.QUEUED)
    whole = made(world)
    assert services.hand_out(report=whole, by=world.user("sponsor")).startswith(b"%PDF")
    assert services.read(report=whole, by=world.user("sponsor"))
    asked = services.ask_for_one(study=world.study, by=world.user("sponsor"), on=MONDAY)
    assert (asked.state, asked.attempt) == (JobState.SUCCEEDED, 1)


def test_a_report_that_fails_is_put_off_and_then_said_to_have_failed(
    world: World, monkeypatch: pytest.MonkeyPatch, settings
):
    settings.JOB_MAX_ATTEMPTS = 1

    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cohort_content, "report", broken)
    report = made(world)
    assert report.state == JobState.FAILED
    assert report.message
    monkeypatch.undo()
    services.try_again(report=report, by=world.user("sponsor"))
    services.execute_next(worker="test")
    report.refresh_from_db()
    assert report.state == JobState.SUCCEEDED


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor", "administrator"])
def test_who_may_not_view_the_cohort_gets_no_report(world: World, role: str):
    for act in (
        lambda by: services.choose_rhythm(study=world.study, rhythm="WEEKLY", by=by),
        lambda by: services.ask_for_one(study=world.study, by=by, on=MONDAY),
    ):
        with pytest.raises(PermissionDenied):
            act(world.user(role))
    assert selectors.role_of(world.study, user=world.user(role)) is None


def test_a_rhythm_that_is_none_is_refused(world: World):
    with pytest.raises(ValidationError, match="every week, every month or never"):
        services.choose_rhythm(study=world.study, rhythm="DAILY", by=world.user("sponsor"))


def test_a_person_chooses_asks_reads_and_takes(client, cohort_of: World):
    client.force_login(cohort_of.user("statistician"))
    address = reverse("cohort_reports", args=["MLD-1"])
    assert "No report yet." in client.get(address).content.decode()
    assert client.post(address, {"action": "choose", "rhythm": "DAILY"}).status_code == 422
    chosen = client.post(address, {"action": "choose", "rhythm": "MONTHLY"}, follow=True)
    assert '<option value="MONTHLY" selected>' in chosen.content.decode()
    for _ in range(2):
        client.post(address, {"action": "now"})
    (report,) = CohortReport.objects.all()
    waiting = client.get(reverse("cohort_report", args=["MLD-1", report.pk]), follow=True)
    assert "not there yet" in waiting.content.decode()
    services.execute_next(worker="test")
    report.refresh_from_db()
    page = client.get(reverse("cohort_report", args=["MLD-1", report.pk])).content.decode()
    # The figure of the page is the drawing of the paper: every text of it is in the PDF.
    paper = text_of(client.get(reverse("cohort_report_pdf", args=["MLD-1", report.pk])).content)
    drawn = page[page.index("<svg", page.index("report-figure")) :]
    figure = ET.fromstring(drawn[: drawn.index("</svg>")] + "</svg>")  # noqa: S314 - our own
    said = [(one.text or "").strip() for one in figure.iter() if one.tag.endswith("text")]
    assert "Load and GMFC-MLD, 3D" in said
    assert all(words in paper for words in said)
    for section in services.read(report=report, by=cohort_of.user("statistician")).sections:
        for row in section.rows:
            assert all(cell in paper for cell in row), row
    again = client.post(address, {"action": "now"}, follow=True).content.decode()
    assert "Today&#x27;s report is there already." in again


def test_a_failed_report_is_tried_again_from_the_page(client, world: World):
    report = services.ask_for_one(study=world.study, by=world.user("sponsor"), on=MONDAY)
    CohortReport.objects.update(
        state=JobState.FAILED, failure_code="OUT_OF_MEMORY", message="There was no memory."
    )
    client.force_login(world.user("sponsor"))
    address = reverse("cohort_reports", args=["MLD-1"])
    page = client.get(address).content.decode()
    assert "There was no memory." in page
    assert "Try again" in page
    client.post(address, {"action": "retry", "report": str(report.pk)})
    assert client.post(address, {"action": "retry", "report": "x"}).status_code == 422
    report.refresh_from_db()
    assert report.state == JobState.QUEUED


def test_the_report_says_where_the_estimates_point_opposite_ways(simpson: World):
    """And has those within subtypes and within patients beside that of all subtypes."""
    kept = cohort_content.report(simpson.study, user=simpson.user("sponsor"), period="2026-03")
    (warning,) = [one for one in kept.warnings if "Simpson" in one]
    assert warning.startswith("Load and GMFC-MLD, 3D: the estimates point opposite ways")
    relation = next(part for part in kept.sections if part.title == "Load and GMFC-MLD")
    found = {row[0]: row[2] for row in relation.rows}
    assert found["3D, all subtypes"].startswith("-")
    assert not found["3D, within subtypes, together"].startswith(("-", "not"))
    assert not found["3D, within patients (r)"].startswith(("-", "not"))
    assert "read a group's ρ before that of all subtypes" in relation.note
