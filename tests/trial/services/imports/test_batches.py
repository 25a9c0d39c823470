from datetime import date

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.trial.models import (
    Audience,
    GmfcMldAssessment,
    ImportBatch,
    ImportState,
    MriSeverityRead,
    Patient,
    Query,
    Treatment,
    Visit,
)
from mldtrial.trial.services import assessments, participation, patients, reads
from mldtrial.trial.services.imports import batches, files
from mldtrial.trial.sheets.cells import DateOrder, DecimalSign, Formats
from mldtrial.trial.sheets.layout import Layout
from tests.support.locking import freeze, lock
from tests.support.reads import give
from tests.support.sheets import HEADER, ITEMS, as_csv, xlsx
from tests.support.world import World

pytestmark = pytest.mark.django_db

ROW = ("A-010", "A", "w", "2019-07-20", 20, "2023-01-10", "3")
MRI = ("subject", "date", *ITEMS, "total")


def receive(world: World, content: bytes, by="data_manager") -> ImportBatch:
    return batches.receive(study=world.study, content=content, by=world.user(by))


def check(world: World, content: bytes, **declared):
    batch = receive(world, content)
    kept = Layout.from_json(batch.layout)
    layout = Layout(
        columns=declared.pop("columns", kept.columns),
        formats=declared.pop("formats", Formats()),
        creates_patients=declared.pop("creates_patients", True),
        **declared,
    )
    return batch, batches.check(batch=batch, layout=layout, by=world.user("data_manager"))


def run(world: World, content: bytes, reason="", **declared) -> ImportBatch:
    batch, _ = check(world, content, **declared)
    batch.refresh_from_db()
    return apply(world, batch, reason)


def apply(world: World, batch: ImportBatch, reason="") -> ImportBatch:
    return batches.apply(
        batch=batch, shown_sha256=batch.plan_sha256, reason=reason, by=world.user("data_manager")
    )


def fates(plan) -> list[str]:
    return [row.fate.value for row in plan.rows]


def faults(plan) -> list[tuple[str, str]]:
    return [(fault.column, fault.reason) for row in plan.rows for fault in row.faults]


def test_a_row_makes_patient_visit_and_level(world: World):
    run(world, xlsx(HEADER, ROW))
    made = Patient.objects.get(subject_code="A-010")
    assert (made.site, made.sex, made.birth_month) == (world.site_a, "F", date(2019, 7, 1))
    visit = made.visits.get()
    assert (visit.date, visit.name) == (date(2023, 1, 10), "Unscheduled 0.1")
    assert (visit.gmfc_mld.level, visit.gmfc_mld.source) == (3, "CHART")


@pytest.mark.requirement("21CFR11.10(e)")
def test_the_history_says_which_import_by_whom(world: World):
    batch = run(world, xlsx(HEADER, ROW))
    for model in ("Patient", "Visit", "GmfcMldAssessment"):
        event = apps.get_model("trial", f"{model}Event").objects.order_by("pgh_id").last()
        assert event.pgh_context["origin"] == f"import:{batch.pk}", model
        assert event.pgh_context["user"] == str(world.user("data_manager").pk)
        assert event.pgh_label == "insert"


@pytest.mark.parametrize("hold", [freeze, lock])
@pytest.mark.parametrize("held", ["visit", "patient", "study"])
def test_a_row_that_would_change_a_held_record_is_refused_where_it_is_shown(
    world: World, hold, held
):
    changes = ("A-010", "A", "w", "2019-07-20", 20, "2023-01-10", "4a")
    run(world, xlsx(HEADER, ROW))
    visit = Visit.objects.get(patient__subject_code="A-010")
    record = {"visit": visit, "patient": visit.patient, "study": world.study}[held]
    hold(world, record)
    _, plan = check(world, xlsx(HEADER, changes, ROW))
    assert fates(plan) == ["refused", "same"]
    assert "frozen or locked" in faults(plan)[0][1]
    assert visit.gmfc_mld.level == 3


def test_a_check_before_a_lock_is_made_again_and_changes_nothing(world: World):
    run(world, xlsx(HEADER, ROW))
    changes = ("A-010", "A", "w", "2019-07-20", 20, "2023-01-10", "4a")
    batch, plan = check(world, xlsx(HEADER, changes))
    assert fates(plan) == ["changed"]
    visit = Visit.objects.get(patient__subject_code="A-010")
    lock(world, visit)
    batch.refresh_from_db()
    with pytest.raises(ValidationError):
        apply(world, batch, "Source checked")
    assert GmfcMldAssessment.objects.get(visit=visit).level == 3


def test_a_check_that_ends_after_the_import_was_applied_changes_nothing_of_it(world: World):
    batch, _ = check(world, xlsx(HEADER, ROW))
    stale = ImportBatch.objects.get(pk=batch.pk)
    batch.refresh_from_db()
    apply(world, batch)
    with pytest.raises(ValidationError, match="applied already"):
        batches.check(
            batch=stale, layout=Layout.from_json(stale.layout), by=world.user("data_manager")
        )
    stale.refresh_from_db()
    assert (stale.state, stale.applied_by) == (ImportState.APPLIED, world.user("data_manager"))


def test_what_a_reader_has_not_signed_is_no_earlier_score(world: World):
    first, _ = give(world, world.visit_a)
    values = [1] * len(ITEMS)
    reads.save_draft(assignment=first, items=dict(zip(ITEMS, values, strict=True)), by=first.reader)
    row = ("A-001", str(world.visit_a.date), *values, len(ITEMS))
    _, plan = check(world, xlsx(MRI, row))
    assert fates(plan) == ["new"]


def test_a_check_writes_nothing_but_its_own_record(world: World):
    before = Patient.objects.count()
    batch, plan = check(world, xlsx(HEADER, ROW))
    assert fates(plan) == ["new"]
    assert Patient.objects.count() == before
    batch.refresh_from_db()
    assert (batch.state, batch.counts["new"]) == (ImportState.CHECKED, 1)


@pytest.mark.requirement("EMA-CSV-4.7")
def test_the_same_table_again_is_the_same_for_each_row(world: World):
    content = xlsx(HEADER, ROW, ("A-010", "A", "w", "2019-07-20", 20, "2023-07-10", "4a"))
    run(world, content)
    visits = Visit.objects.count()
    _, plan = check(world, content)
    assert fates(plan) == ["same", "same"]
    assert not plan.added
    assert not plan.altered
    with pytest.raises(ValidationError, match="new or changed"):
        run(world, content)
    assert Visit.objects.count() == visits


def test_a_change_shows_old_and_new_and_needs_a_reason(world: World):
    run(world, xlsx(HEADER, ROW))
    corrected = xlsx(HEADER, (*ROW[:4], 24, ROW[5], "4"))
    batch, plan = check(world, corrected)
    assert fates(plan) == ["changed"]
    assert plan.rows[0].changes == [
        ("patient: onset_age_months", "20", "24"),
        ("GMFC-MLD: level", "3", "4"),
    ]
    batch.refresh_from_db()
    with pytest.raises(ValidationError) as refused:
        apply(world, batch)
    assert list(refused.value.message_dict) == ["reason"]
    apply(world, batch, reason="Source data checked")
    assert Patient.objects.get(subject_code="A-010").onset_age_months == 24
    event = apps.get_model("trial", "PatientEvent").objects.order_by("pgh_id").last()
    assert event.pgh_context["reason"] == "Source data checked"


def test_an_empty_cell_takes_nothing_away(world: World):
    run(world, xlsx(HEADER, ROW))
    _, plan = check(world, xlsx(HEADER, ("A-010", "", "", "", None, "2023-01-10", "")))
    assert fates(plan) == ["same"]


def test_a_refused_row_leaves_the_others_in(world: World):
    wrong = ("A-011", "A", "w", "2019-07-20", 20, "2023-24-03", "3")
    batch, plan = check(world, xlsx(HEADER, ROW, wrong))
    assert fates(plan) == ["new", "refused"]
    assert faults(plan) == [
        ("Untersuchungsdatum", "there is no month 24: day and month may be exchanged")
    ]
    batch.refresh_from_db()
    apply(world, batch)
    assert not Patient.objects.filter(subject_code="A-011").exists()


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"subject": "JD"}, "subject", "initials or a name"),
        ({"subject": "Jane Doe"}, "subject", "never a name"),
        ({"subject": "X20190720"}, "subject", "birth date"),
        ({"subject": None}, "subject", "missing"),
        ({"site": "C"}, "site", "no such site; its sites: A, B"),
        ({"Geschlecht": "x"}, "Geschlecht", "expected one of F, M, U"),
        ({"Geschlecht": None}, "Geschlecht", "a new patient needs this"),
        ({"Geburtsdatum": "20.07.2019"}, "Geburtsdatum", "day or month first?"),
        ({"Geburtsdatum": "20.07.19"}, "Geburtsdatum", "two digits"),
        ({"Geburtsdatum": "2199-01-01"}, "Geburtsdatum", "lies in the future"),
        ({"onset": "3,5"}, "onset", "decimal comma"),
        ({"onset": 2.5}, "onset", "whole number"),
        ({"onset": 1201}, "onset", "0 to 1200"),
        ({"onset": 900}, "onset", "lie in the future"),
        ({"Untersuchungsdatum": "03/04/2021"}, "Untersuchungsdatum", "day or month first?"),
        ({"Untersuchungsdatum": 20210324}, "Untersuchungsdatum", "YYYYDDMM"),
        ({"Untersuchungsdatum": 20212403}, "Untersuchungsdatum", "year, day and month"),
        ({"Untersuchungsdatum": "2019-02-10"}, "Untersuchungsdatum", "before the patient's birth"),
        ({"Untersuchungsdatum": "2199-02-10"}, "Untersuchungsdatum", "cannot lie in the future"),
        ({"Untersuchungsdatum": None}, "Untersuchungsdatum", "date of the visit is missing"),
        ({"GMFC": 7}, "GMFC", "a level 0 to 6"),
        ({"GMFC": "3a"}, "GMFC", "Only level 4 is divided"),
    ],
)
def test_what_is_wrong_is_said_at_its_cell_and_nothing_of_the_row_goes_in(
    world: World, change, column, words
):
    row = {**dict(zip(HEADER, ROW, strict=True)), **change}
    _, plan = check(world, xlsx(HEADER, tuple(row.values())))
    assert fates(plan) == ["refused"]
    (at, reason), *_ = faults(plan)
    assert at == column
    assert words in reason
    assert not plan.added


def test_an_unknown_subject_is_refused_unless_the_layout_adds_it(world: World):
    _, plan = check(world, xlsx(HEADER, ROW), creates_patients=False)
    assert faults(plan) == [("subject", "the study does not know this subject")]


def test_a_known_subject_is_not_moved_to_another_site(world: World):
    _, plan = check(world, xlsx(HEADER, ("A-001", "B", *ROW[2:])))
    assert faults(plan) == [("site", "this patient is at site A")]


def test_a_site_can_be_given_for_the_whole_table(world: World):
    header = tuple(name for name in HEADER if name != "site")
    row = (ROW[0], *ROW[2:])
    run(world, xlsx(header, row), site_code="B")
    assert Patient.objects.get(subject_code="A-010").site == world.site_b


def test_declared_formats_are_read(world: World):
    row = ("A-010", "A", "w", "20.07.2019", "20", "04.03.2021", "3")
    formats = Formats(DateOrder.DAY_FIRST, DecimalSign.COMMA)
    run(world, as_csv(HEADER, row, separator=";", encoding="cp1252"), formats=formats)
    assert Visit.objects.get(patient__subject_code="A-010").date == date(2021, 3, 4)


def test_two_rows_that_contradict_each_other_are_named(world: World):
    second = ("A-010", "A", "m", "2019-07-20", 20, "2023-07-10", "3")
    _, plan = check(world, xlsx(HEADER, ROW, second))
    assert fates(plan) == ["new", "refused"]
    assert faults(plan) == [("Geschlecht", "row 2 says F")]


def test_a_planned_visit_is_found_by_its_code(world: World):
    header, row = (*HEADER, "visit"), (*ROW, "m06")
    run(world, xlsx(header, row))
    assert Visit.objects.get(patient__subject_code="A-010").name == "Month 6"
    _, plan = check(world, xlsx(header, (*ROW[:5], "2023-01-11", "3", "M06")))
    assert faults(plan) == [("Untersuchungsdatum", "Month 6 is recorded on 2023-01-10 already")]
    _, plan = check(world, xlsx(header, (*ROW, "M99")))
    assert "plans no such visit; it plans M00, M06" in faults(plan)[0][1]


def mri_row(total, *items, subject="A-001", day="2023-05-10"):
    values = list(items) + [1] * (len(ITEMS) - len(items))
    return (subject, day, *values, total)


def test_a_total_that_differs_from_its_items_opens_a_query_and_both_are_kept(world: World):
    run(world, xlsx(MRI, mri_row(17)))
    read = MriSeverityRead.objects.get(visit=world.visit_a)
    assert (read.total, read.reader.username) == (19, "historical-import")
    query = Query.objects.get(rule="IMPORT-SEVERITY-TOTAL")
    assert "total of 17" in query.question
    assert "add to 19" in query.question
    assert (query.visit, query.audience) == (world.visit_a, Audience.IMAGING)


def test_a_right_total_opens_no_query(world: World):
    run(world, xlsx(MRI, mri_row(19)))
    assert not Query.objects.exists()


def test_an_empty_item_was_not_evaluable_and_is_not_zero(world: World):
    run(world, xlsx(MRI, mri_row(None, None)))
    read = MriSeverityRead.objects.get()
    assert (read.items[ITEMS[0]], read.total) == (None, None)


def test_an_item_above_its_maximum_is_refused_at_its_cell(world: World):
    _, plan = check(world, xlsx(MRI, mri_row(19, 3)))
    assert faults(plan) == [(ITEMS[0], "expected 0 to 2")]


def test_a_total_without_items_is_refused(world: World):
    _, plan = check(world, xlsx(MRI, ("A-001", "2023-05-10", *[None] * len(ITEMS), 19)))
    assert "cannot be checked" in faults(plan)[0][1]


TREATMENT = ("subject", "therapy", "therapiebeginn", "chimerism", "donor")


def test_a_treatment_is_imported_once(world: World):
    content = xlsx(TREATMENT, ("A-001", "KMT", "2022-05-01", 97.5, "CORD_BLOOD"))
    run(world, content)
    made = Treatment.objects.get()
    assert (made.kind, float(made.chimerism_percent)) == ("HSCT", 97.5)
    _, plan = check(world, content)
    assert fates(plan) == ["same"]


def test_a_wrong_treatment_is_refused_at_its_cell(world: World):
    _, plan = check(
        world,
        xlsx(
            TREATMENT,
            ("A-001", "ERT", "2022-05-01", 97.5, None),
            ("A-001", "ERT", "2019-05-01", None, None),
            ("A-001", None, "2022-05-01", None, None),
        ),
    )
    found = faults(plan)
    assert found[0][1] == "Donor and chimerism belong to a stem cell transplantation."
    assert found[1][0] == "therapiebeginn"
    assert found[2] == ("therapy", "Treatment is missing")


def test_what_follows_the_end_of_follow_up_needs_a_reason_and_a_death_forbids_it(world: World):
    participation.record_step(
        patient=world.patient_a, step="LOST", happened_on=date(2024, 1, 1), by=None
    )
    content = xlsx(("subject", "date"), ("A-001", "2024-06-01"))
    batch, plan = check(world, content)
    assert plan.rows[0].notes == ["after the end of follow-up on 2024-01-01"]
    batch.refresh_from_db()
    with pytest.raises(ValidationError, match="Give the reason"):
        apply(world, batch)
    participation.record_step(
        patient=world.patient_a, step="DIED", happened_on=date(2024, 3, 1), by=None
    )
    _, plan = check(world, content)
    assert faults(plan) == [("date", "the patient died on 2024-03-01")]


def test_a_birth_after_a_recorded_visit_is_refused(world: World):
    content = xlsx(("subject", "birth"), ("A-001", "2023-06"))
    _, plan = check(world, content)
    assert faults(plan) == [("birth", "there is a record of 2023-05-10, before this birth")]


def test_a_patient_who_may_be_there_already_is_asked_about(world: World):
    row = ("A-010", "B", "w", "2020-03-09", 21, "2023-01-10", "3")
    run(world, xlsx(HEADER, row))
    query = Query.objects.get(rule="DUPLICATE-PATIENT")
    assert "A-001 (site A)" in query.question
    assert query.audience == Audience.IMAGING


@pytest.mark.requirement("EMA-CSV-4.7")
def test_only_what_was_shown_is_applied(world: World):
    batch, _ = check(world, xlsx(HEADER, ROW))
    batch.refresh_from_db()
    patients.create_patient(
        site=world.site_a, subject_code="A-010", sex="F", birth_month=date(2019, 7, 1), by=None
    )
    with pytest.raises(ValidationError, match="have changed since the check"):
        apply(world, batch)
    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert not Visit.objects.filter(patient__subject_code="A-010").exists()


def test_an_old_page_applies_nothing(world: World):
    batch, _ = check(world, xlsx(HEADER, ROW))
    with pytest.raises(ValidationError, match="checked again since"):
        batches.apply(batch=batch, shown_sha256="0" * 64, reason="", by=world.user("data_manager"))


def test_an_import_is_applied_once_and_its_file_goes(
    world: World, django_capture_on_commit_callbacks
):
    batch, _ = check(world, xlsx(HEADER, ROW))
    batch.refresh_from_db()
    assert files.rows_of(batch.pk)
    with django_capture_on_commit_callbacks(execute=True):
        apply(world, batch)
    assert files.rows_of(batch.pk) == []
    with pytest.raises(ValidationError, match="applied already"):
        apply(world, batch)
    with pytest.raises(ValidationError, match="no longer kept"):
        batches.table_of(batch)


def test_a_discarded_import_keeps_no_file(world: World, django_capture_on_commit_callbacks):
    batch = receive(world, xlsx(HEADER, ROW))
    with django_capture_on_commit_callbacks(execute=True):
        batches.discard(batch=batch, by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="no longer kept"):
        batches.table_of(batch)


def test_a_layout_is_kept_for_the_next_table_of_its_kind(world: World):
    columns = {"A": "subject_code", "B": "visit_date"}
    check(world, xlsx(("A", "B", "GMFC"), ("A-001", "2023-05-10", 3)), columns=columns)
    again = receive(world, xlsx(("A", "B", "GMFC"), ("A-001", "2023-06-10", 3)))
    assert again.layout["columns"] == columns


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"Geschlecht": "sex"}, "which column holds the subject code"),
        ({"subject": "subject_code", "GMFC": "gmfc_level"}, "which column holds its date"),
        ({"subject": "subject_code", "GMFC": "subject_code"}, "Two columns"),
        ({"subject": "subject_code", "GMFC": "treatment_kind"}, "one with its start"),
        ({"subject": "subject_code", "GMFC": "shoe_size"}, "Unknown meaning"),
    ],
)
def test_a_layout_from_which_no_row_could_be_read_is_refused(world: World, columns, words):
    with pytest.raises(ValidationError, match=words):
        check(world, xlsx(HEADER, ROW), columns=columns)


@pytest.mark.parametrize("role", ["coordinator", "sponsor", "administrator", "auditor"])
def test_other_roles_import_nothing(world: World, role):
    with pytest.raises(PermissionDenied):
        receive(world, xlsx(HEADER, ROW), by=role)
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_no_table_is_refused_and_not_kept(world: World, settings):
    with pytest.raises(ValidationError) as refused:
        receive(world, b"\x00\x01\x02")
    assert list(refused.value.message_dict) == ["file"]
    assert not (settings.DATA_DIR / "imports").exists()


def test_a_level_of_a_toddler_is_kept_with_a_note(world: World):
    row = (*ROW[:5], "2020-03-10", "1")
    batch, plan = check(world, xlsx(HEADER, row))
    assert "does not apply at this age" in plan.rows[0].notes[0]
    batch.refresh_from_db()
    apply(world, batch)
    assert GmfcMldAssessment.objects.get().reason == "As written in the imported table."


def test_a_level_of_a_site_is_compared_not_doubled(world: World):
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=2,
        assessed_on=world.visit_a.date,
        by=world.user("coordinator"),
    )
    content = xlsx(("subject", "date", "gmfc"), ("A-001", "2023-05-10", 2))
    _, plan = check(world, content)
    assert fates(plan) == ["same"]


def test_levels_of_language_are_imported_beside_those_of_motion(world: World):
    run(world, xlsx(("subject", "date", "gmfc", "elfc"), ("A-001", "2023-05-10", 2, "E3")))
    visit = Visit.objects.get(pk=world.visit_a.pk)
    assert (visit.gmfc_mld.level, visit.elfc_mld.level) == (2, 3)


def test_a_planned_visit_counts_as_enrolment_and_its_window_is_reviewed(world: World):
    header = ("subject", "site", "sex", "birth", "date", "visit", "onset")
    rows = [
        ("A-010", "A", "F", "2019-07", "2023-01-10", "M00", None),
        ("A-010", "A", "F", "2019-07", "2023-12-24", "M06", 20),
    ]
    run(world, xlsx(header, *rows))
    made = Patient.objects.get(subject_code="A-010")
    assert (made.enrolled_on, made.onset_age_months) == (date(2023, 1, 10), 20)
    assert made.deviations.get().code == "OUT_OF_WINDOW"
