"""What a flag says: a fall whose share of the white matter rises speaks for atrophy."""

import pytest

from analytics.flag_words import NamedLoad, describe
from analytics.models import FlagKind
from segmentation.imaging.acquisitions import Acquisition, image_of

FALLS = [FlagKind.NON_MONOTONIC, FlagKind.POST_TREATMENT_DECREASE]


def fall(kind: str, white_before: float | None, white_now: float | None) -> str:
    here, there = NamedLoad(90.0, "M12", white_now), NamedLoad(100.0, "M6", white_before)
    return describe(kind, here, there, tolerance_ml=5.0)


@pytest.mark.parametrize("kind", FALLS)
def test_a_smaller_white_matter_with_a_larger_share_speaks_for_atrophy(kind: str):
    said = fall(kind, 400.0, 340.0)
    # 100 of 400 mL is 25 %, 90 of 340 mL is 26.5 %.
    assert said.endswith(
        " Of the white matter it is 26.5 % after 25.0 %: the white matter became smaller "
        "(340 after 400 mL), which speaks for atrophy."
    )


@pytest.mark.parametrize("kind", FALLS)
@pytest.mark.parametrize(
    ("before", "now"),
    [(400.0, 400.0), (400.0, 360.0), (400.0, 420.0), (None, 340.0), (400.0, None), (0.0, 340.0)],
)
def test_a_share_that_does_not_rise_or_is_not_known_says_nothing(kind, before, now):
    assert "atrophy" not in fall(kind, before, now)


@pytest.mark.parametrize("kind", FALLS)
def test_two_versions_of_the_method_of_the_volumes_say_nothing_of_atrophy(kind: str):
    there = NamedLoad(100.0, "M6", 400.0, white_matter_version="tissue-1")
    said = {
        version: describe(
            kind,
            NamedLoad(90.0, "M12", 340.0, white_matter_version=version),
            there,
            tolerance_ml=5.0,
        )
        for version in ("tissue-1", "tissue-2")
    }
    assert "speaks for atrophy" in said["tissue-1"]
    assert "atrophy" not in said["tissue-2"]


@pytest.mark.parametrize("kind", FALLS)
@pytest.mark.parametrize(
    ("before", "now"),
    [
        # 90 of 359.9 mL is 25.007 %: "25.0 % after 25.0 %".
        ((100.0, 400.0), (90.0, 359.9)),
        # 20.06 % after 20.04 %, and "100 after 100 mL".
        ((20.04, 100.0), (20.02, 99.8)),
    ],
)
def test_what_is_printed_alike_is_no_difference(kind, before, now):
    said = describe(
        kind,
        NamedLoad(now[0], "M12", now[1]),
        NamedLoad(before[0], "M6", before[1]),
        tolerance_ml=0.0,
    )
    assert "atrophy" not in said


@pytest.mark.parametrize(
    ("model", "software", "speaks"),
    [("Prisma", "E11", True), ("Prisma", "XA30", True), ("Skyra", "E11", False)],
)
def test_the_white_matter_of_another_scanner_says_nothing_of_atrophy(model, software, speaks):
    there, here = (
        NamedLoad(load_ml, visit, white_ml, acquired_by(scanner))
        for load_ml, visit, white_ml, scanner in (
            (100.0, "M6", 400.0, ("Prisma", "E11")),
            (90.0, "M12", 340.0, (model, software)),
        )
    )
    said = describe(FlagKind.NON_MONOTONIC, here, there, tolerance_ml=5.0)
    assert ("speaks for atrophy" in said) == speaks


def acquired_by(scanner: tuple[str, str]) -> Acquisition:
    model, software = scanner
    made = {"manufacturer": "SIEMENS", "model": model, "software": software}
    size = (1.0, 1.0, 1.0)
    image = image_of(acq_stratum="3D", voxel_size_mm=size, scanner=made, acquisition={})
    return Acquisition(image, None)


def test_a_rise_and_a_swap_say_nothing_of_atrophy():
    here, there = NamedLoad(120.0, "M12", 200.0), NamedLoad(100.0, "M6", 400.0)
    for kind in (FlagKind.JUMP, FlagKind.SWAP):
        assert "atrophy" not in describe(kind, here, there, tolerance_ml=5.0)
