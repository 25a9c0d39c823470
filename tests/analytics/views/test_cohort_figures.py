"""Each figure of the cohort page, and the file of what it shows: equal, and for the same people."""

import csv
import io
import json
from datetime import date

import numpy as np
import pytest

from analytics.selectors.cohort import Filters
from mldtrial.audit.models import AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import (
    SITE_ROLES,
    ElfcMldAssessment,
    GmfcMldAssessment,
    Membership,
    Role,
    Treatment,
    Visit,
)
from mldtrial.trial.services import patients
from tests.support.loads import make_load
from tests.support.plotly import numbers
from tests.support.world import World

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/cohort/"
DAYS = (date(2024, 5, 10), date(2024, 11, 10), date(2025, 5, 10))
SCORED = {
    "load-gmfc": "gmfc_mld_level",
    "load-elfc": "elfc_mld_level",
    "load-age": "age_months",
    "curves": "age_months",
    "levels": "gmfc_mld_level",
}


@pytest.fixture
def cohort(world: World) -> World:
    """Six patients of two sites with three scans each, one of them 2D; three were treated."""
    by = world.user("coordinator")
    for number in range(6):
        patient = patients.create_patient(
            site=world.site_a if number % 2 else world.site_b,
            subject_code=f"C-{number}",
            sex="F",
            birth_month=date(2018, 3 + number, 1),
            onset_age_months=20 if number < 3 else 60,
            by=None,
        )
        if number < 3:
            Treatment.objects.create(patient=patient, kind="HSCT", started_on=DAYS[0])
        for visit, day in enumerate(DAYS):
            stratum = "2D" if number == 5 else "3D"
            load = 20.3 + 7.1 * visit + (number * 13) % 9
            run = make_load(patient, day, load, acq_stratum=stratum)
            assessed = {"visit": run.visit, "assessed_on": day, "assessed_by": by}
            GmfcMldAssessment.objects.create(level=(visit + number) % 7, **assessed)
            if number:
                ElfcMldAssessment.objects.create(level=(2 * visit + number) % 5, **assessed)
    return world


def get(client, world, path, role="data_manager"):
    client.force_login(world.user(role))
    return client.get(URL + path)


def table(client, world, path):
    answer = get(client, world, path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def of_figure(client, world, path, role="data_manager"):
    """Return stratum, score and load of every mark, as the browser has them."""
    found = []
    for trace in json.loads(get(client, world, path, role).content)["data"]:
        symbol = trace["marker"]["symbol"]
        for x, y in zip(numbers(trace["x"]), numbers(trace["y"]), strict=True):
            if not np.isnan(x):
                found.append(("2D" if symbol == "square-open" else "3D", float(x), float(y)))
    return sorted(found)


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize(
    ("query", "scans"), [("", 18), ("?site=B&therapy=ANY", 4), ("?stratum=2D", 3)]
)
def test_a_file_holds_the_very_numbers_of_its_figure(client, cohort, name, query, scans):
    rows = table(client, cohort, f"{name}.csv{query}")
    score = SCORED[name]
    as_sent = sorted(
        (
            row["acq_stratum"],
            float(np.float32(row[score])),
            float(np.float32(row["demyelination_load_ml"])),
        )
        for row in rows
    )
    assert as_sent == of_figure(client, cohort, f"{name}.json{query}")
    assert len(rows) == scans - (name == "load-elfc") * {18: 3, 4: 2, 3: 0}[scans]


def test_a_row_tells_its_scan_whole(client, cohort):
    Visit.objects.filter(patient__subject_code="C-1", date=DAYS[1]).update(name="=1+1")
    (row,) = [
        row
        for row in table(client, cohort, "load-gmfc.csv?therapy=HSCT")
        if (row["subject_code"], row["visit_date"]) == ("C-1", "2024-11-10")
    ]
    assert row["visit_name"] == "'=1+1"
    assert (row["site_code"], row["subtype"], row["acq_stratum"]) == ("A", "LI", "3D")
    assert row["documented_therapies_before_scan"] == "HSCT"
    assert float(row["demyelination_load_ml"]) == 20.3 + 7.1 + 4
    assert (row["gmfc_mld_level"], row["gmfc_mld_days_after_scan"]) == ("2", "0")
    assert row["method"] == "small 1"


def test_the_heat_map_has_the_numbers_of_the_tables_and_of_its_file(client, cohort):
    page = get(client, cohort, "")
    context, html = page.context, page.content.decode()
    drawn = json.loads(context["heat_map"])["data"][0]
    assert drawn["x"] == ["GMFC level", "MRI severity score", "ELFC level", "Age"]
    names = [relation["name"] for relation in context["relations"]]
    cells = {
        (group, relation): rho
        for group, row in zip(drawn["y"], drawn["z"], strict=True)
        for relation, rho in zip(names, row, strict=True)
    }
    tables = {
        (f"{entry['row'].stratum}, {entry['label']}", relation["name"]): entry["row"].rho
        for relation in context["relations"]
        for entry in relation["rows"]
    }
    assert {key: rho for key, rho in cells.items() if key in tables} == {
        key: rho for key, rho in tables.items() if key in cells
    }
    assert {key for key, rho in tables.items() if rho is not None} <= set(cells)
    assert all(rho is None for key, rho in cells.items() if key not in tables)
    in_file = [float(r["spearman_rho"]) for r in table(client, cohort, "correlations.csv")
               if r["spearman_rho"]]  # fmt: skip
    assert sorted(in_file) == sorted(rho for rho in cells.values() if rho is not None)
    assert len(in_file) == 2  # 3D, all subtypes: of five patients, by level and by age
    written = [text.partition("<")[0] for row in drawn["text"] for text in row if text]
    assert len(written) == len(in_file)
    assert all(f"<strong>{text}</strong>" in html for text in written)


def test_a_file_is_for_who_may_export_rows_and_each_is_logged(client, cohort):
    path = "load-gmfc.csv?site=B"
    for role in ("sponsor", "auditor"):
        assert get(client, cohort, path, role).status_code == 403
        assert "load-gmfc.csv" not in get(client, cohort, "", role).content.decode()
    assert not AccessEvent.objects.filter(action="EXPORT_DONE").exists()
    Membership.objects.filter(user=cohort.user("sponsor")).update(may_export_rows=True)
    assert get(client, cohort, path, "sponsor").status_code == 200
    logged = AccessEvent.objects.get(action="EXPORT_DONE")
    assert logged.details["dataset"] == "cohort_load-gmfc"
    assert (logged.details["filters"], logged.details["row_count"]) == ({"site": "B"}, 9)
    page = get(client, cohort, "?site=B", "sponsor").content.decode()
    assert f"{URL}load-gmfc.csv?site=B" in page


def test_who_sees_figures_of_groups_alone_gets_no_rows(client, cohort, monkeypatch):
    """Were a sponsor who may export rows not to see single patients."""
    assert of_figure(client, cohort, "curves.json", "sponsor") != []
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    Membership.objects.filter(role=Role.SPONSOR).update(may_export_rows=True)
    for name in (*SCORED, "correlations"):
        assert get(client, cohort, f"{name}.csv", "sponsor").status_code == 403
    # Of 3D scans, five patients in two subtypes: neither is large enough for a figure.
    assert of_figure(client, cohort, "curves.json", "sponsor") == []


def test_there_is_no_other_figure_and_no_other_file(client, cohort):
    for path in ("load-arm.json", "load-arm.csv", "correlations.json"):
        assert get(client, cohort, path).status_code == 404


def test_a_file_is_called_after_study_figure_filters_and_day(client, cohort):
    answer = get(client, cohort, "levels.csv?site=B&stratum=3D")
    name = answer["Content-Disposition"].split('"')[1]
    assert name.startswith("MLD-1_levels_3D_B_20")
    page = get(client, cohort, "?site=B&stratum=3D").content.decode()
    assert f'data-file-name="{name[:-4]}"' in page
    assert list(Filters.of({"site": "B", "stratum": "3D"}).asked.values()) == ["3D", "B"]


@pytest.mark.parametrize("name", [*SCORED, "correlations", "derived"])
def test_every_row_of_a_file_says_by_which_method(client, cohort, name):
    rows = table(client, cohort, f"{name}.csv")
    assert {(r["method_version"], r["is_demonstration_model"]) for r in rows} == {("small 1", "Y")}


def test_the_file_of_correlations_has_all_four_estimates_of_the_page(client, cohort):
    rows = table(client, cohort, "correlations.csv")
    context = get(client, cohort, "").context
    relation = next(one for one in context["relations"] if one["name"] == "load-gmfc")
    place = relation["strata"].index("3D")
    in_file = {
        row["estimate"]: row
        for row in rows
        if (row["score"], row["acq_stratum"], row["subtype"]) == ("gmfc_mld_level", "3D", "")
    }
    units = ["rho", "rho", "r", "mL per step of gmfc_mld_level"]
    assert list(in_file) == ["pooled", "by_subtype", "within", "mixed"]
    assert [row["estimate_unit"] for row in in_file.values()] == units
    for shown, row in zip(relation["estimates"], in_file.values(), strict=True):
        _, cell = shown["cells"][place]
        assert (int(row["scans"]), int(row["patients"])) == (cell.n, cell.n_patients)
        for name in ("value", "ci_low", "ci_high"):
            found = getattr(cell, name)
            assert row[f"estimate_{name}"] == ("" if found is None else repr(found))
        assert row["estimate_patients_differ_in"] == cell.random
        assert row["why_no_slopes"] == cell.why_no_slopes
    assert in_file["within"]["spearman_rho"] == ""
    assert in_file["pooled"]["spearman_rho"] == in_file["pooled"]["estimate_value"] != ""


def test_change_by_visit_and_courses_that_rise_can_be_taken(client, cohort):
    planned = cohort.study.visit_definitions.order_by("number")[: len(DAYS)]
    for one, day in zip(planned, DAYS, strict=True):
        Visit.objects.filter(date=day).update(definition=one, number=one.number, name=one.name)
    context = get(client, cohort, "").context
    rows = table(client, cohort, "courses.csv")
    assert context["courses_url"] == f"{URL}courses.csv"
    courses = {
        (row["acq_stratum"], row["quantity"]): row["value"]
        for row in rows
        if row["table"] == "courses_that_rise"
    }
    for one in context["rising"]:
        assert courses[one.stratum, "share_not_lower"] == repr(one.found.share_not_falling)
        assert courses[one.stratum, "share_of_patients_without_fall"] == repr(
            one.found.share_subjects_not_falling
        )
        assert courses[one.stratum, "share_of_patients_without_fall_beyond_noise"] == repr(
            one.found.share_subjects_within_noise
        )
        assert courses[one.stratum, "median_largest_fall"] == repr(one.found.median_drawdown)
        trend = one.found.trend
        assert courses[one.stratum, "trend_z"] == ("" if trend is None else repr(trend.z))
    changed = [row for row in rows if row["quantity"] in ("mean_change", "change")]
    assert len(changed) >= 2
    assert [(row["acq_stratum"], row["visit_name"], row["patients"]) for row in changed] == [
        (one.stratum, one.visit_name, str(one.n)) for one in context["changes"]
    ]
    for row, one in zip(changed, context["changes"], strict=True):
        mean = "" if one.found is None else repr(one.found.mean)
        assert (row["value"], row["why_none"]) == (mean, one.reason)
    assert {row["method_version"] for row in rows} == {"small 1"}
    assert "/cohort/courses.csv" not in get(client, cohort, "", "sponsor").content.decode()
    assert get(client, cohort, "courses.csv", "sponsor").status_code == 403
