"""The fonts that papers embed: Greek letters, signs and accents print on any machine."""

from importlib.util import find_spec
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

TEXT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
OF_MATPLOTLIB = "mpl-data/fonts/ttf"


def register() -> None:
    """Make the fonts known under their names; a second call changes nothing.

    They come with the wheel of matplotlib, which is found but not imported.

    Raises
    ------
    FileNotFoundError
        If matplotlib is not installed.
    """
    if TEXT in pdfmetrics.getRegisteredFontNames():
        return
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "Papers need the fonts that come with matplotlib, and it is not installed: install "
            "requirements.txt again."
        )
    folder = Path(found.origin).parent / OF_MATPLOTLIB
    # The plain one last: it is what a second call asks for.
    for name in (BOLD, TEXT):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(TEXT, normal=TEXT, bold=BOLD, italic=TEXT, boldItalic=BOLD)


def width_pt(text: str, size_pt: float, font: str = TEXT) -> float:
    """Return how wide a text is, in points."""
    register()
    return float(pdfmetrics.stringWidth(text, font, size_pt))


def cut(text: str, size_pt: float, most_pt: float) -> str:
    """Return a text, its end replaced by dots where it is wider than there is room for."""
    if width_pt(text, size_pt) <= most_pt:
        return text
    while text and width_pt(f"{text}…", size_pt) > most_pt:
        text = text[:-1]
    return f"{text.rstrip()}…"
