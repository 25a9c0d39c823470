"""Keep the calibration of a method's intervals, and give each new load its interval."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from segmentation.inference.disagreement import Disagreement
from segmentation.inference.interval import Calibration, interval_of
from segmentation.models import IntervalCalibration, ModelVersion, SegmentationRun


def record_calibration(*, model: ModelVersion, content: Mapping[str, Any]) -> IntervalCalibration:
    """Put the content of an `interval.json` on record; the same twice is one.

    Loads that are measured from now on get intervals by it; those that were measured keep theirs.

    Raises
    ------
    ValidationError
        If it is not understood, or the version is taken by another calibration of the method.
    """
    try:
        version = Calibration.of_json(content).version
        canonical = json.dumps(content, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    known = IntervalCalibration.objects.filter(model_version=model, version=version).first()
    if known is not None:
        if known.sha256 != sha256:
            raise ValidationError(
                f"The method has another calibration of version {version}. Give this one a "
                "version of its own."
            )
        return known
    made = IntervalCalibration(
        model_version=model, version=version, content=dict(content), sha256=sha256
    )
    made.full_clean()
    made.save()
    return made


def interval_columns(
    run: SegmentationRun, *, load_ml: float, disagreement: Disagreement | None
) -> dict[str, Any]:
    """Return the interval of a load as columns of its result; nothing where there is none."""
    latest = run.model_version.interval_calibrations.order_by("-created_at", "-pk").first()
    if latest is None or disagreement is None:
        return {}
    interval = interval_of(
        load_ml,
        disagreement,
        acq_stratum=run.t1w_scan.acq_stratum,
        calibration=Calibration.of_json(latest.content),
    )
    if interval is None:
        return {}
    return {
        "interval_low_ml": interval.low_ml,
        "interval_high_ml": interval.high_ml,
        "interval_level": interval.level,
        "interval_calibration": latest,
    }
