"""``manage.py rescan_repeatability``: how well a registered method repeats itself."""

import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mldtrial.audit.context import acting
from segmentation.models import Method
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.services import models
from segmentation.training.kept import append_line
from segmentation.training.rescans import State

pytestmark = pytest.mark.django_db
LOADS = {0: [100.0, 102.0], 1: [50.0, 47.0], 2: [30.0, 30.0], 3: [0.0]}


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Four patients, measured before by a command that stopped; one scan of the last refused."""
    with acting(origin="test", reason="registered"):
        model = models.register_threshold()
    kept = tmp_path / "kept.jsonl"
    for number, loads in LOADS.items():
        append_line(
            kept,
            {
                **asdict(State.draw(1, number)),
                "scans": 2,
                "model_sha256": model.sha256,
                "phantoms": PHANTOM_VERSION,
                "truth_ml": 60.0,
                "loads_ml": loads,
                "refused": ["NOT_A_HEAD"] * (2 - len(loads)),
            },
        )
    return kept


def told(records: Path, **options: object) -> str:
    out = StringIO()
    given = {"model": "threshold", "patients": 4, **options}
    call_command("rescan_repeatability", str(records), stdout=out, **given)
    return out.getvalue()


def test_the_error_of_each_stratum_is_printed_with_its_unit(records: Path):
    """3D: differences 2 and 0 mL, SD within sqrt(4 / 4) = 1.00 mL; 2D: 3 mL, sqrt(9 / 2)."""
    text = told(records)
    assert "3D: SD within 1.00 mL" in text
    assert "2D: SD within 2.12 mL" in text
    assert "Scans refused: 1 of 8" in text
    assert "say nothing about patients" in text


def test_the_numbers_are_there_for_a_program(records: Path):
    found = json.loads(told(records, json=True))
    assert found["strata"]["3D"]["n_subjects"] == 2
    assert found["strata"]["3D"]["smallest_detectable_change"] == pytest.approx(2.772, abs=1e-3)
    assert found["patients"][3]["loads_ml"] == [0.0]


def test_a_stratum_without_two_scans_says_so(records: Path):
    assert "2D: not estimable: No subject was measured twice." in told(records, patients=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"model": "nobody"}, "registered"), ({"seed": 2}, "another model"), ({"scans": 1}, "two")],
)
def test_what_cannot_be_done_is_said_in_one_line(records: Path, options, words):
    with pytest.raises(CommandError, match=words):
        told(records, **options)


def test_a_method_whose_masks_are_made_elsewhere_is_refused_in_words(records: Path):
    with acting(origin="test", reason="registered"):
        models.register_made_elsewhere(name="snap", version="4", method=Method.MANUAL)
    with pytest.raises(CommandError, match=r"snap 4 cannot be run here: .* made elsewhere"):
        told(records, model="snap")


def test_a_folder_that_is_missing_is_said_before_anything_is_drawn(records: Path):
    with pytest.raises(CommandError, match="There is no folder"):
        told(records.parent / "none" / "kept.jsonl")
