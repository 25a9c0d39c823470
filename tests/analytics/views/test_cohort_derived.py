"""Shares of the head and changes beside the scores: in the figure and in its file."""

import csv
import io
from datetime import date

import pytest
from scipy import stats

from mldtrial.audit.models import AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES, GmfcMldAssessment
from mldtrial.trial.services import patients
from tests.support.loads import make_load, make_tissue
from tests.support.world import World

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/cohort/"
FIRST, SOON, LATER = date(2024, 1, 1), date(2024, 3, 1), date(2025, 1, 1)
LOADS = {"C-0": (10, 12, 30), "C-1": (20, 21, 22), "C-2": (30, 28, 70), "C-3": (5, 5.5, 16)}
LEVELS = {"C-0": (0, 1, 3), "C-1": (2, 2, 4), "C-2": (3, 3, 6), "C-3": (1, 0, 2)}
WHITE_ML = {"C-0": (400, 390, 380), "C-1": (420, 415, 300)}
"""C-2 and C-3 have no volumes."""


@pytest.fixture
def cohort(world: World) -> World:
    for code, loads in LOADS.items():
        patient = patients.create_patient(
            site=world.site_a, subject_code=code, sex="F", birth_month=date(2018, 3, 1),
            onset_age_months=20, by=None,
        )  # fmt: skip
        days = (FIRST, SOON, LATER)
        for visit, (day, load, level) in enumerate(zip(days, loads, LEVELS[code], strict=True)):
            run = make_load(patient, day, load)
            by = world.user("coordinator")
            GmfcMldAssessment.objects.create(
                visit=run.visit, assessed_on=day, assessed_by=by, level=level
            )
            if code in WHITE_ML:
                make_tissue(run, WMVOL=float(WHITE_ML[code][visit]))
    return world


def get(client, world, path, role="data_manager"):
    client.force_login(world.user(role))
    return client.get(URL + path)


def rows_of(client, world, query=""):
    answer = get(client, world, f"derived.csv{query}")
    assert answer.status_code == 200
    found = csv.DictReader(io.StringIO(answer.content.decode()))
    return {(row["measure"], row["score"], row["acq_stratum"]): row for row in found}


def rho(pairs):
    return pytest.approx(stats.spearmanr(*zip(*pairs, strict=True)).statistic, abs=1e-12)


def test_changes_and_shares_are_correlated_with_the_score_of_the_same_scan(client, cohort):
    found = rows_of(client, cohort)
    changed = found["load_change_since_first_ml", "gmfc_mld_level", "3D"]
    pairs = [
        (LOADS[code][visit] - LOADS[code][0], LEVELS[code][visit])
        for code in LOADS
        for visit in (1, 2)
    ]
    assert (changed["scans"], changed["patients"]) == ("8", "4")
    assert float(changed["spearman_rho"]) == rho(pairs)
    # Two months are too short for a yearly change; 366 days are all that is left.
    yearly = found["load_change_per_year_ml", "gmfc_mld_level", "3D"]
    assert (yearly["scans"], yearly["patients"]) == ("4", "4")
    assert float(yearly["spearman_rho"]) == rho(
        [((LOADS[code][2] - LOADS[code][0]) / 366, LEVELS[code][2]) for code in LOADS]
    )


def test_a_head_without_a_volume_is_left_out_of_its_share_alone(client, cohort):
    found = rows_of(client, cohort)
    share = found["load_percent_of_white_matter", "gmfc_mld_level", "3D"]
    assert (share["scans"], share["patients"], share["spearman_rho"]) == ("6", "2", "")
    assert share["why_none"] == "fewer than 3 patients"
    brain = found["load_percent_of_brain", "age_months", "3D"]
    assert (brain["scans"], brain["why_none"]) == ("0", "no scan with this score")


def test_the_share_follows_from_load_and_volume(client, cohort):
    run = make_load(cohort.patient_a, LATER, 60.0)
    make_tissue(run, WMVOL=300.0)
    GmfcMldAssessment.objects.create(
        visit=run.visit, assessed_on=LATER, assessed_by=cohort.user("coordinator"), level=1
    )
    found = rows_of(client, cohort)["load_percent_of_white_matter", "gmfc_mld_level", "3D"]
    pairs = [
        (100 * LOADS[code][visit] / WHITE_ML[code][visit], LEVELS[code][visit])
        for code in WHITE_ML
        for visit in range(3)
    ]
    assert (found["scans"], found["patients"]) == ("7", "3")
    assert float(found["spearman_rho"]) == rho([*pairs, (20.0, 1)])


def test_figure_and_file_say_the_same(client, cohort):
    figure = get(client, cohort, "derived.json").json()
    (trace,) = figure["data"]
    drawn = {
        (name, column): value
        for name, row in zip(trace["y"], trace["z"], strict=True)
        for column, value in zip(trace["x"], row, strict=True)
    }
    found = rows_of(client, cohort)
    changed = found["load_change_since_first_ml", "gmfc_mld_level", "3D"]
    assert drawn["3D, change, mL", "GMFC level"] == float(changed["spearman_rho"])
    page = get(client, cohort, "").content.decode()
    assert 'data-chart-url="/studies/MLD-1/cohort/derived.json"' in page
    assert "/studies/MLD-1/cohort/derived.csv" in page


def test_the_part_of_the_address_is_what_is_correlated(client, cohort):
    assert get(client, cohort, "derived.json?stratum=2D").json()["data"] == []
    empty = rows_of(client, cohort, "?stratum=2D")
    assert {row["scans"] for row in empty.values()} == {"0"}


def test_who_sees_figures_of_groups_alone_sees_no_small_one(client, cohort, monkeypatch):
    assert get(client, cohort, "derived.json", "sponsor").json()["data"] != []
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    assert get(client, cohort, "derived.json", "sponsor").json()["data"] == []  # four patients
    assert get(client, cohort, "derived.csv", "sponsor").status_code == 403


def test_what_is_taken_is_on_record(client, cohort):
    rows_of(client, cohort)
    taken = AccessEvent.objects.latest("pk").details
    assert (taken["dataset"], taken["row_count"]) == ("cohort_derived", 40)
