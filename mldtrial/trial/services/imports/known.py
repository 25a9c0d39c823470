"""What a study holds already, read once, so that a table is compared without further queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import (
    Disposition,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityRead,
    Patient,
    ReadState,
    Site,
    Study,
    Treatment,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.rules.duplicates import may_be_one
from mldtrial.trial.rules.participation import Step
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services.duplicates import traits_of

Level = GmfcMldAssessment | ElfcMldAssessment
LEVELS: tuple[type[Level], ...] = (GmfcMldAssessment, ElfcMldAssessment)


@dataclass
class Known:
    """The records of a study by what identifies them in a table.

    It grows with the rows that are read: a row is compared with the study as the rows before
    it would leave it.
    """

    sites: dict[str, Site]
    definitions: dict[str, VisitDefinition]
    patients: dict[str, Patient] = field(default_factory=dict)
    visits: dict[tuple[UUID, date], Visit] = field(default_factory=dict)
    planned: dict[tuple[UUID, UUID], Visit] = field(default_factory=dict)
    numbers: dict[UUID, dict[Decimal, date]] = field(default_factory=lambda: defaultdict(dict))
    levels: dict[tuple[type[Level], UUID], Level] = field(default_factory=dict)
    reads: dict[UUID, list[MriSeverityRead]] = field(default_factory=lambda: defaultdict(list))
    treatments: dict[tuple[UUID, str, date], Treatment] = field(default_factory=dict)
    died_on: dict[UUID, date] = field(default_factory=dict)
    earliest: dict[UUID, date] = field(default_factory=dict)
    held: set[UUID] = field(default_factory=set)
    alike: dict[tuple[date, str], list[Patient]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, study: Study) -> "Known":
        """Read a study, all sites: whoever imports is a data manager."""
        found = cls(
            sites={site.code: site for site in study.sites.all()},
            definitions={d.code.upper(): d for d in study.visit_definitions.all()},
            held=held_ids(at_least=LockLevel.FROZEN),
        )
        sites = {site.pk: site for site in found.sites.values()}
        by_id: dict[UUID, Patient] = {}
        for patient in study.patients.all():
            patient.site, patient.study = sites[patient.site_id], study
            by_id[patient.pk] = patient
            found.add_patient(patient)
        visits: dict[UUID, Visit] = {}
        for visit in Visit.objects.filter(patient__study=study):
            visit.patient = by_id[visit.patient_id]
            visits[visit.pk] = visit
            found.add_visit(visit)
        for model in LEVELS:
            for level in model._default_manager.filter(visit__patient__study=study):
                level.visit = visits[level.visit_id]
                found.levels[model, level.visit_id] = level
        for read in MriSeverityRead.objects.filter(
            visit__patient__study=study, state=ReadState.SIGNED
        ):
            read.visit = visits[read.visit_id]
            found.reads[read.visit_id].append(read)
        for treatment in Treatment.objects.filter(patient__study=study):
            treatment.patient = by_id[treatment.patient_id]
            found.add_treatment(treatment)
        found._read_dispositions(Disposition.objects.filter(patient__study=study, is_void=False))
        return found

    def _read_dispositions(self, rows: Iterable[Disposition]) -> None:
        for row in rows:
            self._note_day(row.patient_id, row.happened_on)
            if row.step == Step.DIED:
                self.died_on[row.patient_id] = row.happened_on

    def add_patient(self, patient: Patient) -> None:
        """Take a patient in, or the later version of one that is known."""
        before = self.patients.get(patient.subject_code)
        if before is not None:
            self.alike[before.birth_month, before.sex].remove(before)
        self.patients[patient.subject_code] = patient
        self.alike[patient.birth_month, patient.sex].append(patient)

    def add_visit(self, visit: Visit) -> None:
        """Take a visit in."""
        self.visits[visit.patient_id, visit.date] = visit
        self.numbers[visit.patient_id][visit.number] = visit.date
        if visit.definition_id is not None:
            self.planned[visit.patient_id, visit.definition_id] = visit
        self._note_day(visit.patient_id, visit.date)

    def add_treatment(self, treatment: Treatment) -> None:
        """Take a treatment in."""
        key = (treatment.patient_id, treatment.kind, treatment.started_on)
        self.treatments[key] = treatment
        self._note_day(treatment.patient_id, treatment.started_on)

    def _note_day(self, patient_id: UUID, day: date) -> None:
        self.earliest[patient_id] = min(day, self.earliest.get(patient_id, day))

    def alike_to(self, patient: Patient) -> list[Patient]:
        """Return the known patients that may be the same person as a new one."""
        traits = traits_of(patient)
        near = self.alike[patient.birth_month, patient.sex]
        return [other for other in near if may_be_one(traits, traits_of(other))]
