"""The drawing of a paper as SVG for a page whose content policy allows no inline style."""

import xml.etree.ElementTree as ET

from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing

NAMESPACE = "http://www.w3.org/2000/svg"
FONTS = {
    "DejaVuSans": ("DejaVu Sans, Verdana, sans-serif", "normal"),
    "DejaVuSans-Bold": ("DejaVu Sans, Verdana, sans-serif", "bold"),
}


def as_svg(drawing: Drawing, *, label: str) -> str:
    """Return a drawing as an SVG element that scales with its page.

    What reportlab writes as inline styles becomes attributes, which mean the same.

    Parameters
    ----------
    label : str
        What the figure shows, for who does not see it.
    """
    ET.register_namespace("", NAMESPACE)
    root = ET.fromstring(renderSVG.drawToString(drawing))  # noqa: S314 - of our own drawing
    for element in root.iter():
        _move_styles(element)
    width, height = drawing.width, drawing.height
    for name in ("width", "height", "preserveAspectRatio"):
        root.attrib.pop(name, None)
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    root.set("role", "img")
    root.set("aria-label", label)
    return ET.tostring(root, encoding="unicode")


def _move_styles(element: ET.Element) -> None:
    styles = element.attrib.pop("style", "")
    for declaration in styles.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            element.set(name.strip(), value.strip())
    font = element.get("font-family")
    if font in FONTS:
        family, weight = FONTS[font]
        element.set("font-family", family)
        element.set("font-weight", weight)
