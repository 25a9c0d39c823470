"""A load has an interval where its method was calibrated; what is on record stays as it was."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from segmentation.inference.disagreement import LEVELS, Disagreement
from segmentation.models import IntervalCalibration, SegmentationResult
from segmentation.services import models
from segmentation.services.intervals import interval_columns, record_calibration
from segmentation.services.store import sha256_of
from tests.support.loads import give_interval, make_calibration, make_load, make_model
from tests.support.trained import PRETRAINED, change_json, copied
from tests.support.world import World

pytestmark = pytest.mark.django_db

DAY = date(2024, 5, 10)
PASSES = Disagreement(
    pass_ml=(10.0, 10.0),
    all_ml=10.0,
    any_ml=10.0,
    mean_ml=10.0,
    expected_ml=10.0,
    level_ml=tuple(18.0 if level < 0.5 else 7.0 for level in LEVELS),
)


def columns(run, disagreement: Disagreement | None = PASSES) -> dict[str, object]:
    return interval_columns(run, load_ml=10.0, disagreement=disagreement)


def test_a_load_of_a_calibrated_method_gets_the_interval_by_hand(world: World):
    run = make_load(world.patient_a, DAY, 10.0)
    calibration = make_calibration(run.model_version)
    found = columns(run)
    assert found.pop("passes")["version"] == "passes-1"
    assert found == {
        "interval_low_ml": pytest.approx(8.0),
        "interval_high_ml": pytest.approx(16.0),
        "interval_level": 0.8,
        "interval_calibration": calibration,
    }
    SegmentationResult.objects.filter(run=run).update(**found)


def test_without_calibration_passes_or_stratum_there_is_none(world: World):
    run = make_load(world.patient_a, DAY, 10.0)
    assert set(columns(run)) == {"passes"}
    make_calibration(run.model_version)
    assert columns(run, None) == {}
    assert set(columns(make_load(world.patient_b, DAY, 10.0, acq_stratum="2D"))) == {"passes"}


def test_a_version_is_one_calibration_and_the_latest_counts():
    model = make_model()
    first = make_calibration(model)
    assert make_calibration(model) == first
    with pytest.raises(ValidationError, match="another calibration of version 1"):
        record_calibration(model=model, content={**first.content, "level": 0.9})
    with pytest.raises(ValidationError, match="Calibrate the model again"):
        record_calibration(model=model, content={**first.content, "method": "guessed"})
    assert IntervalCalibration.objects.count() == 1


def test_a_calibration_is_of_one_model_alone():
    other = make_model("other", state="CANDIDATE")
    with pytest.raises(ValidationError, match="of another model"):
        record_calibration(model=other, content=make_calibration(make_model()).content)
    assert not IntervalCalibration.objects.filter(model_version=other).exists()


def test_an_earlier_calibration_does_not_seem_to_come_back():
    model = make_model()
    first = make_calibration(model)
    later = record_calibration(model=model, content={**first.content, "version": "2"})
    with pytest.raises(ValidationError, match="under a version of its own"):
        make_calibration(model)
    assert model.interval_calibrations.latest("created_at") == later


def test_a_calibration_that_is_not_understood_costs_the_interval_never_the_load(world: World):
    run = make_load(world.patient_a, DAY, 10.0)
    calibration = make_calibration(run.model_version)
    IntervalCalibration.objects.filter(pk=calibration.pk).update(
        content={**calibration.content, "method": "conformal-9"}
    )
    assert set(columns(run)) == {"passes"}


@pytest.mark.parametrize(
    "broken",
    [{"interval_low_ml": 11.0}, {"interval_high_ml": 9.0}, {"interval_level": None}],
)
def test_an_interval_is_whole_and_around_its_load(world: World, broken: dict[str, object]):
    run = make_load(world.patient_a, DAY, 10.0)
    give_interval(run, 8.0, 16.0)
    with pytest.raises(IntegrityError, match="around_the_load"), transaction.atomic():
        SegmentationResult.objects.filter(run=run).update(**broken)


def test_a_calibration_comes_with_the_folder_of_a_model(tmp_path: Path):
    folder = copied(PRETRAINED, tmp_path / "model")
    content = {
        "method": "conformal-1",
        "version": "of the folder",
        "model_sha256": sha256_of(folder / "manifest.json"),
        "level": 0.8,
        "strata": {"2D": {"low": 1.0, "high": 3.0, "n": 20}},
    }
    (folder / "interval.json").write_text(json.dumps(content))
    model = models.register_model(folder=folder)
    latest = model.interval_calibrations.get()
    assert (latest.version, latest.content) == ("of the folder", content)
    # It describes the model and makes no mask: the same weights are the same model.
    assert models.register_model(folder=folder) == model
    change_json(folder / "interval.json", level=7)
    with pytest.raises(ValidationError, match="level between 0 and 1"):
        models.register_model(folder=folder)


def test_the_command_needs_a_model_that_is_registered(tmp_path: Path):
    with pytest.raises(CommandError, match="No method 'none' is registered"):
        call_command(
            "calibrate_model",
            model="none",
            work=tmp_path / "records.jsonl",
            calibration_version="1",
        )


def shown(client, world: World, address: str, role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    return " ".join(client.get(address).content.decode().split())


def test_the_page_of_the_run_shows_the_interval_to_those_who_see_the_load(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    address = reverse("run", args=[world.study.code, run.pk])
    assert "No interval" in shown(client, world, address)
    give_interval(run, 8.26, 16.0)
    html = shown(client, world, address)
    assert "80 % interval: 8.26 to 16.00 mL." in html
    assert "says nothing about patients" in html
    assert "8.26 to" not in shown(client, world, address, "coordinator")


def test_the_course_has_bars_and_words(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_load(world.patient_a, date(2024, 11, 10), 12.0)
    page = reverse("patient", args=["MLD-1", world.patient_a.pk])
    assert "Bars: intervals" not in shown(client, world, page)
    give_interval(run, 8.25, 16.0)
    assert "made to hold 80 % of the truths of phantoms" in shown(client, world, page)
    figure = client.get(reverse("patient_trajectory", args=["MLD-1", world.patient_a.pk])).json()
    (trace,) = [trace for trace in figure["data"] if trace.get("name") == "Load, 3D T1w"]
    assert trace["error_y"]["array"] == [5.5, None]
    assert trace["error_y"]["arrayminus"] == [2.25, None]
    words = [mark[3] for mark in trace["customdata"]]
    assert words == ["<br>interval 8.2 to 16.0 mL (80% of phantoms)", ""]


def test_the_page_of_the_model_says_how_often_the_truth_lay_inside(client, world: World):
    model = make_model()
    address = reverse("model", args=[model.pk])
    assert "Not calibrated" in shown(client, world, address, "statistician")
    make_calibration(model)
    html = shown(client, world, address, "statistician")
    assert "60 held out, phantoms “1”; recorded" in html
    assert "0.872" in html
    assert "True load up to 5 mL" in html
