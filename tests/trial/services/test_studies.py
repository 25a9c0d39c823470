import pytest
from django.core.exceptions import ValidationError

from mldtrial.trial.models import Membership, Role
from mldtrial.trial.services import people, studies
from tests.support.world import World

pytestmark = pytest.mark.django_db


def test_a_study_starts_with_the_default_schedule():
    study = studies.create_study(code="NEW", name="New", blinding="BLINDED")
    codes = list(study.visit_definitions.values_list("code", flat=True))
    assert codes == ["M00", "M06", "M12", "M18", "M24", "M36"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "MLD-1"}, "code"),
        ({"code": "has space"}, "code"),
        ({"blinding": "HALF"}, "blinding"),
        ({"subtype_rule": "EJ8"}, "subtype_rule"),
        ({"tolerance_same_ml": -1}, "tolerance_same_ml"),
    ],
)
def test_a_study_with_a_wrong_setting_is_refused_at_its_field(world: World, changes, field):
    values = {"code": "NEW", "name": "New", "blinding": "OPEN", **changes}
    with pytest.raises(ValidationError) as refused:
        studies.create_study(**values)
    assert list(refused.value.message_dict) == [field]


def test_a_site_code_is_used_once_per_study(world: World):
    with pytest.raises(ValidationError, match="a site with this code already"):
        studies.create_site(study=world.study, code="A", name="Again")
    assert studies.create_site(study=world.other_study, code="B", name="Fine").pk


def test_a_site_has_a_time_zone_that_exists(world: World):
    with pytest.raises(ValidationError) as refused:
        studies.create_site(study=world.study, code="C", name="C", time_zone="Mars/Olympus")
    assert list(refused.value.message_dict) == ["time_zone"]


@pytest.mark.parametrize("role", Role.values)
def test_site_roles_have_a_site_and_others_none(world: World, role):
    wrong_site = None if role in ("coordinator", "investigator", "monitor") else world.site_a
    with pytest.raises(ValidationError) as refused:
        studies.grant_membership(
            user=world.user("stranger"), study=world.study, role=role, site=wrong_site
        )
    assert list(refused.value.message_dict) == ["site"]


def test_a_site_of_another_study_gives_no_role(world: World):
    with pytest.raises(ValidationError, match="another study"):
        studies.grant_membership(
            user=world.user("stranger"),
            study=world.other_study,
            role=Role.COORDINATOR,
            site=world.site_a,
        )


def test_a_role_is_held_once(world: World):
    before = Membership.objects.count()
    with pytest.raises(ValidationError, match="holds this role here already"):
        studies.grant_membership(user=world.user("sponsor"), study=world.study, role=Role.SPONSOR)
    assert Membership.objects.count() == before


def test_a_login_with_a_weak_password_is_refused(db: None):
    with pytest.raises(ValidationError) as refused:
        people.create_user(username="new", full_name="New", password="short")
    assert list(refused.value.message_dict) == ["password"]


def test_a_password_is_not_kept_in_the_clear(db: None):
    user = people.create_user(username="new", full_name="New", password="a long pass phrase")
    assert "a long pass phrase" not in user.password
    assert user.check_password("a long pass phrase")
