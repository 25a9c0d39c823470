"""The sections of the work list: what waits, and the one click that does it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from mldtrial.trial.models import Patient
from mldtrial.trial.selectors import Kind, WorkItem

SHOWN = 8
SHOWN_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Click:
    """A link with its words."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Task:
    """One row: the subject code, what waits, and what can be done about it."""

    subject_code: str
    words: str
    where: str
    clicks: tuple[Click, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of work with its first rows."""

    key: str
    title: str
    empty: str
    count: int
    tasks: tuple[Task, ...]

    @property
    def is_cut(self) -> bool:
        """True where there is more than what is shown."""
        return self.count > len(self.tasks)


TITLES = {
    Kind.OVERDUE: ("Overdue visits", "No visit is overdue."),
    Kind.DUE: ("Visits due now", "No visit is due now."),
    Kind.SCAN: ("Visits without their scans", "Every visit has its scans."),
    Kind.SCORE: ("Visits without a GMFC-MLD level", "Every visit has its level."),
    Kind.SIGN: ("Complete visits to sign", "Nothing waits for a signature."),
}


def sections(
    found: dict[Kind, list[WorkItem]],
    *,
    kinds: Sequence[Kind],
    sites: Collection[UUID],
    whole: str = "",
) -> list[Section]:
    """Return the sections of a work list.

    Parameters
    ----------
    kinds : sequence of Kind
        The kinds that belong to the person's roles, in order.
    sites : collection of UUID
        Sites at which the person enters data; elsewhere a row leads to the patient.
    whole : str
        The kind that is shown to its end.
    """
    return [_section(kind, found[kind], sites, kind.value == whole) for kind in kinds]


def _section(kind: Kind, items: list[WorkItem], sites: Collection[UUID], is_whole: bool) -> Section:
    title, empty = TITLES[kind]
    shown = items[: SHOWN_AT_MOST if is_whole else SHOWN]
    tasks = tuple(_task(item, sites) for item in shown)
    return Section(kind.value, title, empty, len(items), tasks)


def _task(item: WorkItem, sites: Collection[UUID]) -> Task:
    patient = item.patient
    clicks = _clicks(item) if patient.site_id in sites else (_to_patient(patient),)
    where = f"site {patient.site.code} · {patient.study.code}"
    return Task(patient.subject_code, item.words, where, clicks)


def _to_patient(patient: Patient) -> Click:
    return Click("Open", reverse("patient", args=[patient.study.code, patient.pk]))


def _clicks(item: WorkItem) -> tuple[Click, ...]:
    study, patient = item.patient.study.code, item.patient.pk
    of_visit = [study, item.subject_id]
    if item.kind in (Kind.OVERDUE, Kind.DUE):
        record = f"{reverse('visit_new', args=[study, patient])}?planned={item.subject_id}"
        not_done = reverse("visit_not_done", args=[study, patient, item.subject_id])
        return Click("Record", record), Click("Not done", not_done)
    if item.kind == Kind.SCAN:
        return (
            Click("Upload", reverse("upload_new", args=of_visit)),
            Click("Not done", reverse("scan_not_done", args=of_visit)),
        )
    if item.kind == Kind.SCORE:
        record = reverse("gmfc_record", args=of_visit)
        return Click("Record", record), Click("Not done", f"{record}?not_done")
    return (Click("Sign", reverse("visit_sign", args=of_visit)),)
