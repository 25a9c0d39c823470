"""The page of the sample size: begins with the study's own scans, and says what it simulated."""

from datetime import date

import pytest

from analytics.selectors.longitudinal import NO_COMPONENTS
from analytics.stats.planned_size import planned_size
from analytics.stats.power_closed import ANCOVA
from analytics.stats.trial_course import Course
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import Study
from mldtrial.trial.services import patients
from tests.analytics.views.test_longitudinal import cohort
from tests.support.loads import make_load

pytestmark = pytest.mark.django_db

__all__ = ["cohort"]

URL = "/studies/MLD-1/sample-size/"
PLAN = {
    "difference_ml": "8", "level_sd_ml": "10", "yearly_change_sd_ml": "4", "correlation": "0.2",
    "noise_sd_ml": "3", "visits": "0, 1, 2", "drop_out_percent": "10", "analysis": ANCOVA,
    "power_percent": "80", "alpha_percent": "5", "seed": "3",
}  # fmt: skip


def get(client, world, role="statistician", **query):
    client.force_login(world.user(role))
    return client.get(URL, query)


def test_the_page_says_the_size_of_what_was_typed_in(client, world):
    course = Course({"all": 0.0}, {"all": 1.0}, 10, 4, 0.2, 3, (0, 1, 2), 0.1)
    expected = planned_size(course, 8, 0.8, ANCOVA, 0.05, 3)
    answer = get(client, world, **PLAN)
    page = " ".join(answer.content.decode().split())
    assert answer.context["found"] == expected
    assert f"{expected.n_per_arm} patients an arm" in page
    assert "seed 3" in page
    assert "python manage.py sample_size --difference=8 --level-sd=10" in page


def test_the_form_begins_with_how_the_studys_own_patients_differ(client, cohort):
    Study.objects.filter(pk=cohort.study.pk).update(blinding="BLINDED")
    answer = get(client, cohort)
    (own,) = answer.context["own"]
    assert own.found is not None
    assert own.is_within_subtypes
    assert answer.context["form"]["noise_sd_ml"].value() == round(own.found.noise_sd, 1)
    what = "sample size from own loads"
    assert AccessEvent.objects.filter(details__contains={"what": what}).exists()


def test_what_subtypes_differ_by_is_not_taken_for_the_spread_within_one(client, world):
    """Within a subtype all change alike; the model is singular there, and plans no trial."""
    for number in range(10):
        is_late_infantile = bool(number % 2)
        patient = patients.create_patient(
            site=world.site_a, subject_code=f"S-{number}", sex="F", birth_month=date(2020, 3, 1),
            onset_age_months=20 if is_late_infantile else 60, by=None,
        )  # fmt: skip
        for place in range(3):
            rise = place * (30 if is_late_infantile else 5)
            bend = (place == 1) * (1 if number % 4 < 2 else -1)
            make_load(patient, date(2024 + place, 1, 10), 40.0 + 3 * number + rise + bend)
    (own,) = get(client, world).context["own"]
    assert (own.found, own.is_within_subtypes, own.reason) == (None, True, NO_COMPONENTS)


def test_what_the_scans_do_not_tell_is_said(client, world):
    make_load(world.patient_a, date(2024, 1, 10), 10.0)
    page = get(client, world).content.decode()
    assert "not estimable: no group has 3 patients with two scans or more" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("visits", "1, 2, 3"),
        ("visits", "0, 1, x"),
        ("visits", "0, nan, 2"),
        ("visits", "0, 1, 200"),
        ("difference_ml", "-3"),
        ("correlation", "1.2"),
        ("power_percent", "100"),
        ("seed", "-1"),
    ],
)
def test_what_is_no_plan_is_said_at_its_field(client, world, field, typed):
    form = get(client, world, **{**PLAN, field: typed}).context["form"]
    assert list(form.errors) == [field]


def test_slopes_need_three_scans(client, world):
    form = get(client, world, **{**PLAN, "analysis": "slopes", "visits": "0, 2"}).context["form"]
    assert list(form.errors) == ["visits"]


def test_what_no_size_does_is_said(client, world):
    page = get(client, world, **{**PLAN, "difference_ml": "0.001"}).content.decode()
    assert "No size: more than 5000 patients an arm are needed for a power of 0.8." in page
