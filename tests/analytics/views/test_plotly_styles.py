"""The style sheets that plotly adds to a page, derived again from the installed wheel."""

import base64
import hashlib
import re
from importlib.resources import files

from django.conf import settings

TEXT_OF_A_STYLE = re.compile(r'\.textContent=(?:\'((?:[^\'\\]|\\.)*)\'|"((?:[^"\\]|\\.)*)")')
STYLE = re.compile(r"createElement\(.style.\)")
REACH = 300
"""Characters within which the text of a new style element is set."""


def csp_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def styles_of(script):
    found = []
    for place in STYLE.finditer(script):
        near = script[place.end() : place.end() + REACH]
        text = TEXT_OF_A_STYLE.search(script, place.end(), place.end() + 200_000)
        if 'createTextNode("")' in near:
            found.append("")
        elif text is not None and text.start() < place.end() + REACH:
            found.append(text.group(1) or text.group(2))
    return found


def test_the_allowed_hashes_are_those_of_the_installed_plotly():
    script = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    styles = styles_of(script)
    assert len(STYLE.findall(script)) == len(styles) == 2
    assert {csp_hash(text) for text in styles} == set(settings.PLOTLY_STYLE_HASHES)
