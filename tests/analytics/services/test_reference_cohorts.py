"""Freezing a reference cohort, and what of it stands behind the course of one patient."""

import json
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from analytics.models import ReferenceCohort
from analytics.selectors.reference_cohorts import sha256_of
from analytics.services import reference_cohorts
from mldtrial.audit.context import acting
from mldtrial.trial.models import AcqStratum, Patient, Role, SubtypeRule, Treatment
from mldtrial.trial.services import participation, patients, studies
from segmentation.models import ReleaseState, TissueCode
from tests.support.loads import make_load, make_model, make_tissue
from tests.support.papers import text_of
from tests.support.world import World

pytestmark = pytest.mark.django_db
BORN = date(2020, 3, 1)
FIRST, SECOND = date(2022, 3, 16), date(2022, 9, 16)
"""Days at which a patient of the cohort is 24 and 30 months old."""


@pytest.fixture
def cohort(world: World) -> list[Patient]:
    """Five late-infantile patients of site B, with loads of 10 to 50 mL that double."""
    made = [
        patients.create_patient(
            site=world.site_b,
            subject_code=f"B-1{number}",
            sex="M",
            birth_month=BORN,
            onset_age_months=20,
            by=None,
        )
        for number in range(5)
    ]
    for number, patient in enumerate(made, 1):
        make_load(patient, FIRST, 10.0 * number)
        make_load(patient, SECOND, 20.0 * number)
    return made


def freeze(world: World, name: str = "Natural course", **more) -> ReferenceCohort:
    given = {"study": world.study, "source": world.study, "by": world.user("data_manager")} | more
    with acting(user=given["by"], origin="test"):
        return reference_cohorts.freeze(name=name, reason="agreed with the sponsor", **given)


def frozen_by_another_method() -> None:
    """Let the loads of the cohort be of a method that does not count."""
    other = make_model("other", state=ReleaseState.CANDIDATE)
    ReferenceCohort.objects.update(model_version=other)


def trajectory(client, patient: Patient, user, query: str = ""):
    client.force_login(user)
    address = reverse("patient_trajectory", args=["MLD-1", patient.pk])
    return client.get(address + query).json()


def band_of(drawn):
    """Return the band and the median of a figure; None where there is none."""
    names = [trace.get("name", "") for trace in drawn["data"]]
    at = next((n for n, name in enumerate(names) if name.startswith("Reference")), None)
    return None if at is None else (drawn["data"][at], drawn["data"][at + 1])


def test_the_band_is_the_middle_half_by_hand(world: World, cohort):
    frozen = freeze(world)
    by_age, by_onset = frozen.bands
    assert (by_age["clock"], by_age["subtype"], by_age["acq_stratum"]) == ("age", "LI", "3D")
    # Ages of 24.0 and 30.0 months lie a little beside the grid: only 27 lies between them.
    (months, n, low, median, high) = next(p for p in by_age["points"] if p[0] == 27)
    assert (months, n) == (27, 5)
    share = (27 - 24.0) / (30.0 - 24.0)
    assert [low, median, high] == pytest.approx(
        [20 * (1 + share), 30 * (1 + share), 40 * (1 + share)], abs=1
    )
    assert all(float(q).is_integer() for point in by_age["points"] for q in point[2:])
    assert by_onset["clock"] == "onset"
    # The first symptom was at 20 months: month 6 of it is an age of 26.
    assert [p[0] for p in by_onset["points"]] == [6, 9]
    assert (frozen.load_count, len(frozen.patients)) == (10, 5)


def test_what_comes_later_changes_nothing(client, world: World, cohort):
    make_load(world.patient_a, FIRST, 15.0)
    freeze(world)
    before = band_of(trajectory(client, world.patient_a, world.user("data_manager")))
    for patient in cohort:
        make_load(patient, date(2023, 3, 16), 300.0)
    assert band_of(trajectory(client, world.patient_a, world.user("data_manager"))) == before


def test_the_figure_draws_the_frozen_numbers_behind_the_loads(client, world: World, cohort):
    make_load(world.patient_a, FIRST, 15.0)
    points = freeze(world).bands[0]["points"]
    drawn = trajectory(client, world.patient_a, world.user("data_manager"))
    band, median = band_of(drawn)
    assert band["name"] == "Reference, late infantile, 3D"
    assert drawn["data"][0] == band
    assert median["x"] == [*(p[0] for p in points), None]
    assert median["y"] == [*(p[3] for p in points), None]
    there = len(points)
    assert band["y"][:there] == [p[2] for p in points]
    assert band["y"][there : 2 * there] == [p[4] for p in reversed(points)]
    onset = band_of(trajectory(client, world.patient_a, world.user("sponsor"), "?against=onset"))
    assert onset[1]["x"] == [6, 9, None]


def test_there_is_no_band_in_percent(client, world: World, cohort):
    freeze(world)
    run = make_load(world.patient_a, FIRST, 15.0)
    make_tissue(run, **{TissueCode.WHITE_MATTER: 400.0})
    drawn = trajectory(client, world.patient_a, world.user("data_manager"), "?load_as=white-matter")
    assert "% of white matter" in drawn["layout"]["yaxis"]["title"]["text"]
    assert band_of(drawn) is None


def test_a_treated_load_is_no_reference(world: World, cohort):
    Treatment.objects.create(patient=cohort[0], kind="HSCT", started_on=date(2022, 6, 1))
    with pytest.raises(ValidationError) as refused:
        freeze(world)
    # The patient's first load is untreated, but four are too few for a month between.
    assert "5 untreated patients with a load and a subtype" in str(refused.value)
    assert not ReferenceCohort.objects.exists()


def test_a_scan_after_the_first_dose_is_treated_though_its_visit_began_before(world: World, cohort):
    for patient in cohort:
        make_load(patient, date(2022, 12, 16), 90.0, days_from_visit=1)
        patient.first_study_dose_on = date(2022, 12, 16)
        patient.save()
    assert freeze(world).load_count == 10


def test_a_scan_on_the_day_of_the_first_dose_is_untreated(world: World, cohort):
    for patient in cohort:
        make_load(patient, date(2022, 12, 16), 90.0)
        patient.first_study_dose_on = date(2022, 12, 16)
        patient.save()
    assert freeze(world).load_count == 15


def test_who_withdrew_the_consent_for_images_is_left_out(world: World, cohort):
    for step, day in (("CONSENT", FIRST), ("IMAGES_WITHDRAWN", SECOND)):
        participation.record_step(patient=cohort[0], step=step, happened_on=day, by=None)
    with pytest.raises(ValidationError, match="4 untreated patients"):
        freeze(world)


def test_two_scans_at_one_age_count_once_by_the_later(world: World, cohort):
    newborn = cohort[0]
    for day, load_ml in ((date(2020, 3, 4), 1.0), (date(2020, 3, 13), 2.0)):
        make_load(newborn, day, load_ml)
    assert freeze(world).load_count == 12


def test_bands_hold_under_the_rules_they_were_frozen_by(client, world: World, cohort):
    make_load(world.patient_a, FIRST, 15.0)
    freeze(world)
    other = next(r for r in SubtypeRule.values if r != world.study.subtype_rule)
    world.study.subtype_rule = other
    world.study.save()
    assert band_of(trajectory(client, world.patient_a, world.user("data_manager"))) is None
    html = client.get(reverse("reference_cohort", args=["MLD-1"])).content.decode()
    assert "derives a subtype have changed" in html


def test_numbers_that_are_not_those_frozen_are_not_drawn(client, world: World, cohort):
    make_load(world.patient_a, FIRST, 15.0)
    frozen = freeze(world)
    frozen.bands[0]["points"][0][3] = 1.0
    frozen.save()
    assert band_of(trajectory(client, world.patient_a, world.user("data_manager"))) is None
    html = client.get(reverse("reference_cohort", args=["MLD-1"])).content.decode()
    assert "not those that were frozen" in html


@pytest.mark.parametrize("what", ["subtype", "stratum", "method", "role"])
def test_another_subtype_acquisition_or_method_has_no_band(client, world: World, cohort, what):
    freeze(world)
    user, patient, more = world.user("data_manager"), world.patient_a, {}
    if what == "subtype":
        patient = world.patient_b
    if what == "stratum":
        more = {"acq_stratum": AcqStratum.TWO_D}
    if what == "method":
        frozen_by_another_method()
    make_load(patient, FIRST, 15.0, **more)
    if what == "role":  # a site that may not see loads sees no load of others either
        user = world.user("coordinator")
    drawn = trajectory(client, patient, user)
    assert band_of(drawn) is None


def test_the_page_of_the_patient_says_whose_band_it_is(client, world: World, cohort):
    freeze(world)
    make_load(world.patient_a, FIRST, 15.0)
    client.force_login(world.user("data_manager"))

    def page(patient: Patient) -> str:
        return client.get(reverse("patient", args=["MLD-1", patient.pk])).content.decode()

    assert "reference cohort Natural course" in page(world.patient_a)
    assert "This patient is one of them" not in page(world.patient_a)
    assert "This patient is one of them" in page(cohort[0])


def test_the_paper_of_the_patient_says_what_the_page_says(client, world: World, cohort):
    frozen = freeze(world)
    run = make_load(world.patient_a, FIRST, 15.0)
    make_tissue(run, **{TissueCode.WHITE_MATTER: 400.0})

    def paper(query: str = "") -> str:
        client.force_login(world.user("sponsor"))
        address = reverse("patient_pdf", args=["MLD-1", world.patient_a.pk])
        return text_of(client.get(address + query).content)

    said = "5 untreated patients of this subtype (3D) at each third month"
    assert f"reference cohort {frozen.name}, frozen {frozen.created_at:%Y-%m-%d}" in paper()
    assert said in paper()
    assert "Reference, late infantile, 3D" in paper()
    in_percent = paper("?load_as=white-matter")
    assert "3.75" in in_percent
    assert said not in in_percent


def test_a_site_that_sees_its_loads_sees_the_frozen_band(client, world: World, cohort):
    world.study.site_roles_see_loads = True
    world.study.save()
    make_load(world.patient_a, FIRST, 15.0)
    frozen = freeze(world)
    drawn = trajectory(client, world.patient_a, world.user("coordinator"))
    assert band_of(drawn) is not None
    text = json.dumps(drawn)
    assert not any(patient in text for patient in frozen.patients)
    assert "B-1" not in text


def test_a_new_one_takes_the_place_and_the_old_one_stays(world: World, cohort):
    first = freeze(world)
    second = freeze(world, "Natural course 2")
    first.refresh_from_db()
    assert (first.is_current, second.is_current) == (False, True)
    assert first.bands == second.bands
    assert first.sha256 == second.sha256 == sha256_of(second.bands)


def test_a_name_is_given_once(world: World, cohort):
    first = freeze(world)
    with pytest.raises(ValidationError, match="has this name"):
        freeze(world)
    first.refresh_from_db()
    assert first.is_current


def test_only_a_data_manager_of_both_studies_freezes(world: World, cohort):
    for role in ("statistician", "sponsor", "auditor", "administrator"):
        with pytest.raises(PermissionDenied):
            freeze(world, by=world.user(role))
    with pytest.raises(PermissionDenied):
        freeze(world, study=world.other_study)
    manager = world.user("data_manager")
    studies.grant_membership(user=manager, study=world.other_study, role=Role.DATA_MANAGER)
    assert freeze(world, study=world.other_study).source == world.study


def test_the_data_manager_freezes_and_stops_on_one_page(client, world: World, cohort):
    client.force_login(world.user("data_manager"))
    address = reverse("reference_cohort", args=["MLD-1"])
    assert "No reference cohort is shown" in client.get(address).content.decode()
    given = {"source": "MLD-1", "name": "Natural course", "reason": "agreed"}
    html = client.post(address, given, follow=True).content.decode()
    assert "Frozen: 2 bands" in html
    assert "late infantile" in html
    refused = client.post(address, {**given, "reason": ""})
    assert refused.status_code == 422
    ending = reverse("reference_cohort_end", args=["MLD-1"])
    assert client.post(ending, {"reason": ""}).status_code == 422
    html = client.post(ending, {"reason": "outdated"}, follow=True).content.decode()
    assert "Shown before" in html
    assert not ReferenceCohort.objects.filter(is_current=True).exists()


def test_the_page_says_when_another_method_counts(client, world: World, cohort):
    freeze(world)
    frozen_by_another_method()
    client.force_login(world.user("auditor"))
    html = client.get(reverse("reference_cohort", args=["MLD-1"])).content.decode()
    assert "It is not drawn" in html
    assert "Freeze and show" not in html


def test_a_load_acquired_otherwise_than_before_is_framed_and_says_how(client, world: World):
    make_load(world.patient_a, FIRST, 15.0, scanner={"manufacturer": "SIEMENS", "model": "Skyra"})
    make_load(
        world.patient_a,
        SECOND,
        18.0,
        scanner={"manufacturer": "Philips", "model": "Ingenia <b>"},
        acq_stratum=AcqStratum.TWO_D,
    )
    drawn = trajectory(client, world.patient_a, world.user("data_manager"))
    frame = next(t for t in drawn["data"] if t.get("name") == "Acquired otherwise than before")
    assert frame["y"] == [18.0]
    two_d = next(t for t in drawn["data"] if t.get("name") == "Load, 2D T1w")
    said = two_d["customdata"][0][3]
    assert "scanner SIEMENS Skyra → Philips Ingenia &lt;b&gt;; 3D → 2D" in said


def test_a_scan_acquired_alike_has_no_frame(client, world: World):
    make_load(world.patient_a, FIRST, 15.0)
    make_load(world.patient_a, SECOND, 18.0)
    drawn = trajectory(client, world.patient_a, world.user("data_manager"))
    assert not any("otherwise" in t.get("name", "") for t in drawn["data"])
