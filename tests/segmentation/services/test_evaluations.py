"""What was measured of a model is kept with it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from segmentation.models import ModelEvaluation
from segmentation.services import models
from segmentation.services.evaluations import record_evaluation
from tests.support.loads import make_model
from tests.support.trained import PRETRAINED, copied

pytestmark = pytest.mark.django_db


def report(load_ml: float = 9.0) -> dict[str, Any]:
    case = {
        "case": "sub-01_ses-M00",
        "acq_stratum": "3D",
        "truth_ml": 10.0,
        "load_ml": load_ml,
        "dice": 0.9,
        "hausdorff95_mm": 2.0,
        "surface_dice": 0.8,
    }
    return {"cases": [case], "summary": {"3D": {"n": 400}}}


def test_the_figures_are_those_of_the_cases_and_not_of_the_report():
    found = record_evaluation(model=make_model(), report=report(), data="one phantom")
    assert found.summary["3D"]["n"] == 1
    assert found.summary["3D"]["bias_percent_median_from_5_ml"] == pytest.approx(-10.0)


def test_what_the_method_refused_is_counted_beside_the_figures_of_the_rest():
    refused = [{"subject": "sub-02", "acq_stratum": "2D", "code": "NO_BRAIN_FOUND"}]
    told = {**report(), "refused": refused}
    found = record_evaluation(model=make_model(), report=told, data="two phantoms")
    assert found.summary["3D"]["refused_n"] == 0
    assert found.summary["2D"] == {"n": 0, "refused_n": 1}
    silent = record_evaluation(model=make_model(), report=report(), data="one phantom")
    assert "refused_n" not in silent.summary["3D"]


def test_the_same_cases_are_recorded_once_and_others_beside_them():
    model = make_model()
    for load_ml in (9.0, 9.0, 8.0):
        record_evaluation(model=model, report=report(load_ml), data="one phantom")
    assert ModelEvaluation.objects.filter(model_version=model).count() == 2


@pytest.mark.parametrize(
    "broken",
    [{}, {"cases": []}, {"cases": [{"case": "x"}]}, {"cases": 1}, report(float("nan"))],
)
def test_what_is_no_report_is_refused(broken: dict[str, Any]):
    with pytest.raises(ValidationError):
        record_evaluation(model=make_model(), report=broken, data="one phantom")


def test_a_report_that_does_not_say_on_what_is_refused():
    with pytest.raises(ValidationError, match="what the model was measured on"):
        record_evaluation(model=make_model(), report=report(), data=" ")
    with pytest.raises(ValidationError, match="at most 200 characters"):
        record_evaluation(model=make_model(), report=report(), data="x" * 201)


def test_a_model_folder_can_bring_its_measurements(tmp_path: Path):
    folder = copied(PRETRAINED, tmp_path / "model")
    (folder / "metrics.json").write_text(json.dumps({**report(), "data": "1 phantom, seed 11"}))
    model = models.register_model(folder=folder)
    models.register_model(folder=folder)
    assert [one.data for one in model.evaluations.all()] == ["1 phantom, seed 11"]
