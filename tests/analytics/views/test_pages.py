import csv
import io
from datetime import date

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.urls import reverse

from analytics.models import ExportRecord
from analytics.services import review
from mldtrial.trial.services import assessments
from tests.support.loads import make_load, make_visit
from tests.support.world import build_world

DAY = date(2024, 5, 10)


def patient_url(world, name="patient"):
    return reverse(name, args=["MLD-1", world.patient_a.pk])


@pytest.mark.django_db
def test_a_flag_is_said_in_plain_words(client, world):
    make_load(world.patient_a, date(2024, 5, 10), 160.3)
    make_load(world.patient_a, date(2024, 11, 10), 142.0)
    review.review_queued(origin="test")
    client.force_login(world.user("data_manager"))
    page = client.get(patient_url(world)).content.decode()
    assert (
        "142.0 mL at Visit of 2024-11-10 is 18.3 mL below 160.3 mL at Visit of 2024-05-10; "
        "tolerance 12.1 mL." in page
    )
    assert "Open the query" in page
    assert "Demonstration model" in page


@pytest.mark.django_db
def test_a_chart_holds_loads_scores_and_flags(client, world):
    for day, load in ((date(2024, 5, 10), 160.3), (date(2024, 11, 10), 142.0)):
        run = make_load(world.patient_a, day, load)
    assessments.record_gmfc_mld(
        visit=run.visit, level=2, assessed_on=DAY, by=None, recorder=world.user("coordinator")
    )
    review.review_queued(origin="test")
    client.force_login(world.user("sponsor"))
    figure = client.get(patient_url(world, "patient_trajectory")).json()
    named = {trace.get("name"): trace for trace in figure["data"]}
    assert named["Load, 3D T1w"]["y"] == [160.3, 142.0]
    assert named["GMFC-MLD level"]["y"] == [2]
    assert named["Flagged for review"]["y"] == [142.0]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["coordinator", "sponsor"])
def test_a_patient_without_visits_has_a_page_and_a_chart(client, world, role):
    from mldtrial.trial.services import patients

    new = patients.create_patient(
        site=world.site_a, subject_code="A-002", sex="M", birth_month=date(2021, 1, 1),
        onset_age_months=None, by=None,
    )  # fmt: skip
    client.force_login(world.user(role))
    page = client.get(reverse("patient", args=["MLD-1", new.pk])).content.decode()
    assert ("Add the first visit" in page) == (role == "coordinator")
    assert client.get(reverse("patient_trajectory", args=["MLD-1", new.pk])).status_code == 200


@pytest.mark.django_db
def test_names_of_visits_cannot_carry_markup_into_a_chart(client, world):
    make_visit(world.patient_a, DAY, name="<a href='https://x'>M12</a>")
    make_load(world.patient_a, DAY, 10.0)
    client.force_login(world.user("sponsor"))
    assert b"<a href" not in client.get(patient_url(world, "patient_trajectory")).content


@pytest.mark.django_db
def test_a_page_takes_as_many_queries_for_many_visits(client, world, django_assert_max_num_queries):
    client.force_login(world.user("sponsor"))
    make_load(world.patient_a, DAY, 10.0)
    client.get(patient_url(world))
    with django_assert_max_num_queries(50) as few:
        client.get(patient_url(world))
    for month in range(1, 13):
        make_load(world.patient_a, date(2025, month, 1), 10.0 + month)
    with django_assert_max_num_queries(len(few)):
        client.get(patient_url(world))


@pytest.mark.django_db
def test_the_cohort_page_says_how_many_and_why_not(client, world):
    make_load(world.patient_a, DAY, 10.0)
    client.force_login(world.user("sponsor"))
    page = client.get(reverse("cohort", args=["MLD-1"])).content.decode()
    assert "1 segmented scan of 1 patient" in page
    assert "not estimable: no scan with this score" in page
    assert "2000 bootstrap resamples" in page


@pytest.mark.django_db
def test_the_cohort_is_filtered_by_its_address(client, world):
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0, acq_stratum="2D")
    client.force_login(world.user("sponsor"))
    page = client.get(reverse("cohort", args=["MLD-1"]) + "?stratum=2D").content.decode()
    assert "1 segmented scan of 1 patient, 2D only" in page
    assert "load-gmfc.json?stratum=2D" in page


@pytest.mark.django_db
def test_an_unknown_chart_or_table_is_not_found(client, world):
    client.force_login(world.user("data_manager"))
    assert client.get(reverse("cohort_chart", args=["MLD-1", "none"])).status_code == 404
    assert client.get(reverse("export_file", args=["MLD-1", "none"])).status_code == 404
    assert client.get(reverse("export_dictionary", args=["MLD-1", "none"])).status_code == 404


@pytest.mark.django_db
def test_a_dictionary_is_a_file(client, world):
    client.force_login(world.user("data_manager"))
    answer = client.get(reverse("export_dictionary", args=["MLD-1", "clinical_scores"]))
    assert answer["Content-Disposition"] == (
        'attachment; filename="MLD-1_clinical_scores.dictionary.csv"'
    )
    assert "assessed_on" in answer.content.decode()


@pytest.mark.django_db
def test_the_sponsor_without_a_grant_may_not_export(client, world):
    client.force_login(world.user("sponsor"))
    assert client.get(reverse("exports")).status_code == 403
    assert client.get(reverse("export_file", args=["MLD-1", "visits"])).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_file_is_the_same_from_both_kinds_of_server(client):
    world = build_world()
    make_load(world.patient_a, DAY, 10.5)
    url = reverse("export_file", args=["MLD-1", "demyelination_load"])
    client.force_login(world.user("data_manager"))
    answer = client.get(url)
    assert answer.streaming
    assert not answer.is_async
    by_wsgi = b"".join(answer.streaming_content)

    async def by_asgi():
        other = AsyncClient()
        await other.aforce_login(world.user("data_manager"))
        answer = await other.get(url)
        assert answer.is_async
        return b"".join([piece async for piece in answer.streaming_content])

    assert async_to_sync(by_asgi)() == by_wsgi
    rows = list(csv.DictReader(io.StringIO(by_wsgi.decode(), newline="")))
    assert [row["demyelination_load_ml"] for row in rows] == ["10.5"]
    assert ExportRecord.objects.filter(is_complete=True, row_count=1).count() == 2
    page = client.get(reverse("exports")).content.decode()
    assert ExportRecord.objects.first().sha256 in page
