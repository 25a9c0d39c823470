"""The milestones page: its numbers by hand, its groups without immortal time, its file."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from analytics.selectors.cohort_filters import Filters
from analytics.selectors.milestone_question import ARM, THERAPY, Question
from analytics.selectors.milestone_results import _compared, _modelled
from analytics.stats.episodes import Episode
from analytics.stats.survival import kaplan_meier, log_rank
from mldtrial.accounts.models import User
from mldtrial.audit.models import AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import SITE_ROLES, GmfcMldAssessment, Patient, Study, Treatment
from mldtrial.trial.rules.age import DAYS_PER_MONTH
from mldtrial.trial.services import patients, unblinding
from tests.support.copied_rows import copied
from tests.support.loads import make_load, make_visit
from tests.support.plotly import numbers
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db

URL = "/studies/MLD-1/milestones/"
BORN = date(2018, 3, 15)
"""Day 0 of everybody's age: the middle of the month of birth."""
COURSES = {
    # Days of age of each assessment, and levels; onset at 20 or at 60 months.
    "LI": [
        ((700, 0), (800, 1), (900, 3)),
        ((700, 1), (1000, 4)),
        ((750, 2), (850, 2), (950, 3), (1050, 2)),
        ((720, 1), (1100, 5)),
        ((700, 1), (1200, 2)),
    ],
    "EJ": [
        ((1900, 0), (2500, 1)),
        ((1800, 1), (2100, 3)),
        ((1850, 1), (2300, 4)),
        ((1900, 1), (2600, 3)),
        # Reached before anybody looked: left out.
        ((1900, 3), (2500, 5)),
    ],
}
SEEN = {
    "LI": ([900, 1000, 950, 1100, 1200], [1, 1, 1, 1, 0], [700, 700, 750, 720, 700]),
    "EJ": ([2500, 2100, 2300, 2600], [0, 1, 1, 1], [1900, 1800, 1850, 1900]),
}
"""End, event and entry of the courses above, by hand."""


@pytest.fixture
def cohort(db: None) -> World:
    """Ten patients whose onset was late infantile or early juvenile."""
    return copied("milestones", _cohort)


def _cohort() -> World:
    world = build_world()
    by = world.user("coordinator")
    for subtype, courses in COURSES.items():
        for number, course in enumerate(courses):
            patient = patients.create_patient(
                site=world.site_a,
                subject_code=f"{subtype}-{number}",
                sex="F",
                birth_month=BORN.replace(day=1),
                onset_age_months=20 if subtype == "LI" else 60,
                by=None,
            )
            for days, level in course:
                day = BORN + timedelta(days=days)
                GmfcMldAssessment.objects.create(
                    visit=make_visit(patient, day), level=level, assessed_on=day, assessed_by=by
                )
    return world


def get(client, world, query="", path="", role="data_manager"):
    client.force_login(world.user(role))
    return client.get(f"{URL}{path}{query}")


def months(days):
    return [day / DAYS_PER_MONTH for day in days]


def table(client, world, query=""):
    answer = get(client, world, query, "times.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def patient(code):
    return Patient.objects.get(subject_code=code)


def test_the_curves_and_the_test_are_those_of_the_times_by_hand(client, cohort):
    context = get(client, cohort).context
    assert [row.label for row in context["rows"]] == ["late infantile", "early juvenile"]
    for row, (end, event, entry) in zip(context["rows"], SEEN.values(), strict=True):
        by_hand = kaplan_meier(months(end), event, months(entry))
        assert row.curve.found.survival.tolist() == by_hand.survival.tolist()
        assert row.curve.found.median == by_hand.median
    said = context["said"]
    assert (said.n_patients, said.n_events, said.n_recovered) == (9, 7, 1)
    assert dict(context["left_out"]) == {
        "no GMFC-MLD is on record": 2,
        "the milestone was reached before or at the first assessment": 1,
    }


def test_subtypes_are_compared_where_they_are_at_risk_together(client, cohort):
    """By age the youngest juvenile here is older than the oldest late infantile."""
    assert "never at risk together" in get(client, cohort).context["test"].reason
    onsets = {"LI": round(20 * DAYS_PER_MONTH), "EJ": round(60 * DAYS_PER_MONTH)}
    end, event, entry = [], [], []
    for subtype, (ends, events, entries) in SEEN.items():
        end += [day - onsets[subtype] for day in ends]
        event += events
        # One was seen before the first symptom, and counts from it on.
        entry += [max(day - onsets[subtype], 0) for day in entries]
    by_hand = log_rank(months(end), event, [0] * 5 + [1] * 4, months(entry))
    context = get(client, cohort, "?against=onset").context
    assert context["test"].found.statistic == pytest.approx(by_hand.statistic, rel=1e-12)
    assert 0 in entry


def test_the_page_says_how_it_counts(client, cohort):
    page = " ".join(get(client, cohort).content.decode().split())
    assert "9 patients watched before it, 7 reached it" in page
    assert "from the first assessment below the milestone on, not from birth" in page
    assert "interval censoring" in page
    assert "<strong>1 patient</strong> had a better level again later." in page
    # Late infantile, half at 950 days: three of five, in the band of the curve.
    assert f"<strong>{1000 / DAYS_PER_MONTH:.1f}</strong>" in page


def test_the_figure_draws_the_curve_of_the_file(client, cohort):
    rows = [row for row in table(client, cohort) if row["subtype"] == "LI"]
    ends = [float(row["end_latest_months"]) for row in rows if not row["why_left_out"]]
    events = [int(row["milestone_reached_latest"]) for row in rows if not row["why_left_out"]]
    entries = [float(row["entry_months"]) for row in rows if not row["why_left_out"]]
    assert ends == months(SEEN["LI"][0])
    found = kaplan_meier(ends, events, entries)
    drawn = json.loads(get(client, cohort).context["figure"])
    line = next(t for t in drawn["data"] if t["name"] == "late infantile")
    assert numbers(line["y"]).tolist()[1:-1] == pytest.approx(found.survival.tolist())
    assert numbers(line["x"]).tolist()[1:-1] == pytest.approx(found.times.tolist())
    assert numbers(line["x"])[0] == pytest.approx(700 / DAYS_PER_MONTH)
    # At 24 months (730.5 days) four of the late infantile had been seen, no juvenile one.
    ticks = dict(zip(drawn["layout"]["xaxis"]["tickvals"], drawn["layout"]["xaxis"]["ticktext"],
                     strict=True))  # fmt: skip
    assert ticks[24] == "24<br>4<br>0"


def test_each_milestone_is_also_put_on_the_other_days_possible(client, cohort):
    (row,) = [row for row in table(client, cohort) if row["subject_code"] == "LI-1"]
    ends = [float(row[f"end_{place}_months"]) for place in ("earliest", "middle", "latest")]
    assert ends == months([701, 850.5, 1000])
    rows = get(client, cohort).context["places"]["rows"]
    medians = [curve.found.median for _, curve in rows[0]["cells"]]
    assert rows[0]["label"] == "late infantile"
    # On the earliest day: 2 of 3 at risk at 701 stay free, then 2 of 3 at 721, for one enters late.
    assert medians == months([721, 900.5, 1000])


def test_time_before_a_therapy_counts_as_untreated(client, cohort):
    """Treated at 950 days: untreated from 720 on, treated up to 1100."""
    started_on = BORN + timedelta(days=950)
    Treatment.objects.create(patient=patient("LI-3"), kind="HSCT", started_on=started_on)
    rows = [row for row in table(client, cohort, "?by=therapy") if row["subject_code"] == "LI-3"]
    found = [
        (row["group"], float(row["entry_months"]), float(row["end_latest_months"]),
         row["milestone_reached_latest"])
        for row in rows
    ]  # fmt: skip
    assert found == [
        ("NONE", *months([720, 950]), "0"),
        ("ANY", *months([950, 1100]), "1"),
    ]
    said = get(client, cohort, "?by=therapy").context["said"]
    assert (said.n_patients, said.n_events) == (9, 7)
    assert {row["group"] for row in table(client, cohort, "?by=kind")} == {"NONE", "HSCT", ""}
    only = [row for row in table(client, cohort, "?therapy=HSCT") if not row["why_left_out"]]
    assert [(row["subject_code"], row["entry_months"]) for row in only] == [
        ("LI-3", repr(950 / DAYS_PER_MONTH))
    ]


def test_the_clock_can_begin_with_the_first_symptom_or_with_a_treatment(client, cohort):
    (row,) = [r for r in table(client, cohort, "?against=onset") if r["subject_code"] == "LI-0"]
    onset = round(20 * DAYS_PER_MONTH)
    assert float(row["end_latest_months"]) == pytest.approx((900 - onset) / DAYS_PER_MONTH)
    Treatment.objects.create(
        patient=patient("LI-0"), kind="ERT", started_on=BORN + timedelta(days=750)
    )
    rows = table(client, cohort, "?against=treatment")
    counted = [row for row in rows if not row["why_left_out"]]
    assert [(row["subject_code"], row["entry_months"]) for row in counted] == [("LI-0", "0.0")]
    assert {row["why_left_out"] for row in rows} >= {"no treatment is on record"}


def test_the_load_at_entry_is_a_look_at_loads_and_nothing_else_is(client, cohort):
    Study.objects.filter(pk=cohort.study.pk).update(blinding="BLINDED")
    get(client, cohort)
    assert not AccessEvent.objects.filter(details__contains={"what": "milestones with load"})
    make_load(patient("LI-0"), BORN + timedelta(days=710), 31.5)
    # Farther from the first assessment than a late infantile score may lie.
    make_load(patient("LI-1"), BORN + timedelta(days=760), 44.0)
    context = get(client, cohort, "?load=3D").context
    assert AccessEvent.objects.filter(details__contains={"what": "milestones with load"}).exists()
    assert [(e.entry, e.load_ml) for e in context["said"].episodes] == [
        (710 / DAYS_PER_MONTH, 31.5)
    ]
    assert dict(context["left_out"])["no load of such a scan lies near enough to the day"
                                     " the patient enters"] == 8  # fmt: skip


def test_arms_stay_unsaid_until_they_are_told(client, cohort):
    Study.objects.filter(pk=cohort.study.pk).update(blinding="BLINDED")
    for asked in ("?by=arm", "?arm=VERUM", "?arm=NO-SUCH"):
        assert get(client, cohort, asked).status_code == 404
    assert 'value="arm"' not in get(client, cohort).content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_counts_in_an_arm_before_enrolment(client, cohort):
    """Of an open study: enrolled at 780 days, at risk in the arm from then on."""
    rows = {"LI-0": "VERUM", "LI-1": "CONTROL", "LI-2": "VERUM"}
    unblinding.load_allocations(study=cohort.study, rows=rows.items(), by_whom="Pharmacist")
    enrolled = Patient.objects.filter(subject_code__in=["LI-0", "LI-1"])
    for one in enrolled:
        one.enrolled_on = BORN + timedelta(days=780)
        one.save()
    found = {
        row["subject_code"]: (row["group"], row["entry_months"], row["why_left_out"])
        for row in table(client, cohort, "?by=arm")
    }
    from_then_on = repr(780 / DAYS_PER_MONTH)
    assert found["LI-0"] == ("VERUM", from_then_on, "")
    assert found["LI-1"] == ("CONTROL", from_then_on, "")
    assert "day of enrolment" in found["LI-2"][2]
    context = get(client, cohort, "?by=arm").context
    assert [row.label for row in context["rows"]] == ["arm CONTROL", "arm VERUM"]


@pytest.mark.parametrize(
    "asked", ["level=9", "by=x", "against=y", "from=-3", "load=4D", "confirmed=0", "subtype=XX"]
)
def test_what_an_address_asks_beyond_the_known_shows_nothing(client, cohort, asked):
    answer = get(client, cohort, f"?{asked}")
    assert answer.status_code == 404
    assert "Unknown filter" in answer.content.decode()


def test_below_five_events_nothing_is_tested(client, cohort):
    context = get(client, cohort, "?subtype=EJ&by=together").context
    assert "needs two groups" in context["model"]["reason"]
    assert "needs two groups" in context["test"].reason
    Treatment.objects.create(
        patient=patient("EJ-1"), kind="HSCT", started_on=BORN + timedelta(days=1900)
    )
    # At 2100 days the treated one and untreated ones are at risk, at 2300 and 2600 none treated.
    context = get(client, cohort, "?subtype=EJ&by=therapy").context
    assert "1 event is too few" in context["test"].reason
    assert "2 more do not count" in context["model"]["reason"]


def test_who_sees_no_single_patient_sees_no_small_group(client, cohort, monkeypatch):
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    monkeypatch.setattr(policies, "SMALLEST_GROUP", 1)
    assert get(client, cohort, role="sponsor").context["said"].n_patients == 9
    monkeypatch.setattr(policies, "SMALLEST_GROUP", 5)
    answer = get(client, cohort, role="sponsor")
    assert "Not shown to your role." in answer.content.decode()
    assert answer.context["said"].n_patients == 0


def test_a_file_of_single_patients_is_for_who_may_see_them(client, cohort, monkeypatch):
    assert get(client, cohort, path="times.csv", role="sponsor").status_code == 403
    monkeypatch.setitem(policies.ACTIONS, "view_patient", SITE_ROLES)
    assert get(client, cohort, path="times.csv").status_code == 403


def test_the_queries_do_not_grow_with_the_cohort(client, cohort, django_assert_max_num_queries):
    client.force_login(cohort.user("statistician"))
    with django_assert_max_num_queries(18):
        client.get(f"{URL}?load=3D&by=kind")


def test_nobody_to_watch_is_said(client, world):
    page = get(client, world).content.decode()
    assert "Nobody was watched before this milestone." in page
    assert "No GMFC-MLD is on record" in page


def treated_at_950(code: str = "LI-3") -> None:
    Treatment.objects.create(
        patient=patient(code), kind="HSCT", started_on=BORN + timedelta(days=950)
    )


def test_the_file_has_the_milestone_of_each_of_the_three_days(client, cohort):
    """Seen at 1100, treated at 950: on the earliest day, 721, it falls into the untreated time."""
    treated_at_950()
    query = "?by=therapy"
    rows = [row for row in table(client, cohort, query) if not row["why_left_out"]]
    own = {row["group"]: row for row in rows if row["subject_code"] == "LI-3"}
    reached = {
        group: [row[f"milestone_reached_{place}"] for place in ("earliest", "middle", "latest")]
        for group, row in own.items()
    }
    assert reached == {"NONE": ["1", "1", "0"], "ANY": ["", "", "1"]}
    for placed in get(client, cohort, query).context["said"].placed:
        for curve in placed.curves:
            counted = [
                (float(row[f"end_{placed.place}_months"]),
                 int(row[f"milestone_reached_{placed.place}"]), float(row["entry_months"]))
                for row in rows
                if row["group"] == curve.group and row[f"end_{placed.place}_months"]
            ]  # fmt: skip
            assert (len(counted), sum(event for _, event, _ in counted)) == (
                curve.n,
                curve.n_events,
            )
            if curve.found is not None:
                from_file = kaplan_meier(*zip(*counted, strict=True))
                assert from_file.survival.tolist() == curve.found.survival.tolist()


def test_who_begins_a_therapy_is_not_drawn_as_last_seen(client, cohort):
    treated_at_950()
    drawn = json.loads(get(client, cohort, "?therapy=NONE").context["figure"])
    strokes = [t for t in drawn["data"] if t.get("mode") == "markers"]
    seen = sorted(day for one in strokes for day in numbers(one["x"]).tolist())
    assert seen == pytest.approx(months([1200, 2500]))


def test_curves_that_mix_subtypes_say_so_and_lead_to_one(client, cohort):
    page = get(client, cohort, "?by=together").content.decode()
    assert "Curves and medians mix the subtypes" in page
    assert "?subtype=EJ&amp;by=together" in page
    for query in ("", "?by=together&subtype=EJ"):
        assert "mix the subtypes" not in get(client, cohort, query).content.decode()


def test_each_day_says_of_how_many_patients_it_tells(client, cohort):
    """From 730 days on, LI-1 and LI-3 would on the earliest day have reached it before."""
    answer = get(client, cohort, "?from=24&subtype=LI")
    cells = answer.context["places"]["rows"][0]["cells"]
    assert [(curve.n_events, curve.n) for _, curve in cells] == [(2, 3), (4, 5), (4, 5)]
    page = " ".join(answer.content.decode().split())
    assert "2 of 3" in page
    assert "2 patients would have reached it before being at risk, and are left out" in page


def test_an_emptied_page_says_what_emptied_it(client, cohort):
    late = get(client, cohort, "?from=1000").content.decode()
    assert "Nobody has time at risk in what is asked for." in late
    assert "9 patients have no time at risk" in late
    nobody = get(client, cohort, "?subtype=ADULT").content.decode()
    assert "No patient is in this part of the cohort." in nobody
    for page in (late, nobody):
        assert "Nobody was watched" not in page


def test_only_a_milestone_that_is_shown_is_had_better_again(client, cohort):
    """LI-2 was better again, after a milestone in its treated time."""
    treated_at_950("LI-4")
    Treatment.objects.create(
        patient=patient("LI-2"), kind="HSCT", started_on=BORN + timedelta(days=900)
    )
    assert get(client, cohort, "?therapy=NONE").context["said"].n_recovered == 0
    assert get(client, cohort, "?by=therapy").context["said"].n_recovered == 1


def undetermined(code: str) -> None:
    """A presymptomatic patient: no onset, no sibling, no genotype that tells the subtype."""
    one = patients.create_patient(
        site=patient("LI-0").site,
        subject_code=code,
        sex="F",
        birth_month=BORN.replace(day=1),
        onset_age_months=None,
        by=None,
    )
    by = User.objects.get(username="coordinator")
    for days, level in ((700, 1), (1000, 4)):
        day = BORN + timedelta(days=days)
        GmfcMldAssessment.objects.create(
            visit=make_visit(one, day), level=level, assessed_on=day, assessed_by=by
        )


def test_within_subtypes_nobody_of_an_undetermined_one_is_compared(client, cohort):
    """They may be of any subtype, so that one tells nothing of another."""
    for code in ("NO-0", "NO-1"):
        undetermined(code)
    treated_at_950("NO-1")
    answer = get(client, cohort, "?by=therapy")
    said = answer.context["said"]
    assert said.n_patients == 11
    own = [one for one in said.episodes if one.stratum == "UNDETERMINED"]
    assert len({one.patient for one in own}) == said.undetermined_left_out == 2
    page = " ".join(answer.content.decode().split())
    assert "2 patients of no determined subtype are drawn but not compared." in page
    # Nobody else had a therapy, so that without these two there are no two groups.
    assert "two groups" in said.latest.test.reason


def test_dealt_out_arms_are_compared_where_the_subtype_is_undetermined():
    asked = Question(Filters(), by=ARM)
    own = [Episode(n, "ABC"[n % 2], "UNDETERMINED", 0, 5 + n, n < 15) for n in range(20)]
    assert _compared(asked, own) == own
    assert _compared(replace(asked, by=THERAPY), own) == []


def test_arms_are_compared_with_the_first_by_name():
    """VERUM is the larger one."""
    asked = Question(Filters(), by=ARM)
    own = [
        Episode(n, "CONTROL" if n % 3 == 0 else "VERUM", "", 0, 5 + n, n < 15) for n in range(20)
    ]
    said = _modelled(asked, own)
    assert said.found is not None
    assert said.found.reference == "CONTROL"
    assert [one.name for one in said.found.ratios] == ["VERUM"]


def test_with_the_load_the_page_and_the_file_say_by_which_method(client, cohort):
    make_load(patient("LI-0"), BORN + timedelta(days=710), 31.5)
    for query, said in (("", ("", "")), ("?load=3D", ("small 1", "Y"))):
        rows = table(client, cohort, query)
        assert {(row["method_version"], row["is_demonstration_model"]) for row in rows} == {said}
        page = get(client, cohort, query).content.decode()
        assert ("The training set of small 1 is not on record" in page) == bool(query)
