"""A signature holds while the record is what was signed, and not a moment longer."""

import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, models, transaction

from mldtrial.audit.context import acting
from mldtrial.audit.models import Meaning, Signature
from mldtrial.trial.models import GmfcMldAssessment, MriSeverityRead, Scan, Visit
from mldtrial.trial.selectors.signatures import signatures_of, unchanged
from mldtrial.trial.services import assessments, queries, signing
from segmentation.models import SegmentationResult, SegmentationRun
from tests.support.loads import make_scan
from tests.support.signing import full_visit, seen, sign
from tests.support.world import World

pytestmark = pytest.mark.django_db

MUTATIONS = 100


@pytest.fixture
def visit(world: World) -> Visit:
    return full_visit(world)


def is_valid(signature: Signature) -> bool:
    return unchanged([signature]) == {signature.pk}


@pytest.mark.requirement("21CFR11.50")
def test_a_signature_shows_the_printed_name_the_time_and_the_meaning(world: World, visit):
    signature = sign(world, visit)
    assert signature.printed_name == world.user("investigator").get_full_name()
    assert signature.statement == Meaning.REVIEWED.label
    signature.refresh_from_db()
    assert signature.signed_at.utcoffset().total_seconds() == 0
    shown = signatures_of([visit.pk], user=world.user("coordinator"))[visit.pk]
    assert [(one.is_valid, one.signature) for one in shown] == [(True, signature)]


def test_another_name_later_leaves_the_printed_one(world: World, visit):
    signature = sign(world, visit)
    investigator = world.user("investigator")
    investigator.full_name = "Somebody Married"
    investigator.save()
    signature.refresh_from_db()
    assert signature.printed_name == "Investigator"


@pytest.mark.requirement("21CFR11.200")
@pytest.mark.parametrize("password", ["", "wrong pass phrase"])
def test_a_session_without_the_password_signs_nothing(world: World, visit, password):
    with pytest.raises(ValidationError) as refused:
        sign(world, visit, password=password)
    assert "password" in refused.value.message_dict
    assert not Signature.objects.exists()


@pytest.mark.parametrize("key", ["coordinator", "data_manager", "investigator_b", "auditor"])
def test_only_the_investigator_of_the_site_signs(world: World, visit, key):
    with pytest.raises(PermissionDenied):
        sign(world, visit, by=world.user(key))


def test_what_has_changed_since_it_was_shown_is_not_signed(world: World, visit):
    shown = seen(visit)
    make_scan(visit)
    with pytest.raises(signing.StaleRecordError):
        sign(world, visit, seen_sha256=shown)
    assert not Signature.objects.exists()


def test_nobody_signs_the_same_content_twice(world: World, visit):
    sign(world, visit)
    with pytest.raises(ValidationError, match="signed this visit already"):
        sign(world, visit)
    assert sign(world, visit, meaning=Meaning.APPROVED)


def test_a_changed_visit_can_be_signed_again(world: World, visit):
    first = sign(world, visit)
    make_scan(visit)
    second = sign(world, visit)
    first.refresh_from_db()
    assert first.voided_at is not None
    assert first.void_reason == signing.CHANGED
    shown = signatures_of([visit.pk], user=world.user("monitor"))[visit.pk]
    assert [(one.signature.pk, one.is_valid) for one in shown] == [
        (second.pk, True),
        (first.pk, False),
    ]


def columns_of(row: models.Model) -> list[Any]:
    return [
        field
        for field in row._meta.concrete_fields
        if isinstance(
            field, models.CharField | models.IntegerField | models.FloatField | models.DateField
        )
        and not isinstance(field, models.DateTimeField)
        and not field.choices
        and "sha256" not in field.name
    ]


def another(field: Any, value: Any, dice: random.Random) -> Any:
    if isinstance(field, models.DateField):
        return value.replace(year=value.year - 1)
    if isinstance(field, models.IntegerField | models.FloatField):
        return (value or 0) + 1
    return f"{(value or '')[:3]}{dice.choice('bcdefg')}"


def by_save(row: Any, column: str, value: Any) -> None:
    setattr(row, column, value)
    row.save()


def by_update(row: Any, column: str, value: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**{column: value})


def by_bulk_update(row: Any, column: str, value: Any) -> None:
    setattr(row, column, value)
    type(row).objects.bulk_update([row], [column])


def by_sql(row: Any, column: str, value: Any) -> None:
    table, key = row._meta.db_table, row._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE {key} = %s', [value, row.pk])  # noqa: S608


PATHS: list[Callable[[Any, str, Any], None]] = [by_save, by_update, by_bulk_update, by_sql]


@pytest.mark.requirement("21CFR11.70")
@pytest.mark.requirement("21CFR11.10(e)")
def test_every_change_by_any_path_shows_the_signature_void(world: World, visit):
    signature = sign(world, visit)
    dice = random.Random(1)  # noqa: S311 - the same dice every time
    signed = [Visit, GmfcMldAssessment, MriSeverityRead, Scan, SegmentationResult]
    done = 0
    while done < MUTATIONS:
        model = dice.choice(signed)
        row = visit if model is Visit else model.objects.get()
        row.refresh_from_db()
        field = dice.choice(columns_of(row))
        value = another(field, getattr(row, field.attname), dice)
        try:
            with transaction.atomic():
                dice.choice(PATHS)(row, field.attname, value)
                changed = type(row).objects.values_list(field.attname, flat=True).get(pk=row.pk)
                assert str(changed) == str(value)
                assert not is_valid(signature), (row, field.name)
                done += 1
                transaction.set_rollback(True)
        except DatabaseError:
            continue  # a value that a constraint refuses changes nothing
    assert is_valid(signature)


@pytest.mark.requirement("21CFR11.70")
@pytest.mark.parametrize(
    "change",
    [
        lambda visit: make_scan(visit),
        lambda visit: SegmentationRun.objects.filter(visit=visit).update(analysis_flag=False),
        lambda visit: SegmentationRun.objects.filter(visit=visit).update(
            is_voided=True, analysis_flag=False
        ),
        lambda visit: Scan.objects.filter(visit=visit).update(state="VOIDED"),
        lambda _visit: SegmentationResult.objects.update(mask_sha256="f" * 64),
        lambda visit: GmfcMldAssessment.objects.filter(visit=visit).update(level=3),
    ],
    ids=["new image", "other result", "voided result", "voided image", "other mask", "level"],
)
def test_a_change_is_shown_and_then_kept(world: World, visit, change):
    signature = sign(world, visit)
    change(visit)
    shown = signatures_of([visit.pk], user=world.user("sponsor"))[visit.pk]
    assert [one.is_valid for one in shown] == [False]
    assert signing.void_changed_signatures() == 1
    signature.refresh_from_db()
    assert signature.voided_at is not None
    assert signing.void_changed_signatures() == 0


def test_what_changes_back_stays_void_once_that_was_noticed(world: World, visit):
    signature = sign(world, visit)
    Visit.objects.filter(pk=visit.pk).update(name="Other")
    signing.void_changed_signatures()
    Visit.objects.filter(pk=visit.pk).update(name=visit.name)
    shown = signatures_of([visit.pk], user=world.user("sponsor"))[visit.pk]
    assert [(one.signature.pk, one.is_valid) for one in shown] == [(signature.pk, False)]


def test_what_does_not_belong_to_the_visit_voids_nothing(world: World, visit):
    signature = sign(world, visit)
    queries.open_query(
        patient=visit.patient, visit=visit, audience="SITE", rule="R", question="Why?"
    )
    assessments.record_gmfc_mld(
        visit=world.visit_b, level=1, assessed_on=visit.date, by=None,
        recorder=world.user("coordinator"),
    )  # fmt: skip
    assert signing.void_changed_signatures() == 0
    assert is_valid(signature)


def test_a_column_added_later_voids_nothing(world: World, visit):
    signature = sign(world, visit)
    layout = {k: [c for c in v if c != "reason"] for k, v in signature.layout.items()}
    old = Signature(
        record_kind="visit",
        record_id=visit.pk,
        layout=layout,
        record_sha256="",
        signed_by=signature.signed_by,
    )
    from mldtrial.audit import canonical

    old.record_sha256 = canonical.digests("visit", [visit.pk], layout)[visit.pk]
    assert is_valid(old)
    Scan.objects.filter(visit=visit).update(reason="moved")
    assert is_valid(old)
    assert not is_valid(signature)


@pytest.mark.requirement("21CFR11.70")
def test_a_signature_copied_to_another_record_is_refused(world: World, visit):
    signature = sign(world, visit)
    copied = Signature.objects.get(pk=signature.pk)
    copied.pk, copied.record_id = uuid4(), world.visit_b.pk
    with (
        acting(user=world.user("investigator"), origin="web"),
        pytest.raises(DatabaseError, match="cannot be moved to another record"),
        transaction.atomic(),
    ):
        copied.save(force_insert=True)
    copied.record_sha256 = "0" * 64
    with acting(user=world.user("investigator"), origin="web"):
        copied.save(force_insert=True)
    assert not is_valid(copied)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("record_id", uuid4()),
        ("record_sha256", "0" * 64),
        ("printed_name", "Somebody else"),
        ("signed_at", "2020-01-01T00:00:00Z"),
        ("meaning", "APPROVED"),
    ],
)
def test_nothing_of_a_signature_is_changed(world: World, visit, column, value):
    signature = sign(world, visit)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(**{column: value})


def test_a_void_signature_is_not_made_valid_again(world: World, visit):
    signature = sign(world, visit)
    make_scan(visit)
    signing.void_changed_signatures()
    with pytest.raises(DatabaseError, match="voided once"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(voided_at=None, void_reason="")


@pytest.mark.requirement("21CFR11.100")
def test_nobody_signs_for_another_person(world: World, visit):
    signature = sign(world, visit)
    forged = Signature.objects.get(pk=signature.pk)
    forged.pk, forged.signed_by = uuid4(), world.user("investigator_b")
    with (
        acting(user=world.user("investigator"), origin="web"),
        pytest.raises(DatabaseError, match="signs for another person"),
        transaction.atomic(),
    ):
        forged.save(force_insert=True)


@pytest.mark.parametrize("key", ["coordinator_b", "other_sponsor", "administrator", "reader"])
def test_a_signature_out_of_reach_is_not_seen(world: World, visit, key):
    sign(world, visit)
    assert signatures_of([visit.pk], user=world.user(key)) == {}
