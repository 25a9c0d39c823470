"""Copies of the head are kept outside the database."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from mldtrial.audit.services import anchors, verification
from segmentation.management.commands.sweep import do_rarely
from segmentation.services import upkeep
from tests.support.world import World

pytestmark = pytest.mark.django_db


def test_an_anchor_is_the_head_with_a_time(chained_world: World, settings):
    anchor = anchors.write()
    line = json.loads((Path(settings.DATA_DIR) / "audit_anchors.jsonl").read_text())
    assert line == {"seq": anchor.seq, "hash": anchor.hash, "at": anchor.at}
    assert list(anchors.written()) == [anchor]


def test_anchors_are_written_at_most_every_five_minutes(chained_world: World):
    assert anchors.write_if_due() is not None
    assert anchors.write_if_due() is None


def test_an_unmoved_head_is_not_written_again(chained_world: World):
    old = anchors.write()
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    anchors.place().write_text(
        json.dumps({"seq": old.seq, "hash": old.hash, "at": an_hour_ago}) + "\n"
    )
    assert anchors.write_if_due() is None
    anchors.place().write_text(json.dumps({"seq": 1, "hash": old.hash, "at": an_hour_ago}) + "\n")
    assert anchors.write_if_due() is not None


def test_anchors_of_an_honest_chain_raise_no_alarm(chained_world: World):
    anchors.write()
    result = verification.verify()
    assert (result.findings, result.anchors) == ([], 1)


def tear(text: str = '{"seq": 12, "ha') -> None:
    """Leave the start of a line at the end of the file, as a crash or a full disk does."""
    with anchors.place().open("a") as lines:
        lines.write(text)


def faults() -> list[str]:
    return [found.fault for found in verification.verify().findings]


def test_a_torn_last_line_is_reported(chained_world: World):
    anchors.write()
    tear()
    assert faults() == ["ANCHOR_FILE"]


def test_anchoring_goes_on_after_a_torn_line(chained_world: World, caplog):
    first = anchors.write()
    tear()
    second = anchors.write()
    text = anchors.place().read_text()
    assert '{"seq": 12, "ha\n' in text
    assert "was torn" in caplog.text
    kept = [line for line in anchors.written() if isinstance(line, anchors.Anchor)]
    assert kept == [first, second]
    result = verification.verify()
    assert (result.findings, result.anchors) == ([], 2)
    assert [torn.number for torn in result.torn_lines] == [2]
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "line 2 of the anchors was torn" in out.getvalue()


def test_a_torn_line_does_not_stop_the_sweep(chained_world: World):
    old = {"seq": 1, "hash": "00", "at": "2026-01-01T00:00:00+00:00"}
    anchors.place().write_text(json.dumps(old) + "\n")
    tear()
    upkeep.anchor_audit_trail()
    lines = anchors.place().read_text().splitlines()
    assert json.loads(lines[-1])["seq"] == anchors.current().seq


def test_a_good_line_cannot_be_set_aside(chained_world: World):
    anchors.write()
    tear('{"seq": 1, "hash": "ff", "at": "2026-01-01T00:00:00+00:00"}\n')
    tear('{"set_aside": 2, "at": "2026-01-01T00:00:00+00:00"}\n')
    assert faults() == ["ANCHOR_BROKEN"]


def test_a_file_that_is_gone_is_missed(chained_world: World):
    anchors.write()
    anchors.place().unlink()
    assert faults() == ["ANCHOR_MISSING"]


def test_a_file_that_is_gone_is_not_made_anew(chained_world: World):
    anchors.write()
    anchors.place().unlink()
    with pytest.raises(FileNotFoundError):
        anchors.write_if_due()
    assert not anchors.place().exists()


def test_a_file_without_its_newest_anchor_is_missed(chained_world: World):
    anchors.write()
    anchors.place().write_text("")
    assert faults() == ["ANCHOR_MISSING"]


def test_no_file_is_missed_where_none_was_written(chained_world: World):
    assert faults() == []


def test_a_folder_that_is_not_there_is_not_made(chained_world: World, settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "volume" / "anchors.jsonl")
    with pytest.raises(FileNotFoundError):
        anchors.write_if_due()
    assert not (tmp_path / "volume").exists()


def test_a_chore_that_fails_is_tried_again_by_the_sweep(chained_world: World, settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "volume" / "anchors.jsonl")
    done_at: dict = {}
    do_rarely(done_at, goes_on=True)
    assert upkeep.anchor_audit_trail in done_at
    with pytest.raises(FileNotFoundError):
        do_rarely({}, goes_on=False)


def test_a_damaged_file_of_anchors_is_reported(chained_world: World):
    anchors.write()
    with anchors.place().open("a") as lines:
        lines.write("not an anchor\n")
    assert [found.fault for found in verification.verify().findings] == ["ANCHOR_FILE"]
