"""The cohort page narrowed by its address: what it says, and to whom it says nothing."""

from datetime import date

import pytest

from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES
from tests.support.loads import make_load

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/cohort/"
DAY = date(2024, 5, 10)


@pytest.fixture
def two(world):
    """One patient with one scan at each site."""
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0)
    return world


def page_of(client, world, query="", path=""):
    client.force_login(world.user("sponsor"))
    return " ".join(client.get(f"{URL}{path}{query}").content.decode().split())


def test_the_page_says_what_it_is_narrowed_to_and_keeps_it_in_its_charts(client, two):
    page = page_of(client, two, "?site=B&therapy=NONE&stratum=3D")
    assert "1 segmented scan of 1 patient, 3D only, before any documented therapy, site B" in page
    assert '<option value="B" selected>B, Site B</option>' in page
    assert "/cohort/load-gmfc.json?stratum=3D&amp;therapy=NONE&amp;site=B" in page
    assert "arm" not in page_of(client, two).split('class="panel-body cohort-filters"')[1][:2000]


def test_a_part_without_a_scan_says_so_and_leads_back(client, two):
    page = page_of(client, two, "?therapy=HSCT")
    assert "No segmented scan in this part of the cohort." in page
    assert '<option value="HSCT" selected>' in page


def test_who_sees_no_single_patient_narrows_to_none(client, two, monkeypatch):
    """Were a sponsor not to see patients, a site of one patient would show nothing at all."""
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    for query in ("?site=B", "?therapy=NONE", ""):
        page = page_of(client, two, query)
        assert "Not shown to your role." in page
        assert "0 segmented scans of 0 patients" in page
        chart = page_of(client, two, query, "load-age.json")
        assert "B-001" not in chart
        assert "bdata" not in chart
