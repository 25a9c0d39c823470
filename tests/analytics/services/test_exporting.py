import csv
import hashlib
import io
import itertools
from datetime import date
from decimal import Decimal

import pandas as pd
import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.db import connection

from analytics.exports import columns as dictionary
from analytics.exports.columns import Column
from analytics.models import ExportRecord
from analytics.selectors import exports as selectors
from analytics.selectors import loads
from analytics.selectors.exports import Rows
from analytics.services import copy_out, exporting
from mldtrial.audit.context import acting
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.rules.subtype import PRESYMPTOMATIC_RULES, derive_subtype
from mldtrial.trial.selectors import subtype_of
from mldtrial.trial.services import assessments, patients
from segmentation.models import Method, ModelVersion, ProtocolFinding, ReleaseState
from segmentation.services import finding_decisions, setting_aside
from tests.support.loads import (
    give_interval,
    make_load,
    make_model,
    make_scan,
    make_tissue,
    make_visit,
    trained_on,
)
from tests.support.protocol import EXCLUDES, SLICES, TE, ask_all, in_force, t2w, thick
from tests.support.world import build_world

DAY = date(2024, 5, 10)
NUMBERS = Column("n", "n", "integer")


@pytest.fixture
def committed(transactional_db):
    """The world, visible to the connection that an export opens for itself."""
    return build_world()


def begin(world, dataset="demyelination_load", by="data_manager"):
    user = None if by is None else world.user(by)
    return exporting.begin(study=world.study, dataset=dataset, by=user, origin="test")


def take(world, dataset="demyelination_load", by="data_manager"):
    return b"".join(begin(world, dataset, by).pieces())


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_visit_counts_no_scan_that_is_set_aside(committed):
    scan = make_scan(committed.visit_a, "T1w")
    make_scan(committed.visit_a, "T2w")

    def counts() -> dict[str, str]:
        rows = table(take(committed, "visits"))
        return {row["subject_code"]: row["scan_count"] for row in rows}

    assert counts() == {"A-001": "2", "B-001": "0"}
    setting_aside.set_aside(
        scan=scan, cause="MOVEMENT", reason="The child moved", by=committed.user("coordinator")
    )
    assert counts() == {"A-001": "1", "B-001": "0"}


@pytest.mark.requirement("21CFR11.10(b)")
def test_a_table_holds_what_the_page_shows(committed):
    make_load(committed.patient_a, DAY, 10.5)
    make_load(committed.patient_b, DAY, 0.0, acq_stratum="2D")
    make_load(committed.other_patient, DAY, 99.0)
    shown = loads.study_loads(committed.study, user=committed.user("data_manager"))
    taken = table(take(committed))
    assert {(row["run_id"], float(row["demyelination_load_ml"])) for row in taken} == {
        (str(point.run_id), point.load_ml) for point in shown
    }
    assert {row["run_id"]: float(row["age_months"]) for row in taken} == {
        str(point.run_id): point.age_months for point in shown
    }


def test_methods_stand_side_by_side_in_a_table_of_their_own(committed):
    counting = make_load(committed.patient_a, DAY, 10.5)
    other = make_model("toolbox", method=Method.CONVENTIONAL, state=ReleaseState.CANDIDATE)
    make_load(committed.patient_a, DAY, 12.0, model=other)
    make_load(committed.patient_a, DAY, 13.0, model=other, analysis_flag=False)
    both = table(take(committed, "loads_by_method"))
    found = [
        (row["method"], row["method_version"], row["method_state"], row["demyelination_load_ml"])
        for row in both
    ]
    assert found == [
        ("CNN", "small 1", "ACTIVE", "10.5"),
        ("CONVENTIONAL", "toolbox 1", "CANDIDATE", "12"),
    ]
    assert [row["run_id"] for row in table(take(committed))] == [str(counting.pk)]


def test_who_may_not_compare_methods_takes_no_load_of_one_that_does_not_count_yet(
    committed, client
):
    """A sponsor who may take rows could prefer the method by what it shows."""
    committed.study.memberships.filter(role="sponsor").update(may_export_rows=True)
    candidate = make_model("next", "2", state=ReleaseState.CANDIDATE)
    own = make_load(committed.patient_a, DAY, 12.5, model=candidate)
    once_active = make_model("old")  # until the one that counts took its place
    ModelVersion.objects.filter(pk=once_active.pk).update(state=ReleaseState.RETIRED)
    before = make_load(committed.patient_a, DAY, 11.5, model=once_active)
    counting = make_load(committed.patient_a, DAY, 10.5)
    never = make_model("given up", state=ReleaseState.CANDIDATE)
    ModelVersion.objects.filter(pk=never.pk).update(state=ReleaseState.RETIRED)
    given_up = make_load(committed.patient_a, DAY, 13.5, model=never)
    taken = {row["run_id"] for row in table(take(committed, "loads_by_method", "sponsor"))}
    assert taken == {str(counting.pk), str(before.pk)}
    pages = {}
    for role in ("sponsor", "statistician"):
        client.force_login(committed.user(role))
        pages[role] = client.get(f"/studies/MLD-1/runs/{own.pk}/").content.decode()
        pages[f"{role}, given up"] = client.get(
            f"/studies/MLD-1/runs/{given_up.pk}/"
        ).content.decode()
    assert "12.50" not in pages["sponsor"]
    assert "13.50" not in pages["sponsor, given up"]
    assert "13.50" in pages["statistician, given up"]
    assert "does not count yet is not shown to your role" in pages["sponsor"]
    assert "12.50" in pages["statistician"]


def test_a_row_says_what_it_is(committed):
    run = make_load(committed.patient_a, DAY, 10.5)
    make_load(committed.patient_b, DAY, 20.5)
    trained_on(run.model_version, committed.patient_b)
    row, other = table(take(committed))
    assert other["in_training_set"] == "Y"
    assert row == {
        "study_code": "MLD-1",
        "site_code": "A",
        "subject_code": "A-001",
        "visit_number": "101",
        "visit_name": "Visit of 2024-05-10",
        "visit_date": "2024-05-10",
        "age_months": "49.83983572895277",
        "run_id": str(run.pk),
        "acq_stratum": "3D",
        "method": "CNN",
        "method_version": "small 1",
        "is_demonstration_model": "Y",
        "qc_status": "NOT_REVIEWED",
        "analysis_flag": "Y",
        "demyelination_load_ml": "10.5",
        "in_training_set": "N",
        "white_matter_volume_ml": "",
        "brain_volume_ml": "",
        "intracranial_volume_ml": "",
        "denominator_method_version": "",
        "load_percent_of_white_matter": "",
        "load_percent_of_brain": "",
        "load_percent_of_intracranial": "",
        "image_cautions": "",
        "load_interval_low_ml": "",
        "load_interval_high_ml": "",
        "load_interval_level": "",
        "load_interval_version": "",
        "t1w_scan_id": str(run.t1w_scan_id),
        "t2w_scan_id": "",
        "days_from_visit": "",
    }


def test_a_load_stands_beside_its_denominators_and_its_shares_of_them(committed):
    make_tissue(make_load(committed.patient_a, DAY, 10.5), WMVOL=420.0, ICVOL=1300.0)
    (row,) = table(take(committed))
    assert (row["white_matter_volume_ml"], row["brain_volume_ml"]) == ("420", "")
    assert row["intracranial_volume_ml"] == "1300"
    assert row["denominator_method_version"] == "tissue-1"
    assert float(row["load_percent_of_white_matter"]) == pytest.approx(2.5)
    assert row["load_percent_of_brain"] == ""
    assert float(row["load_percent_of_intracranial"]) == pytest.approx(100 * 10.5 / 1300)


def test_cautions_about_the_images_stand_at_the_end_and_none_is_not_unknown(committed):
    runs = [make_load(committed.patient_a, date(2025, month, 1), 1.0) for month in (1, 2, 3)]
    for run, cautions in zip(runs, ([], ["T1W_UNUSUAL", "BRAIN_AT_EDGE"], None), strict=True):
        type(run.result).objects.filter(run=run).update(cautions=cautions)
    found = [row["image_cautions"] for row in table(take(committed))]
    assert found == ["NONE", "T1W_UNUSUAL BRAIN_AT_EDGE", ""]


def test_the_interval_of_a_load_stands_beside_it(committed):
    give_interval(make_load(committed.patient_a, DAY, 10.5), 8.25, 16.0)
    (row,) = table(take(committed))
    assert [one for one in row.items() if one[0].startswith("load_interval")] == [
        ("load_interval_low_ml", "8.25"),
        ("load_interval_high_ml", "16"),
        ("load_interval_level", "0.8"),
        ("load_interval_version", "1"),
    ]


def test_doubles_survive_to_the_last_bit(committed):
    values = [0.1 + 0.2, 5e-324, 1 / 3, 1e-5, 123456.78901234567, 1.7976931348623157e308]
    for month, value in enumerate(values, start=1):
        make_load(committed.patient_a, date(2025, month, 1), 1.0)
        run = make_load(committed.patient_b, date(2025, month, 1), 1.0)
        type(run.result).objects.filter(run=run).update(demyelination_load_ml=value)
    content = io.BytesIO(take(committed))
    frame = pd.read_csv(content)
    taken = frame[frame.site_code == "B"].demyelination_load_ml
    assert taken.tolist() == values


def test_every_table_has_the_columns_of_its_dictionary(committed):
    for dataset in selectors.DATASETS:
        header = next(csv.reader(io.StringIO(take(committed, dataset).decode())))
        described = csv.DictReader(io.StringIO(dictionary.as_csv(dataset)))
        names = [column.name for column in dictionary.columns(dataset)]
        assert header == names, dataset
        assert [row["column"] for row in described][: len(names)] == names, dataset


def test_every_dataset_is_described():
    assert set(selectors.DATASETS) == set(dictionary.TABLES) == set(dictionary.DESCRIPTIONS)


def test_lines_end_as_rfc_4180_says(committed):
    make_load(committed.patient_a, DAY, 10.5)
    content = take(committed)
    assert content.count(b"\r\n") == content.count(b"\n") == 2


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "|cmd", "%x", "\t=1", " =1", "\u00a0=1", "\uff1d1",
    "\u200b=1", "\r=1", "\n=1", "\x0b=1",
]  # fmt: skip
HARMLESS = ["Month 12", "a=b", "3+4", 'Ärzte, "quoted"', "1-2"]


def test_free_text_is_guarded_where_it_would_be_a_formula_and_only_there(committed):
    for number, name in enumerate(FORMULAS + HARMLESS, start=1):
        make_visit(committed.patient_a, date(2025, 1, number), name=name, number=10 + number)
    taken = {row["visit_date"]: row["visit_name"] for row in table(take(committed, "visits"))}
    for number, name in enumerate(FORMULAS + HARMLESS, start=1):
        expected = f"'{name}" if name in FORMULAS else name
        assert taken[f"2025-01-{number:02}"] == expected


def test_scores_have_a_row_per_item_and_none_for_what_is_absent(committed):
    visit = make_visit(committed.patient_a, DAY)
    keys = [item.key for item in severity_instrument().items]
    assessments.record_severity(
        visit=visit,
        reader=committed.user("reader"),
        items={key: None if key == keys[0] else 1 for key in keys},
        read_on=DAY,
        by=None,
    )
    assessments.record_gmfc_mld(
        visit=visit, level=3, assessed_on=DAY, by=None, recorder=committed.user("coordinator")
    )
    assessments.record_elfc_mld(
        visit=visit, level=1, assessed_on=DAY, by=None, recorder=committed.user("coordinator")
    )
    rows = {(r["instrument"], r["item"]): r for r in table(take(committed, "clinical_scores"))}
    assert len(rows) == len(keys) + 3
    assert rows["ELFC-MLD", "level"]["value"] == "1"
    assert rows["GMFC-MLD", "level"]["value"] == "3"
    version = severity_instrument().version
    assert rows[version, keys[1]]["value"] == "1"
    assert (rows[version, keys[0]]["value"], rows[version, "total"]["value"]) == ("", "")
    assert rows[version, "total"]["status"] == "NOT_EVALUABLE"


def test_the_subtype_of_a_table_is_that_of_the_rule(committed):
    for onset in (None, 30, 31, 71, 72, 83, 84, 191, 192):
        committed.patient_a.onset_age_months = onset
        committed.patient_a.save()
        rows = table(take(committed, "patients"))
        expected = derive_subtype(onset, committed.study.subtype_rule)
        assert rows[0]["subtype"] == expected.value
        assert rows[0]["birth_month"] == "2020-03"


def test_the_subtype_before_the_first_symptom_is_that_of_the_rule(committed):
    cases = itertools.product(
        (None, 20), (None, 40, 90), ("0/0", "0/R", "R/R", "UNKNOWN"), PRESYMPTOMATIC_RULES
    )
    for onset, sibling, genotype, rule in cases:
        committed.study.presymptomatic_rule = rule
        committed.study.save()
        patient = committed.patient_a
        patient.onset_age_months, patient.genotype_class = onset, genotype
        patient.affected_sibling = True if sibling is not None else None
        patient.sibling_onset_age_months = sibling
        patient.save()
        row = table(take(committed, "patients"))[0]
        expected = subtype_of(patient, committed.study)
        assert (row["subtype"], row["subtype_basis"]) == (expected.subtype, expected.basis)


def test_covariates_and_treatments_are_exported_and_what_is_absent_is_empty(committed):
    patients.change_patient(
        patient=committed.patient_a,
        changes={
            "arsa_activity": Decimal("0.125"),
            "arsa_unit": "nmol/h/mg",
            "pseudodeficiency_ruled_out": False,
            "allele_1": "=1+1",
        },
        reason="Report",
        by=committed.user("coordinator"),
    )
    patients.record_treatment(
        patient=committed.patient_a,
        kind="HSCT",
        started_on=DAY,
        details={"chimerism_percent": Decimal("97.5"), "donor": "CORD_BLOOD"},
        by=None,
    )
    row, other = table(take(committed, "patients"))
    found = [row[n] for n in ("arsa_activity", "pseudodeficiency_ruled_out", "affected_sibling")]
    assert found == ["0.125", "N", ""]
    assert (row["allele_1"], other["arsa_activity"]) == ("'=1+1", "")
    assert (row["participation"], row["withdrawn_on"]) == ("UNRECORDED", "")
    treatment = table(take(committed, "treatments"))[0]
    assert (treatment["donor"], treatment["chimerism_percent"]) == ("CORD_BLOOD", "97.50")
    assert (treatment["dose"], treatment["stopped_on"]) == ("", "")


def test_a_finding_of_the_protocol_says_by_which_rules_and_what_was_decided(committed):
    scan = thick(committed.visit_a, slice_mm=8.0)
    t2w(committed.visit_a, te_ms=None)
    thick(committed.visit_b)
    in_force(committed, EXCLUDES, SLICES, TE)
    ask_all()
    by = committed.user("data_manager")
    finding = ProtocolFinding.objects.get(rule_key="thick")
    wide, out, unknown, other = table(take(committed, "protocol_findings"))
    assert (out["finding_id"], out["leaves_scan_out"]) == (str(finding.pk), "Y")
    assert (out["scan_id"], out["image_sha256"]) == (str(scan.pk), scan.image_sha256)
    assert (out["rules_version"], out["severity"]) == ("1", "exclude")
    assert (out["measured"], out["protocol_asks_for"]) == (finding.measured, finding.asked)
    assert (wide["leaves_scan_out"], wide["deviation_code"], wide["decision"]) == ("N", "", "")
    assert (unknown["outcome"], unknown["measured"]) == ("cannot_tell", "")
    assert other["subject_code"] == "B-001"
    with acting(user=by, origin="web"):
        finding_decisions.accept_scan(finding=finding, reason="=Agreed", by=by)
        finding_decisions.record_deviation(
            finding=ProtocolFinding.objects.get(visit=committed.visit_a, rule_key="slices"), by=by
        )
    wide, out, *_ = table(take(committed, "protocol_findings"))
    decided = (out["leaves_scan_out"], out["decision"], out["decision_reason"])
    assert decided == ("N", "ACCEPTED", "'=Agreed")
    assert (wide["deviation_code"], wide["deviation_state"]) == ("THICKNESS", "OPEN")


def test_scans_and_visits_are_counted(committed):
    visit = make_visit(committed.patient_a, DAY)
    make_scan(visit)
    make_scan(visit, "T2w")
    assert len(table(take(committed, "scans"))) == 2
    counts = {row["visit_date"]: row["scan_count"] for row in table(take(committed, "visits"))}
    assert counts[DAY.isoformat()] == "2"


def test_a_scan_that_a_person_set_aside_says_why_and_what_was_known(committed):
    run = make_load(committed.patient_a, DAY, 10.5)
    flair = make_scan(run.visit, "FLAIR")
    by = committed.user("data_manager")
    columns = [name for name in column_names("scans") if name.startswith(("left_out", "set_aside"))]
    assert columns[1:] == [
        "set_aside", "set_aside_on", "set_aside_load_known", "set_aside_by_who_sees_loads",
        "set_aside_reason",
    ]  # fmt: skip
    with acting(user=by, origin="web"):
        row = setting_aside.set_aside(scan=run.t1w_scan, cause="MOVEMENT", reason="=Seen", by=by)
    kept, out = table(take(committed, "scans"))
    assert (kept["scan_id"], [kept[name] for name in columns]) == (
        str(flair.pk), ["N", "", "", "", "", ""],
    )  # fmt: skip
    day = f"{row.created_at:%Y-%m-%d}"
    assert [out[name] for name in columns] == ["Y", "MOVEMENT", day, "Y", "Y", "'=Seen"]
    with acting(user=by, origin="web"):
        setting_aside.take_back(row=row, reason="Mixed up", by=by)
    assert table(take(committed, "demyelination_load"))[0]["run_id"] == str(run.pk)
    assert {tuple(one[name] for name in columns) for one in table(take(committed, "scans"))} == {
        ("N", "", "", "", "", ""),
    }


def column_names(dataset):
    return [column.name for column in dictionary.columns(dataset)]


def test_the_record_comes_before_the_first_byte_and_is_completed_after_the_last(committed):
    make_load(committed.patient_a, DAY, 10.5)
    export = begin(committed)
    record = ExportRecord.objects.get()
    assert (record.is_complete, record.row_count, record.sha256) == (False, None, "")
    content = b"".join(export.pieces())
    record.refresh_from_db()
    assert (record.is_complete, record.row_count) == (True, 1)
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert record.dictionary_version == dictionary.VERSION


def test_an_export_that_is_cut_off_is_never_complete(committed):
    make_load(committed.patient_a, DAY, 10.5)
    pieces = begin(committed).pieces()
    pieces.close()
    assert not ExportRecord.objects.get().is_complete


def test_the_same_rows_have_the_same_checksum(committed):
    make_load(committed.patient_a, DAY, 10.5)
    make_load(committed.patient_b, DAY, 11.5)
    assert take(committed) == take(committed)


@pytest.mark.parametrize("role", ["coordinator", "sponsor", "auditor", "administrator", "reader"])
def test_who_may_not_export_leaves_no_record(committed, role):
    with pytest.raises(PermissionDenied):
        begin(committed, by=role)
    assert not ExportRecord.objects.exists()


def test_a_sponsor_exports_once_granted(committed):
    committed.user("sponsor").memberships.update(may_export_rows=True)
    make_load(committed.patient_a, DAY, 10.5)
    assert len(table(take(committed, by="sponsor"))) == 1


LAST = 400_000
FAILS_AT_THE_END = Rows(
    "SELECT n / (CASE WHEN n = %s THEN 0 ELSE 1 END) AS n FROM generate_series(1, %s) AS n",
    (LAST, LAST),
    (),
)


def test_the_first_byte_leaves_before_the_last_row_is_read(committed):
    pieces = copy_out.pieces(FAILS_AT_THE_END, [NUMBERS], copy_out.Tally())
    assert next(pieces).startswith(b"n\r\n1\r\n2\r\n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        list(pieces)


def test_the_asynchronous_way_streams_as_well(committed):
    async def first_and_rest():
        pieces = copy_out.pieces_async(FAILS_AT_THE_END, [NUMBERS], copy_out.Tally())
        first = await anext(pieces)
        with pytest.raises(psycopg.errors.DivisionByZero):
            async for _ in pieces:
                pass
        return first

    assert async_to_sync(first_and_rest)().startswith(b"n\r\n1\r\n2\r\n")


def test_rows_and_bytes_are_counted_as_they_go(committed):
    rows = Rows("SELECT n FROM generate_series(1, %s) AS n", (50_000,), ("n",))
    tally = copy_out.Tally()
    content = b"".join(copy_out.pieces(rows, [NUMBERS], tally))
    assert tally.row_count == 50_000
    assert tally.sha256 == hashlib.sha256(content).hexdigest()
    assert content.splitlines()[1:] == [b"%d" % n for n in range(1, 50_001)]


@pytest.mark.parametrize("is_async", [False, True])
def test_days_and_numbers_are_written_alike_on_every_server(committed, monkeypatch, is_async):
    """Two in the morning in Greenwich is the day before in New York."""
    options = "-c timezone=America/New_York -c datestyle=German -c extra_float_digits=-3"
    monkeypatch.setitem(
        connection.settings_dict, "OPTIONS",
        {**connection.settings_dict["OPTIONS"], "options": options},
    )  # fmt: skip
    rows = Rows(
        "SELECT to_char(timestamptz '2024-05-10 02:00+00', 'YYYY-MM-DD') AS measured_on, "
        "date '2024-05-10' AS day, 0.1::float8 + 0.2::float8 AS n",
        (),
        (),
    )
    columns = [Column(name, name, "decimal") for name in ("measured_on", "day", "n")]

    async def collected():
        found = copy_out.pieces_async(rows, columns, copy_out.Tally())
        return b"".join([piece async for piece in found])

    if is_async:
        content = async_to_sync(collected)()
    else:
        content = b"".join(copy_out.pieces(rows, columns, copy_out.Tally()))
    assert content.splitlines()[1] == b"2024-05-10,2024-05-10,0.30000000000000004"
