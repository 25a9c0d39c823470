"""What a paper says, read back from its PDF by another library than the one that wrote it."""

from io import BytesIO

from pypdf import PdfReader


def pages_of(content: bytes) -> list[str]:
    """Return the text of every page, its white space evened out."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def text_of(content: bytes) -> str:
    """Return the text of all pages."""
    return " ".join(pages_of(content))
