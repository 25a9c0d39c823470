"""The database server of the test run, shared by runs that happen at the same time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mldtrial.embedded.sharing import DatabaseInUse


@contextmanager
def server_of_the_tests(data_dir: Path) -> Iterator[None]:
    """Run the embedded server of a folder, unless `DATABASE_URL` names one."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    with DatabaseInUse(data_dir):
        yield
