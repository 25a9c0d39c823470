"""Copies of the head are kept outside the database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mldtrial.audit.services import anchors, verification
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


def test_a_damaged_file_of_anchors_is_reported(chained_world: World):
    anchors.write()
    with anchors.place().open("a") as lines:
        lines.write("not an anchor\n")
    assert [found.fault for found in verification.verify().findings] == ["ANCHOR_FILE"]
