"""The images of the demonstration study, drawn when they are needed."""

from pathlib import Path

from segmentation.demo.plan import PlannedPatient, PlannedVisit
from segmentation.imaging.nifti import write_volume
from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import render_visit


def draw(patient: PlannedPatient, visit: PlannedVisit, into: Path) -> dict[str, Path]:
    """Draw the T1w and T2w images of a planned visit and return their files.

    The same plan gives the same bytes on one machine; on another they may differ in the last
    bit, which is why whoever uses a stored mask compares hashes first.
    """
    into.mkdir(parents=True, exist_ok=True)
    drawn = render_visit(
        PhantomPatient.draw(patient.seed),
        stage=visit.stage,
        acq_stratum=patient.acq_stratum,
        seed=int(visit.definition_code[1:]),
    )
    paths = {}
    for name, image in (("T1w", drawn.t1w), ("T2w", drawn.t2w)):
        paths[name] = into / f"{name}.nii.gz"
        write_volume(paths[name], image.data, image.affine)
    return paths
