"""A name that is typed means the method that counts, and a retired one only by its version."""

import pytest

from segmentation.models import ReleaseState
from segmentation.selectors.registry import NotRegisteredError, model_named
from tests.support.loads import make_model

pytestmark = pytest.mark.django_db
CANDIDATE, RETIRED = ReleaseState.CANDIDATE, ReleaseState.RETIRED


def test_the_active_version_is_meant_however_late_another_one_was_registered():
    active = make_model("small", "1")
    make_model("small", "2", state=CANDIDATE)
    make_model("small", "3", state=RETIRED)
    assert model_named("small") == active


def test_without_an_active_version_the_newest_candidate_is_meant():
    make_model("other", "1")
    make_model("small", "1", state=CANDIDATE)
    newest = make_model("small", "2", state=CANDIDATE)
    make_model("small", "3", state=RETIRED)
    assert model_named("small") == newest


def test_a_version_means_itself_in_any_state():
    make_model("small", "1")
    retired = make_model("small", "2", state=RETIRED)
    assert model_named("small", "2") == retired


def test_a_retired_method_is_not_meant_by_its_name_alone():
    make_model("small", "1", state=RETIRED)
    with pytest.raises(NotRegisteredError, match="Every version of small is retired"):
        model_named("small")


@pytest.mark.parametrize(
    ("asked", "words"),
    [(("big",), "No method 'big' is registered"),
     (("small", "9"), "No method 'small' of version '9' is registered")],
)  # fmt: skip
def test_what_is_not_registered_is_named(asked: tuple[str, ...], words: str):
    make_model("small", "1")
    with pytest.raises(NotRegisteredError, match=words):
        model_named(*asked)
