"""A number in a figure is rounded as in the table beside it."""

import pytest
from django.template import Context, Template

from analytics.figures.agreement import PairMark, bland_altman_figure
from analytics.figures.overlaps import MEASURES
from analytics.services.agreement import Stratum
from analytics.stats.agreement import BlandAltman
from analytics.stats.overlap_bands import THIRDS, Band
from analytics.views.agreement_overlaps import cells_of
from analytics.views.charts import agreement_lines
from analytics.views.paper import signed
from mldtrial.trial.models import Study


def on_the_page(value: float) -> str:
    return Template("{{ value|floatformat:1 }}").render(Context({"value": value}))


def test_the_cut_of_a_third_is_the_same_below_a_box_and_in_words():
    """Python rounds 46.65 and 0.25 down: what is nearest in binary, or even, is not half up."""
    cuts = (0.25, 46.65)
    assert [f"{cut:.1f}" for cut in cuts] == ["0.2", "46.6"]
    assert [on_the_page(cut) for cut in cuts] == ["0.3", "46.7"]
    bands = tuple(Band(name, 0.0, 99.0, (), None, None, None) for name in THIRDS)
    stratum = Stratum("3D", ())
    vars(stratum).update(cuts_ml=cuts, bands=bands)  # as if computed already
    loads = [cell.loads for cell in cells_of(Study(code="MLD-1"), stratum, MEASURES[0])]
    assert loads == ["≤ 0.3 mL", "≤ 46.7 mL", "> 46.7 mL"]


def test_bias_and_limits_are_the_same_across_the_figure_and_in_the_table():
    found = BlandAltman(
        bias=-0.04, lower_limit=-46.65, upper_limit=0.25, sd_within=None, sd_between=None,
        sd_total=1.0, bias_ci=(-1.0, 1.0), lower_ci=(-50.0, -40.0), upper_ci=(0.0, 1.0),
        n=2, n_subjects=2,
    )  # fmt: skip
    lines = agreement_lines(found)
    figure = bland_altman_figure(
        [PairMark(1.0, 1.0, "a")], title="3D", difference_label="Difference", n_patients=1,
        lines=lines,
    )  # fmt: skip
    said = [note["text"] for note in figure["layout"]["annotations"]]
    assert said == ["Lower limit −46.7 mL", "Bias 0.0 mL", "Upper limit +0.3 mL"]
    assert on_the_page(found.bias) == "0.0"


@pytest.mark.parametrize("value", [0.0, -0.0, 0.05, -0.05, 12.349, -46.65])
def test_a_signed_number_is_that_of_the_page_with_its_sign(value: float):
    assert signed(value, 1).lstrip("+").replace("−", "-") == on_the_page(value)
