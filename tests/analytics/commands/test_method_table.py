"""``manage.py method_table``: the reference study's table from what was measured."""

import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from analytics.management.commands.method_table import SEED
from mldtrial.audit.context import acting
from segmentation.imaging.overlap import Overlap
from segmentation.phantom.cohort import DrawnScan, draw_cohort, write_table
from segmentation.services import models
from segmentation.training.compare import ComparedScan, record_comparison

pytestmark = pytest.mark.django_db
AGREES = Overlap(0.8, 2.0, 0.9)


@pytest.fixture
def registered() -> None:
    with acting(origin="test", reason="registered"):
        models.register_conventional()
        models.register_threshold()


@pytest.fixture
def measured(registered: None, tmp_path: Path) -> Path:
    """The first patient of each stratum, drawn and measured before by a command that stopped."""
    scans = draw_cohort(SEED)
    firsts = {"3D": scans[0].subject, "2D": "sub-P025"}
    drawn = [
        DrawnScan(**asdict(scan), demyelination_load_ml=10.0 + 5 * number)
        for number, scan in enumerate(s for s in scans if s.subject in firsts.values())
    ]
    images, results = tmp_path / "images", tmp_path / "results" / "threshold-1_clusterize-1"
    images.mkdir()
    (images / "derivatives" / "truth").mkdir(parents=True)
    results.mkdir(parents=True)
    write_table(images, drawn)
    for scan in drawn:
        loads = {"threshold": scan.demyelination_load_ml + 1, "clusterize": 9.0}
        record_comparison(
            results / f"{scan.subject}_{scan.session}.json",
            ComparedScan(scan, loads, {}, dict.fromkeys(loads, AGREES), AGREES),
        )
    return tmp_path


def run(out: Path, *more: str) -> str:
    told = StringIO()
    call_command(
        "method_table", str(out), "--test", "threshold", "--patients", "1", *more, stdout=told
    )
    return told.getvalue()


def test_the_published_numbers_stand_beside_those_found(measured: Path):
    lines = run(measured).splitlines()
    assert lines[0] == "Test: threshold 1; reference: clusterize 1."
    assert "nothing about patients" in lines[1]
    (scans,) = [line.split("  ") for line in lines if line.startswith("Test scans")]
    assert [cell.strip() for cell in scans if cell.strip()] == ["Test scans", "73", "57", "3", "3"]
    (dice,) = [line for line in lines if line.startswith("Dice of the two masks")]
    assert [cell for cell in dice.split() if cell in {"0.82", "0.75"}] == ["0.82", "0.75"]
    assert "0.80 (0.80 to 0.80), n = 3" in dice
    (bias,) = [line for line in lines if line.startswith("Test load less true load")]
    assert "not estimable: At least 2 patients are needed" in bias


def test_the_numbers_come_as_json_with_the_scans_behind_them(measured: Path):
    told = json.loads(run(measured, "--json"))
    assert told["seed"] == SEED
    assert len(told["scans"]) == 6
    assert told["scans"][0]["loads_ml"] == {"threshold": 11.0, "clusterize": 9.0}
    (row,) = [one for one in told["rows"] if one["quantity"] == "Test scans"]
    assert (row["published"], [one["value"] for one in row["found"]]) == ([73, 57], [3, 3])


def test_a_folder_keeps_to_its_cohort(measured: Path):
    with pytest.raises(CommandError, match="another cohort"):
        run(measured, "--seed", "7")


def test_a_method_that_is_not_registered_is_named(tmp_path: Path):
    with pytest.raises(CommandError, match="No method 'threshold' is registered"):
        run(tmp_path)


def test_a_method_is_not_compared_with_itself(registered: None, tmp_path: Path):
    with pytest.raises(CommandError, match="not with itself"):
        run(tmp_path, "--reference", "threshold")
    assert not (tmp_path / "images").exists()
