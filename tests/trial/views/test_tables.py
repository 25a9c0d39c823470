"""Every table that scrolls is reached by the keyboard, and named."""

import re
from pathlib import Path

from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"


def test_what_scrolls_has_a_place_in_the_order_of_the_keyboard_and_a_name():
    boxes = [
        (path.relative_to(TEMPLATES), box)
        for path in TEMPLATES.rglob("*.html")
        for box in re.findall(r'<div class="table-wrap"[^>]*>', path.read_text("utf-8"))
    ]
    assert len(boxes) > 60
    for name, box in boxes:
        assert re.search(r'tabindex="0" role="region" aria-label="[^"]+"', box), f"{name}: {box}"
