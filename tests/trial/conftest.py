"""The world of the trial's tests, built once for a module."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.standing import read_again, standing
from tests.support.world import World


@pytest.fixture(scope="module")
def standing_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Build the world once for a module."""
    with standing(django_db_blocker) as built:
        yield built


@pytest.fixture
def world(standing_world: World, db: None) -> World:
    """Two sites with one patient each, and a person for every role."""
    return read_again(standing_world)
