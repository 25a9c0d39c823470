"""Every table of a study leaves in one file, of one state of the records."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from analytics.exports import columns as dictionary
from analytics.models import ExportRecord
from analytics.selectors.exports import DATASETS
from analytics.services import all_tables
from tests.analytics.services.test_exporting import take
from tests.support.loads import make_load
from tests.support.world import World

DAY, LATER = date(2024, 5, 10), date(2025, 5, 10)


@pytest.fixture
def committed(transactional_db: None, world: World) -> World:
    make_load(world.patient_a, DAY, 10.5)
    return world


def begun(world: World, by: str = "data_manager") -> Any:
    exports = all_tables.begin(study=world.study, by=world.user(by), origin="web")
    return all_tables.pieces(world.study, exports)


def opened(content: bytes) -> zipfile.ZipFile:
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.testzip() is None
    return packed


def test_each_table_is_that_of_its_own_download_beside_its_dictionary(committed: World):
    packed = opened(b"".join(begun(committed)))
    for dataset in DATASETS:
        assert packed.read(f"MLD-1_{dataset}.csv") == take(committed, dataset), dataset
        described = packed.read(f"MLD-1_{dataset}.dictionary.csv").decode()
        assert described == dictionary.as_csv(dataset), dataset
    assert len(packed.namelist()) == 2 * len(DATASETS) + 1


def test_the_manifest_is_what_was_recorded(committed: World):
    packed = opened(b"".join(begun(committed)))
    told = json.loads(packed.read("manifest.json"))
    assert (told["study_code"], told["dictionary_version"]) == ("MLD-1", dictionary.VERSION)
    assert [one["dataset"] for one in told["tables"]] == list(DATASETS)
    for one in told["tables"]:
        content = packed.read(one["file"])
        record = ExportRecord.objects.get(pk=one["export_id"])
        assert record.is_complete
        assert record.user == committed.user("data_manager")
        assert record.sha256 == one["sha256"] == hashlib.sha256(content).hexdigest()
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert record.row_count == one["row_count"] == len(rows) - 1


def test_what_is_recorded_while_the_tables_are_read_is_in_none_of_them(committed: World):
    pieces = begun(committed)
    content = [next(pieces)]  # the first table is read
    make_load(committed.patient_a, LATER, 20.5)
    content += pieces
    packed = opened(b"".join(content))
    for dataset in ("demyelination_load", "loads_by_method", "visits", "scans"):
        read = packed.read(f"MLD-1_{dataset}.csv").decode()
        assert DAY.isoformat() in read
        assert LATER.isoformat() not in read, dataset


def test_where_the_reader_hangs_up_what_was_not_sent_is_never_complete(committed: World):
    pieces = begun(committed)
    next(pieces)
    pieces.close()
    assert ExportRecord.objects.count() == len(DATASETS)
    assert not ExportRecord.objects.filter(is_complete=True).exists()


def test_who_may_not_export_gets_nothing_and_leaves_no_record(committed: World):
    for role in ("coordinator", "sponsor", "auditor", "administrator", "reader"):
        with pytest.raises(PermissionDenied):
            begun(committed, role)
    assert not ExportRecord.objects.exists()


def test_the_file_is_named_by_study_and_minute(committed: World, client: Client):
    client.force_login(committed.user("data_manager"))
    answer = client.get("/exports/MLD-1/tables.zip")
    assert answer["Content-Type"] == "application/zip"
    assert 'filename="MLD-1_tables_20' in answer["Content-Disposition"]
    assert "manifest.json" in opened(b"".join(answer)).namelist()  # type: ignore[arg-type]
