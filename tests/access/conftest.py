"""What the access tests need around them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.support.signed_in import clients
from tests.support.standing import standing
from tests.support.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Build the world once for a module: each test here undoes what it changes."""
    with standing(django_db_blocker) as built:
        yield built


@pytest.fixture(scope="module")
def client_of(world: World, django_db_blocker: Any) -> Callable[..., Client]:
    """Make clients of people by key, who were signed in before the first test."""
    with django_db_blocker.unblock():
        return clients(world)


@pytest.fixture(autouse=True)
def broker_in_memory(settings: Any) -> None:
    """Let /health/ready find a broker: these tests are about who may ask, not about it."""
    settings.CELERY_BROKER_URL = "memory://"
