"""Papers: pages, markup, the same bytes."""

from io import BytesIO

from pypdf import PdfReader
from reportlab.graphics import shapes

from analytics.reports import fonts, sheet
from analytics.reports.sheet import Column, Origin
from tests.support.papers import pages_of, text_of

ORIGIN = Origin("MLD-1 · A-001", "Ada Example", "2026-03-01 08:30 UTC", "audit chain 0123456789ab")


def paper(*story, origin=ORIGIN):
    return sheet.build("A paper", story, origin)


def test_the_same_content_gives_the_same_bytes():
    made = [paper(sheet.words("Text"), sheet.table([Column("A", 1)], [["1"]])) for _ in range(2)]
    assert made[0] == made[1]
    later = Origin("MLD-1 · A-001", "Ada Example", "2026-03-02 08:30 UTC", "audit chain 0")
    assert paper(sheet.words("Text"), origin=later) != paper(sheet.words("Text"))


def test_every_page_says_which_it_is_and_where_it_comes_from():
    rows = [[str(number)] for number in range(120)]
    pages = pages_of(paper(sheet.table([Column("Number", 1)], rows)))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert "Made 2026-03-01 08:30 UTC by Ada Example; data of audit chain 0123456789ab" in page
        assert page.startswith("Number")


def test_a_heading_goes_to_the_next_page_with_the_figure_below_its_first_line():
    figure = shapes.Drawing(100, 300)
    story = sheet.section("Figure", sheet.words("n = 4"), figure, sheet.words("Behind it"))
    before, after = pages_of(paper(sheet.space(150), *story))
    assert "Figure" not in before
    assert all(said in after for said in ("Figure", "n = 4", "Behind it"))


def test_what_people_typed_is_no_markup():
    typed = "<b>A & B</b> <img src='file:///etc/passwd'/> <para>"
    assert typed in text_of(paper(sheet.words(typed), sheet.strong(typed, typed)))


def test_greek_letters_and_signs_are_printed():
    signs = "ρ τ κ ± − ² ≤ Ł é"
    content = paper(sheet.words(signs))
    assert signs in text_of(content)
    used = PdfReader(BytesIO(content)).pages[0]["/Resources"]["/Font"].values()
    names = [font.get_object()["/BaseFont"] for font in used]
    assert any("DejaVuSans" in name for name in names)


def test_a_cell_longer_than_a_page_is_split():
    long = "word " * 4000
    pages = pages_of(paper(sheet.table([Column("Note", 1), Column("n", 1)], [[long, "1"]])))
    assert sum(page.count("word") for page in pages) == 4000


def test_a_long_name_in_the_foot_is_cut_and_the_page_still_told():
    origin = Origin("S" * 300, "N" * 300, ORIGIN.made_at, ORIGIN.data_version)
    page = pages_of(paper(sheet.words("Text"), origin=origin))[0]
    assert "page 1 of 1" in page
    assert "audit chain 0123456789ab" in page
    assert page.count("…") == 2


def test_a_text_is_cut_where_there_is_no_room():
    assert fonts.cut("short", 7, 500) == "short"
    assert fonts.width_pt(fonts.cut("x" * 400, 7, 100), 7) <= 100
