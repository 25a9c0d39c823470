"""The text of a model card becomes blocks; nothing of it becomes markup."""

from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from segmentation.card_text import Block, Span, blocks, spans

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


def test_a_card_is_taken_apart():
    heading, paragraph, items, table, code = blocks(CARD)
    assert heading.level == 1
    assert heading.lines == [(Span("text", "small 1: a "), Span("strong", "model"))]
    assert paragraph.lines[0][0].text == "Trained on nothing. See "
    assert paragraph.lines[0][1] == Span("code", "README")
    assert items.lines == [spans("one and more"), spans("two")]
    assert table.rows == [[spans("load"), spans("Dice")], [spans("5 mL"), spans("0.9")]]
    assert code == Block("code", code="python manage.py evaluate_model")


def test_markup_in_a_card_is_shown_and_does_nothing():
    card = "# <script>alert(1)</script>\n\n| <b>a</b> |\n|---|\n| [x](javascript:alert(1)) |"
    html = render_to_string("segmentation/_card_text.html", {"card": blocks(card)})
    assert "<script" not in html
    assert "<b>" not in html
    assert "<a" not in html
    assert "&lt;script&gt;" in html


@given(st.text(alphabet="ab #*-|`\n\t 1", max_size=60))
def test_no_word_of_a_card_is_lost(card: str):
    found = blocks(card)
    shown = "".join(
        block.code
        + "".join(span.text for line in block.lines for span in line)
        + "".join(span.text for row in block.rows for line in row for span in line)
        for block in found
    )
    letters = [c for c in card if c in "ab1"]
    # A fence may carry the name of a language, which is not shown.
    if "```" not in card:
        assert [c for c in shown if c in "ab1"] == letters
