"""Take a table in, say what it would do, and do exactly that."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from mldtrial.audit.context import acting, because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Audience,
    ElfcMldAssessment,
    GmfcMldAssessment,
    ImportBatch,
    ImportState,
    MriSeverityRead,
    NotDone,
    Patient,
    Query,
    Study,
    Treatment,
    Visit,
)
from mldtrial.trial.services import deviations, patients, plausibility, queries, settling
from mldtrial.trial.services.imports import files
from mldtrial.trial.services.imports.plan import Plan
from mldtrial.trial.services.imports.planning import plan_rows
from mldtrial.trial.services.saving import refusal, store
from mldtrial.trial.sheets import layout as layouts
from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.reading import read_table
from mldtrial.trial.sheets.rows import Reading, read_rows
from mldtrial.trial.sheets.table import MAX_BYTES, Table

READER = "historical-import"
KEPT_DAYS = 7
AT_ONCE = 1000
ORDER: tuple[type[models.Model], ...] = (
    Patient,
    Treatment,
    Visit,
    GmfcMldAssessment,
    ElfcMldAssessment,
    MriSeverityRead,
)
"""Models in the order in which their rows go in: what others refer to comes first."""
CHANGED_MEANWHILE = (
    "The data of the study have changed since the check. Check the table again; nothing was saved."
)
Progress = Callable[[float, str], None]


def receive(*, study: Study, content: bytes, by: Any) -> ImportBatch:
    """Keep a table that somebody wants to import, and note what its columns may mean.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the file is no table; nothing is kept then.
    """
    policies.require(by, "import_records", study)
    table = _table(content)
    _forget_old_ones()
    batch = ImportBatch(
        study=study,
        received_by=by,
        file_sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        row_count=len(table.rows),
        layout=first_layout(study, table.header).as_json(),
    )
    files.keep(batch.pk, content)
    return store(batch)


def first_layout(study: Study, header: Iterable[str]) -> Layout:
    """Return the layout to start from: as declared before for such columns, or guessed."""
    header = tuple(header)
    for earlier in ImportBatch.objects.filter(study=study).exclude(plan_sha256="")[:20]:
        kept = Layout.from_json(earlier.layout)
        if set(kept.columns) <= set(header):
            columns = layouts.guessed(header, {**dict.fromkeys(header, ""), **kept.columns})
            return Layout(columns, kept.formats, kept.creates_patients, kept.site_code)
    return Layout(layouts.guessed(header, {}))


def table_of(batch: ImportBatch) -> Table:
    """Return the table of an import.

    Raises
    ------
    ValidationError
        If it is no longer kept.
    """
    return _refusing(lambda: read_table(files.content_of(batch.pk, batch.file_sha256)))


def check(*, batch: ImportBatch, layout: Layout, by: Any) -> Plan:
    """Say what the table would do under a layout, and keep the layout; no record is written.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the import is over, or the layout cannot be read by.
    """
    policies.require(by, "import_records", batch)
    plan = _plan(_open(batch), layout)
    _keep(batch, layout, plan)
    return plan


@transaction.atomic
def _keep(batch: ImportBatch, layout: Layout, plan: Plan) -> None:
    """Keep the outcome of a check, unless the import was applied or given up meanwhile."""
    locked = _open(batch, lock=True)
    locked.layout = layout.as_json()
    locked.state = ImportState.CHECKED
    locked.counts = plan.counts()
    locked.plan_sha256 = plan.sha256(locked.file_sha256, layout)
    files.keep_rows(batch.pk, (row.as_json() for row in plan.rows))
    with because("The table was checked"):
        store(locked)


@transaction.atomic
def apply(*, batch: ImportBatch, shown_sha256: str, reason: str, by: Any) -> ImportBatch:
    """Write what the check showed, all of it or nothing; refused rows are left out.

    Parameters
    ----------
    shown_sha256 : str
        Of the plan that the person saw.
    reason : str
        Needed where stored values change or something follows the end of a follow-up.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the data have changed since the check, or a reason is missing.
    """
    policies.require(by, "import_records", batch)
    locked = _open(batch, lock=True)
    if not shown_sha256 or locked.plan_sha256 != shown_sha256:
        raise ValidationError("The table has been checked again since. Look at the new outcome.")
    # Whoever corrects a patient of the study waits; whoever adds one is caught by the plan.
    list(Patient.objects.select_for_update(of=("self",)).filter(study=locked.study).order_by("pk"))
    layout = Layout.from_json(locked.layout)
    plan = _plan(locked, layout)
    if plan.sha256(locked.file_sha256, layout) != shown_sha256:
        raise ValidationError(CHANGED_MEANWHILE)
    if not plan.added and not plan.altered:
        raise ValidationError("Nothing in this table is new or changed.")
    if plan.needs_reason() and not reason.strip():
        raise ValidationError({"reason": "Give the reason for the changes."})
    with acting(user=by, origin=f"import:{locked.pk}", reason=reason.strip()):
        _write(locked, plan)
        locked.state = ImportState.APPLIED
        locked.applied_by, locked.applied_at = by, timezone.now()
        locked.reason = reason.strip()
        with because(locked.reason or "The import was applied"):
            store(locked)
    transaction.on_commit(lambda: files.remove(locked.pk))
    return locked


@transaction.atomic
def discard(*, batch: ImportBatch, by: Any) -> ImportBatch:
    """Give an import up; its file is removed.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the import is over.
    """
    policies.require(by, "import_records", batch)
    locked = _open(batch, lock=True)
    locked.state = ImportState.DISCARDED
    with because("The import was given up"):
        store(locked)
    transaction.on_commit(lambda: files.remove(locked.pk))
    return locked


def reader() -> Any:
    """Return the name under which imported scores stand; nobody signs in by it."""
    found = get_user_model().objects.filter(username=READER).first()
    if found is not None:
        return found
    made = get_user_model()(username=READER, full_name="Historical import", is_active=False)
    made.set_unusable_password()
    made.save()
    return made


def _table(content: bytes) -> Table:
    return _refusing(lambda: read_table(content))


def _refusing(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except SheetError as error:
        raise ValidationError({"file": error.message}) from error


def _open(batch: ImportBatch, *, lock: bool = False) -> ImportBatch:
    found = ImportBatch.objects.select_related("study")
    if lock:
        found = found.select_for_update(of=("self",))
    locked = found.get(pk=batch.pk)
    if locked.state not in (ImportState.RECEIVED, ImportState.CHECKED):
        raise ValidationError(f"This import is {locked.get_state_display()} already.")
    return locked


def _plan(batch: ImportBatch, layout: Layout) -> Plan:
    def say(done: float, words: str) -> None:
        files.say_progress(batch.pk, done, words)

    try:
        layouts.check(layout)
    except SheetError as error:
        raise ValidationError(error.message) from error
    say(0.05, "reading the table")
    table = table_of(batch)
    say(0.3, "comparing the rows with the study")
    readings = _counted(read_rows(table, layout), len(table.rows), say)
    return plan_rows(batch.study, readings, layout, reader())


def _counted(readings: Iterable[Reading], count: int, say: Progress) -> Iterator[Reading]:
    for place, reading in enumerate(readings, start=1):
        if place % AT_ONCE == 0:
            say(0.3 + 0.4 * place / count, f"compared {place} of {count} rows")
        yield reading


def _write(batch: ImportBatch, plan: Plan) -> None:
    files.say_progress(batch.pk, 0.75, "writing")
    try:
        for model in ORDER:
            # Savepoints keep what the database says about the one row that it refuses.
            _write_model(model, plan)
    except IntegrityError as error:
        raise _refusal(error) from error
    files.say_progress(batch.pk, 0.85, "following the schedule")
    _follow_schedule(batch.study, plan)
    settling.settle_earlier_reads(visits=Visit.objects.filter(patient__study=batch.study))
    files.say_progress(batch.pk, 0.95, "asking")
    queries.open_queries(
        [
            Query(
                patient=question.patient,
                visit=question.visit,
                audience=Audience.IMAGING,
                rule=question.rule,
                question=question.words,
            )
            for question in plan.questions
        ]
    )
    plausibility.check_patients(patients=Patient.objects.filter(study=batch.study))


def _follow_schedule(study: Study, plan: Plan) -> None:
    """Let planned visits count, and bring the deviations of whoever is touched in line."""
    absent = set(
        NotDone.objects.filter(patient__study=study, is_current=True)
        .exclude(definition=None)
        .values_list("patient_id", "definition_id")
    )
    touched: dict[UUID, Patient] = {}
    for record in plan.added.values():
        if isinstance(record, Visit) and record.definition is not None:
            touched[record.patient_id] = record.patient
            starts = record.definition.target_day == 0
            if starts or (record.patient_id, record.definition_id) in absent:
                # A later row of the table may have changed the patient: read it again.
                patient = Patient.objects.select_related("site", "study").get(pk=record.patient_id)
                patients.take_up(patient, record.definition, record.date)
        elif isinstance(record, Treatment):
            touched[record.patient_id] = record.patient
    for record, _ in plan.altered.values():
        if isinstance(record, Patient):
            touched[record.pk] = record
    for patient in touched.values():
        deviations.review_windows(patient=patient)


def _write_model(model: type[models.Model], plan: Plan) -> None:
    new = [record for record in plan.added.values() if type(record) is model]
    model._default_manager.bulk_create(new, batch_size=AT_ONCE)
    altered = [pair for pair in plan.altered.values() if type(pair[0]) is model]
    by_fields: dict[tuple[str, ...], list[models.Model]] = {}
    for record, fields in altered:
        by_fields.setdefault(tuple(sorted(fields)), []).append(record)
    for fields, records in by_fields.items():
        model._default_manager.bulk_update(records, fields, batch_size=AT_ONCE)


def _refusal(error: IntegrityError) -> ValidationError:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
    try:
        sentences = refusal(name, ImportBatch()).messages
    except KeyError:
        raise error from None
    return ValidationError(f"{' '.join(sentences)} {CHANGED_MEANWHILE}")


def _forget_old_ones() -> None:
    """Remove the files of imports that nobody has finished."""
    long_ago = timezone.now() - timedelta(days=KEPT_DAYS)
    waiting = ImportBatch.objects.filter(
        state__in=[ImportState.RECEIVED, ImportState.CHECKED], created_at__lt=long_ago
    )
    for batch_id in waiting.values_list("pk", flat=True):
        files.remove(batch_id)


__all__ = ["MAX_BYTES", "apply", "check", "discard", "first_layout", "receive", "table_of"]
