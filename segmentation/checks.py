"""Deploy checks: what must never be configured in production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def no_test_segmenter(**_: Any) -> list[CheckMessage]:
    """Refuse a deployment that would take the threshold method of the tests for a result."""
    if not settings.ALLOW_TEST_SEGMENTERS:
        return []
    return [
        Error(
            "ALLOW_TEST_SEGMENTERS is on: the threshold method of the tests could produce loads.",
            hint="Remove the setting; it belongs to mldtrial.settings.test alone.",
            id="segmentation.E001",
        )
    ]
