"""What a header says of its person, and how it compares with the record of a patient."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from segmentation.imaging.dicom.intake import DeidentificationKey
from segmentation.imaging.dicom.matching import Fact, Matching, Record, match, undisputed
from segmentation.imaging.dicom.person import HeaderFacts, facts_of
from segmentation.imaging.dicom.series import group_series

KEY = DeidentificationKey(b"k" * 32)
RECORD = Record("F", date(2020, 3, 1), KEY.subject("A-001"), frozenset({KEY.subject("A-002")}))
DAY = date(2023, 5, 10)


def header(**attributes: str) -> Dataset:
    image = Dataset()
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    return image


def facts(**attributes: str) -> HeaderFacts:
    return facts_of(header(**attributes), KEY)


def compare(**attributes: str) -> Matching:
    return match(facts(**attributes), DAY, RECORD)


@pytest.mark.parametrize(
    "name", ["Doe^Jane", "DOE^JANE", "Doe^Jane^^^", "Doe Jane", "doe, jane", "Doe^Jane=道^珍"]
)
def test_a_person_is_the_same_in_the_spellings_of_different_archives(name: str) -> None:
    assert facts(PatientName=name, PatientID="1234x").person == (
        facts(PatientName="Doe^Jane", PatientID="1234X").person
    )


@pytest.mark.parametrize(
    "other",
    [
        {"PatientName": "Doe^John"},
        {"PatientID": "999"},
        {"PatientBirthDate": "20180305"},
        {"IssuerOfPatientID": "B"},
    ],
)
def test_each_part_tells_persons_apart(other: dict[str, str]) -> None:
    parts = {
        "PatientName": "Doe^Jane",
        "PatientID": "123",
        "PatientBirthDate": "20180304",
        "IssuerOfPatientID": "A",
    }
    assert facts(**parts).person != facts(**{**parts, **other}).person


@pytest.mark.parametrize("value", ["", "ANON", "anonymous", "Unknown", "000000", "XXXX", "No Name"])
def test_a_placeholder_names_nobody(value: str) -> None:
    assert facts(PatientName=value, PatientID=value, PatientBirthDate="20180304").person == ""


def test_nothing_of_a_name_can_be_read_from_the_facts() -> None:
    found = facts(
        PatientName="Doe^Jane", PatientID="MRN-12345", PatientBirthDate="20180304",
        ClinicalTrialSubjectID="A-009", PatientSex="F", StudyInstanceUID="1.2.3",
    )  # fmt: skip
    text = repr(found).casefold()
    for value in ("doe", "jane", "12345", "2018", "a-009", "1.2.3"):
        assert value not in text


def test_a_fitting_header_agrees() -> None:
    found = compare(
        PatientBirthDate="20200317", PatientSex="F", PatientAge="003Y",
        ClinicalTrialSubjectID="a-001",
    )  # fmt: skip
    assert found.differs == frozenset()
    assert found.agrees == set(Fact)


@pytest.mark.parametrize(
    ("attribute", "value", "fact"),
    [
        ("PatientSex", "M", Fact.SEX),
        ("PatientBirthDate", "20200417", Fact.BIRTH_MONTH),
        ("PatientBirthDate", "20190101", Fact.BIRTH_MONTH),
        ("PatientAge", "005Y", Fact.AGE),
        ("PatientAge", "001Y", Fact.AGE),
        ("PatientAge", "035M", Fact.AGE),
        ("ClinicalTrialSubjectID", "A-003", Fact.TRIAL_SUBJECT),
        ("PatientID", "A-002", Fact.TRIAL_SUBJECT),
        ("PatientName", "A-002", Fact.TRIAL_SUBJECT),
    ],
)
def test_what_differs_is_named(attribute: str, value: str, fact: Fact) -> None:
    assert compare(**{attribute: value}).differs == {fact}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("PatientSex", "O"),
        ("PatientSex", ""),
        ("PatientBirthDate", "19000101"),
        ("PatientBirthDate", "00010101"),
        ("PatientBirthDate", "2020"),
        ("PatientAge", "000Y"),
        ("PatientAge", "three"),
        ("ClinicalTrialSubjectID", "ANON"),
        ("PatientID", "A-003"),
        ("PatientID", "MRN-4711"),
    ],
)
def test_what_says_nothing_conflicts_with_nothing(attribute: str, value: str) -> None:
    assert compare(**{attribute: value}) == Matching()


@pytest.mark.parametrize("age", ["002Y", "003Y", "004Y", "037M", "038M", "039M", "165W"])
def test_an_age_may_be_a_unit_off(age: str) -> None:
    """Born in March 2020, so 38 months old on the day: by hand."""
    assert compare(PatientAge=age).agrees == {Fact.AGE}


def test_the_first_of_january_is_no_more_than_a_year() -> None:
    found = compare(PatientBirthDate="20200101")
    assert found == Matching()
    assert not found.is_proof


def test_an_unknown_sex_of_the_record_differs_from_none() -> None:
    unknown = Record("U", date(2020, 3, 1), KEY.subject("A-001"))
    assert match(facts(PatientSex="M"), DAY, unknown) == Matching()


BORN = Matching(agrees=frozenset({Fact.BIRTH_MONTH}))
BOY = Matching(differs=frozenset({Fact.SEX}))
GIRL = Matching(agrees=frozenset({Fact.SEX}))


@pytest.mark.parametrize(
    ("persons", "right"),
    [
        ([BORN, BOY], 0),
        ([BOY, BORN], 1),
        ([BORN, GIRL], None),
        ([BORN, BORN], None),
        ([GIRL, BOY], None),
        ([Matching(), BOY], None),
        ([BOY, BOY], None),
        ([], None),
    ],
)
def test_one_of_several_persons_is_right_only_if_something_proves_it(
    persons: list[Matching], right: int | None
) -> None:
    assert undisputed(persons) == right


persons = st.sampled_from(["Doe^Jane", "Roe^Richard", "", "ANON"])
images = st.builds(
    lambda person, study, series, echo, number: header(
        PatientName=person,
        StudyInstanceUID=f"1.{study}",
        SeriesInstanceUID=f"1.{study}.{series}",
        EchoTime=echo,
        SOPInstanceUID=f"1.{study}.{series}.{number}",
    ),
    persons,
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["3", "90", ""]),
    st.integers(0, 5),
)


def grouped(found: list[Dataset]) -> set[tuple[str, frozenset[int], bool, bool]]:
    return {
        (series.uid, frozenset(map(id, series.images)), series.whole, series.is_shared)
        for series in group_series(found)
    }


@given(
    st.lists(images, max_size=20).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_the_order_of_files_changes_no_group(both: tuple[list[Dataset], list[Dataset]]) -> None:
    found, shuffled = both
    groups = grouped(found)
    assert groups == grouped(shuffled)
    assert sorted(index for _, group, _, _ in groups for index in group) == sorted(map(id, found))
    for _, group, _, is_shared in groups:
        owners = {
            (facts_of(image, KEY).person, image.StudyInstanceUID)
            for image in found
            if id(image) in group
        }
        assert is_shared or len(owners) == 1


@given(st.dictionaries(
    st.sampled_from([
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge",
        "ClinicalTrialSubjectID", "IssuerOfPatientID", "StudyInstanceUID",
    ]),
    st.text(max_size=20),
))  # fmt: skip
def test_no_header_makes_a_comparison_fail(attributes: dict[str, str]) -> None:
    image = Dataset()
    for keyword, value in attributes.items():
        try:  # what no data set can hold at all
            setattr(image, keyword, value)
        except ValueError:
            continue
    found = match(facts_of(image, KEY), DAY, RECORD)
    assert not found.differs & found.agrees
