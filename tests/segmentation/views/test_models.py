"""The pages of the registered models."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import Blinding, Study
from segmentation.inference.model_folder import INTERVAL, METRICS
from segmentation.inference.trained_folder import BEST
from segmentation.models import ModelEvaluation, ModelVersion, ReleaseState
from segmentation.services import models
from segmentation.services.evaluations import record_evaluation
from tests.support.loads import make_load, make_model, trained_on
from tests.support.trained import PRETRAINED, change_json, copied
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2024, 5, 10)


def page(client, world: World, model: ModelVersion, role: str = "statistician") -> str:
    client.force_login(world.user(role))
    return " ".join(client.get(reverse("model", args=[model.pk])).content.decode().split())


def candidate(name: str = "next") -> ModelVersion:
    return make_model(name, state=ReleaseState.CANDIDATE)


def retire(
    client, world: World, model: ModelVersion, role: str, reason: str = "Worse on 2D"
) -> int:
    client.force_login(world.user(role))
    answer = client.post(reverse("model_retire", args=[model.pk]), {"reason": reason})
    return int(answer.status_code)


def test_the_list_has_the_active_model_first(client, world: World):
    for name, state in (("a", "RETIRED"), ("b", "CANDIDATE"), ("c", "ACTIVE")):
        make_model(name, state=state)
    client.force_login(world.user("sponsor"))
    shown = client.get(reverse("models")).context["models"]
    assert [model.name for model in shown] == ["c", "b", "a"]


def test_the_page_says_how_the_shipped_model_is_run(client, world: World):
    html = page(client, world, models.register_model(folder=PRETRAINED))
    for words in (
        "demyelinated white matter",
        "3d_fullres",
        "along 1 of 3 axes (2)",
        "0.5 of a tile",
        "1.2 added to the logit of the label of version 2",
    ):
        assert words in html
    assert "weights.safetensors" in html
    assert "<dt>Patients trained on</dt><dd>0</dd>" in html
    assert "Training set: digital phantoms only, no patient." in html


def test_the_page_says_after_which_epoch_the_weights_were_taken(
    client, world: World, tmp_path: Path
):
    folder = copied(PRETRAINED, tmp_path / "model")
    change_json(folder / "manifest.json", version="early", checkpoint=BEST, epochs=37)
    for beside in (INTERVAL, METRICS):
        (folder / beside).unlink(missing_ok=True)
    html = page(client, world, models.register_model(folder=folder))
    row = '<th scope="row">Weights taken</th><td class="wrap">{}</td>'
    assert row.format("after epoch 37, the best by smoothed pseudo-Dice") in html


def test_a_model_that_was_registered_before_anything_was_recorded_says_so(client, world: World):
    html = page(client, world, make_model())
    for words in ("Not recorded when it was registered", "not on record", "Nothing was measured"):
        assert words in html


def test_the_page_shows_what_was_measured_with_units_and_none_as_none(client, world: World):
    model = make_model()
    cases: list[dict[str, Any]] = [
        {"case": "a", "acq_stratum": "3D", "truth_ml": 20.0, "load_ml": 19.0, "dice": 0.87,
         "hausdorff95_mm": 4.2, "surface_dice": 0.78},
        {"case": "b", "acq_stratum": "2D", "truth_ml": 0.0, "load_ml": 0.45, "dice": None,
         "hausdorff95_mm": None, "surface_dice": None},
    ]  # fmt: skip
    record_evaluation(model=model, report={"cases": cases}, data="2 phantoms, seed 11")
    html = page(client, world, model)
    assert "2 phantoms, seed 11" in html
    row = '<th scope="row">{}</th><td>{}</td><td class="number">{}</td>'
    assert row.format("95 % Hausdorff distance, median", "mm", "4.2") in html
    assert row.format("Bias of the load from 5 mL on, median", "%", "−5.0") in html
    none = '<span class="absent">–<span class="visually-hidden"> none</span></span>'
    assert row.format("False load where there is none, largest", "mL", none) in html
    assert '<td class="number">0.45</td>' in html


def phantoms(number: int) -> list[dict[str, Any]]:
    return [
        {"case": str(n), "acq_stratum": "3D", "truth_ml": 10.0 * n, "load_ml": 9.0 * n,
         "dice": 0.05 * n, "hausdorff95_mm": 13.0 - n, "surface_dice": 0.04 * n}
        for n in range(1, number + 1)
    ]  # fmt: skip


def test_medians_are_shown_with_quartiles_and_by_tertile_of_the_load(client, world: World):
    model = make_model()
    record_evaluation(model=model, report={"cases": phantoms(12)}, data="12 phantoms")
    html = page(client, world, model)
    row = '<th scope="row">{}</th><td>{}</td><td class="number">{}</td>'
    assert row.format("Dice, median", "", "0.33 (0.19 to 0.46)") in html
    distances = "10.5 (9.8 to 11.2) / 6.5 (5.8 to 7.2) / 2.5 (1.8 to 3.2)"
    label = "95 % Hausdorff distance by tertile: low / middle / high"
    assert row.format(label, "mm", distances) in html
    surfaces = "0.10 (0.07 to 0.13) / 0.26 (0.23 to 0.29) / 0.42 (0.39 to 0.45)"
    assert row.format("Surface Dice by tertile: low / middle / high", "", surfaces) in html
    assert (
        row.format("Bias of the load from 5 mL on, median", "%", "−10.0 (−10.0 to −10.0)") in html
    )


def test_what_was_recorded_before_there_were_quartiles_is_still_read(client, world: World):
    model = make_model()
    old = {"n": 12, "dice_median": 0.33, "dice_median_by_tertile": [0.13, 0.33, None]}
    ModelEvaluation.objects.create(
        model_version=model, data="old", cases=phantoms(1), summary={"3D": old}, report_sha256="0"
    )
    html = page(client, world, model)
    row = '<th scope="row">{}</th><td>{}</td><td class="number">{}</td>'
    assert row.format("Dice, median", "", "0.33") in html
    label = "Dice by tertile of the true load: low / middle / high"
    assert row.format(label, "", "0.13 / 0.33 / –") in html
    none = '<span class="absent">–<span class="visually-hidden"> none</span></span>'
    assert row.format("Surface Dice by tertile: low / middle / high", "", none) in html


def test_the_state_has_its_history(client, world: World):
    model = candidate()
    with acting(user=world.user("administrator"), origin="web", reason="Worse on 2D"):
        models.retire(model=model, by=world.user("administrator"), reason="Worse on 2D")
    html = page(client, world, model)
    assert html.index("Worse on 2D") < html.index(">candidate</th>")
    assert '<td data-label="By">Administrator</td><td data-label="Why">Worse on 2D</td>' in html


def test_an_administrator_retires_a_candidate_with_a_reason(client, world: World):
    model = candidate()
    assert "Retire" in page(client, world, model, "administrator")
    assert retire(client, world, model, "administrator") == 302
    model.refresh_from_db()
    assert model.state == ReleaseState.RETIRED
    event = ModelVersion.pgh_event_model.objects.filter(pgh_obj=model).latest("pgh_id")
    assert event.pgh_context["reason"] == "Worse on 2D"
    assert event.pgh_context["user"] == str(world.user("administrator").pk)


def test_without_a_reason_nothing_is_retired(client, world: World):
    model = candidate()
    assert retire(client, world, model, "administrator", "  ") == 422
    model.refresh_from_db()
    assert model.state == ReleaseState.CANDIDATE


@pytest.mark.parametrize("state", [ReleaseState.ACTIVE, ReleaseState.RETIRED])
def test_only_a_candidate_is_retired(client, world: World, state: str):
    model = make_model(state=state)
    assert retire(client, world, model, "administrator") == 422
    model.refresh_from_db()
    assert model.state == state


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize("role", ["data_manager", "sponsor", "coordinator", "auditor"])
def test_no_other_role_retires_a_model(client, world: World, role: str):
    model = candidate()
    assert 'href="/models/' + f"{model.pk}/retire/" not in page(client, world, model, role)
    assert retire(client, world, model, role) == 403
    with pytest.raises(PermissionDenied):
        models.retire(model=model, by=world.user(role), reason="Worse on 2D")
    model.refresh_from_db()
    assert model.state == ReleaseState.CANDIDATE


def test_a_reason_of_blanks_is_none_for_the_service_either(world: World):
    with pytest.raises(ValidationError, match="Say why"):
        models.retire(model=candidate(), by=world.user("administrator"), reason=" ")


@pytest.mark.parametrize(
    ("role", "count"), [("data_manager", 2), ("administrator", 2), ("coordinator", 1),
                        ("reader", 0), ("other_sponsor", 1)],
)  # fmt: skip
def test_results_are_counted_where_the_person_may_look(client, world: World, role, count):
    model = make_model()
    for patient in (world.patient_a, world.patient_b, world.other_patient):
        make_load(patient, DAY, 10.0, model=model)
    trained_on(model, world.patient_a)
    html = page(client, world, model, role)
    assert f"<dt>Results in your studies</dt><dd>{count}</dd>" in html
    # How many patients it was trained on is a fact about the model; who they are is not told.
    assert "<dt>Patients trained on</dt><dd>fewer than 5</dd>" in html
    assert "A-001" not in html


def test_a_method_without_a_network_says_what_it_is_in_its_own_words(client, world: World):
    model = models.register_conventional()
    html = page(client, world, model)
    assert "Maximum percentile" in html
    assert "Folds averaged" not in html
    assert "<dt>Patients trained on</dt><dd>0</dd>" in html


def reinstate(client, world: World, model: ModelVersion, role: str, reason: str) -> int:
    client.force_login(world.user(role))
    answer = client.post(reverse("model_reinstate", args=[model.pk]), {"reason": reason})
    return answer.status_code


def test_an_administrator_makes_a_retired_model_a_candidate_again(client, world: World):
    model = make_model(state=ReleaseState.RETIRED)
    assert "Make it a candidate again" in page(client, world, model, "administrator")
    assert reinstate(client, world, model, "administrator", " ") == 422
    assert reinstate(client, world, model, "administrator", "The next one spills") == 302
    model.refresh_from_db()
    assert model.state == ReleaseState.CANDIDATE
    assert "The next one spills" in page(client, world, model)


@pytest.mark.parametrize("state", [ReleaseState.ACTIVE, ReleaseState.CANDIDATE])
def test_only_a_retired_model_is_made_a_candidate_again(client, world: World, state: str):
    model = make_model(state=state)
    assert reinstate(client, world, model, "administrator", "Odd") == 422
    model.refresh_from_db()
    assert model.state == state


@pytest.mark.parametrize("role", ["data_manager", "sponsor", "coordinator", "auditor"])
def test_no_other_role_makes_a_model_a_candidate_again(client, world: World, role: str):
    model = make_model(state=ReleaseState.RETIRED)
    assert reinstate(client, world, model, role, "Odd") == 403
    with pytest.raises(PermissionDenied):
        models.reinstate(model=model, by=world.user(role), reason="Odd")


def test_figures_of_a_blinded_study_are_on_record_as_seen(client, world: World):
    model = make_model()
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    ModelEvaluation.objects.create(
        model_version=model, study=world.study, data="held-out patients", cases=[], summary={},
        report_sha256="0" * 64,
    )  # fmt: skip
    seen = AccessEvent.objects.filter(details__what="measurement of a model")
    page(client, world, model, "sponsor")
    assert not seen.exists()
    page(client, world, model, "data_manager")
    assert [one.study_id for one in seen] == [world.study.pk]
