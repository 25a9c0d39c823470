"""What the review would change at visits that are frozen or locked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from analytics.models import FlagKind
from analytics.selectors.loads import LoadPoint
from analytics.selectors.patient_page import Flag
from analytics.services.findings import find, in_words, named
from mldtrial.trial.models import Study
from segmentation.selectors import tissue


@dataclass(frozen=True, slots=True)
class Waiting:
    """A finding that is stored, or taken back, once its visit is open again."""

    label: str
    sentence: str
    visit_id: UUID
    is_gone: bool
    """The flag that stands is no longer found."""

    def __str__(self) -> str:
        """Return what will happen, in words."""
        if self.is_gone:
            return f"To be taken back, for the review no longer finds it: {self.sentence}"
        return f"To be asked about: {self.sentence}"


def waiting(
    study: Study, series: Sequence[LoadPoint], flags: Sequence[Flag], held: Collection[UUID]
) -> list[Waiting]:
    """Return the findings of a patient that wait because their visits are held.

    Parameters
    ----------
    series, flags : sequence
        The loads that the person may see, and the current flags; none for who sees no loads.
    held : collection of UUID
        The visits of the patient that are frozen or locked.
    """
    standing = {(flag.run_id, flag.kind): flag for flag in flags if flag.visit_id in held}
    if not standing and not any(point.visit_id in held for point in series):
        return []
    by_run = {point.run_id: point for point in series}
    volumes = tissue.volumes_of(list(by_run))
    words = named(series, volumes, tissue.versions_of(list(by_run)))
    found = {}
    for finding in find(series, study, volumes):
        visit_id = by_run[finding.run_id].visit_id
        if visit_id in held:
            label = str(FlagKind(finding.kind).label)
            found[finding.run_id, finding.kind] = Waiting(
                label, in_words(finding, words), visit_id, is_gone=False
            )
    new = [one for key, one in found.items() if not _says(standing.get(key), one)]
    gone = [
        Waiting(flag.label, flag.sentence, flag.visit_id, is_gone=True)
        for key, flag in standing.items()
        if key not in found
    ]
    return [*new, *gone]


def _says(flag: Flag | None, found: Waiting) -> bool:
    """Return whether a flag that stands says the same, to the digit that people read."""
    return flag is not None and flag.sentence == found.sentence
