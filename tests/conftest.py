"""What every test may use; fixtures that need Django live in tests/support/plugin.py."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

pytest_plugins = ["tests.support.plugin", "tests.support.chain"]

TEST_DATA_VARIABLE = "MLDTRIAL_TEST_DATA"
NO_TEST_DATA = f"{TEST_DATA_VARIABLE} names no folder of real images"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Return the folder of real, openly licensed images, or skip the test without one."""
    named = os.environ.get(TEST_DATA_VARIABLE, "")
    if not named:
        pytest.skip(NO_TEST_DATA)
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{TEST_DATA_VARIABLE} is set, but not to a folder.")
    return folder


LONG = ("browser", "access")
"""Folders whose files take minutes."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: dealt out last, one process would wait for another's."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in LONG)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests did not run for want of real images: a skip must not pass unseen."""
    skipped = terminalreporter.stats.get("skipped", [])
    missing = sum(NO_TEST_DATA in str(report.longrepr) for report in skipped)
    if missing:
        terminalreporter.write_line(
            f"{missing} tests of real images were skipped: {NO_TEST_DATA}.", yellow=True
        )
