"""Measured scans, made without any image."""

from datetime import date, timedelta
from typing import Any

from mldtrial.trial.models import Patient
from segmentation.imaging.quality.metrics import METHOD_VERSION, METRICS
from segmentation.models import JobState, ScanQuality
from tests.support.loads import make_scan, make_visit

USUAL = {
    "snr_brain": 25.0, "snr_air": 30.0, "cnr": 12.0, "ghosting_percent": 0.5, "efc": 0.5,
    "top_margin_mm": 20.0, "bottom_margin_mm": 15.0, "brain_cut_percent": 0.0,
    "brain_volume_ml": 1300.0,
}  # fmt: skip


def make_quality(
    patient: Patient, day: int = 0, *, sequence: str = "T1w", **values: float | str
) -> ScanQuality:
    """Return a measurement with the usual values but those given; words are a reason for none."""
    visit = make_visit(patient, date(2023, 5, 10) + timedelta(days=day))
    metrics: dict[str, Any] = {}
    for metric in METRICS:
        value = values.get(metric.key, USUAL[metric.key])
        metrics[metric.key] = {"reason" if isinstance(value, str) else "value": value}
    return ScanQuality.objects.create(
        scan=make_scan(visit, sequence),
        site=patient.site,
        method_version=METHOD_VERSION,
        state=JobState.SUCCEEDED,
        metrics=metrics,
    )


def make_many(patient: Patient, count: int, **values: float | str) -> list[ScanQuality]:
    """Return measurements at visits a month apart; their noise differs a little."""
    return [
        make_quality(patient, 30 * n, **{"snr_brain": 24.0 + n % 3, **values}) for n in range(count)
    ]
