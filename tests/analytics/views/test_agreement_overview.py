"""Three methods or more at one look: every one beside a reference, on page, paper and in a file."""

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.selectors import agreement, kept
from analytics.services import agreement_overview
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import AcqStratum, Blinding, GmfcMldAssessment, Study
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, Method, ModelVersion, ReleaseState, SegmentationRun
from tests.support.loads import make_load, make_model, trained_on
from tests.support.numbered import numbered_tables
from tests.support.papers import text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
LOADS = "segmentation_segmentationresult"
NOT_TOLD = {"audit_lockedrecord"}
"""Locks say in words why a load is lacking, and an overview has no such words."""
DAYS = [date(2024, month, 10) for month in (1, 4, 7)]


@pytest.fixture
def manual(world: World) -> ModelVersion:
    """Return the masks by hand of three methods in the world of the test."""
    return three_methods(world)


def three_methods(world: World) -> ModelVersion:
    """Put masks by hand, a network and a conventional method at four scans; return the first.

    The network finds 1 to 4 mL more than the hand, the conventional method 10 mL less.
    """
    toolbox = make_model("toolbox", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    by_hand = make_model("by hand", state=ReleaseState.CANDIDATE, method=Method.MANUAL)
    scans = [(world.patient_a, DAYS[0]), (world.patient_a, DAYS[1]),
             (world.patient_b, DAYS[0]), (world.patient_b, DAYS[1])]  # fmt: skip
    for number, (patient, day) in enumerate(scans, start=1):
        run = make_load(patient, day, 20.0 * number + number)
        make_load(patient, day, 20.0 * number - 10, model=toolbox, beside=run)
        truth = make_load(patient, day, 20.0 * number, model=by_hand, beside=run)
        MaskOverlap.objects.create(
            run=run, reference_run=truth, method_version=OVERLAP_VERSION,
            dice=0.5 + number / 10, hausdorff95_mm=10.0 - number, surface_dice=0.5,
        )  # fmt: skip
        GmfcMldAssessment.objects.create(
            visit=run.visit, level=number, assessed_on=day, assessed_by=world.user("coordinator")
        )
    return by_hand


def url(name: str, reference: ModelVersion | None = None) -> str:
    asked = "" if reference is None else f"?reference={reference.pk}"
    return reverse(name, args=["MLD-1"]) + asked


def page(client, world: World, reference: ModelVersion | None = None) -> str:
    client.force_login(world.user("data_manager"))
    answer = client.get(url("agreement", reference))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def rows(client, world: World, reference: ModelVersion) -> dict[tuple[str, str, str], dict]:
    client.force_login(world.user("data_manager"))
    text = client.get(url("agreement_overview_file", reference)).content.decode()
    found = csv.DictReader(StringIO(text))
    return {(one["test_method"], one["acq_stratum"], one["quantity"]): one for one in found}


def test_every_method_stands_beside_the_reference_that_is_chosen(
    client, world: World, manual: ModelVersion
):
    html = page(client, world, manual)
    assert "All methods beside by hand 1" in html
    part = html[html.index('id="overview"') : html.index('id="table"')]
    assert part.count("<tr>") == 5  # the head, and two methods in 3D and in 2D
    network = part[part.index("small 1</a>, 3D") :]
    network = network[: network.index("</tr>")]
    # Differences 1, 2, 3, 4 mL; Dice 0.6 to 0.9; the largest level has the largest load.
    for said in ("<strong>4</strong>", "(2)", "<strong>2.5</strong>", "<strong>0.75</strong>",
                 "<strong>7.5</strong>"):  # fmt: skip
        assert said in network
    toolbox = part[part.index("toolbox 1</a>, 3D") :]
    toolbox = toolbox[: toolbox.index("</tr>")]
    assert "<strong>-10.0</strong>" in toolbox
    assert "No scan has it." in toolbox  # no masks compared
    assert part.count("No scan has a load by both methods.") == 2
    assert "4 pairs of masks" not in part
    assert "Pairs of masks that are not compared yet: 4." in part


def test_each_row_leads_to_the_whole_comparison_of_its_pair(
    client, world: World, manual: ModelVersion
):
    html = page(client, world, manual)
    network, toolbox = make_model(), make_model("toolbox")
    for model in (network, toolbox):
        asked = f"test={model.pk}&amp;reference={manual.pk}"
        assert f'href="{reverse("agreement", args=["MLD-1"])}?{asked}"' in html
    assert html.count("shown below") == 2
    shown = html[html.index('aria-current="true"') :]
    assert shown.startswith('aria-current="true">small 1</a>')


def test_the_file_has_the_numbers_of_the_page_and_of_the_table_of_the_pair(
    client, world: World, manual: ModelVersion
):
    found = rows(client, world, manual)
    assert len(found) == 2 * 2 * 8
    bias = found["small 1", "3D", "Test load less reference load"]
    assert (float(bias["value"]), bias["n"], bias["scans"], bias["patients"]) == (
        2.5,
        "4",
        "4",
        "2",
    )
    taken = AccessEvent.objects.latest("pk").details
    assert (taken["dataset"], taken["row_count"], taken["reference"]) == (
        "method_overview", 32, "by hand 1",
    )  # fmt: skip
    for model in (make_model(), make_model("toolbox")):
        query = f"?test={model.pk}&reference={manual.pk}"
        text = client.get(reverse("agreement_file", args=["MLD-1"]) + query).content.decode()
        for row in csv.DictReader(StringIO(text)):
            mine = found.get((str(model), row["acq_stratum"], row["quantity"]))
            if mine is not None and row["unit"] != "rho":
                for column in ("value", "low", "high", "low_and_high_are", "n", "why_none"):
                    assert mine[column] == row[column]
    html = page(client, world, manual)
    for model in ("small 1", "toolbox 1"):
        said = float(found[model, "3D", "Test load less reference load"]["value"])
        part = html[html.index(f"{model}</a>, 3D") :]
        assert f"<strong>{said:.1f}</strong>" in part[: part.index("</tr>")]


def test_why_there_is_no_correlation_is_said(client, world: World, manual: ModelVersion):
    """Of two patients there is none, on the page of the pair neither."""
    said = "Not estimable: fewer than 5 patients."
    found = rows(client, world, manual)
    assert found["small 1", "3D", "Test load with GMFC-MLD"]["why_none"] == said
    assert said in page(client, world, manual)


def test_3d_and_2d_are_never_pooled_and_patients_of_a_training_set_are_left_out(
    client, world: World, manual: ModelVersion
):
    run = make_load(world.patient_b, DAYS[2], 60.0, acq_stratum=AcqStratum.TWO_D)
    make_load(world.patient_b, DAYS[2], 50.0, model=manual, beside=run)
    trained_on(make_model(), world.patient_a)
    found = rows(client, world, manual)
    quantity = "Test load less reference load"
    assert found["small 1", "3D", quantity]["scans"] == "2"
    assert found["small 1", "3D", quantity]["why_none"]  # one patient alone
    assert found["small 1", "2D", quantity]["scans"] == "1"
    assert found["toolbox 1", "3D", quantity]["scans"] == "4"
    said = "in the training set of one of the methods: 1."
    assert said in found["small 1", "3D", quantity]["warnings"]
    assert said not in found["toolbox 1", "3D", quantity]["warnings"]
    assert f"<strong>small 1</strong>: Patients left out, since a scan of theirs was {said}" in (
        page(client, world, manual)
    )


def test_a_corrected_mask_is_compared_with_its_own_origin_alone(
    client, world: World, manual: ModelVersion
):
    toolbox = make_model("toolbox")
    corrected = make_model(
        "toolbox corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED
    )
    for origin in SegmentationRun.objects.filter(model_version=toolbox).order_by("queued_at")[:2]:
        patient = origin.visit.patient
        run = make_load(patient, origin.visit.date, 30.0, model=corrected, beside=origin)
        run.parameters = {"corrected_run": str(origin.pk)}
        run.save()
    old = SegmentationRun.objects.filter(model_version=toolbox).order_by("queued_at")[0]
    SegmentationRun.objects.filter(pk=old.pk).update(is_voided=True, analysis_flag=False)
    make_load(old.visit.patient, old.visit.date, 25.0, model=toolbox, beside=old)
    found = rows(client, world, toolbox)
    row = found["toolbox corrected 1", "3D", "Test load less reference load"]
    assert row["scans"] == "1"
    assert "a mask of toolbox 1 that another one has replaced: 1." in row["warnings"]
    assert found["by hand 1", "3D", "Test load less reference load"]["scans"] == "4"


def test_the_paper_has_the_overview_of_the_page(client, world: World, manual: ModelVersion):
    client.force_login(world.user("data_manager"))
    text = text_of(client.get(url("agreement_pdf", manual)).content)
    assert "All methods beside by hand 1" in text
    assert "small 1, 3D 4 (2) 2.5 (" in text
    assert "toolbox 1, 3D 4 (2) -10.0 (" in text
    assert "toolbox 1: " in text


def test_of_two_methods_there_is_no_overview(client, world: World):
    run = make_load(world.patient_a, DAYS[0], 21.0)
    other = make_model("next", state=ReleaseState.CANDIDATE)
    make_load(world.patient_a, DAYS[0], 20.0, model=other, beside=run)
    assert "All methods beside" not in page(client, world)
    assert rows(client, world, other) == {}
    assert "All methods beside" not in text_of(client.get(url("agreement_pdf")).content)


def test_one_command_writes_the_overview(
    client, world: World, manual: ModelVersion, tmp_path: Path
):
    out, told = tmp_path / "overview.csv", StringIO()
    call_command(
        "agreement_table", out, "--study", "MLD-1", "--as", "data_manager", "--reference",
        "by hand", "--overview", stdout=told,
    )  # fmt: skip
    client.force_login(world.user("data_manager"))
    assert out.read_bytes() == client.get(url("agreement_overview_file", manual)).content
    assert "2 methods beside by hand 1" in told.getvalue()


def test_the_queries_do_not_grow_with_the_scans(client, world: World, manual: ModelVersion):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            agreement_overview.overview(
                world.study, [make_model(), make_model("toolbox"), manual], manual,
                user=world.user("data_manager"),
            )  # fmt: skip
        return len(captured)

    def add(day: date) -> None:
        run = make_load(world.patient_a, day, 30.0)
        make_load(world.patient_a, day, 29.0, model=make_model("toolbox"), beside=run)
        make_load(world.patient_a, day, 31.0, model=manual, beside=run)

    add(date(2025, 1, 3))  # its masks are not compared, which is asked about
    count()
    few = count()
    for month in range(2, 10):
        add(date(2025, month, 3))
    assert count() == few


def test_it_is_counted_once_while_the_records_stand(
    chained_world: World, monkeypatch: pytest.MonkeyPatch
):
    """Of tables alone whose every change has a number."""
    monkeypatch.setattr(kept, "connection", SimpleNamespace(in_atomic_block=False))
    manual = three_methods(chained_world)
    user = chained_world.user("data_manager")
    numbered = numbered_tables()

    def look() -> tuple[agreement_overview.Overview, set[str]]:
        methods = agreement.methods(chained_world.study, user=user)
        with CaptureQueriesContext(connection) as asked:
            found = agreement_overview.overview(chained_world.study, methods, manual, user=user)
        read = (re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"]) for query in asked)
        return found, {table for tables in read for table in tables}

    (first, read), (second, read_again) = look(), look()
    assert first == second
    assert LOADS in read
    assert LOADS not in read_again
    assert read - NOT_TOLD <= numbered
    run = make_load(chained_world.patient_a, DAYS[2], 44.0)
    make_load(chained_world.patient_a, DAYS[2], 40.0, model=manual, beside=run)
    third, read = look()
    assert LOADS in read
    assert third.rows[0].strata[0][1].n_scans == 5
    kept.forget()


def test_a_look_at_the_overview_of_a_blinded_study_is_logged(
    client, world: World, manual: ModelVersion
):
    """Also where the pair below it has nothing to show, since its patients are all left out."""
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    trained_on(make_model(), world.patient_a, world.patient_b)
    assert "0 scans of 0 patients measured by both" in page(client, world, manual)
    assert AccessEvent.objects.latest("pk").details == {"what": "agreement of methods"}


@pytest.mark.parametrize("role", ["sponsor", "coordinator", "monitor"])
def test_the_file_is_refused_to_whom_the_page_is(
    client, world: World, manual: ModelVersion, role: str
):
    client.force_login(world.user(role))
    assert client.get(url("agreement_overview_file", manual)).status_code == 403
