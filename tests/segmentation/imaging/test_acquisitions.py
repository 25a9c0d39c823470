"""What differs between two acquisitions, and what of it calls for the wider tolerance."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.acquisitions import (
    Acquisition,
    Image,
    changes,
    image_of,
    is_acquired_alike,
    what_widens,
)

PRISMA = {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 2.8936, "device": "a"}
T1W = {"MRAcquisitionType": "3D", "RepetitionTime": 2300.0, "EchoTime": 2.98, "FlipAngle": 9}
T2W = {"MRAcquisitionType": "2D", "RepetitionTime": 4500.0, "EchoTime": 95.0, "FlipAngle": 150}


def image(
    scanner: dict[str, Any] = PRISMA,
    acquisition: dict[str, Any] = T1W,
    *,
    stratum: str = "3D",
    size: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Image:
    return image_of(
        acq_stratum=stratum, voxel_size_mm=size, scanner=scanner, acquisition=acquisition
    )


def t2w(scanner: dict[str, Any] = PRISMA, **acquisition: Any) -> Image:
    return image(scanner, {**T2W, **acquisition}, stratum="2D", size=(0.9, 0.9, 4.0))


def session(scanner: dict[str, Any] = PRISMA, **of_t2w: Any) -> Acquisition:
    return Acquisition(image(scanner), t2w(scanner, **of_t2w))


def told(one: Acquisition, other: Acquisition) -> list[str]:
    return [change.how for change in changes(one, other)]


def test_another_scanner_of_the_same_model_is_another_scanner():
    one, other = session(), session({**PRISMA, "device": "b"})
    assert what_widens(one, other) == ("scanner",)
    assert told(one, other) == ["another scanner, SIEMENS Prisma 2.9 T as before"]


def test_the_same_field_strength_in_other_digits_is_no_change():
    one, other = ({**PRISMA, "device": "", "field_strength_t": t} for t in (2.8936, 2.89362))
    assert told(session(one), session(other)) == []
    assert what_widens(session(one), session({**one, "field_strength_t": 1.5})) == ("scanner",)


def test_where_one_header_has_no_device_the_kind_decides():
    without = {**PRISMA, "device": ""}
    assert told(session(), session(without)) == []
    assert what_widens(session(), session({**without, "model": "Skyra"})) == ("scanner",)


def test_what_no_header_says_is_unchanged_and_what_one_says_alone_is_not():
    nothing = Acquisition(image({}, {}), None)
    assert is_acquired_alike(nothing, nothing)
    named = Acquisition(image(PRISMA, {}), None)
    assert told(nothing, named) == ["scanner not known → SIEMENS Prisma 2.9 T"]
    assert told(Acquisition(image(PRISMA, {}), None), Acquisition(image(), None)) == []


def test_a_longer_echo_of_the_t2w_is_another_protocol():
    assert what_widens(session(), session(EchoTime=140.0)) == ("protocol",)
    assert told(session(), session(EchoTime=140.0)) == ["T2w: protocol TE 95 → 140 ms"]


@pytest.mark.parametrize(
    ("te_ms", "is_alike"), [(95.0, True), (104.5, True), (105.5, True), (105.6, False)]
)
def test_a_time_may_differ_by_a_tenth_of_the_larger_one(te_ms: float, is_alike: bool):
    # 105.5556 - 95 is a tenth of 105.5556
    assert is_acquired_alike(session(), session(EchoTime=te_ms)) is is_alike


@pytest.mark.parametrize(
    ("size", "is_alike"),
    [
        ((1.0, 1.0, 1.0), True),
        ((0.9375, 0.9375, 1.0), True),
        ((0.8, 0.8, 0.8), False),
        ((1.0, 1.2, 1.0), False),
    ],
)
def test_other_voxels_are_another_protocol(size: tuple[float, float, float], is_alike: bool):
    one, other = (Acquisition(image(size=s), None) for s in ((1.0, 1.0, 1.0), size))
    assert is_acquired_alike(one, other) is is_alike


def test_axes_in_another_order_are_the_same_voxels():
    one, other = (Acquisition(image(size=s), None) for s in ((1.0, 1.0, 1.4), (1.4, 1.0, 1.0)))
    assert told(one, other) == []


def test_strata_of_both_images_and_sequences_are_told():
    flat = Acquisition(image(stratum="2D"), t2w())
    assert told(session(), flat) == ["3D → 2D"]
    deep = Acquisition(image(), image(acquisition=T2W, size=(0.9, 0.9, 4.0)))
    assert told(session(), deep) == ["T2w: 2D → 3D"]
    assert told(session(), Acquisition(image(), None)) == ["T1w and T2w → T1w"]
    assert what_widens(session(), Acquisition(image(), None)) == ("sequences",)


def test_another_scanner_for_the_t2w_alone_is_a_change():
    one = Acquisition(image(), t2w({**PRISMA, "device": "b"}))
    assert told(session(), one) == ["T2w: another scanner, SIEMENS Prisma 2.9 T as before"]


def test_other_software_is_told_and_widens_nothing():
    one, other = (session({**PRISMA, "software": name}) for name in ("E11", "XA30"))
    assert told(one, other) == ["software E11 → XA30"]
    assert is_acquired_alike(one, other)


headers = st.fixed_dictionaries(
    {},
    optional={
        "manufacturer": st.sampled_from(["SIEMENS", "Siemens", "Philips", ""]),
        "model": st.sampled_from(["Prisma", "Ingenia"]),
        "field_strength_t": st.sampled_from([1.5, 2.8936, 2.89362, 3]),
        "device": st.sampled_from(["a", "b"]),
        "software": st.sampled_from(["E11", ["5.7", "5.7.1"]]),
    },
)
times = st.fixed_dictionaries(
    {},
    optional={
        "EchoTime": st.floats(1, 200),
        "MRAcquisitionType": st.sampled_from(["2D", "3D"]),
    },
)
images = st.builds(
    image, headers, times, stratum=st.sampled_from(["2D", "3D"]),
    size=st.tuples(*[st.floats(0.5, 5)] * 3),
)  # fmt: skip
acquisitions = st.builds(Acquisition, images, st.none() | images)


@given(acquisitions, acquisitions)
def test_the_order_of_two_acquisitions_does_not_matter(one: Acquisition, other: Acquisition):
    assert changes(one, one) == ()
    assert set(what_widens(one, other)) == set(what_widens(other, one))
