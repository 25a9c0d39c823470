"""One command fills the reference study's table with the numbers of a study."""

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mldtrial.audit.models import AccessEvent
from segmentation.models import Method, ReleaseState
from tests.support.loads import make_load, make_model
from tests.support.shadows import pair
from tests.support.world import World

pytestmark = pytest.mark.django_db


def run(out: Path, *more: str, person: str = "data_manager") -> str:
    told = StringIO()
    call_command("agreement_table", out, "--study", "MLD-1", "--as", person, *more, stdout=told)
    return told.getvalue()


def test_the_file_has_the_published_numbers_beside_those_of_the_study(world: World, tmp_path: Path):
    make_model("next", state=ReleaseState.CANDIDATE, method=Method.CONVENTIONAL)
    pair(world.patient_a, date(2024, 1, 10), 22.0, 20.0)
    pair(world.patient_b, date(2024, 1, 10), 34.0, 30.0)
    out = tmp_path / "table.csv"
    told = json.loads(run(out, "--json"))
    assert (told["test"], told["reference"]) == ("small 1", "next 1")
    assert (told["scans"], told["pairs"], told["masks_waiting"]) == (2, 2, 2)
    rows = list(csv.DictReader(out.open(newline="")))
    bias = next(r for r in rows if r["unit"] == "mL" and r["acq_stratum"] == "3D")
    assert float(bias["value"]) == pytest.approx(3.0)
    assert {r["published"] for r in rows if r["quantity"] == "Test scans"} == {"73", "57"}
    taken = AccessEvent.objects.latest("pk")
    assert (taken.user, taken.details["dataset"]) == (
        world.user("data_manager"),
        "method_agreement",
    )
    assert "2 of 2 scans measured by both" in run(out, "--reference", "next")
    assert "next 1 beside small 1" in run(out, "--reference", "small")


def test_nobody_takes_a_table_that_they_may_not_see(world: World, tmp_path: Path):
    pair(world.patient_a, date(2024, 1, 10), 22.0, 20.0)
    out = tmp_path / "table.csv"
    for person, said in (
        ("auditor", "may not take"),
        ("coordinator", "may not take|no other method"),
        ("nobody", "no such person"),
    ):
        with pytest.raises(CommandError, match=said):
            run(out, person=person)
    with pytest.raises(CommandError, match="that is named 'unknown'"):
        run(out, "--reference", "unknown")
    assert not out.exists()


def test_of_several_versions_of_a_method_one_must_be_named(world: World, tmp_path: Path):
    run_of_both = pair(world.patient_a, date(2024, 1, 10), 22.0, 20.0)
    second = make_model("next", "2", state=ReleaseState.CANDIDATE)
    make_load(world.patient_a, date(2024, 1, 10), 21.0, model=second, beside=run_of_both)
    with pytest.raises(CommandError, match="next 1, next 2"):
        run(tmp_path / "table.csv", "--reference", "next")
    assert "next 2" in run(tmp_path / "table.csv", "--reference", "next 2")


def test_a_folder_that_is_not_there_is_told_in_words(world: World, tmp_path: Path):
    pair(world.patient_a, date(2024, 1, 10), 22.0, 20.0)
    with pytest.raises(CommandError, match="cannot be written"):
        run(tmp_path / "missing" / "table.csv")
