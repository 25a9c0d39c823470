"""Put on record which patients a method was trained on."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Subquery

from mldtrial.audit.context import because
from mldtrial.trial.models import Patient
from segmentation.models import ModelVersion, TrainingMember, TrainingSet
from segmentation.selectors.same_network import versions_of_network

COLUMNS = ("study_code", "subject_code")
PHANTOMS_ONLY = "digital phantoms only, no patient"


@dataclass(frozen=True, slots=True, order=True)
class Trained:
    """A patient of a training set, by the codes of the study that gave the scans."""

    study_code: str
    subject_code: str


def read_csv(content: str) -> list[Trained]:
    """Return the patients of a CSV table with the columns study_code and subject_code.

    Raises
    ------
    ValidationError
        If a column is missing, or a row is incomplete or there twice.
    """
    reader = csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ValidationError(f"The list has no column {', '.join(missing)}.")
    return _checked(list(reader))


def read_json(content: str) -> list[Trained]:
    """Return the patients of a JSON list of objects with study_code and subject_code.

    Raises
    ------
    ValidationError
        If it is not such a list, or an entry is incomplete or there twice.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ValidationError("The list is not JSON.") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValidationError("The JSON must be a list of objects.")
    return _checked(found)


def _checked(rows: Iterable[Mapping[str, Any]]) -> list[Trained]:
    found: list[Trained] = []
    for number, row in enumerate(rows, start=1):
        codes = [str(row.get(name) or "").strip() for name in COLUMNS]
        if not all(codes):
            raise ValidationError(f"Entry {number} of the list lacks {' or '.join(COLUMNS)}.")
        one = Trained(*codes)
        if one in found:
            raise ValidationError(f"Entry {number} of the list repeats an earlier one.")
        found.append(one)
    return found


@transaction.atomic
def record_training_set(
    *, model: ModelVersion, patients: Sequence[Trained], source: str, reason: str
) -> TrainingSet:
    """Put the whole training set of a method on record; a later list takes the place of this one.

    A patient who is not in the later list stays on record as listed by mistake. A network knows
    the same patients at every threshold, so its versions at other ones get the same list.

    Returns
    -------
    TrainingSet
        That of the method named.

    Raises
    ------
    ValidationError
        If nothing says where the list comes from, or why it is recorded, or a code differs from
        one that is known here by the case of its letters alone.
    """
    if not source.strip() or not reason.strip():
        raise ValidationError("Say where the list comes from, and why it is recorded.")
    _require_spelling(patients)
    listed = {(one.study_code, one.subject_code) for one in patients}
    with because(reason):
        found = {one.pk: _record(one, listed, source) for one in versions_of_network(model)}
    return found[model.pk]


def _record(model: ModelVersion, listed: set[tuple[str, str]], source: str) -> TrainingSet:
    found = _stated(model, source)
    known = {(one.study_code, one.subject_code): one for one in found.members.all()}
    for code, member in known.items():
        _set_current(member, is_current=code in listed)
    for study_code, subject_code in sorted(listed - set(known)):
        member = TrainingMember(
            training_set=found, study_code=study_code, subject_code=subject_code
        )
        member.full_clean()
        member.save()
    recognise_patients(training_set=found)
    return found


def _require_spelling(patients: Sequence[Trained]) -> None:
    """Refuse what would be taken for somebody else: the patient would count as not trained on."""
    for one in patients:
        named = {"study__code": one.study_code, "subject_code": one.subject_code}
        if Patient.objects.filter(**named).exists():
            continue
        alike = Patient.objects.filter(**{f"{key}__iexact": code for key, code in named.items()})
        found = alike.select_related("study").first()
        if found is not None:
            raise ValidationError(
                f"{one.study_code} {one.subject_code} is not known here, but {found.study.code} "
                f"{found.subject_code} is. Write the codes as they are here."
            )


def _stated(model: ModelVersion, source: str) -> TrainingSet:
    """Return the statement of a method with this source; two at a time wait for each other."""
    ModelVersion.objects.select_for_update().get(pk=model.pk)
    found = TrainingSet.objects.filter(pk=model.pk).first() or TrainingSet(model_version=model)
    if found.source != source:
        found.source = source
        found.full_clean()
        found.save()
    return found


def _set_current(member: TrainingMember, *, is_current: bool) -> None:
    if member.is_current != is_current:
        member.is_current = is_current
        member.save()


def recognise_patients(*, training_set: TrainingSet | None = None) -> int:
    """Join members with patients who are known here by the same codes; returns how many."""
    waiting = TrainingMember.objects.filter(patient__isnull=True)
    if training_set is not None:
        waiting = waiting.filter(training_set=training_set)
    same = Patient.objects.filter(
        study__code=OuterRef("study_code"), subject_code=OuterRef("subject_code")
    )
    known = waiting.annotate(found=Subquery(same.values("pk")[:1])).filter(found__isnull=False)
    return known.update(patient=Subquery(same.values("pk")[:1]))


def from_manifest(*, model: ModelVersion, manifest: Mapping[str, Any]) -> TrainingSet | None:
    """Record what is known of the training set of a new model; None: nothing.

    What is on record of the same network at another threshold goes before what the manifest says:
    it may have been corrected since the folder was written.

    Raises
    ------
    ValidationError
        If what the manifest says is no list of patients.
    """
    known = TrainingSet.objects.filter(model_version__in=versions_of_network(model)).first()
    if known is not None:
        return _same_as(known, model)
    reason = "as the manifest of the model says"
    if "training_set" in manifest:
        stated = manifest["training_set"]
        if not isinstance(stated, dict) or not isinstance(stated.get("patients"), list):
            raise ValidationError("The manifest's training_set has no list of patients.")
        return record_training_set(
            model=model,
            patients=_checked(stated["patients"]),
            source=str(stated.get("source", "manifest of the model")),
            reason=reason,
        )
    if "phantoms" in manifest and manifest["is_demonstration"]:
        return record_training_set(model=model, patients=[], source=PHANTOMS_ONLY, reason=reason)
    return None


def _same_as(known: TrainingSet, model: ModelVersion) -> TrainingSet:
    """Record for a version of a network whom another version of it was trained on."""
    members = known.members.filter(is_current=True).values_list("study_code", "subject_code")
    return record_training_set(
        model=model,
        patients=[Trained(*codes) for codes in members],
        source=known.source,
        reason="a threshold that is moved leaves the network trained on the same patients",
    )
