from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.trial.models import ProtocolDeviation, Study, VisitDefinition
from mldtrial.trial.selectors.settings import settings_history
from mldtrial.trial.services import patients, settings
from tests.support.world import World

pytestmark = pytest.mark.django_db


def change(world: World, who="administrator", reason="Amendment 2", **changes) -> Study:
    return settings.change_settings(
        study=world.study, changes=changes, reason=reason, by=world.user(who)
    )


def definition(world: World, code="M06") -> VisitDefinition:
    return world.study.visit_definitions.get(code=code)


def change_visit(world: World, code="M06", **changes) -> VisitDefinition:
    return settings.change_definition(
        definition=definition(world, code),
        changes=changes,
        reason="Amendment 2",
        by=world.user("administrator"),
    )


def values(**changes) -> dict[str, object]:
    return {
        "code": "M03",
        "number": Decimal("1.5"),
        "name": "Month 3",
        "target_day": 91,
        "window_before_days": 7,
        "window_after_days": 7,
        **changes,
    }


@pytest.mark.requirement("21CFR11.10(e)")
@pytest.mark.requirement("ICH-E6R3-4.3.4")
def test_a_change_has_a_version_and_is_told_with_who_and_why(world: World):
    changed = change(world, tolerance_same_ml=Decimal("7.5"))
    assert (changed.settings_version, changed.tolerance_same_ml) == (2, Decimal("7.5"))
    latest = settings_history(world.study)[0]
    assert latest.about == "Study MLD-1"
    assert latest.steps == ("tolerance same ml: 5 → 7.5",)
    assert latest.reason == "Amendment 2"


def test_sites_and_visits_count_the_version_too(world: World):
    by = world.user("administrator")
    settings.add_site(
        study=world.study, code="C", name="Site C", time_zone="UTC", reason="New", by=by
    )
    settings.change_site(site=world.site_a, changes={"name": "North"}, reason="Renamed", by=by)
    change_visit(world, window_after_days=30)
    settings.add_definition(study=world.study, values=values(), reason="Amendment 2", by=by)
    world.study.refresh_from_db()
    assert world.study.settings_version == 5
    told = [(c.about, c.steps[0]) for c in settings_history(world.study)[:4]]
    assert told == [
        ("Visit M03", "added: Month 3"),
        ("Visit M06", "window after days: 14 → 30"),
        ("Site A", "name: Site A → North"),
        ("Site C", "added: Site C"),
    ]


@pytest.mark.requirement("21CFR11.10(g)")
@pytest.mark.parametrize(
    "who", ["coordinator", "data_manager", "sponsor", "auditor", "statistician", "stranger"]
)
def test_only_the_administrator_changes_settings(world: World, who):
    with pytest.raises(PermissionDenied):
        change(world, who=who, name="Mine")


def test_a_change_needs_a_reason(world: World):
    with pytest.raises(ValidationError) as refused:
        change(world, reason=" ", name="New name")
    assert list(refused.value.message_dict) == ["reason"]


@pytest.mark.parametrize("field", ["blinding", "code", "origin", "settings_version"])
def test_what_is_no_setting_is_not_changed_here(world: World, field):
    with pytest.raises(ValidationError, match="cannot be changed here"):
        change(world, **{field: "OPEN"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tolerance_same_ml": Decimal(-1)}, "tolerance_same_ml"),
        ({"pairing_days_others": 366}, "pairing_days_others"),
        ({"scan_days_from_visit": 366}, "scan_days_from_visit"),
        ({"accrual_target": 20}, "accrual_target"),
        ({"subtype_rule": "EJ8"}, "subtype_rule"),
    ],
)
def test_a_setting_out_of_range_is_refused_at_its_field(world: World, changes, field):
    with pytest.raises(ValidationError) as refused:
        change(world, **changes)
    assert list(refused.value.message_dict) == [field]
    world.study.refresh_from_db()
    assert world.study.settings_version == 1


def test_a_site_keeps_to_a_time_zone_that_exists(world: World):
    with pytest.raises(ValidationError) as refused:
        settings.change_site(
            site=world.site_a,
            changes={"time_zone": "Mars/Olympus"},
            reason="Moved",
            by=world.user("administrator"),
        )
    assert list(refused.value.message_dict) == ["time_zone"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "M06"}, "code"),
        ({"number": Decimal(2)}, "number"),
        ({"anchor": "BIRTH"}, "anchor"),
        ({"anchor_therapy": "HSCT"}, "anchor_therapy"),
        ({"anchor": "TREATMENT", "anchor_therapy": "TEA"}, "anchor_therapy"),
        ({"window_before_days": 400}, "window_before_days"),
    ],
)
def test_a_wrong_visit_of_the_schedule_is_refused_at_its_field(world: World, changes, field):
    with pytest.raises(ValidationError) as refused:
        settings.add_definition(
            study=world.study,
            values=values(**changes),
            reason="Amendment 2",
            by=world.user("administrator"),
        )
    assert list(refused.value.message_dict) == [field]


def test_a_changed_window_judges_again_and_changes_no_visit(world: World):
    # Month 6 ends on 2023-11-23; this visit is 7 days late.
    visit = patients.create_visit(
        patient=world.patient_a,
        definition=definition(world),
        visit_date=date(2023, 11, 30),
        by=None,
    )
    assert ProtocolDeviation.objects.get().state == "OPEN"
    change_visit(world, window_after_days=30)
    assert ProtocolDeviation.objects.get().state == "CLOSED"
    change_visit(world, window_after_days=14)
    assert ProtocolDeviation.objects.filter(state="OPEN").count() == 1
    visit.refresh_from_db()
    assert visit.date == date(2023, 11, 30)


def test_a_retired_visit_stays_where_it_took_place(world: World):
    change_visit(world, "M00", is_retired=True)
    world.visit_a.refresh_from_db()
    assert world.visit_a.definition.is_retired
    assert VisitDefinition.objects.filter(pk=world.visit_a.definition_id).exists()
