"""The cohort page with its estimates side by side."""

import csv
import io
import json
from datetime import date

import pytest

from analytics.selectors.correlations import RELATIONS
from analytics.selectors.estimates import BY_SUBTYPE, POOLED, WITHIN, Estimate, SideBySide
from analytics.services.opposition_words import opposed
from analytics.stats.direction import Opposition
from mldtrial.trial.models import GmfcMldAssessment
from mldtrial.trial.services import patients
from tests.support.loads import make_load

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/cohort/"
DAYS = (date(2024, 5, 10), date(2025, 5, 10))
PER_SUBTYPE = 5


@pytest.fixture
def simpson(world):
    """Late-infantile patients of low loads and high levels, juvenile ones of the reverse.

    Within each patient the level rises with the load.
    """
    for number in range(2 * PER_SUBTYPE):
        is_juvenile = number >= PER_SUBTYPE
        patient = patients.create_patient(
            site=world.site_a,
            subject_code=f"A-1{number:02}",
            sex="F",
            birth_month=date(2018, 3, 1),
            onset_age_months=60 if is_juvenile else 20,
            by=None,
        )
        for visit, day in enumerate(DAYS):
            rise = visit if number else 2 * visit
            # Without the last part a scan would have no noise.
            load = (100 if is_juvenile else 20) + 10 * visit + 7 * (number % PER_SUBTYPE)
            load += (number + visit) % 2
            run = make_load(patient, day, float(load))
            GmfcMldAssessment.objects.create(
                visit=run.visit,
                level=(0 if is_juvenile else 4) + rise,
                assessed_on=day,
                assessed_by=world.user("coordinator"),
            )
    return world


def page_of(client, world, role, query=""):
    client.force_login(world.user(role))
    return " ".join(client.get(URL + query).content.decode().split())


@pytest.mark.parametrize("role", ["sponsor", "data_manager"])
def test_the_page_says_that_the_estimates_point_opposite_ways(client, simpson, role):
    page = page_of(client, simpson, role)
    assert page.count("The same relation, estimated four ways") == 4
    assert "3D: the estimates point opposite ways (Simpson's paradox)." in page.replace(
        "&#x27;", "'"
    )
    assert (
        "Over all scans, the GMFC-MLD level falls as the load rises; among patients of one "
        "subtype and within patients it rises." in page
    )
    # No severity score was read: the other relation has nothing to oppose.
    assert page.count("(Simpson") == 1
    assert "not estimable: no scan with this score" in page
    for step in ("level", "point", "month"):
        assert f"Mixed model (mL per {step})" in page
    assert "<strong>8.4</strong> (6.7 to 10.0)" in page
    # Two scans of each of ten patients.
    assert "patients differ in level only: 20 scans of 10 patients cannot tell 2 random" in page
    assert "takes all patients to change alike and may be too narrow" in page


def test_one_subtype_alone_is_no_paradox(client, simpson):
    page = page_of(client, simpson, "sponsor", "?subtype=LI")
    assert "Simpson" not in page
    assert "Within subtypes (ρ)" in page


def test_every_relation_is_one_click_from_the_top(client, simpson):
    page = page_of(client, simpson, "sponsor")
    for name in ("load-gmfc", "load-severity", "load-elfc", "load-age"):
        assert f'href="#{name}"' in page
        assert f'<h2 id="{name}">' in page
        assert f"/studies/MLD-1/cohort/{name}.json" in page


def test_a_stratum_without_scans_has_no_column(client, world):
    make_load(world.patient_a, DAYS[0], 10.0, acq_stratum="2D")
    page = page_of(client, world, "sponsor")
    assert "2D: scans (patients)" in page
    assert "3D: scans (patients)" not in page


def test_the_estimates_ask_the_database_nothing_more(client, simpson, django_assert_num_queries):
    client.force_login(simpson.user("sponsor"))
    client.get(URL)
    with django_assert_num_queries(9) as few:
        client.get(URL)
    make_load(simpson.patient_a, DAYS[0], 10.0)
    make_load(simpson.patient_b, DAYS[0], 20.0, acq_stratum="2D")
    with django_assert_num_queries(len(few)):
        client.get(URL)


def tables_of(client, world, query):
    client.force_login(world.user("data_manager"))
    context = client.get(URL + query).context
    labels = [
        (entry["row"].stratum, entry["label"], entry["is_whole"])
        for entry in context["relations"][0]["rows"]
    ]
    heat_map = json.loads(context["heat_map"])["data"][0]["y"]
    answer = client.get(f"{URL}correlations.csv{query}").content.decode()
    return labels, heat_map, list(csv.DictReader(io.StringIO(answer)))


def test_what_is_narrowed_to_one_subtype_is_named_by_it_once(client, simpson):
    labels, heat_map, rows = tables_of(client, simpson, "?subtype=LI")
    assert [one for one in labels if one[0] == "3D"] == [("3D", "late infantile", True)]
    assert heat_map == ["3D, late infantile"]
    assert {row["subtype"] for row in rows} == {"LI"}
    page = page_of(client, simpson, "data_manager", "?subtype=LI")
    assert "all subtypes" not in page.replace("All subtypes", "")
    assert "All subtypes together" not in page


def test_a_stratum_that_the_filter_excludes_has_no_row(client, simpson):
    labels, _, rows = tables_of(client, simpson, "?stratum=3D")
    assert {stratum for stratum, _, _ in labels} == {"3D"}
    assert {row["acq_stratum"] for row in rows} == {"3D"}
    context = client.get(f"{URL}?stratum=3D").context
    assert [one.stratum for one in context["rising"]] == ["3D"]
    assert client.get(f"{URL}derived.csv?stratum=3D").content.decode().count(",2D,") == 0


def side(first, others, value, *, is_settled=True):
    estimates = {first: Estimate(10, 5, value, value, value, "")}
    return SideBySide("3D", estimates, Opposition(first, others, is_settled))


def test_subtypes_are_spoken_of_only_where_their_sign_differs():
    relation = RELATIONS["load-gmfc"]
    only_within = opposed(side(POOLED, (WITHIN,), -0.5), relation)
    assert "within patients it rises" in only_within.body
    assert "subtype" not in only_within.body
    both = opposed(side(POOLED, (BY_SUBTYPE, WITHIN), -0.5), relation)
    assert "among patients of one subtype and within patients it rises" in both.body
    assert "such as their subtype" in both.body
    between = opposed(side(BY_SUBTYPE, (WITHIN,), 0.5), relation)
    assert "Among patients of one subtype, the GMFC-MLD level rises" in between.body
    assert opposed(SideBySide("3D", {}, None), relation) is None
