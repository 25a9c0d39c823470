"""One phantom for the methods that are tried on a whole head: drawing it takes seconds."""

import pytest

from segmentation.phantom.patient import PhantomPatient
from segmentation.phantom.render import PhantomVisit, render_visit

SEED = 2_000_001


@pytest.fixture(scope="session")
def visit() -> PhantomVisit:
    return render_visit(PhantomPatient.draw(SEED), stage=0.5, acq_stratum="2D", seed=1)
