"""A table says what the pages compute with: the scan and its day, its scanner, what was found."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from analytics.models import FlagKind, TrajectoryFlag
from analytics.services import review
from mldtrial.audit.context import acting
from mldtrial.trial.models import Query, QueryDisposition
from mldtrial.trial.services import queries
from segmentation.imaging.acquisitions import image_of
from segmentation.imaging.protocol.facts import read_facts
from segmentation.models import JobState, MaskDecision, MaskReview, Method, SegmentationRun
from segmentation.services import voiding
from tests.analytics.services.test_exporting import table, take
from tests.support.loads import make_load, make_model, make_scan
from tests.support.world import World

EARLIER, LATER = date(2024, 5, 10), date(2025, 5, 10)


@pytest.fixture
def committed(transactional_db: None, world: World) -> World:
    return world


def reject(world: World, run: SegmentationRun) -> MaskReview:
    return MaskReview.objects.create(
        review_id="M-000001",
        run=run,
        site=run.site,
        mask_sha256=run.result.mask_sha256,
        reviewer=world.user("reader"),
        state=JobState.SUCCEEDED,
        decision=MaskDecision.REJECTED,
        note="It covers the ventricles.",
        decided_at=timezone.now(),
    )


def test_a_load_says_in_which_scan_and_how_far_from_its_visit_it_was_measured(committed: World):
    run = make_load(committed.patient_a, EARLIER, 10.0, days_from_visit=-20)
    other = make_scan(run.visit)
    row = table(take(committed))[0]
    assert (row["t1w_scan_id"], row["t2w_scan_id"]) == (str(run.t1w_scan_id), "")
    assert row["days_from_visit"] == "-20"
    assert {one["scan_id"] for one in table(take(committed, "scans"))} == {
        str(run.t1w_scan_id), str(other.pk),
    }  # fmt: skip


SAID: list[dict[str, dict[str, Any]]] = [
    {
        "scanner": {
            "manufacturer": " SIEMENS ", "model": "Prisma", "field_strength_t": 2.89,
            "device": "a1b2", "software": ["syngo MR E11", " N4 "],
        },
        "acquisition": {
            "MRAcquisitionType": "3D", "SliceThickness": 1, "RepetitionTime": 2300.5,
            "EchoTime": "2.98", "InversionTime": 0, "FlipAngle": 9,
        },
    },
    {
        "scanner": {"manufacturer": 7, "model": "", "field_strength_t": True, "software": "N4"},
        "acquisition": {
            "MRAcquisitionType": None, "SliceThickness": "thin", "RepetitionTime": [2300],
            "EchoTime": -3, "InversionTime": 1e9, "FlipAngle": "1e999",
        },
    },
    {"scanner": {}, "acquisition": {}},
]  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_a_scan_says_of_its_scanner_and_protocol_what_the_tolerance_goes_by(
    committed: World, said: dict[str, dict[str, Any]]
):
    scan = make_load(committed.patient_a, EARLIER, 10.0, **said).t1w_scan
    row = table(take(committed, "scans"))[0]
    facts = read_facts(
        key="", sequence="T1w", acq_stratum="3D", shape=(9, 10, 11), voxel_size_mm=(1, 1, 1), **said
    )
    for name in ("slice_thickness_mm", "tr_ms", "te_ms", "ti_ms", "flip_deg"):
        taken = row[name]
        assert (float(taken) if taken else None) == getattr(facts, name), name
    image = image_of(acq_stratum=scan.acq_stratum, voxel_size_mm=(1, 1, 1), **said)
    known = [row[f"scanner_{name}"] for name in ("manufacturer", "model", "device", "software")]
    scanner = image.scanner
    assert known == [scanner.manufacturer, scanner.model, scanner.device, image.software]
    assert row["mr_acquisition_type"] == (image.acquisition_type or "")
    strength = row["scanner_field_strength_t"]
    assert (round(float(strength), 1) if strength else None) == scanner.field_strength_t


def test_a_finding_of_the_review_is_a_row_with_what_it_was_due_to(committed: World):
    first = make_load(committed.patient_a, EARLIER, 60.0)
    later = make_load(committed.patient_a, LATER, 20.0)
    review.review_queued(origin="test")
    flag = TrajectoryFlag.objects.get(is_current=True)
    (row,) = table(take(committed, "trajectory_flags"))
    assert (row["run_id"], row["reference_run_id"]) == (str(later.pk), str(first.pk))
    assert (row["flag"], row["difference_ml"]) == (FlagKind.NON_MONOTONIC, "-40")
    assert float(row["tolerance_ml"]) == flag.tolerance_ml
    assert (row["is_decided"], row["disposition"]) == ("N", "")
    by = committed.user("data_manager")
    query = Query.objects.get(pk=flag.query_id)
    with acting(user=by, origin="web"):
        queries.close_query(
            query=query, reason="=Seen", disposition=QueryDisposition.ATROPHY, by=by
        )
    (row,) = table(take(committed, "trajectory_flags"))
    assert (row["is_decided"], row["disposition"]) == ("Y", "ATROPHY")
    assert "Seen" not in str(row)


def test_what_no_longer_stands_is_no_row(committed: World):
    make_load(committed.patient_a, EARLIER, 60.0)
    later = make_load(committed.patient_a, LATER, 20.0)
    review.review_queued(origin="test")
    assert len(table(take(committed, "trajectory_flags"))) == 1
    with acting(user=committed.user("data_manager"), origin="web", reason="Moved"):
        voiding.void_runs([later.t1w_scan])
    review.review_queued(origin="test")
    assert table(take(committed, "trajectory_flags")) == []


def test_a_mask_that_was_looked_at_says_what_was_decided_while_that_stands(committed: World):
    conventional = make_model("conv", method=Method.CONVENTIONAL)
    run = make_load(committed.patient_a, EARLIER, 40.0, model=conventional)
    unseen = make_load(committed.patient_b, EARLIER, 30.0, model=conventional)
    reject(committed, run)

    def told(dataset: str) -> dict[str, str]:
        return {row["run_id"]: row["qc_status"] for row in table(take(committed, dataset))}

    for dataset in ("demyelination_load", "loads_by_method"):
        assert told(dataset) == {str(run.pk): "REJECTED", str(unseen.pk): "NOT_REVIEWED"}
    make_scan(run.visit, "T2w")  # the pictures showed none
    assert told("demyelination_load")[str(run.pk)] == "NOT_REVIEWED"


def test_the_page_of_a_number_says_that_its_mask_was_rejected_and_why(world: World, client: Any):
    run = make_load(
        world.patient_a, EARLIER, 40.0, model=make_model("conv", method=Method.CONVENTIONAL)
    )
    url = f"/studies/MLD-1/runs/{run.pk}/"
    client.force_login(world.user("data_manager"))
    assert "rejected" not in client.get(url).content.decode()
    reject(world, run)
    assert "It covers the ventricles." in client.get(url).content.decode()
    client.force_login(world.user("sponsor"))
    assert "ventricles" not in client.get(url).content.decode()
