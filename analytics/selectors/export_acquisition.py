"""How an image was acquired, as columns of a table: what the tolerance of two loads goes by."""

from typing import Any

from django.db.models import Case, FloatField, Func, Q, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Trim
from django.db.models.lookups import Exact, GreaterThan, LessThan, Regex

from analytics.selectors.export_parts import or_missing
from segmentation.imaging.protocol.facts import LARGEST

NUMBERS = {
    "slice_thickness_mm": "SliceThickness",
    "tr_ms": "RepetitionTime",
    "te_ms": "EchoTime",
    "ti_ms": "InversionTime",
    "flip_deg": "FlipAngle",
}
"""Columns and the DICOM keywords under which intake keeps them."""
PLAIN = r"^\s*([0-9]{1,7}(\.[0-9]*)?|\.[0-9]+)\s*$"
"""A number without sign and exponent: one cast of anything else would end the whole export."""


def columns() -> dict[str, Any]:
    """Return the columns of a scan that say its scanner and its protocol, as intake kept them.

    They are read as `segmentation.imaging.protocol.facts` and `segmentation.imaging.scanners` read
    them: what is no text, or no number above 0, is unknown and so empty.
    """
    return {
        "scanner_manufacturer": _text("manufacturer", "scanner"),
        "scanner_model": _text("model", "scanner"),
        "scanner_field_strength_t": _number("field_strength_t", "scanner"),
        "scanner_device": _text("device", "scanner"),
        "scanner_software": _texts("software", "scanner"),
        "mr_acquisition_type": _text("MRAcquisitionType", "acquisition"),
        **{name: _number(keyword, "acquisition") for name, keyword in NUMBERS.items()},
    }


def _kind(key: str, field: str) -> Func:
    return Func(KeyTransform(key, field), function="jsonb_typeof", output_field=TextField())


def _is(key: str, field: str, kind: str) -> Q:
    return Q(Exact(_kind(key, field), Value(kind)))


def _text(key: str, field: str) -> Case:
    said = Trim(KeyTextTransform(key, field), output_field=TextField())
    return Case(When(_is(key, field, "string"), then=or_missing(said)), default=None)


def _texts(key: str, field: str) -> Case:
    """Return a text, or the parts of several with a stroke between."""
    parts = Func(
        KeyTransform(key, field),
        template="(SELECT string_agg(btrim(part), ' / ') "
        "FROM jsonb_array_elements_text(%(expressions)s) AS part WHERE btrim(part) <> '')",
        output_field=TextField(),
    )
    return Case(When(_is(key, field, "array"), then=parts), default=_text(key, field))


def _number(key: str, field: str) -> Case:
    text = KeyTextTransform(key, field)
    value = Cast(text, FloatField())
    is_plain = ~_is(key, field, "boolean") & Q(Regex(text, Value(PLAIN)))
    in_range = Q(GreaterThan(value, Value(0.0))) & Q(LessThan(value, Value(LARGEST)))
    # One within the other: the database may ask the conditions of one case in any order.
    inner = Case(When(in_range, then=value), default=None, output_field=FloatField())
    return Case(When(is_plain, then=inner), default=None, output_field=FloatField())
