"""The pages on which two people promote a candidate."""

from datetime import date

import pytest
from django.urls import reverse

from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, Role, Study
from mldtrial.trial.services import studies
from segmentation.models import ModelPromotion, ModelVersion
from tests.support.loads import make_load
from tests.support.locking import second_manager
from tests.support.promoting import propose
from tests.support.shadows import candidate, pair
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db

M12, M18 = date(2024, 5, 10), date(2024, 11, 10)


@pytest.fixture
def shadowed(world: World) -> World:
    pair(world.patient_a, M12, 20.0, 26.0)
    pair(world.patient_b, M12, 10.0, 11.0)
    return world


def promote_page(client, world: World, role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    answer = client.get(reverse("model_promote", args=[candidate().pk]))
    return " ".join(answer.content.decode().split())


def page_of(proposed: ModelPromotion) -> str:
    return reverse("model_promotion", args=[proposed.model_version_id, proposed.pk])


def test_what_bars_a_proposal_stands_in_place_of_the_form(client, shadowed: World):
    make_load(shadowed.patient_b, M18, 12.0)
    make_load(shadowed.patient_b, M18, 12.0, model=candidate())
    html = promote_page(client, shadowed)
    assert "MLD-1: 1 load has none beside it yet (1 made from other images)." in html
    assert "Propose and sign</button>" not in html


def test_a_proposal_is_signed_on_sight_of_the_numbers(client, shadowed: World):
    html = promote_page(client, shadowed)
    assert "2 <small>of 2 loads</small>" in html
    form = client.get(reverse("model_promote", args=[candidate().pk])).context["form"]
    body = {"reason": "Better on 2D", "password": PASSWORD, "seen": form["seen"].value()}
    pair(shadowed.patient_b, M18, 12.0, 13.0)
    refused = client.post(reverse("model_promote", args=[candidate().pk]), body)
    assert refused.status_code == 422
    assert "The results have changed since you opened the page." in refused.content.decode()
    body["seen"] = refused.context["form"]["seen"].value()
    answer = client.post(reverse("model_promote", args=[candidate().pk]), body)
    proposed = ModelPromotion.objects.get()
    assert answer.headers["Location"] == page_of(proposed)
    assert "Confirm or refuse" in promote_page(client, shadowed)
    model = client.get(reverse("model", args=[candidate().pk])).content.decode()
    assert "waits for a second signature" in model


def test_the_second_person_confirms_and_sees_what_was_signed(client, shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    client.force_login(second_manager(shadowed))
    assert "What was signed" in client.get(page_of(proposed)).content.decode()
    body = {"decision": "approve", "reason": "Seen", "password": "guessed"}
    assert client.post(page_of(proposed), body).status_code == 422
    assert client.post(page_of(proposed), {**body, "password": PASSWORD}).status_code == 302
    html = client.get(page_of(proposed)).content.decode()
    assert "Confirmed. Every series shows the loads of this method now." in html
    assert "Second Manager" in html
    assert "<form method" not in html.split("<main")[1]
    assert ModelVersion.objects.get(name="next").state == "ACTIVE"


def test_who_proposed_is_offered_to_withdraw_and_told_who_may_confirm(client, shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    client.force_login(shadowed.user("data_manager"))
    html = client.get(page_of(proposed)).content.decode()
    assert 'value="approve"' not in html
    assert "It can be confirmed by another data manager of every study" in html
    body = {"decision": "approve", "reason": "Seen", "password": PASSWORD}
    refused = client.post(page_of(proposed), body)
    assert refused.status_code == 422
    assert "another person must approve it" in refused.content.decode()
    assert client.post(page_of(proposed), {**body, "decision": "refuse"}).status_code == 302


def test_a_void_proposal_says_so_before_and_after_the_decision(client, shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    pair(shadowed.patient_b, M18, 12.0, 13.0)
    client.force_login(second_manager(shadowed))
    assert "This proposal is void." in client.get(page_of(proposed)).content.decode()
    body = {"decision": "approve", "reason": "Seen", "password": PASSWORD}
    html = client.post(page_of(proposed), body, follow=True).content.decode()
    assert "Nothing was promoted. Void:" in html
    assert ModelVersion.objects.get(name="small").state == "ACTIVE"


def test_the_other_data_manager_finds_it_on_the_work_list(client, shadowed: World):
    second_manager(shadowed)
    propose(shadowed.user("data_manager"))
    for key, is_told in (("second_manager", True), ("data_manager", False), ("sponsor", False)):
        client.force_login(shadowed.user(key))
        html = client.get(reverse("home")).content.decode()
        assert ("A model waits for a second signature." in html) == is_told
        # The reason speaks of loads, and the list is shown before anybody asks whose.
        assert "Better on 2D" not in html


@pytest.mark.parametrize(
    ("role", "status"), [("statistician", 200), ("auditor", 200), ("sponsor", 404),
                         ("administrator", 404), ("coordinator", 404)],
)  # fmt: skip
def test_who_may_not_decide_sees_what_was_signed_or_nothing(client, shadowed: World, role, status):
    proposed = propose(shadowed.user("data_manager"))
    client.force_login(shadowed.user(role))
    answer = client.get(page_of(proposed))
    assert answer.status_code == status
    if status == 200:
        html = answer.content.decode()
        assert "MLD-1" in html
        assert "Decide and sign" not in html
    assert client.post(page_of(proposed), {"decision": "approve"}).status_code in (403, 404)


def test_the_numbers_of_another_study_are_not_told(client, shadowed: World):
    pair(shadowed.other_patient, M12, 33.3, 44.4)
    user = shadowed.user("data_manager")
    studies.grant_membership(user=user, study=shadowed.other_study, role=Role.DATA_MANAGER)
    proposed = propose(user)
    client.force_login(second_manager(shadowed))
    html = client.get(page_of(proposed)).content.decode()
    assert "MLD-2" not in html
    assert "1 more study whose loads you do not see." in html
    assert "1 study has results whose numbers you do not see." in html
    assert promote_page(client, shadowed, "second_manager").count("MLD-2") == 0


def views_of(world: World, what: str) -> list[tuple[str, str]]:
    """Return in which study and by whom loads were seen on a page."""
    found = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE, details__what=what)
    codes = {study.pk: study.code for study in (world.study, world.other_study)}
    return [(codes[one.study_id], one.user_name) for one in found.order_by("pk")]


def blind(*studies_seen: Study) -> None:
    Study.objects.filter(pk__in=[one.pk for one in studies_seen]).update(blinding=Blinding.BLINDED)


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_to_see_the_impact_before_signing_is_on_record_for_each_blinded_study_shown(
    client, shadowed: World
):
    pair(shadowed.other_patient, M12, 33.3, 44.4)
    user, second = shadowed.user("data_manager"), second_manager(shadowed)
    studies.grant_membership(user=user, study=shadowed.other_study, role=Role.DATA_MANAGER)
    blind(shadowed.study, shadowed.other_study)
    promote_page(client, shadowed)
    assert [code for code, _ in views_of(shadowed, "impact of a model")] == ["MLD-1", "MLD-2"]
    proposed = propose(user)
    client.force_login(second)
    client.get(page_of(proposed))
    seen = [code for code, _ in views_of(shadowed, "impact of a model")[2:]]
    # The study that the second person is not shown is not on record as seen.
    assert seen == ["MLD-1"]


def test_reasons_are_read_by_who_sees_every_study_they_speak_of(client, shadowed: World):
    pair(shadowed.other_patient, M12, 33.3, 44.4)
    user, second = shadowed.user("data_manager"), second_manager(shadowed)
    studies.grant_membership(user=user, study=shadowed.other_study, role=Role.DATA_MANAGER)
    proposed = propose(user)
    of_model = reverse("model", args=[candidate().pk])
    for person, is_told in ((user, True), (second, False)):
        client.force_login(person)
        for address in (page_of(proposed), of_model):
            html = client.get(address).content.decode()
            assert ("Better on 2D" in html) == is_told, address
            assert ("studies whose loads you do not see" in html) != is_told
