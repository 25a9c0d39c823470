"""The fate of every row of a table: new, the same, changed, or refused with its reasons."""

import contextlib
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from mldtrial.trial.models import (
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityRead,
    Patient,
    Site,
    Source,
    Study,
    Treatment,
    Visit,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.levels import level_instrument
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.rules.subject_code import person_in
from mldtrial.trial.rules.visit_number import unscheduled_number
from mldtrial.trial.services import bulk, duplicates, patients
from mldtrial.trial.services.imports.known import Known, Level
from mldtrial.trial.services.imports.plan import Fate, Plan, Question, RowPlan
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.rows import Fault, Reading, items_of
from mldtrial.trial.sheets.targets import ITEM, SITE, SUBJECT, VISIT_DATE, Group, targets

RecordT = TypeVar("RecordT", bound=models.Model)
PREFIXES = {"treatment": "treatment_", "GMFC-MLD": "gmfc_", "ELFC-MLD": "elfc_"}
"""How the targets of a record begin, by the word for it."""
YOUNG_REASON = "As written in the imported table."
TOTAL_RULE = "IMPORT-SEVERITY-TOTAL"


HELD = "what this row changes is frozen or locked; it goes in once the record is open again"


class RefusedError(Exception):
    """A row that cannot go in; the faults say why."""


def plan_rows(study: Study, readings: Iterable[Reading], layout: Layout, reader: Any) -> Plan:
    """Return what an import would do; nothing is written.

    Parameters
    ----------
    readings : iterable of Reading
        The rows as read, in order.
    reader : User
        Who is named as assessor of imported scores.
    """
    planner = _Planner(study, layout, Known.of(study), reader)
    for reading in readings:
        planner.take(reading)
    return planner.plan


@dataclass
class _Draft:
    """What one row would write, until all of it is known to be right."""

    row: RowPlan
    reading: Reading
    new: list[models.Model] = field(default_factory=list)
    altered: list[tuple[models.Model, set[str]]] = field(default_factory=list)
    written: list[tuple[UUID, str]] = field(default_factory=list)

    def refuse(self, column: str, shown: str, reason: str) -> None:
        self.row.faults.append(Fault(column, shown, reason))

    def values(self, group: Group) -> dict[str, Any]:
        return self.reading.values.get(group, {})


class _Planner:
    def __init__(self, study: Study, layout: Layout, known: Known, reader: Any) -> None:
        self.study, self.layout, self.known, self.reader = study, layout, known, reader
        self.plan = Plan()
        self._written: dict[tuple[UUID, str], int] = {}
        """In which row of this table a value was given, by record and field."""

    def take(self, reading: Reading) -> None:
        row = RowPlan(reading.number, reading.subject_code, faults=list(reading.faults))
        draft = _Draft(row, reading)
        if not row.faults:
            with contextlib.suppress(RefusedError):
                self._draft(draft)
                self._require_open(draft)
        if row.faults:
            row.fate, row.parts, row.changes, row.notes = Fate.REFUSED, [], [], []
            row.questions, row.needs_reason = [], False
        else:
            self._commit(draft)
        self.plan.rows.append(row)

    def _draft(self, draft: _Draft) -> None:
        patient = self._patient(draft)
        self._treatment(draft, patient)
        if "date" not in draft.values(Group.VISIT):
            return
        visit = self._visit(draft, patient)
        self._level(draft, visit, Group.GMFC, GmfcMldAssessment, "gmfc_")
        self._level(draft, visit, Group.ELFC, ElfcMldAssessment, "elfc_")
        self._severity(draft, visit)

    def _commit(self, draft: _Draft) -> None:
        row = draft.row
        for record in draft.new:
            self.plan.added[record.pk] = record
            self._learn(record)
        for record, fields in draft.altered:
            self._learn(record)
            if record.pk in self.plan.added:
                self.plan.added[record.pk] = record
            else:
                _, before = self.plan.altered.get(record.pk, (record, set()))
                self.plan.altered[record.pk] = (record, before | fields)
        for key in draft.written:
            self._written.setdefault(key, row.number)
        if row.changes:
            row.fate, row.needs_reason = Fate.CHANGED, True
        elif row.parts:
            row.fate = Fate.NEW
        self.plan.questions += row.questions

    def _learn(self, record: models.Model) -> None:
        known = self.known
        if isinstance(record, Patient):
            known.add_patient(record)
        elif isinstance(record, Visit):
            known.add_visit(record)
        elif isinstance(record, Treatment):
            known.add_treatment(record)
        elif isinstance(record, Level):
            known.levels[type(record), record.visit_id] = record
        elif isinstance(record, MriSeverityRead):
            others = [r for r in known.reads[record.visit_id] if r.pk != record.pk]
            known.reads[record.visit_id] = [*others, record]

    def _require_open(self, draft: _Draft) -> None:
        """Refuse a row that would change what is frozen or locked; the same again is no change."""
        for record in (*draft.new, *(record for record, _ in draft.altered)):
            if not self.known.held.isdisjoint(_places(record)):
                self._stop(draft, SUBJECT, HELD)

    # The patient

    def _patient(self, draft: _Draft) -> Patient:
        code = draft.reading.subject_code
        values = dict(draft.values(Group.PATIENT))
        site = self._site(draft, values.pop(SITE, ""))
        found = self.known.patients.get(code)
        if found is None:
            return self._new_patient(draft, code, site, values)
        if site is not None and SITE in draft.reading.shown and site.pk != found.site_id:
            self._stop(draft, SITE, f"this patient is at site {found.site.code}")
        changed = self._merge(draft, found, values, "patient")
        if changed is found:
            return found
        earliest = self.known.earliest.get(found.pk)
        if earliest is not None and earliest < changed.birth_month:
            self._stop(draft, "birth_month", f"there is a record of {earliest}, before this birth")
        self._check(draft, changed)
        self._try(draft, lambda: patients.check_ages(changed))
        return changed

    def _site(self, draft: _Draft, code: str) -> Site | None:
        wanted = code or self.layout.site_code
        if not wanted:
            return None
        found = self.known.sites.get(wanted)
        if found is None:
            listed = ", ".join(sorted(self.known.sites)) or "none"
            self._stop(draft, SITE, f"the study has no such site; its sites: {listed}")
        return found

    def _new_patient(
        self, draft: _Draft, code: str, site: Site | None, values: dict[str, Any]
    ) -> Patient:
        if problem := person_in(code):
            self._stop(draft, SUBJECT, problem)
        if not self.layout.creates_patients:
            self._stop(draft, SUBJECT, "the study does not know this subject")
        if site is None:
            self._stop(draft, SITE, "a new patient needs a site")
        for name in ("sex", "birth_month"):
            if name not in values:
                label = targets()[name].label
                self._stop(draft, name, f"a new patient needs this: {label}")
        patient = Patient(study=self.study, site=site, subject_code=code, **values)
        self._check(draft, patient)
        self._try(draft, lambda: patients.check_ages(patient))
        draft.new.append(patient)
        draft.written += [(patient.pk, name) for name in values]
        draft.row.parts.append("patient")
        self._compare_with_others(draft, patient)
        return patient

    def _compare_with_others(self, draft: _Draft, patient: Patient) -> None:
        alike = self.known.alike_to(patient)
        if not alike:
            return
        names = ", ".join(sorted(f"{p.subject_code} (site {p.site.code})" for p in alike)[:5])
        draft.row.notes.append(f"may be the same patient as {names}: a query will ask")
        draft.row.questions.append(
            Question(duplicates.RULE, patient, None, duplicates.question_about(alike))
        )

    # Treatment, visit and scores

    def _treatment(self, draft: _Draft, patient: Patient) -> None:
        values = dict(draft.values(Group.TREATMENT))
        if not values:
            return
        kind, started_on = values.pop("kind"), values.pop("started_on")
        found = self.known.treatments.get((patient.pk, kind, started_on))
        if found is not None:
            treatment = self._merge(draft, found, values, "treatment")
        else:
            treatment = Treatment(patient=patient, kind=kind, started_on=started_on, **values)
            self._add(draft, treatment, f"treatment {treatment}", values)
        if treatment is not found:
            treatment.patient = patient
            self._check(draft, treatment, "treatment_")
            self._try(draft, lambda: patients.check_treatment(treatment), "treatment_")
            self._after_end(draft, patient, started_on, "treatment_started_on")

    def _visit(self, draft: _Draft, patient: Patient) -> Visit:
        values = draft.values(Group.VISIT)
        day, code = values["date"], values.get("code", "")
        definition = self._definition(draft, code)
        found = self.known.visits.get((patient.pk, day))
        if found is not None:
            if definition is not None and found.definition_id != definition.pk:
                self._stop(draft, "visit_code", f"the visit of {day} is recorded as {found.name}")
            return found
        if definition is not None:
            other = self.known.planned.get((patient.pk, definition.pk))
            if other is not None:
                self._stop(
                    draft, VISIT_DATE, f"{definition.name} is recorded on {other.date} already"
                )
            number, name = definition.number, definition.name
        else:
            number = self._number(draft, patient, day)
            name = f"Unscheduled {number.normalize()}"
        visit = Visit(patient=patient, definition=definition, number=number, name=name, date=day)
        self._check(draft, visit, "visit_")
        self._try(draft, lambda: patients.check_visit_day(patient, day), "visit_")
        self._add(draft, visit, f"visit {name}", {})
        self._after_end(draft, patient, day, VISIT_DATE)
        return visit

    def _number(self, draft: _Draft, patient: Patient, day: date) -> Decimal:
        rows = self.known.numbers[patient.pk]
        try:
            return unscheduled_number(
                before=max((n for n, on in rows.items() if on < day), default=None),
                after=min((n for n, on in rows.items() if on > day), default=None),
                taken=rows,
            )
        except ValueError as error:
            self._stop(draft, VISIT_DATE, str(error))

    def _definition(self, draft: _Draft, code: str) -> Any:
        if not code:
            return None
        found = self.known.definitions.get(code.upper())
        if found is None:
            listed = ", ".join(sorted(self.known.definitions))
            self._stop(draft, "visit_code", f"the study plans no such visit; it plans {listed}")
        return found

    def _level(
        self, draft: _Draft, visit: Visit, group: Group, model: type[Level], prefix: str
    ) -> None:
        if not draft.values(group):
            return
        level, sublevel = draft.values(group)["level"]
        values = {"level": level}
        if model is GmfcMldAssessment:
            values["sublevel"] = sublevel
        found = self.known.levels.get((model, visit.pk))
        if found is not None:
            assessment = self._merge(
                draft, found, {**values, "status": AssessmentStatus.DONE}, group.value
            )
        else:
            assessment = model(
                visit=visit,
                source=Source.CHART,
                assessed_on=visit.date,
                assessed_by=self.reader,
                **values,
            )
            self._add(draft, assessment, f"{group.value} {level}{sublevel}", values)
        if assessment is found:
            return
        age = age_months(visit.patient.birth_month, assessment.assessed_on)
        if not level_instrument(group.value).applies_at(age) and not assessment.reason:
            assessment.reason = YOUNG_REASON
            draft.row.notes.append(f"{group.value} does not apply at this age; the level is kept")
        self._check(draft, assessment, prefix)

    def _severity(self, draft: _Draft, visit: Visit) -> None:
        given = draft.values(Group.SEVERITY)
        if not given:
            return
        instrument = severity_instrument()
        items = items_of(given)
        total = instrument.total(items)
        reads = self.known.reads[visit.pk]
        if any(read.items == items for read in reads):
            return
        found = next((read for read in reads if read.reader_id == self.reader.pk), None)
        values = {"items": items, "total": total, "instrument_version": instrument.version}
        if found is not None:
            read = self._merge(draft, found, values, "MRI severity")
        else:
            read = MriSeverityRead(visit=visit, reader=self.reader, read_on=visit.date, **values)
            self._add(draft, read, "MRI severity score", values)
        self._check(draft, read, ITEM, computed=["total"])
        written = given.get("total")
        if written is not None and written != total:
            self._ask_about_total(draft, visit, written, total)

    def _ask_about_total(
        self, draft: _Draft, visit: Visit, written: int, total: int | None
    ) -> None:
        adds = "cannot be added: one was not evaluable" if total is None else f"add to {total}"
        sentence = f"The imported table gives a total of {written}; its items {adds}."
        draft.row.notes.append(f"{sentence} A query will ask; the sum of the items is kept.")
        draft.row.questions.append(
            Question(TOTAL_RULE, visit.patient, visit, f"{sentence} Which is right?")
        )

    # What all records share

    def _add(
        self, draft: _Draft, record: models.Model, words: str, values: Mapping[str, Any]
    ) -> None:
        draft.new.append(record)
        draft.written += [(record.pk, name) for name in values]
        draft.row.parts.append(words)

    def _merge(
        self, draft: _Draft, record: RecordT, values: Mapping[str, Any], what: str
    ) -> RecordT:
        """Return the record with the values of the row, or itself where nothing differs."""
        differing = {
            name: value for name, value in values.items() if getattr(record, name) != value
        }
        draft.written += [(record.pk, name) for name in values]
        if not differing:
            return record
        changed = copy.copy(record)
        changed._state = copy.copy(record._state)
        is_new = record.pk in self.plan.added
        for name, value in differing.items():
            first = self._written.get((record.pk, name))
            if first is not None:
                column, shown = self._where(draft, name, PREFIXES.get(what, ""))
                draft.refuse(column, shown, f"row {first} says {_words(getattr(record, name))}")
                continue
            if not is_new:
                old, new = _words(getattr(record, name)), _words(value)
                draft.row.changes.append((f"{what}: {name}", old, new))
            setattr(changed, name, value)
        if draft.row.faults:
            raise RefusedError
        draft.altered.append((changed, set(differing)))
        if is_new:
            draft.row.parts.append(f"{what}: {', '.join(sorted(differing))}")
        return changed

    def _after_end(self, draft: _Draft, patient: Patient, day: Any, target: str) -> None:
        died_on = self.known.died_on.get(patient.pk)
        if died_on is not None and day > died_on:
            self._stop(draft, target, f"the patient died on {died_on}")
        if patient.withdrawn_on is not None and day > patient.withdrawn_on:
            draft.row.needs_reason = True
            draft.row.notes.append(f"after the end of follow-up on {patient.withdrawn_on}")

    def _check(
        self, draft: _Draft, record: models.Model, prefix: str = "", *, computed: Any = ()
    ) -> None:
        self._try(draft, lambda: bulk.check(record, computed=computed), prefix)

    def _try(self, draft: _Draft, action: Any, prefix: str = "") -> None:
        try:
            action()
        except ValidationError as error:
            reasons = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            for name, sentences in reasons.items():
                column, shown = self._where(draft, name, prefix)
                draft.refuse(column, shown, " ".join(sentences))
            raise RefusedError from error

    def _where(self, draft: _Draft, name: str, prefix: str = "") -> tuple[str, str]:
        """Return the column that holds a field, and what stands in it."""
        for key in (f"{prefix}{name}", name, f"treatment_{name}", f"visit_{name}"):
            if key in draft.reading.shown:
                return self.layout.column_of(key), draft.reading.shown[key]
        return "", ""

    def _stop(self, draft: _Draft, target: str, reason: str) -> NoReturn:
        column = self.layout.column_of(target)
        draft.refuse(column, draft.reading.shown.get(target, ""), reason)
        raise RefusedError


def _places(record: models.Model) -> set[UUID]:
    """Return what a lock that holds a record may be set on: itself, or what it belongs to."""
    if isinstance(record, Patient):
        return {record.pk, record.study_id}
    if isinstance(record, Visit | Treatment):
        return {record.pk, record.patient_id}
    if isinstance(record, Level | MriSeverityRead):
        return {record.visit_id}
    raise TypeError(f"No place of {type(record).__name__} in a lock.")


def _words(value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join("–" if item is None else str(item) for item in value.values())
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)
