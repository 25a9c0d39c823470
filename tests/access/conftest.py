"""What the access tests need around them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.standing import standing
from tests.support.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Build the world once for a module: each test here undoes what it changes."""
    with standing(django_db_blocker) as built:
        yield built


@pytest.fixture(autouse=True)
def broker_in_memory(settings: Any) -> None:
    """Let /health/ready find a broker: these tests are about who may ask, not about it."""
    settings.CELERY_BROKER_URL = "memory://"
