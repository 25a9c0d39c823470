"""The patients of the demonstration study, made up from nothing.

Twelve patients of all subtypes at two sites. Three of them show what the review of a
series is for: one whose second and third scans are exchanged, one whose load truly falls
without treatment, and one who improves after transplantation.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.rules.subtype import LATE_INFANTILE_UP_TO_MONTHS

STUDY_CODE = "DEMO"
SITES = (("NORTH", "Site North (demonstration)"), ("SOUTH", "Site South (demonstration)"))
SCHEDULE_DAYS = {"M00": 0, "M06": 183, "M12": 365, "M18": 548, "M24": 731}


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit: what was scored, and the stage at which the phantom is drawn."""

    definition_code: str
    date: date
    stage: float
    gmfc_level: int
    elfc_level: int
    severity_items: dict[str, int]
    second_items: dict[str, int]
    is_segmented_live: bool = False
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class PlannedPatient:
    """One made-up patient."""

    subject_code: str
    site_code: str
    sex: str
    birth_month: date
    onset_age_months: int | None
    acq_stratum: str
    seed: int
    visits: tuple[PlannedVisit, ...]
    transplanted_on: date | None = None


# Items in the order in which the white matter is usually involved: deep before
# subcortical, projection fibres, nuclei and cerebellum late (Eichler 2009).
_INVOLVEMENT_ORDER = (
    "cc_splenium", "parocc_p", "frontal_p", "cc_genu", "parocc_c", "frontal_c", "temp_p",
    "cc_splenium", "parocc_p", "frontal_p", "cc_genu", "parocc_c", "frontal_c", "temp_c",
    "caps_post", "atrophy", "temp_p", "caps_ant", "temp_c", "parocc_s", "frontal_s",
    "caps_post", "pons", "thal", "atrophy", "temp_s", "parocc_s", "frontal_s", "cerebell_wm",
    "caps_ant", "pons", "temp_s", "cerebell_atr", "basganglia",
)  # fmt: skip


def severity_items(stage: float) -> dict[str, int]:
    """Return plausible items of the MRI severity score for a stage from 0 to 1."""
    items = {item.key: 0 for item in severity_instrument().items}
    for key in _INVOLVEMENT_ORDER[: round(stage * len(_INVOLVEMENT_ORDER))]:
        items[key] += 1
    return items


_ELFC_OF_GMFC = {
    True: (0, 1, 2, 3, 3, 4, 4),
    False: (0, 1, 1, 2, 3, 3, 4),
}
"""Language goes early in late-infantile MLD (median 32 months, Kehrer 2014), later in others."""


def elfc_level(gmfc_level: int, onset_age_months: int | None) -> int:
    """Return a plausible ELFC-MLD level beside a GMFC-MLD level."""
    is_late_infantile = (
        onset_age_months is not None and onset_age_months <= LATE_INFANTILE_UP_TO_MONTHS
    )
    return _ELFC_OF_GMFC[is_late_infantile][gmfc_level]


DISPUTED = ("N-002", "M12")
"""The case whose two readers differ by more than two points: an adjudicator settled it."""
UNREAD = (("N-004", "M24"), ("N-005", "M24"), ("S-003", "M12"), ("S-004", "M18"))
"""Cases that are given to the readers and wait for them."""


def second_reader(items: dict[str, int], *, turn: int, is_disputed: bool) -> dict[str, int]:
    """Return what a second reader saw: the same, a point more or less, or clearly more."""
    maxima = {item.key: item.maximum for item in severity_instrument().items}
    if is_disputed:
        higher = [key for key in items if items[key] < maxima[key]][:4]
        return items | {key: items[key] + 1 for key in higher}
    step = (0, 1, -1)[turn % 3]
    for key in items:
        if step and 0 <= items[key] + step <= maxima[key]:
            return items | {key: items[key] + step}
    return dict(items)


def _jitter_days(seed: int, visit_index: int) -> int:
    """Return how far a visit lies from its target day: families rarely come to the day."""
    return 0 if visit_index == 0 else (seed + 3 * visit_index) % 9 - 4


def _patient(
    code: str,
    site: str,
    sex: str,
    birth: tuple[int, int],
    onset: int | None,
    stratum: str,
    seed: int,
    first_visit: tuple[int, int, int],
    course: tuple[tuple[str, float, int], ...],
    *,
    live: tuple[str, ...] = (),
    transplanted: tuple[int, int, int] | None = None,
) -> PlannedPatient:
    start = date(*first_visit)
    visits = tuple(
        PlannedVisit(
            definition_code=definition,
            date=start + timedelta(days=SCHEDULE_DAYS[definition] + _jitter_days(seed, n)),
            stage=stage,
            gmfc_level=gmfc,
            elfc_level=elfc_level(gmfc, onset),
            severity_items=severity_items(stage),
            second_items=second_reader(
                severity_items(stage), turn=seed + n, is_disputed=(code, definition) == DISPUTED
            ),
            is_read=(code, definition) not in UNREAD,
            is_segmented_live=definition in live,
        )
        for n, (definition, stage, gmfc) in enumerate(course)
    )
    return PlannedPatient(
        code,
        site,
        sex,
        date(*birth, 1),
        onset,
        stratum,
        seed,
        visits,
        date(*transplanted) if transplanted else None,
    )


PATIENTS = (
    _patient("N-001", "NORTH", "F", (2020, 2), 18, "3D", 101, (2021, 12, 6),
             (("M00", 0.18, 1), ("M06", 0.38, 3), ("M12", 0.58, 5), ("M18", 0.72, 6)),
             live=("M18",)),
    _patient("N-002", "NORTH", "M", (2019, 7), 22, "3D", 102, (2021, 9, 14),
             (("M00", 0.25, 2), ("M06", 0.45, 4), ("M12", 0.62, 5), ("M18", 0.74, 6),
              ("M24", 0.82, 6))),
    # The images of month 6 and month 12 are exchanged: the swap check must notice.
    _patient("N-003", "NORTH", "F", (2016, 11), 44, "3D", 103, (2021, 5, 3),
             (("M00", 0.20, 0), ("M06", 0.56, 1), ("M12", 0.34, 2), ("M18", 0.66, 3))),
    _patient("N-004", "NORTH", "M", (2012, 3), 96, "2D", 104, (2020, 10, 20),
             (("M00", 0.30, 0), ("M12", 0.38, 1), ("M24", 0.46, 1))),
    _patient("N-005", "NORTH", "F", (1999, 8), 210, "3D", 105, (2020, 2, 11),
             (("M00", 0.22, 0), ("M12", 0.27, 0), ("M24", 0.33, 1))),
    # Transplanted after the first visit; the load rises, then improves.
    _patient("N-006", "NORTH", "M", (2013, 6), 88, "3D", 106, (2021, 1, 18),
             (("M00", 0.36, 1), ("M06", 0.44, 1), ("M12", 0.40, 1), ("M24", 0.28, 1)),
             transplanted=(2021, 3, 1)),
    _patient("S-001", "SOUTH", "M", (2020, 9), 20, "2D", 107, (2022, 6, 8),
             (("M00", 0.22, 2), ("M06", 0.44, 4), ("M12", 0.64, 6)), live=("M12",)),
    # The load truly falls from month 12 to month 18, without any treatment.
    _patient("S-002", "SOUTH", "F", (2017, 4), 50, "3D", 108, (2021, 8, 30),
             (("M00", 0.28, 1), ("M06", 0.42, 2), ("M12", 0.56, 3), ("M18", 0.40, 3),
              ("M24", 0.62, 4))),
    _patient("S-003", "SOUTH", "F", (2016, 1), 58, "2D", 109, (2021, 3, 22),
             (("M00", 0.26, 1), ("M06", 0.36, 2), ("M12", 0.46, 3))),
    _patient("S-004", "SOUTH", "M", (2011, 12), 118, "3D", 110, (2021, 11, 2),
             (("M00", 0.24, 0), ("M06", 0.29, 1), ("M12", 0.34, 1), ("M18", 0.40, 1))),
    _patient("S-005", "SOUTH", "F", (1996, 5), 260, "2D", 111, (2019, 6, 17),
             (("M00", 0.16, 0), ("M12", 0.20, 0), ("M24", 0.25, 0))),
    # A sibling of an affected child: no symptom yet, no load either.
    _patient("S-006", "SOUTH", "M", (2021, 1), None, "3D", 112, (2022, 9, 26),
             (("M00", 0.0, 0), ("M06", 0.0, 0), ("M12", 0.06, 0)), live=("M12",)),
)  # fmt: skip

NOT_DONE = (
    ("N-001", "M24", "Too ill to travel"),
    ("N-004", "M06", "Family abroad"),
    ("N-004", "M18", "Family abroad"),
    ("N-005", "M06", "Patient did not wish to come"),
    ("N-005", "M18", "Patient did not wish to come"),
    ("N-006", "M18", "No sedation available"),
    ("S-003", "M18", "Family has moved"),
    ("S-003", "M24", "Family has moved"),
    ("S-004", "M24", "Scanner out of service"),
    ("S-005", "M06", "Patient did not wish to come"),
    ("S-005", "M18", "Patient did not wish to come"),
)
"""Planned visits that were declared not done; those left out are overdue, for the work list."""
