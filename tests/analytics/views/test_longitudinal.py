"""The page of longitudinal models: the numbers of the pure models, for those who may see them."""

import csv
import io
import json
from datetime import date

import numpy as np
import pytest

from analytics.stats.level_odds import level_odds, patient_odds
from analytics.stats.visit_change import VisitValue, visit_change
from analytics.stats.yearly_change import Timed, yearly_change
from mldtrial.audit.models import AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES, GmfcMldAssessment, Patient, Study, Visit
from mldtrial.trial.services import patients, unblinding
from tests.support.copied_rows import copied
from tests.support.loads import make_load, make_visit
from tests.support.plotly import numbers
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/longitudinal-models/"
DAYS = {"M00": date(2024, 1, 10), "M06": date(2024, 7, 10), "M12": date(2025, 1, 10)}


def load_of(number: int, place: int) -> float:
    """A course that rises faster the lower the number, with noise of its own."""
    return 40.0 + number * 7 % 11 + place * (18 - number) + (number * (place + 2)) % 5


@pytest.fixture
def cohort(db: None) -> World:
    """Twelve patients, six of each subtype, with loads and motor levels at three planned visits."""
    return copied("longitudinal", _cohort)


def _cohort() -> World:
    world = build_world()
    by = world.user("coordinator")
    planned = {one.code: one for one in world.study.visit_definitions.all()}
    for number in range(12):
        patient = patients.create_patient(
            site=world.site_a if number % 3 else world.site_b, subject_code=f"L-{number:02}",
            sex="F", birth_month=date(2020, 3, 1),
            onset_age_months=20 if number % 2 else 60, by=None,
        )  # fmt: skip
        for place, (code, day) in enumerate(DAYS.items()):
            definition = planned[code]
            visit = make_visit(
                patient, day, definition=definition, number=definition.number,
                name=definition.name,
            )  # fmt: skip
            make_load(patient, day, load_of(number, place))
            GmfcMldAssessment.objects.create(
                visit=visit, level=(number + place) % 5, assessed_on=day, assessed_by=by
            )
    return world


def get(client, world, query="", path="", role="statistician"):
    client.force_login(world.user(role))
    return client.get(f"{URL}{path}{query}")


def subtype(number: int) -> str:
    return "LI" if number % 2 else "EJ"


def test_the_change_by_visit_is_that_of_the_loads_by_hand(client, cohort):
    visits = [
        (float(d.number), d.name)
        for d in cohort.study.visit_definitions.filter(code__in=DAYS).order_by("number")
    ]
    by_hand = visit_change(
        [
            VisitValue(number, subtype(number), visits[place], load_of(number, place))
            for number in range(12)
            for place in range(3)
        ],
        visits[0],
        ["LI", "EJ"],
    )
    (stratum,) = get(client, cohort).context["strata"]
    shown = [row["estimate"] for row in stratum["change"]["means"]]
    assert [one.estimate for one in shown] == pytest.approx(
        [one.estimate for one in by_hand.found.means], rel=1e-4
    )
    assert [one.ci_low for one in shown] == pytest.approx(
        [one.ci_low for one in by_hand.found.means], rel=1e-3
    )
    assert [one.n for one in shown] == [6, 6, 6, 6]
    assert stratum["change"]["differences"][0]["estimate"].p_value is None


def test_the_change_per_year_is_that_of_the_loads_by_hand(client, cohort):
    first = DAYS["M00"]
    by_hand = yearly_change(
        [
            Timed(number, "all", (day - first).days / 365.25, load_of(number, place))
            for number in range(12)
            for place, day in enumerate(DAYS.values())
        ],
        ["all"],
    )
    (stratum,) = get(client, cohort, "?by=together").context["strata"]
    ((name, rate),) = stratum["yearly"]["rates"]
    assert name == "all patients"
    assert rate.estimate == pytest.approx(by_hand.rates[0].estimate, rel=1e-6)
    assert rate.ci_low == pytest.approx(by_hand.rates[0].ci_low, rel=1e-4)
    own = np.array([[load_of(number, place) for place in range(3)] for number in range(12)])
    assert rate.estimate == pytest.approx((own[:, 2] - own[:, 0]).mean() / (366 / 365.25), rel=0.01)


def test_the_odds_over_patients_and_of_one_are_those_of_the_loads_by_hand(client, cohort):
    rows = [(number, place) for number in range(12) for place in range(3)]
    given = (
        [(number + place) % 5 for number, place in rows],
        [load_of(number, place) for number, place in rows],
        [number for number, _ in rows],
    )
    answer = get(client, cohort)
    (stratum,) = answer.context["strata"]
    (_, over, own), (_, *within) = stratum["odds"]
    assert over.found.ratio == pytest.approx(level_odds(*given).ratio, rel=1e-4)
    by_hand = patient_odds(*given)
    assert own.found.ratio == pytest.approx(by_hand.ratio, rel=1e-4)
    assert own.found.sd_log_odds == pytest.approx(by_hand.sd_log_odds, rel=1e-3)
    assert (own.found.n, own.found.n_patients, own.found.n_repeated) == (36, 12, 12)
    assert [one.found for one in within] == [None, None]
    page = " ".join(answer.content.decode().split())
    assert "36 (12; 12 with two or more)" in page
    assert page.count("not estimable: 12 patients are too few: 20 are needed") == 1


def test_the_file_holds_what_the_page_shows(client, cohort):
    (stratum,) = get(client, cohort).context["strata"]
    answer = get(client, cohort, path="tables.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    in_file = [float(row["estimate"]) for row in rows if row["estimate"]]
    change, yearly = stratum["change"], stratum["yearly"]
    shown = [
        *(row["estimate"].estimate for row in change["means"] + change["differences"]),
        *(rate.estimate for _, rate in yearly["rates"] + yearly["differences"]),
        *(one.found.ratio for _, *both in stratum["odds"] for one in both if one.found),
    ]
    assert in_file == shown
    assert {row["covariance"] for row in rows if row["model"] == "change_by_visit"} == {
        change["structure"]
    }


def test_the_file_says_what_the_page_says_beside_the_numbers(client, cohort):
    Patient.objects.filter(subject_code="L-00").update(onset_age_months=None)
    Visit.objects.filter(number=1, patient__subject_code="L-01").update(definition=None)
    answer = get(client, cohort, path="tables.csv")
    notes = {
        row["model"]: (row["notes"], row["one_ratio_p_value"])
        for row in csv.DictReader(io.StringIO(answer.content.decode()))
    }
    said, _ = notes["change_by_visit"]
    assert "means at the mean load at Baseline of the group" in said
    assert "patients without a load at Baseline, left out: 1" in said
    assert "patients in no group, left out: 1" in said
    assert "patients in no group, left out: 1" in notes["change_per_year"][0]
    why = "one ratio not tested: 12 patients are too few for the test: it needs 40"
    assert notes["worse_level"] == (why, "")
    said, _ = notes["worse_level_of_one_patient"]
    assert "patients with two scans or more: 12" in said


def test_the_figure_draws_the_means_of_the_table(client, cohort):
    (stratum,) = get(client, cohort).context["strata"]
    means = [row["estimate"].estimate for row in stratum["change"]["means"]]
    drawn = [
        value
        for trace in json.loads(stratum["figure"])["data"]
        for value in numbers(trace["y"]).tolist()[1:]
    ]
    assert drawn == pytest.approx(means, rel=1e-6)


def test_the_page_says_the_model_and_what_was_left_out(client, cohort):
    page = " ".join(get(client, cohort).content.decode().split())
    assert "Declared model: change in load on group and planned visit" in page
    assert "degrees of freedom by Kenward and Roger" in page
    assert "24 values of 12 patients" in page
    assert "least-squares means at the mean load at Baseline of the group" in page
    assert "95 % intervals, at the mean load at Baseline of the group." in page


def test_too_few_loads_are_said_and_nothing_is_estimated(client, world):
    make_load(world.patient_a, date(2024, 1, 10), 10.0)
    page = " ".join(get(client, world).content.decode().split())
    assert "not estimable: no load is of a planned visit" in page
    assert "not estimable: no group has 3 patients with two scans or more" in page
    assert 'href="/studies/MLD-1/longitudinal-models/?by=together"' in page
    assert "not estimable: no scan has a GMFC-MLD level near enough" in page


def test_where_no_subtype_has_patients_enough_all_stand_together_at_first(client, cohort):
    every = Patient.objects.filter(subject_code__startswith="L-").order_by("subject_code")
    for number, patient in enumerate(every):
        # Three of each subtype.
        patient.onset_age_months = (20, 40, 100, 250)[number % 4]
        patient.save()
    first = get(client, cohort)
    assert first.context["by"] == "together"
    assert first.context["strata"][0]["change"] is not None
    page = first.content.decode()
    assert "No subtype has patients enough" in page
    assert 'href="/studies/MLD-1/longitudinal-models/?by=subtype"' in page
    asked = get(client, cohort, "?by=subtype")
    assert asked.context["by"] == "subtype"
    assert asked.context["strata"][0]["change"] is None


def test_a_look_at_a_blinded_study_is_logged_and_tells_no_arm(client, cohort):
    Study.objects.filter(pk=cohort.study.pk).update(blinding="BLINDED")
    assert get(client, cohort, "?by=arm").status_code == 404
    answer = get(client, cohort, "")
    assert 'value="arm"' not in answer.content.decode()
    assert AccessEvent.objects.filter(details__contains={"what": "longitudinal models"}).exists()


def test_who_sees_no_single_patient_sees_no_group_below_five(client, cohort, monkeypatch):
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    (stratum,) = get(client, cohort, role="sponsor").context["strata"]
    assert {row["estimate"].n for row in stratum["change"]["means"]} == {6}
    for query in ("?site=B", "?site=A"):
        answer = get(client, cohort, query, role="sponsor")
        assert "Not shown to your role." in answer.content.decode()


def test_the_queries_do_not_grow_with_the_cohort(client, cohort, django_assert_max_num_queries):
    client.force_login(cohort.user("statistician"))
    with django_assert_max_num_queries(18):
        client.get(URL)


def test_a_renamed_visit_is_one_visit_and_who_is_in_no_group_is_counted(client, cohort):
    whole = get(client, cohort, "?by=together").context["strata"][0]["change"]["means"]
    Visit.objects.filter(number=1, patient__subject_code__gte="L-06").update(name="Renamed")
    renamed = get(client, cohort, "?by=together").context["strata"][0]["change"]["means"]
    assert [row["estimate"].estimate for row in renamed] == [
        row["estimate"].estimate for row in whole
    ]
    Patient.objects.filter(subject_code="L-00").update(onset_age_months=None)
    answer = get(client, cohort)
    assert answer.context["strata"][0]["models"].n_ungrouped == 1
    assert "1 patient of undetermined subtype is left out." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_told_arms_are_compared_within_subtypes_by_the_scans_of_the_trial_alone(client, cohort):
    arms = {f"L-{n:02}": "VERUM" if n % 4 < 2 else "CONTROL" for n in range(12)}
    unblinding.load_allocations(study=cohort.study, rows=arms.items(), by_whom="Pharmacist")
    before = date(2023, 6, 1)
    for patient in Patient.objects.filter(subject_code__in=arms):
        make_load(patient, before, 500.0)
    answer = get(client, cohort, "?by=arm")
    page = " ".join(answer.content.decode().split())
    (stratum,) = answer.context["strata"]
    assert {row["group"] for row in stratum["change"]["means"]} == {"arm VERUM", "arm CONTROL"}
    assert sorted(stratum["change"]["adjusted_for"]) == ["early juvenile", "late infantile"]
    assert "at the mean load at Baseline of all arms" in page
    # Twelve patients at three planned visits; the fourth scan is of before the trial.
    assert sum(rate.n for _, rate in stratum["yearly"]["rates"]) == 36
    assert "Scans of planned visits count, for nobody is of an arm before the trial." in page


def test_every_row_of_the_file_says_by_which_method(client, cohort):
    answer = get(client, cohort, path="tables.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert list(rows[0])[-2:] == ["method_version", "is_demonstration_model"]
    assert {(r["method_version"], r["is_demonstration_model"]) for r in rows} == {("small 1", "Y")}
