"""The text of a model card is read as Markdown; nothing of it becomes markup of its own."""

import re

from hypothesis import given
from hypothesis import strategies as st

from segmentation.card_text import html_of

CARD = """\
# small 1: a **model**

Trained on
nothing. See `README`.

- one
  and more
- two

| load | Dice |
|---|---|
| 5 mL | 0.9 |

    python manage.py evaluate_model
"""


def test_a_card_is_shown_under_the_headings_of_the_page():
    html = html_of(CARD)
    assert "<h3>small 1: a <strong>model</strong></h3>" in html
    assert "<p>Trained on\nnothing. See <code>README</code>.</p>" in html
    assert html.count("<li>") == 2
    assert re.search(r'<div class="table-wrap" tabindex="0" role="region"[^>]*><table', html)
    assert '<th scope="col">load</th>' in html
    assert "<td>0.9</td>" in html
    assert "</table>\n</div>" in html
    assert 'tabindex="0"' in html
    assert "python manage.py evaluate_model" in html
    assert html.count("<div") == html.count("</div>") == 1


def test_markup_in_a_card_is_shown_and_does_nothing():
    card = "# <script>alert(1)</script>\n\n| <b>a</b> |\n|---|\n| [x](javascript:alert(1)) |"
    html = html_of(card)
    assert "<script" not in html
    assert "<b>" not in html
    assert "<a" not in html
    assert "&lt;script&gt;" in html


def test_nothing_of_a_card_is_fetched_from_elsewhere():
    html = html_of("![x](https://example.org/x.png) <https://example.org> [y](https://example.org)")
    assert "<img" not in html
    assert "<a" not in html


@given(st.text(alphabet="ab <>\"&'#*-|`[]()!\n\t1", max_size=60))
def test_no_tag_comes_from_the_words_of_a_card(card: str):
    ours = (
        "</?(?:h3|h4|p|ul|ol|li|em|strong|code|pre|blockquote|hr|br|div|table|thead|tbody|t[rhd])"
    )
    rest = re.sub(rf"{ours}(?: [a-z]+=\"[a-z0-9 :;-]*\")* ?/?>", "", html_of(card))
    assert "<" not in rest
    assert ">" not in rest


@given(st.text(alphabet="ab1 \n", max_size=60))
def test_no_word_of_a_card_is_lost(card: str):
    shown = re.sub("<[^>]*>", "", html_of(card))
    assert [c for c in shown if c in "ab1"] == [c for c in card if c in "ab1"]
