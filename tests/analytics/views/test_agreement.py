"""The page that sets the method that counts beside another one, as the reference study did."""

import csv
import hashlib
import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.template.defaultfilters import floatformat
from django.urls import reverse

from analytics.figures.overlaps import MEASURES
from analytics.selectors import agreement
from analytics.selectors.agreement import MethodPair
from analytics.services import agreement as agreements
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import AcqStratum, GmfcMldAssessment
from mldtrial.trial.services import participation
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, Method, ModelVersion, ReleaseState, SegmentationRun
from tests.support.loads import make_load, make_model, make_visit, trained_on
from tests.support.papers import text_of
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db
M6, M12, M18, M24 = (date(2024, month, 10) for month in (1, 4, 7, 10))


def address(name: str = "agreement", *more: str) -> str:
    return reverse(name, args=["MLD-1", *more])


def page(client, world: World, query: str = "", role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    answer = client.get(address() + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def compare(run: SegmentationRun, dice: float | None) -> None:
    """Put the comparison of a visit's two masks on record."""
    other = SegmentationRun.objects.exclude(pk=run.pk).get(visit=run.visit)
    MaskOverlap.objects.create(
        run=run,
        reference_run=other,
        method_version=OVERLAP_VERSION,
        dice=dice,
        hausdorff95_mm=None if dice is None else 10 * (1 - dice),
        surface_dice=dice,
    )


def correct(
    beside: SegmentationRun, load_ml: float, model: ModelVersion, origin: ModelVersion
) -> None:
    """Put the corrected mask on record that began as the one of a method at the same images."""
    visit = beside.visit
    before = SegmentationRun.objects.get(visit=visit, model_version=origin)
    run = make_load(visit.patient, visit.date, load_ml, model=model, beside=beside)
    run.parameters = {"corrected_run": str(before.pk)}
    run.save()


@pytest.fixture
def pairs(world: World) -> list[SegmentationRun]:
    """Four pairs of 3D scans of two patients; the method that counts finds 1 to 4 mL more."""
    make_model("next", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    found = [
        pair(world.patient_a, M6, 21.0, 20.0),
        pair(world.patient_a, M12, 32.0, 30.0),
        pair(world.patient_b, M6, 43.0, 40.0),
        pair(world.patient_b, M12, 54.0, 50.0),
    ]
    for run, dice in zip(found, (0.6, 0.7, 0.8, 0.9), strict=True):
        compare(run, dice)
    return found


def test_each_figure_can_be_kept_under_the_names_of_both_methods(client, world, pairs):
    names = re.findall(r'data-file-name="([^"]+)"', page(client, world))
    assert names[0] == "MLD-1_method_agreement_3D_small_1_beside_next_1"
    assert len(set(names)) == len(names) == 1 + len(MEASURES)


def cells(client, world: World) -> dict[tuple[str, str], dict[str, str]]:
    """Return the rows of the file by quantity and stratum."""
    client.force_login(world.user("data_manager"))
    text = client.get(address("agreement_file")).content.decode()
    return {(row["quantity"], row["acq_stratum"]): row for row in csv.DictReader(StringIO(text))}


def test_the_table_has_the_numbers_of_the_study_beside_the_published_ones(
    client, world: World, pairs: list[SegmentationRun]
):
    html = page(client, world)
    assert "4 scans of 2 patients measured by both" in html
    dice = html[html.index("Dice of the two masks, median") :]
    assert "0.82" in dice[: dice.index("</tr>")]
    assert "<strong>0.75</strong>" in dice[: dice.index("</tr>")]
    rows = cells(client, world)
    found = rows["Dice of the two masks, median", "3D"]
    assert (found["published"], float(found["value"]), found["n"]) == ("0.82", 0.75, "4")
    assert (float(found["low"]), float(found["high"])) == pytest.approx((0.675, 0.825))
    # Counted minus other: 1, 2, 3 and 4 mL.
    assert float(rows["Test load less reference load", "3D"]["value"]) == pytest.approx(2.5)
    assert rows["Test load less reference load", "2D"]["why_none"]
    assert rows["Test scans", "3D"]["published"] == "73"


def test_the_paper_holds_the_numbers_of_the_page(client, world: World, pairs: list):
    pair(world.patient_a, M18, 10.0, 20.0, acq_stratum=AcqStratum.TWO_D)
    page(client, world)
    answer = client.get(address("agreement_pdf"))
    taken = AccessEvent.objects.latest("pk").details
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    # The table: the published number beside that of this study, for 3D.
    dice = cells(client, world)["Dice of the two masks, median", "3D"]
    value, low, high = (floatformat(float(dice[name]), 2) for name in ("value", "low", "high"))
    assert f"Dice of the two masks, median 0.82 {value} ({low} to {high}), n 4" in text
    compared = agreement.comparison(
        world.study,
        MethodPair(make_model(), make_model("next")),
        user=world.user("data_manager"),
    )
    one, other = agreements.strata(compared.scans)
    bias, (low, high) = one.differences.found.bias, one.differences.found.bias_ci
    ends = f"({floatformat(low, 1)} to {floatformat(high, 1)})"
    assert f"Bias, mL {floatformat(bias, 1)} {ends}" in text
    assert "n = 4 scans of 2 patients" in text
    assert "n = 1 scan of 1 patient, test minus reference" in text
    assert f"Bias and limits not estimable: {other.differences.reason}" in text
    (band,) = one.bands
    assert f"All 4 {band.low_ml:.1f} to {band.high_ml:.1f} {band.dice.median:.2f}" in text
    assert taken["dataset"] == "method_agreement_pdf"
    assert taken["sha256"] == hashlib.sha256(answer.content).hexdigest()


def test_page_chart_and_file_show_the_same_bias(client, world: World, pairs: list[SegmentationRun]):
    html = page(client, world)
    figure = client.get(address("agreement_chart", "3D")).json()
    assert figure["data"][0]["y"] == [1.0, 2.0, 3.0, 4.0]
    assert figure["data"][0]["x"] == [20.5, 31.0, 41.5, 52.0]
    assert "Bias +2.5 mL" in [note["text"] for note in figure["layout"]["annotations"]]
    assert '<th scope="row">Bias</th><td class="number"><strong>2.5</strong> mL' in html


def test_figure_table_and_rows_show_the_same_masks_by_thirds_of_the_reference_load(
    client, world: World
):
    """Nine scans with reference loads 20 to 100 mL: thirds are cut at 46.7 and 73.3 mL."""
    for number in range(1, 10):
        patient = world.patient_a if number % 2 else world.patient_b
        run = pair(patient, date(2024, number, 5), 10.0 * number + 13, 10.0 * number + 10)
        compare(run, number / 10)
    html = page(client, world)
    assert "cut at 46.7 and 73.3 mL" in html
    middle = html[html.index('<th scope="row">Middle third') :]
    assert "<strong>0.50</strong>" in middle[: middle.index("</tr>")]
    figure = client.get(address("agreement_overlap", "3D", "dice")).json()
    boxes, points = figure["data"]
    assert boxes["median"] == [0.5, 0.2, 0.5, 0.8]
    assert figure["layout"]["xaxis"]["ticktext"][1] == "Lowest<br>third<br>≤ 46.7 mL<br>n 3"
    file = client.get(address("agreement_masks_file")).content.decode()
    rows = list(csv.DictReader(StringIO(file)))
    assert [float(row["dice"]) for row in rows] == points["y"][:9]
    thirds = {float(row["reference_load_ml"]): row["load_third"] for row in rows}
    assert thirds[40.0] == "lowest third"
    assert thirds[50.0] == "middle third"
    assert thirds[80.0] == "highest third"
    taken = AccessEvent.objects.latest("pk").details
    assert (taken["dataset"], taken["row_count"]) == ("method_agreement_masks", 9)
    text = text_of(client.get(address("agreement_pdf")).content)
    assert "cut at 46.7 and 73.3 mL" in text
    for slug in ("hausdorff", "surface"):
        drawn = client.get(address("agreement_overlap", "3D", slug)).json()["data"][-1]
        assert len(drawn["y"]) == 18
    assert client.get(address("agreement_overlap", "3D", "jaccard")).status_code == 404


def test_a_pair_beyond_the_limits_is_named_with_its_runs(client, world: World):
    for patient in (world.patient_a, world.patient_b):
        for number in range(1, 11):
            pair(patient, date(2024, number, 5), 20.0 + number, 20.0 + number)
    odd = pair(world.patient_b, date(2024, 12, 5), 90.0, 20.0)
    html = page(client, world)
    rows = html[html.index("Beyond the limits of agreement") :]
    rows = rows[: rows.index("</table>")]
    assert rows.count("<tr>") == 2  # the head and one scan
    assert reverse("run", args=["MLD-1", odd.pk]) in rows
    assert "B-001" in rows
    text = text_of(client.get(address("agreement_pdf")).content)
    assert "B-001 Visit of 2024-12-05, 2024-12-05 90.0 20.0 70.0 –" in text


def test_patients_of_a_training_set_are_left_out_and_counted(
    client, world: World, pairs: list[SegmentationRun]
):
    trained_on(make_model(), world.patient_a)
    html = page(client, world)
    assert "1 patient is left out" in html
    assert "2 scans of 1 patient measured by both" in html
    # The conventional method learns from nobody.
    assert "is not on record" not in html
    assert cells(client, world)["Test scans", "3D"]["value"] == "2"


def test_a_network_without_a_training_set_on_record_is_named_as_a_doubt(client, world: World):
    pair(world.patient_a, M6, 21.0, 20.0)
    html = page(client, world)
    assert "its patients could not be left out" in html


def test_who_a_network_was_trained_on_is_left_out_of_its_corrected_masks_too(
    client, world: World, pairs: list[SegmentationRun]
):
    """Of the three, `small` was trained on patient A; its corrected masks know A as well."""
    corrected = make_model("small corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    for run, load_ml in zip(pairs, (20.5, 31.0, 41.5, 52.0), strict=True):
        make_load(run.visit.patient, run.visit.date, load_ml, model=corrected, beside=run)
    toolbox = make_model("next")
    ways = [(corrected, toolbox), (toolbox, corrected)]
    queries = [f"?test={test.pk}&reference={reference.pk}" for test, reference in ways]
    for query in queries:
        html = page(client, world, query)
        assert "The training set of one of the methods is not on record" in html
        assert "4 scans of 2 patients measured by both" in html
    trained_on(make_model(), world.patient_a)
    for query in queries:
        html = page(client, world, query)
        assert "1 patient is left out" in html
        assert "2 scans of 1 patient measured by both" in html
        assert "is not on record" not in html


def test_a_corrected_mask_of_a_method_that_learns_from_nobody_leaves_no_doubt(
    client, world: World, pairs: list[SegmentationRun]
):
    trained_on(make_model(), world.patient_b)
    corrected = make_model("next corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    make_load(world.patient_a, M6, 20.5, model=corrected, beside=pairs[0])
    html = page(client, world, f"?reference={corrected.pk}")
    assert "1 scan of 1 patient measured by both" in html
    assert "is not on record" not in html


def test_masks_that_are_not_compared_are_counted_by_why(client, world: World):
    pair(world.patient_a, M6, 21.0, 20.0)
    assert "1 pair of masks is not compared yet" in page(client, world)
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 2, 1), by=None
    )
    html = page(client, world)
    assert "not compared yet" not in html
    assert "1 pair of masks is not compared: the consent for images has ended" in html


def test_published_numbers_stand_beside_a_network_and_the_conventional_method_alone(
    client, world: World
):
    pair(world.patient_a, M6, 21.0, 20.0)  # two networks
    assert {row["published"] for row in cells(client, world).values()} == {""}
    assert "not a network and the conventional method" in page(client, world)


def test_what_one_method_measured_is_counted_and_compared_with_nothing(
    client, world: World, pairs: list[SegmentationRun]
):
    make_load(world.patient_a, M18, 5.0)  # lower than the load before it, by one method alone
    rows = cells(client, world)
    assert rows["Test scans", "3D"]["value"] == "5"
    for name in ("test", "reference"):
        rising = rows[f"Next scans of a patient: {name} load not lower", "3D"]
        assert (float(rising["value"]), rising["n"]) == (100.0, "2")


def test_the_reference_is_chosen_among_the_methods_with_loads(
    client, world: World, pairs: list[SegmentationRun]
):
    second = candidate("second")
    make_load(world.patient_a, M6, 99.0, model=second, beside=pairs[0])
    html = page(client, world, f"?reference={second.pk}")
    assert "1 scan of 1 patient measured by both" in html
    assert f'<option value="{second.pk}" selected>' in html
    assert "4 scans of 2 patients" in page(client, world)


def test_any_two_methods_are_compared_and_the_page_says_which(
    client, world: World, pairs: list[SegmentationRun]
):
    second = candidate("second")
    first = SegmentationRun.objects.exclude(pk=pairs[0].pk).get(visit=pairs[0].visit)
    run = make_load(world.patient_a, M6, 26.0, model=second, beside=pairs[0])
    # Named the other way round: how far masks agree does not depend on it.
    MaskOverlap.objects.create(
        run=first, reference_run=run, method_version=OVERLAP_VERSION, dice=0.35,
        hausdorff95_mm=6.0, surface_dice=0.4,
    )  # fmt: skip
    query = f"?test={second.pk}&reference={first.model_version_id}"
    html = page(client, world, query)
    assert "Test: second 1. Reference: next 1." in html
    assert "whose loads count, beside" not in html
    assert "1 scan of 1 patient measured by both" in html
    assert "not compared yet" not in html
    rows = list(
        csv.DictReader(StringIO(client.get(address("agreement_file") + query).content.decode()))
    )
    found = {r["quantity"]: r for r in rows if r["acq_stratum"] == "3D"}
    assert found["Dice of the two masks, median"]["value"] == "0.35"
    assert found["Scans that both methods measured"]["value"] == "1"
    masks = client.get(address("agreement_masks_file") + query).content.decode()
    (row,) = csv.DictReader(StringIO(masks))
    assert (row["test_method"], row["reference_method"]) == ("second 1", "next 1")
    assert (row["test_load_ml"], row["reference_load_ml"]) == ("26.0", "20.0")
    assert row["warnings"].startswith("Demonstration. One of the methods is for demonstration;")
    text = text_of(client.get(address("agreement_pdf") + query).content)
    assert "second 1, nnU-Net" in text
    assert "whose loads count" not in text
    assert "not compared with itself" not in html


def test_a_method_beside_itself_is_answered_with_another_and_said_so(
    client, world: World, pairs: list[SegmentationRun]
):
    second = candidate("second")
    make_load(world.patient_a, M6, 26.0, model=second, beside=pairs[0])
    html = page(client, world, f"?test={second.pk}&reference={second.pk}")
    assert "Reference: small 1." in html
    assert "A method is not compared with itself. small 1, the first of the other methods" in html


def test_scans_whose_level_is_in_doubt_are_counted_on_page_paper_and_file(
    client, world: World, pairs: list[SegmentationRun]
):
    """Two levels of one day that differ count for no scan (decision 0061)."""
    said = "1 scan left out: on the nearest day two GMFC-MLD levels that differ are on record."
    assert said not in page(client, world)
    by, visit = world.user("coordinator"), pairs[0].visit
    for at, level in ((visit, 1), (make_visit(world.patient_a, visit.date + timedelta(days=1)), 3)):
        GmfcMldAssessment.objects.update_or_create(
            visit=at, defaults={"level": level, "assessed_on": visit.date, "assessed_by": by}
        )
    assert said in page(client, world)
    assert said in " ".join(text_of(client.get(address("agreement_pdf")).content).split())
    assert {said in row["warnings"] for row in cells(client, world).values()} == {True}


def test_page_paper_and_file_say_which_tolerance_and_what_to_beware_of(
    client, world: World, pairs: list[SegmentationRun]
):
    world.study.tolerance_same_ml, world.study.tolerance_same_percent = 3, 6.5
    world.study.tolerance_changed_ml, world.study.tolerance_changed_percent = 9, 15
    world.study.save()
    said = (
        "3 mL or 6.50 % of the mean of both loads, whichever is larger; after a change of scanner "
        "or protocol 9 mL or 15 %"
    )
    html = page(client, world)
    assert f"settings: {said}. After" in html
    text = text_of(client.get(address("agreement_pdf")).content)
    assert f"settings: {said}. After" in text
    rows = cells(client, world)
    assert {q for (q, _), row in rows.items() if row["tolerance"]} == {
        f"Next scans of a patient: {name} load lower by more than the tolerance"
        for name in ("test", "reference")
    }
    assert {row["tolerance"] for row in rows.values()} == {"", said}
    (warnings,) = {row["warnings"] for row in rows.values()}
    assert warnings.startswith("Demonstration. One of the methods is for demonstration;")
    assert "The training set of one of the methods is not on record" in warnings
    assert "not compared yet" not in warnings
    pair(world.patient_a, M18, 35.0, 34.0)
    (warnings,) = {row["warnings"] for row in cells(client, world).values()}
    assert warnings.endswith("Pairs of masks that are not compared yet: 1.")


def test_every_file_names_both_methods_and_so_does_the_log_of_its_taking(
    client, world: World, pairs: list[SegmentationRun]
):
    second = make_model("net work", "2.1", state=ReleaseState.CANDIDATE)
    make_load(world.patient_a, M6, 26.0, model=second, beside=pairs[0])
    client.force_login(world.user("data_manager"))
    query = f"?test={second.pk}&reference={make_model('next').pk}"
    for route, name in (
        ("agreement_file", "MLD-1_method_agreement_net_work_2.1_beside_next_1.csv"),
        ("agreement_masks_file", "MLD-1_method_agreement_masks_net_work_2.1_beside_next_1.csv"),
        ("agreement_pdf", "MLD-1_agreement_net_work_2.1_beside_next_1.pdf"),
    ):
        answer = client.get(address(route) + query)
        taken = AccessEvent.objects.latest("pk")
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert taken.action == AccessAction.EXPORT_DONE
        assert (taken.details["test"], taken.details["reference"]) == ("net work 2.1", "next 1")


def test_a_network_is_under_test_where_the_conventional_method_counts(client, world: World):
    """The difference is network minus conventional; who names a reference gets that one."""
    toolbox = make_model("toolbox", method=Method.CONVENTIONAL)
    network = candidate("net")
    for patient, load_ml in ((world.patient_a, 21.0), (world.patient_b, 22.0)):
        run = make_load(patient, M6, 20.0, model=toolbox)
        make_load(patient, M6, load_ml, model=network, beside=run)
    assert "Test: net 1. Reference: toolbox 1." in page(client, world)
    rows = cells(client, world)
    assert float(rows["Test load less reference load", "3D"]["value"]) == pytest.approx(1.5)
    assert rows["Test scans", "3D"]["published"] == "73"
    named = page(client, world, f"?reference={network.pk}")
    assert "Test: toolbox 1. Reference: net 1." in named


def test_a_correction_beside_its_origin_is_said_to_have_begun_as_it(
    client, world: World, pairs: list[SegmentationRun]
):
    corrected = make_model("next corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    origin = make_model("next")
    correct(pairs[0], 20.5, corrected, origin)
    said = "The masks of next corrected 1 began as those of next 1"
    query = f"?test={origin.pk}&reference={corrected.pk}"
    assert f"<span>{said}" in page(client, world, query)
    assert said in text_of(client.get(address("agreement_pdf") + query).content)
    assert "1 scan of 1 patient measured by both" in page(client, world, query)
    assert "corrected by hand)" in page(client, world)  # to be chosen
    assert f"<span>{said}" not in page(client, world, f"?reference={corrected.pk}")


def test_a_correction_is_not_compared_with_a_mask_that_took_the_place_of_its_origin(
    client, world: World, pairs: list[SegmentationRun]
):
    corrected = make_model("next corrected", state=ReleaseState.CANDIDATE, method=Method.CORRECTED)
    origin = make_model("next")
    for run, load_ml in zip(pairs[:3], (20.5, 30.5, 40.5), strict=True):
        correct(run, load_ml, corrected, origin)
    query = f"?test={corrected.pk}&reference={origin.pk}"
    assert "3 scans of 2 patients measured by both" in page(client, world, query)
    old = SegmentationRun.objects.get(visit=pairs[0].visit, model_version=origin)
    SegmentationRun.objects.filter(pk=old.pk).update(is_voided=True, analysis_flag=False)
    make_load(world.patient_a, M6, 25.0, model=origin, beside=pairs[0])
    said = "1 scan is not compared: the corrected mask began as a mask of next 1 that another one"
    for way in (query, f"?test={origin.pk}&reference={corrected.pk}"):
        html = page(client, world, way)
        assert "2 scans of 2 patients measured by both" in html
        assert said in html
        assert "2 pairs of masks are not compared yet" in html
    text = text_of(client.get(address("agreement_pdf") + query).content)
    assert "began as a mask of next 1 that another one has replaced: 1." in text
    # Beside the method that counts it is one mask among others.
    html = page(client, world, f"?reference={corrected.pk}")
    assert "3 scans of 2 patients measured by both" in html
    assert said not in html


def test_loads_of_other_images_are_not_compared(client, world: World):
    make_load(world.patient_a, M6, 21.0)
    make_load(world.patient_a, M6, 20.0, model=candidate())
    pair(world.patient_b, M6, 21.0, 20.0)
    assert "1 scan of 1 patient measured by both" in page(client, world)


def test_2d_and_3d_are_never_pooled(client, world: World, pairs: list[SegmentationRun]):
    pair(world.patient_a, M18, 10.0, 20.0, acq_stratum=AcqStratum.TWO_D)
    pair(world.patient_b, M18, 11.0, 20.0, acq_stratum=AcqStratum.TWO_D)
    rows = cells(client, world)
    assert float(rows["Test load less reference load", "3D"]["value"]) == pytest.approx(2.5)
    assert float(rows["Test load less reference load", "2D"]["value"]) == pytest.approx(-9.5)


def test_with_one_method_the_page_says_what_to_do(client, world: World):
    make_load(world.patient_a, M6, 21.0)
    assert "Only one method has loads in this study." in page(client, world)
    assert client.get(address("agreement_chart", "3D")).json()["data"] == []
    assert cells(client, world) == {}
    assert client.get(address("agreement_chart", "4D")).status_code == 404
    assert "Nothing to compare" in text_of(client.get(address("agreement_pdf")).content)


def test_the_look_at_a_blinded_study_is_logged_and_the_file_too(
    client, world: World, pairs: list[SegmentationRun]
):
    world.study.blinding = "BLINDED"
    world.study.save()
    page(client, world)
    assert AccessEvent.objects.latest("pk").details == {"what": "agreement of methods"}
    cells(client, world)
    taken = AccessEvent.objects.latest("pk").details
    assert (taken["dataset"], taken["row_count"]) == ("method_agreement", 30)


@pytest.mark.parametrize("role", ["sponsor", "coordinator", "investigator", "monitor"])
def test_who_may_not_see_a_method_that_does_not_count_sees_no_comparison(
    client, world: World, pairs: list[SegmentationRun], role: str
):
    client.force_login(world.user(role))
    for route in (
        address(),
        address("agreement_chart", "3D"),
        address("agreement_overlap", "3D", "dice"),
        address("agreement_masks_file"),
        address("agreement_file"),
        address("agreement_pdf"),
    ):
        assert client.get(route).status_code == 403


@pytest.mark.parametrize("name", ["agreement_chart", "agreement_overlap"])
def test_a_chart_computes_what_it_draws_and_nothing_else(client, world, pairs, monkeypatch, name):
    """One of eight charts of a page used to compute all that the page says of both strata."""
    drawn: list[agreements.Stratum] = []
    make = agreements.stratum

    def kept(*asked) -> agreements.Stratum:
        drawn.append(make(*asked))
        return drawn[-1]

    monkeypatch.setattr(agreements, "stratum", kept)
    client.force_login(world.user("data_manager"))
    more = [MEASURES[0].slug] if name == "agreement_overlap" else []
    assert client.get(address(name, "3D", *more)).status_code == 200
    (stratum,) = drawn
    computed = set(vars(stratum)) - {"name", "pairs"}
    assert (
        computed
        <= {
            "agreement_chart": {"differences"},
            "agreement_overlap": {"with_masks", "bands", "cuts_ml"},
        }[name]
    )
    assert computed
