"""What is unusual about the images of a result, as pages and exports read it."""

from django.db.models import Case, F, Func, TextField, Value, When

from segmentation.imaging.cautions import CAUTION_WORDS, Caution
from segmentation.models import SegmentationResult

NONE = "NONE"
"""In exports, for images that were looked at and are as usual; empty means not looked at."""


def caution_words(result: SegmentationResult | None) -> list[str]:
    """Return a sentence for everything that is unusual about the images of a result."""
    codes = [] if result is None else result.cautions or []
    return [CAUTION_WORDS[Caution(code)] for code in codes]


def as_codes() -> Case:
    """Return the cautions of a row of `SegmentationResult`; NULL where nobody looked."""
    codes = Func(F("cautions"), Value(" "), function="array_to_string", output_field=TextField())
    return Case(
        When(cautions__isnull=True, then=Value(None, output_field=TextField())),
        When(cautions__len=0, then=Value(NONE, output_field=TextField())),
        default=codes,
    )
