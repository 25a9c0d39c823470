"""Shares of the head and changes beside the scores: in the figure and in its file."""

import csv
import io
from datetime import date

import pytest
from scipy import stats

from mldtrial.audit.models import AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES, GmfcMldAssessment, MriSeverityFinal, Patient
from mldtrial.trial.services import patients
from tests.support.loads import make_load, make_tissue
from tests.support.world import World

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/cohort/"
FIRST, SOON, LATER = date(2024, 1, 1), date(2024, 3, 1), date(2025, 1, 1)
LOADS = {
    "C-0": (10, 12, 30), "C-1": (20, 21, 22), "C-2": (30, 28, 70), "C-3": (5, 5.5, 16),
    "C-4": (8, 11, 20),
}  # fmt: skip
LEVELS = {
    "C-0": (0, 1, 3), "C-1": (2, 2, 4), "C-2": (3, 3, 6), "C-3": (1, 0, 2), "C-4": (1, 2, 2),
}  # fmt: skip
WHITE_ML = {"C-0": (400, 390, 380), "C-1": (420, 415, 300)}
"""The others have no volumes."""


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


def tau_b(pairs):
    return pytest.approx(stats.kendalltau(*zip(*pairs, strict=True)).statistic, abs=1e-12)


def changes(of, visits=(1, 2)):
    return {(code, visit): of[code][visit] - of[code][0] for code in of for visit in visits}


def test_a_change_is_correlated_with_the_change_of_the_score_over_the_same_scans(client, cohort):
    found = rows_of(client, cohort)
    changed = found["load_change_since_first_ml", "gmfc_mld_level", "3D"]
    pairs = list(zip(changes(LOADS).values(), changes(LEVELS).values(), strict=True))
    assert (changed["scans"], changed["patients"]) == ("10", "5")
    assert changed["score_taken_as"] == "change_since_first_scan"
    assert float(changed["spearman_rho"]) == rho(pairs)
    assert float(changed["kendall_tau_b"]) == tau_b(pairs)
    # Two months are too short for a yearly change; 366 days are all that is left.
    yearly = found["load_change_per_year_ml", "gmfc_mld_level", "3D"]
    pairs = [
        (loads[2] - loads[0], levels[2] - levels[0])
        for loads, levels in zip(LOADS.values(), LEVELS.values(), strict=True)
    ]
    assert (yearly["scans"], yearly["patients"]) == ("5", "5")
    assert yearly["score_taken_as"] == "change_per_year_since_first_scan"
    assert float(yearly["spearman_rho"]) == rho(pairs)


def seen(world, code, on, load, level=None, severity=None, assessed_on=None):
    """Record a scan of a patient with its scores."""
    patient = Patient.objects.filter(subject_code=code).first() or patients.create_patient(
        site=world.site_a, subject_code=code, sex="F", birth_month=date(2018, 3, 1),
        onset_age_months=60, by=None,
    )  # fmt: skip
    visit = make_load(patient, on, load).visit
    if level is not None:
        GmfcMldAssessment.objects.create(
            visit=visit, assessed_on=assessed_on or on, assessed_by=world.user("coordinator"),
            level=level,
        )  # fmt: skip
    if severity is not None:
        MriSeverityFinal.objects.create(
            visit=visit, status="DONE", total=severity, read_on=on, instrument_version="MLDS-1"
        )


def test_who_begins_well_and_gets_worse_fast_does_not_turn_the_sign(client, world):
    """Proved by hand: the more the load rises, the more levels are lost.

    Of 15 pairs of patients 11 agree, none opposes, and 4 tie in levels lost: tau-b is 11 over the
    root of 15 times 11. Ranks of the levels lost are 2, 2, 2, 4.5, 4.5, 6. With the level at the
    later scan the correlation would be below -0.9.
    """
    rises, begins, lost = (2, 3, 4, 12, 14, 25), (5, 4, 3, 2, 1, 0), (0, 0, 0, 1, 1, 2)
    for place, (rise, level, more) in enumerate(zip(rises, begins, lost, strict=True)):
        seen(world, f"R-{place}", FIRST, 40 + place, level)
        seen(world, f"R-{place}", LATER, 40 + place + rise, level + more)
    found = rows_of(client, world)
    for measure in ("load_change_since_first_ml", "load_change_per_year_ml"):
        row = found[measure, "gmfc_mld_level", "3D"]
        assert float(row["kendall_tau_b"]) == pytest.approx(11 / (15 * 11) ** 0.5)
        assert float(row["spearman_rho"]) == pytest.approx(15 / (17.5 * 15) ** 0.5)


def test_a_change_per_year_goes_with_levels_per_year(client, world):
    """Patients seen longest lose most levels and rise least a year: 3, 2, 1.3, 1 and 0.8 levels.

    Set against all levels lost, 3 in the first year and 4 in all others, the sign would be the
    opposite.
    """
    for years, level in ((1, 3), (2, 4), (3, 4), (4, 4), (5, 4)):
        seen(world, f"Y-{years}", FIRST, 10, 0)
        seen(world, f"Y-{years}", date(2024 + years, 1, 1), 40, level)
    row = rows_of(client, world)["load_change_per_year_ml", "gmfc_mld_level", "3D"]
    found = (float(row["spearman_rho"]), float(row["kendall_tau_b"]))
    assert found == pytest.approx((1, 1))


def test_a_score_that_one_scan_lacks_or_both_share_has_not_changed_by_nothing(client, world):
    """R-8 has no level at the first scan, R-9 one assessment near to both: absent is not zero."""
    soon = date(2024, 2, 10)
    for place, level in enumerate((1, 2, 3, 4, 6)):
        seen(world, f"R-{place}", FIRST, 10, 1)
        seen(world, f"R-{place}", soon, 12 + place, level, assessed_on=date(2024, 2, 20))
    seen(world, "R-8", FIRST, 10)
    seen(world, "R-8", date(2024, 12, 1), 50, 0)
    seen(world, "R-9", FIRST, 10)
    seen(world, "R-9", soon, 90, 5, assessed_on=date(2024, 1, 20))
    row = rows_of(client, world)["load_change_since_first_ml", "gmfc_mld_level", "3D"]
    assert (row["scans"], row["patients"]) == ("5", "5")
    found = (float(row["spearman_rho"]), float(row["kendall_tau_b"]))
    assert found == pytest.approx((1, 1))
    lacking = rows_of(client, world)["load_change_since_first_ml", "elfc_mld_level", "3D"]
    assert (lacking["scans"], lacking["why_none"]) == ("0", "no change of this score")


def test_the_change_of_the_mri_score_goes_with_that_of_the_level(client, world):
    """Of loads that fall: the longitudinal check of published MLD data, in tau-b."""
    for place, (level, severity) in enumerate(((0, 1), (1, 2), (1, 6), (3, 9), (4, 10))):
        seen(world, f"R-{place}", FIRST, 90, 2, 10)
        seen(world, f"R-{place}", LATER, 80 - 3 * place, 2 + level, 10 + severity)
    found = rows_of(client, world)
    row = found["mri_severity_change_since_first", "gmfc_mld_level", "3D"]
    assert (row["scans"], row["patients"]) == ("5", "5")
    # Of ten pairs nine agree and one ties in level.
    assert float(row["kendall_tau_b"]) == pytest.approx(9 / (10 * 9) ** 0.5)
    itself = found["mri_severity_change_since_first", "mri_severity_score", "3D"]
    assert (itself["spearman_rho"], itself["kendall_tau_b"]) == ("", "")
    assert itself["why_none"] == "the same measure"
    loads = found["load_change_since_first_ml", "mri_severity_score", "3D"]
    assert float(loads["kendall_tau_b"]) == pytest.approx(-1)


def test_a_change_goes_with_the_age_at_the_later_scan(client, world):
    years = ((2024, 2028), (2025, 2028), (2026, 2028), (2028, 2029), (2029, 2030))
    for place, (first, later) in enumerate(years):
        seen(world, f"R-{place}", date(first, 1, 1), 10, 1)
        seen(world, f"R-{place}", date(later, 1, 1), 30 - place, 1)
    row = rows_of(client, world)["load_change_since_first_ml", "age_months", "3D"]
    # Ages at the later scan, by year 2028 three times, 2029 and 2030; rises of 20 down to 16.
    assert row["score_taken_as"] == "at_scan"
    assert float(row["kendall_tau_b"]) == pytest.approx(-7 / (10 * 7) ** 0.5)
    level = rows_of(client, world)["load_change_since_first_ml", "gmfc_mld_level", "3D"]
    assert level["why_none"] == "all changes of the score are equal"


def test_a_head_without_a_volume_is_left_out_of_its_share_alone(client, cohort):
    found = rows_of(client, cohort)
    share = found["load_percent_of_white_matter", "gmfc_mld_level", "3D"]
    assert (share["scans"], share["patients"], share["spearman_rho"]) == ("6", "2", "")
    assert share["why_none"] == "fewer than 5 patients"
    brain = found["load_percent_of_brain", "age_months", "3D"]
    assert (brain["scans"], brain["why_none"]) == ("0", "no scan with this score")


def test_the_share_follows_from_load_and_volume(client, cohort):
    third = Patient.objects.get(subject_code="C-2")
    more = ((cohort.patient_a, 60.0, 300.0, 1), (cohort.patient_b, 50.0, 500.0, 2),
            (third, 90.0, 600.0, 5))  # fmt: skip
    on = date(2025, 6, 1)
    for patient, load, white_ml, level in more:
        run = make_load(patient, on, load)
        make_tissue(run, WMVOL=white_ml)
        GmfcMldAssessment.objects.create(
            visit=run.visit, assessed_on=on, assessed_by=cohort.user("coordinator"), level=level
        )
    found = rows_of(client, cohort)["load_percent_of_white_matter", "gmfc_mld_level", "3D"]
    pairs = [
        (100 * LOADS[code][visit] / WHITE_ML[code][visit], LEVELS[code][visit])
        for code in WHITE_ML
        for visit in range(3)
    ]
    assert (found["scans"], found["patients"]) == ("9", "5")
    assert float(found["spearman_rho"]) == rho([*pairs, (20.0, 1), (10.0, 2), (15.0, 5)])


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
    told = trace["customdata"][trace["y"].index("3D, change, mL")][trace["x"].index("GMFC level")]
    assert told == (
        f"ρ {float(changed['spearman_rho']):.2f}, τb {float(changed['kendall_tau_b']):.2f}, "
        "with the change of the score, 10 scans of 5 patients"
    )
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
    monkeypatch.setattr(policies, "SMALLEST_GROUP", 6)
    assert get(client, cohort, "derived.json", "sponsor").json()["data"] == []  # five patients
    assert get(client, cohort, "derived.csv", "sponsor").status_code == 403


def test_what_is_taken_is_on_record(client, cohort):
    rows_of(client, cohort)
    taken = AccessEvent.objects.latest("pk").details
    assert (taken["dataset"], taken["row_count"]) == ("cohort_derived", 48)
