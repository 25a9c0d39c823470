"""Triggers in migrations: known to the state, without a model being built for each."""

import pgtrigger
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

PROTECT = pgtrigger.Protect(name="keep", operation=pgtrigger.Delete)
ANOTHER = pgtrigger.Protect(name="hold", operation=pgtrigger.Update)


def built() -> ProjectState:
    state = ProjectState()
    state.add_model(ModelState("audit", "Thing", [("id", models.AutoField(primary_key=True))]))
    assert state.apps.get_model("audit", "thing")
    return state


def triggers(state: ProjectState) -> list[str]:
    return [one.name for one in state.models["audit", "thing"].options.get("triggers", [])]


def test_the_state_knows_the_triggers_that_were_added_and_removed():
    state = built()
    AddTrigger("thing", PROTECT).state_forwards("audit", state)
    AddTrigger("thing", ANOTHER).state_forwards("audit", state)
    assert triggers(state) == ["keep", "hold"]
    RemoveTrigger("thing", "keep").state_forwards("audit", state)
    assert triggers(state) == ["hold"]


def test_an_earlier_state_does_not_change_with_a_later_one():
    before = built()
    AddTrigger("thing", PROTECT).state_forwards("audit", before)
    after = before.clone()
    AddTrigger("thing", ANOTHER).state_forwards("audit", after)
    RemoveTrigger("thing", "keep").state_forwards("audit", after)
    assert (triggers(before), triggers(after)) == (["keep"], ["hold"])


def test_no_model_is_built_for_a_trigger():
    state = built()
    model = state.apps.get_model("audit", "thing")
    AddTrigger("thing", PROTECT).state_forwards("audit", state)
    assert state.apps.get_model("audit", "thing") is model
