"""The web server has everything at hand before anybody asks."""

import subprocess
import sys

from django.conf import settings

ASK = """
import gc, sys
import mldtrial.asgi
pages = [name for name in ("analytics.views.cohort", "mldtrial.trial.views.home")]
print(all(name in sys.modules for name in pages), gc.get_freeze_count() > 100_000)
print(gc.isenabled(), gc.get_threshold()[0] > 700)
"""


def test_the_server_has_read_its_pages_and_keeps_them_out_of_the_looks_for_garbage():
    answer = subprocess.run(
        [sys.executable, "-c", ASK], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["True"] * 4
