from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from analytics.selectors import correlations, relations
from analytics.selectors.cohort import CohortPoint, Filters, arms_to_choose, cohort_points, part
from analytics.selectors.cohort_filters import THERAPIES
from analytics.selectors.columns import Columns
from analytics.selectors.samples import computed
from mldtrial.trial.models import (
    ElfcMldAssessment,
    GmfcMldAssessment,
    Patient,
    Study,
    Treatment,
)
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.selectors.asked import UnknownFilterError
from mldtrial.trial.services import assessments, unblinding
from tests.support.loads import make_load, make_visit

DAY = date(2024, 5, 10)


def score(world, patient, on, level):
    return GmfcMldAssessment.objects.create(
        visit=make_visit(patient, on),
        level=level,
        assessed_on=on,
        assessed_by=world.user("coordinator"),
    )


def points(world, **filters):
    return cohort_points(world.study, user=world.user("sponsor"), filters=Filters(**filters))


@pytest.mark.django_db
def test_a_late_infantile_patient_is_paired_within_thirty_days(world):
    make_load(world.patient_a, DAY, 10.0)  # onset at 20 months: late infantile
    make_load(world.patient_b, DAY, 20.0)  # onset at 60 months: early juvenile
    for patient in (world.patient_a, world.patient_b):
        score(world, patient, DAY + timedelta(days=40), 3)
    found = {point.subtype: (point.gmfc_level, point.gmfc_gap_days) for point in points(world)}
    assert found == {"LI": (None, None), "EJ": (3, 40)}


@pytest.mark.django_db
def test_elfc_is_paired_by_the_same_windows_and_on_its_own(world):
    make_load(world.patient_b, DAY, 20.0)
    score(world, world.patient_b, DAY, 3)
    on = DAY + timedelta(days=80)
    ElfcMldAssessment.objects.create(
        visit=make_visit(world.patient_b, on), level=2, assessed_on=on,
        assessed_by=world.user("coordinator"),
    )  # fmt: skip
    (found,) = points(world)
    assert (found.gmfc_level, found.gmfc_gap_days) == (3, 0)
    assert (found.elfc_level, found.elfc_gap_days) == (2, 80)
    relation = correlations.RELATIONS["load-elfc"]
    assert (relation.value(found), relation.gap_days(found)) == (2.0, 80)
    assert correlations.RELATIONS["load-age"].value(found) == found.age_months


@pytest.mark.django_db
def test_the_windows_are_those_of_the_study(world):
    type(world.study).objects.filter(pk=world.study.pk).update(pairing_days_late_infantile=50)
    world.study.refresh_from_db()
    make_load(world.patient_a, DAY, 10.0)
    score(world, world.patient_a, DAY + timedelta(days=40), 3)
    assert [point.gmfc_gap_days for point in points(world)] == [40]


@pytest.mark.django_db
def test_the_gap_is_counted_from_the_day_of_the_scan(world):
    make_load(world.patient_b, DAY, 20.0, days_from_visit=5)
    score(world, world.patient_b, DAY, 2)
    assert points(world)[0].gmfc_gap_days == -5


@pytest.mark.django_db
@pytest.mark.parametrize("gap", [-5, 0, 5])
def test_two_levels_of_the_nearest_day_count_for_no_scan_on_either_side(client, world, gap):
    make_load(world.patient_b, DAY, 20.0)
    for place, level in enumerate((2, 5)):
        found = score(world, world.patient_b, DAY + timedelta(days=20 + place), level)
        GmfcMldAssessment.objects.filter(pk=found.pk).update(assessed_on=DAY + timedelta(days=gap))
    score(world, world.patient_b, DAY + timedelta(days=9), 3)
    columns = part(world.study, user=world.user("sponsor"), filters=Filters()).columns
    (point,) = columns.points()
    assert (point.gmfc_level, point.elfc_level) == (None, None)
    told = {
        one.relation.name: one.n_contradicted
        for one in relations.planned(columns, smallest_group=1)
    }
    assert told == {"load-gmfc": 1, "load-severity": 0, "load-elfc": 0, "load-age": 0}
    hidden = relations.planned(columns, smallest_group=5)
    assert {one.n_contradicted for one in hidden} == {0}
    client.force_login(world.user("sponsor"))
    page = client.get("/studies/MLD-1/cohort/").content.decode()
    said = "1 scan left out: on the nearest day two GMFC-MLD levels that differ are on record."
    assert page.count(said) == page.count("left out: on the nearest day") == 1


@pytest.mark.django_db
def test_several_reads_of_a_visit_are_averaged(world):
    run = make_load(world.patient_a, DAY, 10.0)
    keys = [item.key for item in severity_instrument().items]
    for reader, value in (("reader", 0), ("adjudicator", 1)):
        assessments.record_severity(
            visit=run.visit,
            reader=world.user(reader),
            items=dict.fromkeys(keys, value),
            read_on=DAY,
            by=None,
        )
    assert points(world)[0].severity_total == pytest.approx(len(keys) / 2)


@pytest.mark.django_db
def test_filters_narrow_by_stratum_and_subtype(world):
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0, acq_stratum="2D")
    assert [p.load_ml for p in points(world, stratum="2D")] == [20.0]
    assert [p.load_ml for p in points(world, subtype="LI")] == [10.0]


def treat(patient, kind, on):
    Treatment.objects.create(patient=patient, kind=kind, started_on=on)


@pytest.mark.django_db
def test_a_scan_is_of_the_therapies_that_had_begun_before_it(world):
    """The study's own dose is none of them, and a scan on the first day comes before."""
    later = DAY + timedelta(days=200)
    treat(world.patient_a, "HSCT", DAY)
    treat(world.patient_a, "ERT", DAY + timedelta(days=100))
    Patient.objects.filter(pk=world.patient_b.pk).update(first_study_dose_on=DAY)
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_a, DAY + timedelta(days=50), 20.0)
    make_load(world.patient_a, later, 30.0)
    make_load(world.patient_b, later, 40.0)
    asked = {key: {p.load_ml for p in points(world, therapy=key)} for key in THERAPIES}
    assert asked == {
        "NONE": {10.0, 40.0},
        "ANY": {20.0, 30.0},
        "HSCT": {20.0, 30.0},
        "ERT": {30.0},
        "GENE_THERAPY": set(),
        "OTHER": set(),
    }


@pytest.mark.django_db
def test_all_filters_hold_together(world):
    treat(world.patient_a, "HSCT", DAY)
    treat(world.patient_b, "HSCT", DAY)
    for patient, load in ((world.patient_a, 10.0), (world.patient_b, 20.0)):
        make_load(patient, DAY + timedelta(days=50), load)
    assert [p.load_ml for p in points(world, therapy="HSCT", site="B")] == [20.0]
    assert points(world, therapy="NONE", site="B") == []
    assert points(world, therapy="HSCT", site="B", subtype="LI") == []


@pytest.mark.django_db
def test_a_site_is_chosen_among_those_a_person_sees(world):
    """A site of another study, or where a person has no patients, is refused as none at all is."""
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0)
    of_sponsor = part(world.study, user=world.user("sponsor"), filters=Filters(site="B"))
    assert of_sponsor.sites == (("A", "Site A"), ("B", "Site B"))
    at_site = part(world.study, user=world.user("coordinator"), filters=Filters(site="A"))
    assert at_site.sites == (("A", "Site A"),)
    for role, site in (("sponsor", "X"), ("coordinator", "B")):
        with pytest.raises(UnknownFilterError):
            part(world.study, user=world.user(role), filters=Filters(site=site))


@pytest.mark.parametrize("name", ["site", "arm", "therapy", "stratum", "subtype"])
@pytest.mark.parametrize("asked", ["\0", "a b", "A" * 33, "'; --", "-A", "Ä"])
def test_what_could_be_no_filter_is_refused(name, asked):
    with pytest.raises(UnknownFilterError) as refused:
        Filters.of({name: asked})
    assert (refused.value.name, refused.value.value) == (name, asked[:40])
    assert Filters.of({name: ""}) == Filters()


@pytest.mark.django_db(transaction=True)
def test_arms_are_chosen_of_an_open_study_and_not_of_a_blinded_one(world):
    allocated = {"A-001": "VERUM", "B-001": "CONTROL"}
    unblinding.load_allocations(study=world.study, rows=allocated.items(), by_whom="Pharmacist")
    make_load(world.patient_a, DAY, 10.0)
    make_load(world.patient_b, DAY, 20.0)
    asked = {"user": world.user("sponsor"), "filters": Filters(arm="CONTROL")}
    told = part(world.study, **asked)
    assert arms_to_choose(world.study, user=asked["user"]) == ("CONTROL", "VERUM")
    assert told.columns.load_ml.tolist() == [20.0]
    Study.objects.filter(pk=world.study.pk).update(blinding="BLINDED")
    world.study.refresh_from_db()
    assert arms_to_choose(world.study, user=asked["user"]) == ()
    for arm in ("CONTROL", "NO-SUCH"):
        with pytest.raises(UnknownFilterError):
            part(world.study, user=asked["user"], filters=Filters(arm=arm))


def fifteen(**of_last):
    """Ten untreated patients of site A and five treated ones, of whom the last is as given."""
    made = [point(n, float(n), 1) for n in range(10)]
    made += [replace(point(n, float(n), 1), therapies=("HSCT",)) for n in range(10, 15)]
    made = [replace(one, site_code="A") for one in made]
    return [*made[:-1], replace(made[-1], **of_last)]


@pytest.mark.parametrize(
    ("of_last", "filters", "is_safe"),
    [
        ({}, Filters(therapy="ANY"), True),
        ({}, Filters(), True),
        # Of the treated, all but one had the same therapy: the rest of them is one patient.
        ({"therapies": ("ERT",)}, Filters(therapy="HSCT"), False),
        ({"therapies": ()}, Filters(therapy="ANY"), False),
        # One patient alone at a site, whom both the site and its complement give away.
        ({"site_code": "B"}, Filters(site="B"), False),
        ({"site_code": "B"}, Filters(site="A"), False),
        ({"site_code": "B"}, Filters(therapy="ANY"), True),
        ({"site_code": "B"}, Filters(therapy="NONE", site="A"), False),
        # The page shows subtypes and acquisitions apart in every part: one treated patient of
        # another kind is the whole less the untreated.
        ({"subtype": "ADULT"}, Filters(therapy="ANY"), False),
        ({"acq_stratum": "2D"}, Filters(therapy="NONE"), False),
        ({"subtype": "ADULT"}, Filters(), True),
    ],
)
def test_no_filter_tells_a_small_group_apart_not_even_by_what_it_leaves_out(
    of_last, filters, is_safe
):
    given = Columns.of(fifteen(**of_last)), np.array([""] * 15)
    assert filters.is_safe(*given, 5) == is_safe
    assert filters.is_safe(*given, 1)


@pytest.mark.django_db
def test_who_is_no_longer_active_is_given_nothing_and_nothing_breaks(world):
    make_load(world.patient_a, DAY, 10.0)
    user = world.user("sponsor")
    user.is_active = False
    user.save()
    assert cohort_points(world.study, user=user, filters=Filters()) == []


@pytest.mark.django_db
def test_a_part_of_too_few_patients_is_withheld_whole(world):
    make_load(world.patient_a, DAY, 10.0)
    given = {"user": world.user("sponsor"), "filters": Filters(site="A")}
    found = part(world.study, smallest_group=5, **given)
    assert (found.is_withheld, found.size) == (True, 0)
    assert not part(world.study, smallest_group=1, **given).is_withheld


@pytest.mark.django_db
def test_the_cohort_takes_as_many_queries_for_many_scans(world, django_assert_num_queries):
    make_load(world.patient_a, DAY, 10.0)
    with django_assert_num_queries(3):
        points(world)
    for month in range(1, 13):
        make_load(world.patient_b, date(2025, month, 1), 10.0)
        score(world, world.patient_b, date(2025, month, 1), 1)
    with django_assert_num_queries(3):
        assert len(points(world)) == 13


def point(patient, load_ml, level, *, stratum="3D", subtype="LI"):
    return CohortPoint(patient, f"P{patient}", "V", 50.0, stratum, subtype, load_ml, level, 0, None)


RELATION = correlations.RELATIONS["load-gmfc"]


def table(given_points, smallest_group=1):
    columns = Columns.of(given_points)
    rows = correlations.table(columns, RELATION, smallest_group=smallest_group)
    return {(row.stratum, row.subtype): row for row in rows}


def test_a_perfect_rank_order_has_no_interval_and_says_so():
    found = table([point(n, 10.0 * n, n) for n in range(1, 6)])["3D", ""]
    assert (found.rho, found.n, found.n_patients) == (None, 5, 5)
    assert "same value" in found.reason


def test_rho_of_five_pairs_by_hand():
    # Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24) = 0.8
    levels = [2, 1, 4, 3, 5]
    found = table([point(n, float(n), level) for n, level in enumerate(levels)])["3D", ""]
    assert found.rho == pytest.approx(0.8)


def test_3d_and_2d_are_never_pooled():
    levels = [2, 1, 4, 3, 5]
    given_points = [point(n, float(n), level) for n, level in enumerate(levels)]
    given_points += [point(n, float(n), 6 - level, stratum="2D") for n, level in enumerate(levels)]
    found = table(given_points)
    assert found["3D", ""].rho == pytest.approx(0.8)
    assert found["2D", ""].rho == pytest.approx(-0.8)
    assert {stratum for stratum, _ in found} == {"3D", "2D"}


@pytest.mark.parametrize(("n_patients", "reason"), [(4, "fewer than 5 patients"), (5, "")])
def test_below_five_patients_there_is_no_correlation_however_many_their_scans(n_patients, reason):
    """Its interval would hold the truth in less than 95 %."""
    found = table([point(n % n_patients, float(n), n * 7 % 5) for n in range(20)])["3D", ""]
    assert (found.n, found.n_patients) == (20, n_patients)
    assert found.reason == reason
    assert [found.rho is None, found.ci_low is None] == [bool(reason)] * 2
    assert not found.is_pending


def test_of_four_patients_nothing_is_waited_for():
    few = Columns.of([point(n % 4, float(n), n * 7 % 5) for n in range(20)])
    (row, *_) = correlations.planned(few, RELATION, smallest_group=1)
    assert (row.sample, row.is_pending) == (None, False)


def test_equal_scores_are_not_estimable():
    found = table([point(n, float(n), 3) for n in range(6)])["3D", ""]
    assert found.rho is None
    assert "equal" in found.reason


def test_a_small_group_is_hidden_from_who_may_not_see_patients():
    given_points = [point(n, float(n), n) for n in range(4)]
    found = table(given_points, smallest_group=5)["3D", ""]
    assert (found.n, found.n_patients, found.rho) == (0, 0, None)
    assert not correlations.in_large_groups(Columns.of(given_points), 5).any()


def test_the_same_seed_gives_the_same_interval():
    given_points = [point(n // 2, float(n), (n * 7) % 5) for n in range(12)]
    first = table(given_points)["3D", ""]
    computed.cache_clear()
    assert table(given_points)["3D", ""] == first
