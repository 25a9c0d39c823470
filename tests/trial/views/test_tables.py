"""Every table that scrolls is reached by the keyboard, and named."""

import re
from pathlib import Path

from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
NAMED = re.compile(r'tabindex="0" role="region" aria-label="[^"]+"')
STACKED = (
    "segmentation/models.html",
    "segmentation/model.html",
    "analytics/_correlation_estimates.html",
)


def test_what_scrolls_has_a_place_in_the_order_of_the_keyboard_and_a_name():
    boxes = [
        (path.relative_to(TEMPLATES), box)
        for path in TEMPLATES.rglob("*.html")
        for box in re.findall(r'<div class="table-wrap"[^>]*>', path.read_text("utf-8"))
    ]
    assert len(boxes) > 60
    for name, box in boxes:
        assert NAMED.search(box), f"{name}: {box}"


def test_a_table_of_more_than_names_and_values_is_no_plain_scrolling_box():
    for path in TEMPLATES.rglob("*.html"):
        for box, inside in re.findall(
            r'(<div class="table-responsive"[^>]*>)\s*(<[^>]*>)', path.read_text("utf-8")
        ):
            is_facts = re.match(r'<table class="[^"]*\bfacts\b', inside)
            assert is_facts or NAMED.search(box), f"{path.relative_to(TEMPLATES)}: {box}"


def test_each_cell_of_a_table_that_becomes_cards_names_its_column():
    for name in STACKED:
        text = (TEMPLATES / name).read_text("utf-8")
        for table in re.findall(r'<table class="[^"]*table-cards[^"]*">.*?</table>', text, re.S):
            unnamed = re.findall(r"<td(?![^>]*(?:data-label|row-actions))[^>]*>", table)
            assert not unnamed, f"{name}: {unnamed}"
