"""Visits with segmented scans, made without any image."""

import hashlib
import itertools
from datetime import date
from typing import Any

from mldtrial.trial.models import AcqStratum, Patient, Scan, Sequence, Visit
from segmentation.imaging.tissue.measure import METHOD_VERSION
from segmentation.models import (
    IntervalCalibration,
    JobState,
    Method,
    ModelVersion,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
    TissueCode,
    TissueMeasurement,
    TissueVolume,
    TrainingSet,
)
from segmentation.services import training_sets
from segmentation.services.intervals import record_calibration

_numbers = itertools.count()


def _hash() -> str:
    return hashlib.sha256(str(next(_numbers)).encode()).hexdigest()


def make_model(
    name: str = "small", version: str = "1", *, state: str = ReleaseState.ACTIVE, **more: Any
) -> ModelVersion:
    """Return a method version, made on first use."""
    found, _ = ModelVersion.objects.get_or_create(
        name=name,
        version=version,
        defaults={
            "method": Method.CNN,
            "sha256": _hash(),
            "sequences": ["T1w", "T2w"],
            "is_demonstration": True,
            "state": state,
            **more,
        },
    )
    return found


def trained_on(model: ModelVersion, *patients: Patient) -> TrainingSet:
    """Put on record that a method was trained on these patients."""
    return training_sets.record_training_set(
        model=model,
        patients=[training_sets.Trained(p.study.code, p.subject_code) for p in patients],
        source="list of the training",
        reason="test",
    )


def make_visit(patient: Patient, on: date, **more: Any) -> Visit:
    """Return a patient's visit on a day, made on first use."""
    found = Visit.objects.filter(patient=patient, date=on).first()
    if found is not None:
        return found
    number = 100 + patient.visits.count()
    return Visit.objects.create(
        patient=patient, date=on, **{"number": number, "name": f"Visit of {on}", **more}
    )


def make_scan(visit: Visit, sequence: str = Sequence.T1W, **more: Any) -> Scan:
    """Return a new image of a visit, without a file."""
    content = _hash()
    fields: dict[str, Any] = {
        "acq_stratum": AcqStratum.THREE_D,
        "shape": [9, 10, 11],
        "voxel_size_mm": [1.0, 1.0, 1.0],
        "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        "image_sha256": content,
        "voxels_sha256": content,
        "source_sha256": content,
        "source_format": "nifti",
    }
    return Scan.objects.create(visit=visit, sequence=sequence, **{**fields, **more})


def make_load(
    patient: Patient,
    on: date,
    load_ml: float,
    *,
    model: ModelVersion | None = None,
    analysis_flag: bool = True,
    beside: SegmentationRun | None = None,
    **scan: Any,
) -> SegmentationRun:
    """Return a successful run on a day's visit with a load in mL.

    Parameters
    ----------
    beside : SegmentationRun, optional
        The run whose images it was made from; new ones without.
    """
    visit = make_visit(patient, on)
    run = SegmentationRun.objects.create(
        visit=visit,
        site=patient.site,
        state=JobState.SUCCEEDED,
        t1w_scan=make_scan(visit, **scan) if beside is None else beside.t1w_scan,
        model_version=model or make_model(),
        parameters_sha256="0" * 64,
        input_sha256=_hash(),
        analysis_flag=analysis_flag,
    )
    SegmentationResult.objects.create(
        run=run,
        mask_path=f"masks/{run.pk}.nii.gz",
        mask_sha256=_hash(),
        attempt=1,
        voxel_count=round(load_ml * 1000),
        demyelination_load_ml=load_ml,
    )
    return run


def make_calibration(model: ModelVersion) -> IntervalCalibration:
    """Return a calibration of a method's intervals: factors 1 and 2, 3D alone."""
    content = {
        "method": "conformal-1",
        "version": "1",
        "model_sha256": model.sha256,
        "level": 0.8,
        "strata": {"3D": {"low": 1.0, "high": 2.0, "n": 20}},
        "data": "20 phantom visits of as many patients, and 60 held out",
        "phantoms": "1",
        "held_out": {
            "all": {
                "n": 60, "inside": 49, "below": 5, "above": 6,
                "p_value": 0.8722, "width_ml_median": 21.4,
            },
            "strata": {},
            "loads": [
                {
                    "above_ml": 0.0, "up_to_ml": 5.0, "n": 3, "inside": 1, "below": 0, "above": 2,
                    "p_value": 0.104, "width_ml_median": 7.0,
                },
            ],
        },
    }  # fmt: skip
    return record_calibration(model=model, content=content)


def give_interval(run: SegmentationRun, low_ml: float, high_ml: float) -> None:
    """Give the load of a run an interval."""
    SegmentationResult.objects.filter(run=run).update(
        interval_low_ml=low_ml,
        interval_high_ml=high_ml,
        interval_level=0.8,
        interval_calibration=make_calibration(run.model_version),
    )


def make_tissue(
    run: SegmentationRun, *, version: str = METHOD_VERSION, **volumes_ml: float
) -> TissueMeasurement:
    """Return a measurement of a run's denominators with volumes by code, in mL."""
    measurement = TissueMeasurement.objects.create(
        run=run,
        site=run.site,
        method_version=version,
        state=JobState.SUCCEEDED,
        separability=4.2,
        reasons={code: "Cannot be told." for code in TissueCode.values if code not in volumes_ml},
    )
    for code, volume_ml in volumes_ml.items():
        TissueVolume.objects.create(
            measurement=measurement, run=run, code=code, volume_ml=volume_ml
        )
    return measurement
