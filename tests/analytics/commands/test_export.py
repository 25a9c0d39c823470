import csv
import hashlib
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from analytics.models import ExportRecord
from tests.support.loads import make_load
from tests.support.world import build_world


@pytest.mark.django_db(transaction=True)
def test_a_table_and_its_dictionary_are_written(tmp_path, capsys):
    world = build_world()
    make_load(world.patient_a, date(2024, 5, 10), 10.5)
    out = tmp_path / "loads.csv"
    call_command("export", "demyelination_load", str(out), study="MLD-1", json=True)
    printed = json.loads(capsys.readouterr().out)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["demyelination_load_ml"] for row in rows] == ["10.5"]
    assert printed["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert printed["row_count"] == 1
    described = (tmp_path / "loads.dictionary.csv").read_text(encoding="utf-8")
    assert "demyelination_load_ml" in described
    record = ExportRecord.objects.get()
    assert (record.user, record.is_complete) == (None, True)
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dataset", "study", "said"),
    [("nothing", "MLD-1", "Unknown dataset"), ("visits", "NONE", "There is no study")],
)
def test_what_is_unknown_is_said_in_one_line(world, tmp_path, dataset, study, said):
    with pytest.raises(CommandError, match=said):
        call_command("export", dataset, str(tmp_path / "out.csv"), study=study)
    assert list(tmp_path.glob("*.csv")) == []
    assert not ExportRecord.objects.exists()


@pytest.mark.django_db
def test_a_folder_that_is_missing_is_said(world, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", "visits", str(tmp_path / "no" / "out.csv"), study="MLD-1")
