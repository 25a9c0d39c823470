"""Text that a spreadsheet would take for a formula gets an apostrophe before it."""

import re
import unicodedata

SIGNS = ("=", "+", "-", "@", "|", "%")
UNSEEN = re.compile(r"^[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]+")


def guarded(text: str) -> str:
    """Return a text that stays a text in a spreadsheet.

    Judged as a spreadsheet does: after compatibility normalisation (full-width signs become
    plain ones) and without what stands before it unseen.
    """
    if text[:1] in ("\t", "\r", "\n", "\0"):
        return f"'{text}"
    shown = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return f"'{text}" if shown.startswith(SIGNS) else text
