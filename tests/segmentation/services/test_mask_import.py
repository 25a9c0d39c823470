"""A mask made elsewhere becomes a result of its own method, once, and nothing is overwritten."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.services import locking
from segmentation.imaging.errors import ImageError
from segmentation.imaging.nifti import read_label_map, write_label_map
from segmentation.models import JobState, Method, ModelVersion, SegmentationResult, SegmentationRun
from segmentation.selectors import visit_status
from segmentation.services import batches, mask_import, models, runs, upkeep
from segmentation.services.mask_import import MadeElsewhere
from segmentation.services.segmenters import ModelChangedError, load_segmenter
from segmentation.services.unsegmented import why_not
from tests.support.foreign_masks import find_no_head, masks, write_mask
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_model
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db
quick = pytest.mark.usefixtures("no_head")
MADE = MadeElsewhere(
    software="clusterize-toolbox",
    version="1.0",
    operator="OP-2",
    minutes=8.2,
    is_edited=False,
    lowest_percent=20,
    has_t1w_fluid_mask=True,
)


@pytest.fixture
def no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    find_no_head(monkeypatch)


@pytest.fixture
def visit(world: World, tmp_path: Path) -> Visit:
    """A visit with its images."""
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    return world.visit_a


def take_in(visit: Visit, path: Path, **more: Any) -> SegmentationRun:
    return mask_import.import_mask(visit=visit, path=path, **{"made": MADE, **more})


@quick
def test_a_mask_is_a_finished_run_of_its_method_with_its_load(visit: Visit, tmp_path: Path) -> None:
    run = take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 5))
    run = SegmentationRun.objects.get(pk=run.pk)
    assert (run.state, run.analysis_flag) == (JobState.SUCCEEDED, True)
    assert str(run.model_version) == "clusterize-toolbox 1.0"
    assert run.model_version.method == Method.CONVENTIONAL
    size_mm3 = abs(np.linalg.det(np.asarray(run.t1w_scan.affine)[:3, :3]))
    assert run.result.demyelination_load_ml == pytest.approx(5 * size_mm3 / 1000)
    kept = read_label_map(runs.checked_mask(run.result))
    assert np.count_nonzero(kept.data) == run.result.voxel_count == 5
    said = run.provenance
    assert (said["operator"], said["minutes"], said["is_edited"]) == ("OP-2", 8.2, False)
    assert said["step_percent"] is None
    assert said["inputs"]["T1w"] == run.t1w_scan.image_sha256
    assert upkeep.missing_files() == []


@quick
def test_the_same_mask_twice_is_one(visit: Visit, tmp_path: Path) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)
    assert take_in(visit, path) == take_in(visit, path)
    assert len(masks()) == SegmentationResult.objects.count() == ModelVersion.objects.count() == 1


@quick
def test_another_mask_needs_a_reason_and_the_first_stays_readable(
    visit: Visit, tmp_path: Path
) -> None:
    first = take_in(visit, write_mask(visit, tmp_path / "one.nii.gz", 5))
    other = write_mask(visit, tmp_path / "two.nii.gz", 6)
    with pytest.raises(ValidationError, match=r"already, of .* mL\. Give a reason"):
        take_in(visit, other)
    assert len(masks()) == 1
    second = take_in(visit, other, reason="The second reader found one more.")
    first.refresh_from_db()
    assert (first.is_voided, first.analysis_flag) == (True, False)
    assert (second.is_voided, second.analysis_flag) == (False, True)
    assert runs.checked_mask(first.result).exists()


@quick
def test_other_particulars_of_the_same_mask_need_a_reason_as_well(
    visit: Visit, tmp_path: Path
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)
    take_in(visit, path)
    longer = MadeElsewhere(software=MADE.software, version="1.0", operator="OP-3", is_edited=False)
    with pytest.raises(ValidationError, match="Give a reason"):
        take_in(visit, path, made=longer)


@quick
def test_methods_stand_side_by_side_and_the_visit_shows_the_active_one_only(
    visit: Visit, world: World, tmp_path: Path
) -> None:
    models.activate(model=models.register_threshold(), reason="test")
    counting = runs.queue_run(visit=visit)
    runs.execute_next(worker="test")
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)
    traced = MadeElsewhere(
        software="itk-snap", version="4", method=Method.MANUAL, operator="OP-1", is_edited=True
    )
    for made in (MADE, traced):
        take_in(visit, path, made=made)
    assert visit.segmentation_runs.filter(analysis_flag=True).count() == 3
    assert visit_status(visit, user=world.user("data_manager")).run == counting


def test_a_role_without_loads_learns_no_volume_from_an_imported_mask(
    visit: Visit, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(mask_import, "check_place", lambda *_: 1234.5)
    run = take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 5))
    client.force_login(world.user("coordinator"))
    page = client.get(reverse("run", args=[visit.patient.study.code, run.pk])).content.decode()
    assert "is_brain_found" in page
    assert "1234" not in page


@quick
def test_an_imported_mask_does_not_hide_a_missing_image(world: World, tmp_path: Path) -> None:
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, {"T1w": write_visit(tmp_path, seed=3)["T1w"]})
    take_in(world.visit_a, write_mask(world.visit_a, tmp_path / "mask.nii.gz", 5))
    status = visit_status(world.visit_a, user=world.user("data_manager"))
    assert (status.code, status.text) == ("missing", "T2w missing")


@quick
@pytest.mark.django_db(transaction=True)
def test_a_fault_after_the_commit_takes_no_mask_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build_world()
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=3))
    record = mask_import._record

    def breaks_after_commit(*given: Any) -> SegmentationRun:
        def gone() -> None:
            raise OperationalError("gone")

        transaction.on_commit(gone)
        return record(*given)

    monkeypatch.setattr(mask_import, "_record", breaks_after_commit)
    with pytest.raises(OperationalError):
        take_in(world.visit_a, write_mask(world.visit_a, tmp_path / "mask.nii.gz", 5))
    assert len(masks()) == 1
    assert upkeep.missing_files() == []


@quick
def test_a_frozen_visit_takes_in_no_mask(visit: Visit, world: World, tmp_path: Path) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)
    locking.freeze(record=visit, reason="cleaning", by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="frozen"):
        take_in(visit, path)
    assert masks() == []


@quick
def test_a_freeze_while_the_mask_was_looked_at_is_said_in_words(
    visit: Visit, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if it had been open when it was looked at.
    monkeypatch.setattr(mask_import, "_require_allowed", lambda _visit: None)
    locking.freeze(record=visit, reason="cleaning", by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="frozen"):
        take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 5))
    assert masks() == []


@quick
def test_one_version_is_of_one_kind_and_the_refusal_stands_at_it(
    visit: Visit, tmp_path: Path
) -> None:
    take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 5))
    with pytest.raises(ValidationError) as refused:
        take_in(
            visit,
            write_mask(visit, tmp_path / "other.nii.gz", 6),
            made=replace(MADE, method=Method.MANUAL),
            reason="Drawn anew",
        )
    assert set(refused.value.message_dict) == {"method"}


@quick
def test_a_mask_of_another_grid_is_refused_and_leaves_nothing(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    write_label_map(path, np.ones((8, 9, 10), np.uint8), np.eye(4))
    with pytest.raises(ImageError, match="Expected the voxels of the T1w image"):
        take_in(visit, path)
    assert masks() == []
    assert not ModelVersion.objects.exists()


@quick
def test_a_visit_without_t1w_takes_in_no_mask(world: World, tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    write_label_map(path, np.ones((8, 9, 10), np.uint8), np.eye(4))
    with pytest.raises(ValidationError, match="no T1w image"):
        take_in(world.visit_a, path)


@quick
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": " "}, "who operated"),
        ({"operator": "Eva Reader"}, "never a name"),
        ({"second_operator": "Eva Reader"}, "never a name"),
        ({"minutes": -1.0}, "minutes"),
        ({"minutes": float("nan")}, "minutes"),
        ({"lowest_percent": 101.0}, "percentage from 0 to 100"),
        ({"smallest_cluster_voxels": -1}, "voxels must be zero or more"),
        ({"voxels_changed": 3}, "changed by hand"),
        ({"method": Method.CNN}, "conventional, drawn or corrected by hand"),
        ({"software": "clusterize"}, "a method of this platform"),
        ({"software": "small"}, "a method of this platform"),
    ],
)
def test_particulars_that_say_nothing_or_too_much_are_refused(
    changes: dict[str, Any], words: str, visit: Visit, tmp_path: Path
) -> None:
    make_model("small")
    stated = {"software": "x", "version": "1", "operator": "OP-1", "is_edited": False}
    with pytest.raises(ValidationError, match=words):
        take_in(
            visit,
            write_mask(visit, tmp_path / "mask.nii.gz", 5),
            made=MadeElsewhere(**{**stated, **changes}),
        )
    assert masks() == []


@quick
def test_a_method_made_elsewhere_segments_nothing_here(
    visit: Visit, world: World, tmp_path: Path
) -> None:
    run = take_in(visit, write_mask(visit, tmp_path / "mask.nii.gz", 5))
    model = models.activate(model=run.model_version, reason="test")
    assert runs.queue_run(visit=visit) is None
    assert runs.queue_missing() == []
    assert "import_mask" in why_not(visit, model)
    with pytest.raises(ModelChangedError, match="made elsewhere"):
        load_segmenter(model)
    with pytest.raises(ValidationError, match="imported, not ordered"):
        batches.order(study=visit.patient.study, model=model, by=world.user("data_manager"))


def test_the_command_records_a_label_and_prints_the_load(
    visit: Visit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5, value=7)
    whose = ["--study", "MLD-1", "--patient", visit.patient.subject_code]
    where = [*whose, "--visit", str(visit.number)]
    made = ["--software", "toolbox", "--software-version", "2", "--operator", "OP-1"]
    arguments = [str(path), *where, *made, "--not-edited", "--json"]
    with pytest.raises(CommandError, match="Say which label"):
        call_command("import_mask", *arguments)
    call_command("import_mask", *arguments, "--label", "7", "--minutes", "12")
    row = json.loads(capsys.readouterr().out)
    run = SegmentationRun.objects.get(pk=row["run_id"])
    assert row["demyelination_load_ml"] == run.result.demyelination_load_ml > 0
    assert run.provenance["minutes"] == 12
    (event,) = SegmentationRun.pgh_event_model.objects.filter(pgh_obj_id=run.pk).filter(
        pgh_label="insert"
    )
    assert event.pgh_context["origin"] == "command:import_mask"


@pytest.fixture
def repeated(visit: Visit, tmp_path: Path) -> list[Scan]:
    """The two T1w images of a visit, in one grid; the later one is chosen first."""
    take_in_visit(visit, {"T1w": write_visit(tmp_path / "again", seed=7)["T1w"]})
    scans = list(visit.scans.filter(sequence="T1w").order_by("created_at"))
    assert scans[0].affine == scans[1].affine
    return scans


@quick
def test_of_two_t1w_images_in_one_grid_a_mask_names_the_one_it_was_drawn_on(
    visit: Visit, repeated: list[Scan], tmp_path: Path
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5, scan=repeated[0])
    with pytest.raises(ValidationError, match=r"2 T1w images .* Choose the one") as refused:
        take_in(visit, path)
    assert list(refused.value.message_dict) == ["scan"]
    assert masks() == []
    for scan, reason in ((repeated[0], ""), (repeated[1], "It was drawn on the other.")):
        run = take_in(visit, path, scan_id=scan.pk, reason=reason)
        assert run.t1w_scan == scan
        told = run.provenance
        assert (told["t1w_scan"], told["is_t1w_scan_named"]) == (str(scan.pk), True)
        assert told["inputs"] == {"T1w": scan.image_sha256}


@quick
def test_where_one_t1w_image_alone_fits_none_needs_to_be_named(
    visit: Visit, repeated: list[Scan], tmp_path: Path
) -> None:
    first, later = repeated
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5, scan=first)
    elsewhere = np.asarray(later.affine)
    elsewhere[0, 3] += 9.0
    Scan.objects.filter(pk=later.pk).update(affine=elsewhere.tolist())
    with pytest.raises(ImageError, match="Expected the voxels of the T1w image"):
        take_in(visit, path, scan_id=later.pk)
    run = take_in(visit, path)
    assert run.t1w_scan == first
    assert run.provenance["is_t1w_scan_named"] is False


@quick
def test_an_image_that_is_not_in_use_at_the_visit_is_refused_at_its_field(
    visit: Visit, repeated: list[Scan], tmp_path: Path
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5, scan=repeated[0])
    t2w = visit.scans.get(sequence="T2w")
    with pytest.raises(ValidationError, match="no T1w image in use") as refused:
        take_in(visit, path, scan_id=t2w.pk)
    assert list(refused.value.message_dict) == ["scan"]
    Scan.objects.filter(pk=repeated[1].pk).update(state=ScanState.VOIDED)
    with pytest.raises(ValidationError, match="no T1w image in use"):
        take_in(visit, path, scan_id=repeated[1].pk)
    assert take_in(visit, path).t1w_scan == repeated[0]


@quick
def test_a_repeat_that_comes_in_while_the_mask_is_looked_at_is_not_guessed_past(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5)

    def meanwhile(*_: Any) -> None:
        take_in_visit(visit, {"T1w": write_visit(tmp_path / "again", seed=7)["T1w"]})

    monkeypatch.setattr(mask_import, "check_place", meanwhile)
    with pytest.raises(ValidationError, match="Choose the one"):
        take_in(visit, path)
    assert masks() == []


@quick
def test_the_command_lists_the_images_and_takes_the_id_of_one(
    visit: Visit, repeated: list[Scan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_mask(visit, tmp_path / "mask.nii.gz", 5, scan=repeated[0])
    whose = ["--study", "MLD-1", "--patient", visit.patient.subject_code]
    made = ["--software", "toolbox", "--software-version", "2", "--operator", "OP-1"]
    arguments = [str(path), *whose, "--visit", str(visit.number), *made, "--not-edited", "--json"]
    with pytest.raises(CommandError, match="Choose the one") as refused:
        call_command("import_mask", *arguments)
    for scan in repeated:
        assert f"--scan {scan.pk}  T1w" in str(refused.value)
        assert scan.image_sha256[:16] in str(refused.value)
    call_command("import_mask", *arguments, "--scan", str(repeated[0].pk))
    run = SegmentationRun.objects.get(pk=json.loads(capsys.readouterr().out)["run_id"])
    assert run.t1w_scan == repeated[0]
