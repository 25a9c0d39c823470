"""A T1w that shows another head than the patient's earlier scans waits, with all of its session."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from mldtrial.trial.models import Conflict, Scan, ScanState, Visit
from mldtrial.trial.services import patients
from segmentation.imaging.dicom.person import HeaderFacts
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import write_volume
from segmentation.imaging.same_head import HeadComparison, Verdict
from segmentation.imaging.template import load_template
from segmentation.phantom.patient import smooth_noise
from segmentation.services import conflicts, heads, intake, receiving
from segmentation.services.images import CheckedImage
from tests.support.intake import bare_scan
from tests.support.world import World

MOVED_MM = 5.0
"""How far the folds of the other head lie from those of the first, as no disease moves them."""


def head_2_mm() -> Volume:
    """Return the brain of the template, coarse enough to be taken in quickly."""
    whole = load_template("t1")
    return Volume(whole.data[::2, ::2, ::2], whole.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))


def other_head(volume: Volume) -> Volume:
    """Return a head of the same shape with other folds."""
    random, shape = np.random.default_rng(3), volume.data.shape
    sizes_mm = np.linalg.norm(volume.affine[:3, :3], axis=0)
    coarse = [int(extent / 4) + 2 for extent in np.array(shape) * sizes_mm]
    places = np.indices(shape).astype(float)
    for axis in range(3):
        noise = smooth_noise(random, tuple(coarse), 5.0)
        places[axis] += (
            MOVED_MM
            / sizes_mm[axis]
            * ndimage.zoom(noise, np.array(shape) / np.array(noise.shape), order=1)
        )
    bent = ndimage.map_coordinates(np.asarray(volume.data), places, order=1)
    return Volume(bent.astype(np.float32), volume.affine)


def send(visit: Visit, volume: Volume, path: Path) -> Scan:
    write_volume(path, volume.data, volume.affine)
    receiving.receive_upload(
        visit=visit, chunks=[path.read_bytes()], declared_sequence="T1w",
        declared_acquired_on=visit.date, by=None,
    )  # fmt: skip
    upload = intake.execute_next(worker="test")
    assert upload.state == "SUCCEEDED", upload.message
    return visit.scans.latest("created_at")


def later_visit(world: World) -> Visit:
    return patients.create_visit(
        patient=world.patient_a, definition=None, visit_date=date(2023, 11, 10), by=None
    )


# Committed, so that the heartbeat of an intake finds its row however slow the machine is.
@pytest.mark.django_db(transaction=True)
def test_another_head_than_before_waits_and_says_with_what_it_was_compared(
    world: World, tmp_path: Path
):
    head = head_2_mm()
    first = send(world.visit_a, head, tmp_path / "first.nii.gz")
    assert "Head compared" not in first.reason
    second = send(later_visit(world), other_head(head), tmp_path / "second.nii.gz")
    assert (second.state, second.conflicts) == (ScanState.QUARANTINED, [Conflict.OTHER_HEAD])
    assert "Head compared with Baseline: The folds of the brain do not agree" in second.reason


DIFFERENT = HeadComparison(Verdict.DIFFERENT, 0.5, 1.0, 0.9, 1.1, 1.0, "The folds do not agree.")


def without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows without an image take part: what is compared is not the question."""
    monkeypatch.setattr(heads, "_head_of", lambda _: "head of an earlier scan")
    monkeypatch.setattr(heads, "find_head", lambda _: "head of the new scan")
    monkeypatch.setattr(
        heads,
        "_nearest",
        lambda visit: list(Scan.objects.filter(visit__patient=visit.patient, state="IMPORTED")),
    )


@pytest.mark.django_db(transaction=True)
def test_a_scan_that_is_taken_in_during_a_comparison_is_compared_with_as_well(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    later, find, asked = later_visit(world), heads.compare, []
    monkeypatch.setattr(heads, "_comparison", lambda *_: DIFFERENT)

    def compare_late(visit: Visit, images: Any, heartbeat: Any, *, earlier: Any) -> Any:
        found = find(visit, images, heartbeat, earlier=earlier)
        asked.append(len(earlier))
        if len(asked) == 1:  # another worker meanwhile
            bare_scan(world.visit_a, 1)
        return found

    monkeypatch.setattr(heads, "compare", compare_late)
    without_files(monkeypatch)
    second = send(later, head_2_mm(), tmp_path / "second.nii.gz")
    assert asked == [0, 1]
    assert (second.state, second.conflicts) == (ScanState.QUARANTINED, [Conflict.OTHER_HEAD])


HEAD = HeaderFacts(session="s" * 64)
OTHER_SESSION = HeaderFacts(session="o" * 64)


def checked(head: Verdict | None, header: HeaderFacts | None, sequence: str = "T1w") -> Any:
    return CheckedImage(
        path=Path(f"{sequence}-{head}"),
        facts=SimpleNamespace(sha256="0" * 64),
        sequence=sequence,
        acq_stratum="3D",
        reason="",
        acquired_on=None,
        source_format="DICOM",
        deidentification_version="1",
        header=header,
        head=head,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([(Verdict.DIFFERENT, HEAD, "T1w"), (None, HEAD, "T2w")], [True, True]),
        ([(Verdict.DIFFERENT, HEAD, "T1w"), (None, OTHER_SESSION, "T2w")], [True, False]),
        ([(Verdict.DIFFERENT, None, "T1w"), (None, None, "T2w")], [True, False]),
        ([(Verdict.CANNOT_TELL, HEAD, "T1w")], [False]),
        ([(Verdict.SAME, HEAD, "T1w")], [False]),
        ([(Verdict.SAME, HEAD, "T1w"), (Verdict.DIFFERENT, HEAD, "T1w")], [False, False]),
    ],
)
def test_a_session_waits_whole_where_its_head_is_another_and_nothing_says_it_is_not(
    world: World, images: list[tuple[Any, ...]], expected: list[bool]
):
    made = [checked(*image) for image in images]
    found = conflicts.find(world.visit_a, made, [f"{n}" for n in range(len(made))])
    assert found == [[Conflict.OTHER_HEAD] if waits else [] for waits in expected]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [ScanState.QUARANTINED, ScanState.DISCARDED, ScanState.IMPORTED])
def test_the_rest_of_a_session_waits_though_its_t1w_was_sent_before(world: World, state: str):
    t1w = bare_scan(world.visit_a, 1)
    Scan.objects.filter(pk=t1w.pk).update(
        state=state, conflicts=[Conflict.OTHER_HEAD], acquisition={"session_uid": HEAD.session}
    )
    (found,) = conflicts.find(world.visit_a, [checked(None, HEAD, "T2w")], ["2"])
    assert found == ([] if state == ScanState.IMPORTED else [Conflict.OTHER_HEAD])


@pytest.mark.django_db
def test_a_brain_of_the_first_year_is_no_other_head(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(heads, "compare_heads", lambda *_, **__: DIFFERENT)
    scan, day = bare_scan(world.visit_a, 1), world.visit_a.date
    for months, verdict in ((11, Verdict.CANNOT_TELL), (13, Verdict.DIFFERENT)):
        born = date(day.year, day.month, 1) - timedelta(days=round(30.44 * months))
        found = heads._comparison(None, day, None, scan, born)
        assert found.verdict is verdict


@pytest.mark.django_db
def test_an_image_that_cannot_be_compared_is_passed_over(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("too few voxels")

    monkeypatch.setattr(heads, "compare_heads", fail)
    without_files(monkeypatch)
    bare_scan(world.visit_a, 1)
    second = send(later_visit(world), head_2_mm(), tmp_path / "second.nii.gz")
    assert (second.state, second.conflicts) == (ScanState.IMPORTED, [])


@pytest.mark.django_db
def test_nothing_is_said_of_a_first_scan_or_of_one_that_shows_no_head(world: World, tmp_path: Path):
    heartbeat = SimpleNamespace(check=lambda: None)
    image = checked(None, None)
    assert heads.earlier_of(world.visit_a, [image]) == []
    assert heads.compare(world.visit_a, [image], heartbeat, earlier=[]) == [image]
    cube = Volume(np.arange(1320, dtype=np.float32).reshape(10, 11, 12), np.eye(4))
    send(world.visit_a, cube, tmp_path / "cube.nii.gz")
    image.path = tmp_path / "cube.nii.gz"
    later = later_visit(world)
    (earlier,) = heads.earlier_of(later, [image])
    assert heads.compare(later, [image], heartbeat, earlier=[earlier]) == [image]
