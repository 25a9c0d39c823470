"""Keep the calibration of a method's intervals, and give each new load its interval."""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from segmentation.inference.disagreement import Disagreement
from segmentation.inference.interval import Calibration, interval_of
from segmentation.models import IntervalCalibration, ModelVersion, SegmentationRun

log = logging.getLogger(__name__)


def record_calibration(*, model: ModelVersion, content: Mapping[str, Any]) -> IntervalCalibration:
    """Put the content of an `interval.json` on record; the same twice is one.

    Loads that are measured from now on get intervals by it; those that were measured keep theirs.

    Raises
    ------
    ValidationError
        If it is not understood, is of another model, or is not the latest of its method although
        it is on record; or the version is taken by another calibration of the method.
    """
    if content.get("model_sha256") != model.sha256:
        raise ValidationError(
            "This calibration is of another model, or of the same weights run in another way. "
            "Calibrate this one with calibrate_model."
        )
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
        if _latest(model) != known:
            raise ValidationError(
                f"A later calibration than {version} is in use. To return to this one, record it "
                "under a version of its own."
            )
        return known
    made = IntervalCalibration(
        model_version=model, version=version, content=dict(content), sha256=sha256
    )
    made.full_clean()
    made.save()
    return made


def _latest(model: ModelVersion) -> IntervalCalibration | None:
    return model.interval_calibrations.order_by("-created_at", "-pk").first()


def interval_columns(
    run: SegmentationRun, *, load_ml: float, disagreement: Disagreement | None
) -> dict[str, Any]:
    """Return what the passes found and the interval of a load, as columns of its result.

    Nothing where there is none. They stand with the load, since who may not see it may not see
    them either.
    """
    if disagreement is None:
        return {}
    passes = {"passes": disagreement.as_json()}
    latest = _latest(run.model_version)
    if latest is None:
        return passes
    try:
        calibration = Calibration.of_json(latest.content)
    except ValueError:
        # An older kind of calibration costs the interval, never the load.
        log.exception("The calibration of a model is not understood any more.")
        return passes
    interval = interval_of(
        load_ml, disagreement, acq_stratum=run.t1w_scan.acq_stratum, calibration=calibration
    )
    if interval is None:
        return passes
    return {
        **passes,
        "interval_low_ml": interval.low_ml,
        "interval_high_ml": interval.high_ml,
        "interval_level": interval.level,
        "interval_calibration": latest,
    }
