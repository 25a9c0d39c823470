"""The made-up cohort: as large as the reference study's, repeatable, drawn once."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from segmentation.phantom import bids
from segmentation.phantom.cohort import (
    FIRST_SEED,
    CohortScan,
    DrawnScan,
    draw_cohort,
    read_cohort,
    write_cohort,
)
from segmentation.training.cases import TRAINING_SEEDS


def test_it_is_as_large_as_the_reference_study():
    scans = draw_cohort(5)
    assert Counter(scan.acq_stratum for scan in scans) == {"3D": 73, "2D": 57}
    assert len({scan.subject for scan in scans}) == 49
    assert len({(scan.subject, scan.session) for scan in scans}) == 130


@pytest.mark.parametrize("seed", range(4))
def test_nobody_gets_better(seed: int):
    scans = draw_cohort(seed)
    for before, after in pairwise(scans):
        if before.subject == after.subject:
            assert before.stage <= after.stage <= 1
            assert before.gmfc_level <= after.gmfc_level <= 6
            assert before.severity_total <= after.severity_total <= 34
            assert (before.acq_stratum, before.patient_seed) == (
                after.acq_stratum,
                after.patient_seed,
            )


def test_the_same_seed_draws_the_same_and_another_one_others():
    assert draw_cohort(3) == draw_cohort(3)
    assert {s.patient_seed for s in draw_cohort(3)} & {s.patient_seed for s in draw_cohort(4)} == (
        set()
    )


def test_nobody_of_it_is_in_the_training_or_in_another_set_of_phantoms():
    seeds = {scan.patient_seed for scan in draw_cohort(0)}
    assert not seeds & set(TRAINING_SEEDS)
    # make_phantoms counts from its own first seed, a thousand for each of its seeds.
    assert min(seeds) == FIRST_SEED > bids.FIRST_SEED + 1000 * 1_000_000


@pytest.mark.faults
def test_a_cohort_that_was_cut_off_goes_on(tmp_path: Path):
    first = CohortScan("sub-P000", "ses-V00", "2D", FIRST_SEED + 1, 1, 0.3, 2, 9)
    second = CohortScan("sub-P000", "ses-V01", "2D", FIRST_SEED + 1, 2, 0.5, 3, 12)
    assert read_cohort(tmp_path) == []
    (begun,) = write_cohort(tmp_path, [first])
    told: list[str] = []
    drawn = write_cohort(tmp_path, [first, second], told=told.append)
    assert drawn[0] == begun
    assert [line.split(" drawn")[0] for line in told] == ["sub-P000_ses-V01"]
    assert read_cohort(tmp_path) == drawn
    assert isinstance(drawn[0], DrawnScan)
    assert drawn[0].demyelination_load_ml < drawn[1].demyelination_load_ml
    files = bids.visit_files(tmp_path, ("sub-P000", "ses-V01"), "2D")
    assert all(path.exists() for path in (files.t1w, files.t2w, files.truth))
