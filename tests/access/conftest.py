"""What the access tests need around them."""

import pytest


@pytest.fixture(autouse=True)
def broker_in_memory(settings):
    """Let /health/ready find a broker: these tests are about who may ask, not about it."""
    settings.CELERY_BROKER_URL = "memory://"
