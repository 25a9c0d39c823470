"""New UIDs and dates follow from a key, so that they agree between uploads and tell nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from segmentation.imaging.dicom.deidentify import deidentify
from segmentation.imaging.dicom.procedure import current_procedure
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from tests.support.dicom import make_series

KEY, OTHER_KEY = DeidentificationKey(b"k" * 32), DeidentificationKey(b"l" * 32)
RULES = current_procedure()
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
uids = st.from_regex(r"1\.2(\.[1-9][0-9]{0,8}){1,5}", fullmatch=True)


@given(uids)
def test_a_uid_maps_to_a_valid_uid_that_hides_it(original: str) -> None:
    new = KEY.uid(original)
    assert UID(new).is_valid
    assert original not in new
    assert new == KEY.uid(original)
    assert new != OTHER_KEY.uid(original)


@given(st.sets(uids, min_size=2, max_size=20))
def test_different_uids_stay_different(originals: set[str]) -> None:
    assert len({KEY.uid(original) for original in originals}) == len(originals)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_intervals_in_days_survive_the_shift(first: date, second: date) -> None:
    shift = KEY.shift("MLD-S01-0001")
    assert (second + shift) - (first + shift) == second - first


@given(st.text(min_size=1, max_size=20))
def test_a_shift_is_one_to_ten_years_back_and_the_same_each_time(subject: str) -> None:
    assert 365 <= -KEY.shift(subject).days <= 3650
    assert KEY.shift(subject) == KEY.shift(subject)


def test_patients_and_keys_have_shifts_of_their_own() -> None:
    shifts = {KEY.shift(f"MLD-S01-{number:04d}") for number in range(50)}
    assert len(shifts) > 40
    assert KEY.shift("MLD-S01-0001") != OTHER_KEY.shift("MLD-S01-0001")


def test_two_visits_keep_their_interval_and_their_frame() -> None:
    first = make_series(slices=1, study_date="20230405")[0]
    second = make_series(slices=1, study_date="20240404")[0]
    second.FrameOfReferenceUID = first.FrameOfReferenceUID
    one, two = (
        deidentify(image, rules=RULES, key=KEY, identity=IDENTITY) for image in (first, second)
    )
    days = [date.fromisoformat(image.StudyDate) for image in (one, two)]
    assert (days[1] - days[0]).days == 365
    assert days[0] != date(2023, 4, 5)
    assert one.FrameOfReferenceUID == two.FrameOfReferenceUID != first.FrameOfReferenceUID
    assert one.SeriesInstanceUID != two.SeriesInstanceUID


def test_the_same_image_twice_gives_the_same_uids_and_another_key_gives_others() -> None:
    image = make_series(slices=1)[0]
    one, again = (deidentify(image, rules=RULES, key=KEY, identity=IDENTITY) for _ in range(2))
    other = deidentify(image, rules=RULES, key=OTHER_KEY, identity=IDENTITY)
    for keyword in UIDS:
        assert one[keyword].value == again[keyword].value
        assert one[keyword].value not in (other[keyword].value, image[keyword].value)


def test_a_short_key_is_refused_and_no_key_is_printed() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        DeidentificationKey(b"short")
    assert "kkkk" not in repr(KEY)
