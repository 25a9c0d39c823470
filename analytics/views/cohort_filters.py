"""What the cohort page may be narrowed by, as a form and in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analytics.selectors.cohort_filters import THERAPIES, Filters
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.rules.subtype import SUBTYPE_NAMES

Choice = tuple[str, str]
"""What the address says, and what people read."""


@dataclass(frozen=True, slots=True)
class Select:
    """One list of the form, with what is chosen in it."""

    name: str
    label: str
    everything: str
    choices: Sequence[Choice]
    chosen: str


def selects(chosen: Filters, sites: Sequence[Choice], arms: Sequence[str]) -> list[Select]:
    """Return the lists of the form; a list that tells nothing apart is left out."""
    offered = (
        ("stratum", "Acquisition", "3D and 2D, apart", [(s, f"{s} only") for s in AcqStratum]),
        ("subtype", "Subtype", "All subtypes", _upper(SUBTYPE_NAMES.items())),
        ("therapy", "Documented therapy", "With and without", _upper(THERAPIES.items())),
        ("site", "Site", "All sites", [(c, f"{c}, {name}") for c, name in sites]),
        ("arm", "Arm", "All arms", [(arm, arm) for arm in arms]),
    )
    asked = chosen.asked
    return [
        Select(name, label, everything, choices, asked.get(name, ""))
        for name, label, everything, choices in offered
        if len(choices) > 1 or name in asked
    ]


def words(chosen: Filters) -> str:
    """Return what a part is narrowed to, to stand after its counts; empty for the whole cohort."""
    subtypes: dict[str, str] = {kind.value: name for kind, name in SUBTYPE_NAMES.items()}
    said = (
        chosen.stratum and f"{chosen.stratum} only",
        subtypes.get(chosen.subtype, ""),
        THERAPIES.get(chosen.therapy, ""),
        chosen.site and f"site {chosen.site}",
        chosen.arm and f"arm {chosen.arm}",
    )
    return "".join(f", {one}" for one in said if one)


def _upper(named: Iterable[Choice]) -> list[Choice]:
    return [(str(key), label[:1].upper() + label[1:]) for key, label in named]
