"""Signatures, locks, looks and the hash chain over all history, in one step."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models

from mldtrial.audit import functions

TABLES = """
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO PUBLIC;
CREATE TABLE audit.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit.head (seq, hash) VALUES (0, '\\x00');
GRANT SELECT ON audit.head TO PUBLIC;
CREATE TABLE audit.link (
    seq bigint PRIMARY KEY,
    event_table text NOT NULL,
    event_pk bigint NOT NULL,
    payload text NOT NULL,
    row_hash bytea NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT link_once_per_event UNIQUE (event_table, event_pk)
);
CREATE INDEX link_of_records ON audit.link (seq) WHERE event_table <> 'public.audit_accessevent';
"""
# A temporary table is found before a table of the same name: without this the application's
# role could catch its own history in one.
NO_TEMPORARY_TABLES = """
DO $$ BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
"""
REVOKE = """
DO $$
DECLARE other name;
BEGIN
    FOR other IN
        SELECT DISTINCT grantee::name FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'audit_lockedrecord'
        AND grantee NOT IN (current_user, 'PUBLIC')
    LOOP
        EXECUTE 'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_lockedrecord FROM '
            || quote_ident(other);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    replaces = [
        ("audit", "0001_signatures"),
        ("audit", "0002_chain"),
        ("audit", "0003_chain_history"),
        ("audit", "0004_history_of_logins"),
        ("audit", "0005_history_of_logins_begins"),
        ("audit", "0006_locks"),
        ("audit", "0007_locked_records_are_read_only"),
        ("audit", "0008_two_people_unblind"),
        ("audit", "0009_access_log"),
        ("audit", "0010_logins_need_no_reason"),
        ("audit", "0011_refused_confirmations"),
        ("audit", "0012_whole_links_and_anchors"),
        ("audit", "0013_redactions"),
        ("audit", "0014_allocation_is_logged"),
        ("audit", "0015_password_links_and_logins"),
        ("audit", "0016_promotions_of_models"),
        ("audit", "0017_number_of_the_newest_record"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0003_accounts_guessed_at_from_an_address"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("SIGN_IN", "signed in"),
                            ("SIGN_IN_FAILED", "sign-in refused"),
                            ("CONFIRM_FAILED", "re-authentication refused"),
                            ("LINK_ASKED", "link for a new password sent"),
                            ("PASSWORD_SET", "new password by a link"),
                            ("SIGN_OUT", "signed out"),
                            ("ROLE_GRANTED", "role granted"),
                            ("ROLE_ENDED", "role ended"),
                            ("LOGIN_CLOSED", "login deactivated"),
                            ("LOGIN_OPENED", "login reactivated"),
                            ("EXPORT_BEGUN", "export begun"),
                            ("EXPORT_DONE", "export complete"),
                            ("VIEW_SENSITIVE", "blinded data viewed"),
                            ("ALLOCATION", "allocation taken in"),
                            ("VERIFY", "audit trail verified"),
                            ("REDACT", "audit event redacted"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "user_name",
                    models.CharField(blank=True, help_text="As it was then.", max_length=200),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("study_id", models.UUIDField(blank=True, null=True)),
                ("site_id", models.UUIDField(blank=True, null=True)),
                (
                    "subject",
                    models.CharField(
                        blank=True, help_text="A subject code, or a name.", max_length=100
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=64)),
                ("origin", models.CharField(blank=True, max_length=120)),
                ("details", models.JSONField(blank=True, default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["study_id", "-id"], name="access_of_study")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "action__in",
                                [
                                    "SIGN_IN",
                                    "SIGN_IN_FAILED",
                                    "CONFIRM_FAILED",
                                    "LINK_ASKED",
                                    "PASSWORD_SET",
                                    "SIGN_OUT",
                                    "ROLE_GRANTED",
                                    "ROLE_ENDED",
                                    "LOGIN_CLOSED",
                                    "LOGIN_OPENED",
                                    "EXPORT_BEGUN",
                                    "EXPORT_DONE",
                                    "VIEW_SENSITIVE",
                                    "ALLOCATION",
                                    "VERIFY",
                                    "REDACT",
                                ],
                            )
                        ),
                        name="access_action_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("UNLOCK", "unlock"),
                            ("PLANNED", "unblinding of the whole study"),
                            ("GRANT", "telling the arms to one statistician"),
                            ("PROMOTE", "promotion of a model"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "subject_id",
                    models.UUIDField(help_text="Of the lock, or of what else the action is about."),
                ),
                ("reason", models.CharField(max_length=300)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("is_approved", models.BooleanField(blank=True, null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=300)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="request_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("is_approved__isnull", True),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("is_approved__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="request_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            ("is_approved", False),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="request_approved_by_another_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_by__isnull", True)),
                        fields=("action", "subject_id"),
                        name="request_once_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["UNLOCK", "PLANNED", "GRANT", "PROMOTE"])
                        ),
                        name="request_action_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalRequestEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("UNLOCK", "unlock"),
                            ("PLANNED", "unblinding of the whole study"),
                            ("GRANT", "telling the arms to one statistician"),
                            ("PROMOTE", "promotion of a model"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "subject_id",
                    models.UUIDField(help_text="Of the lock, or of what else the action is about."),
                ),
                ("reason", models.CharField(max_length=300)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("is_approved", models.BooleanField(blank=True, null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=300)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.approvalrequest",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Lock",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "record_kind",
                    models.CharField(
                        choices=[("visit", "visit"), ("patient", "patient"), ("study", "study")],
                        max_length=8,
                    ),
                ),
                ("record_id", models.UUIDField()),
                ("level", models.PositiveSmallIntegerField(choices=[(1, "frozen"), (2, "locked")])),
                ("reason", models.CharField(max_length=300)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lift_reason", models.CharField(blank=True, max_length=300)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("record_kind__in", ["visit", "patient", "study"])),
                        name="lock_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__in", [1, 2])), name="lock_level_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="lock_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lift_reason", ""),
                                ("lifted_at__isnull", True),
                                ("lifted_by__isnull", True),
                            ),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                models.Q(("lift_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="lock_lifted_by_somebody_with_a_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("record_id",),
                        name="lock_once_per_record",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LockedRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("record_id", models.UUIDField()),
                ("level", models.PositiveSmallIntegerField(choices=[(1, "frozen"), (2, "locked")])),
                (
                    "lock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="audit.lock",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("level__in", [1, 2])), name="locked_record_level_known"
                    ),
                    models.UniqueConstraint(
                        fields=("record_id", "lock"), include=("level",), name="locked_record_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LockEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "record_kind",
                    models.CharField(
                        choices=[("visit", "visit"), ("patient", "patient"), ("study", "study")],
                        max_length=8,
                    ),
                ),
                ("record_id", models.UUIDField()),
                ("level", models.PositiveSmallIntegerField(choices=[(1, "frozen"), (2, "locked")])),
                ("reason", models.CharField(max_length=300)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lift_reason", models.CharField(blank=True, max_length=300)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.lock",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Login",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("accounts.user",),
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="LoginEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "full_name",
                    models.CharField(blank=True, max_length=200, verbose_name="full name"),
                ),
                (
                    "password_changed_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "session_epoch",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Sessions begun under an earlier number are over.",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.login",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NewestAnchor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="newest_anchor_is_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Redaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("link_seq", models.BigIntegerField()),
                ("event_table", models.CharField(max_length=120)),
                ("event_pk", models.BigIntegerField()),
                (
                    "field",
                    models.CharField(
                        help_text="Column, or column.key of a JSON column.", max_length=200
                    ),
                ),
                ("payload_sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=300)),
                (
                    "approved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["link_seq"], name="redaction_of_link")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="redaction_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requested_by", models.F("approved_by")), _negated=True
                        ),
                        name="redaction_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payload_sha256__regex", "^[0-9a-f]{64}$")),
                        name="redaction_sha256_is_hex",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("mfa.authenticator",),
        ),
        migrations.CreateModel(
            name="SecondFactorEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.BigIntegerField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("recovery_codes", "Recovery codes"),
                            ("totp", "TOTP Authenticator"),
                            ("webauthn", "WebAuthn"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.secondfactor",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "record_kind",
                    models.CharField(
                        choices=[
                            ("visit", "visit"),
                            ("patient", "patient"),
                            ("study", "study"),
                            ("model", "promotion of a model"),
                        ],
                        max_length=8,
                    ),
                ),
                ("record_id", models.UUIDField(db_index=True)),
                ("record_sha256", models.CharField(db_index=True, max_length=64)),
                ("layout", models.JSONField()),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            (
                                "REVIEWED",
                                "I have reviewed this record and confirm that it is complete and accurate.",
                            ),
                            ("APPROVED", "I approve this record."),
                        ],
                        max_length=12,
                    ),
                ),
                ("statement", models.TextField(help_text="The words that were shown and signed.")),
                ("printed_name", models.CharField(max_length=200)),
                (
                    "signed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("void_reason", models.CharField(blank=True, max_length=300)),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-signed_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("meaning__in", ["REVIEWED", "APPROVED"])),
                        name="signature_meaning_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("record_sha256__regex", "^[0-9a-f]{64}$")),
                        name="signature_sha256_is_hex",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("printed_name", ""), _negated=True),
                        name="signature_has_a_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("void_reason", ""), ("voided_at__isnull", True)),
                            models.Q(
                                ("voided_at__isnull", False),
                                models.Q(("void_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="signature_voided_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("record_kind__in", ["visit", "patient", "study", "model"])
                        ),
                        name="signature_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignatureEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "record_kind",
                    models.CharField(
                        choices=[
                            ("visit", "visit"),
                            ("patient", "patient"),
                            ("study", "study"),
                            ("model", "promotion of a model"),
                        ],
                        max_length=8,
                    ),
                ),
                ("record_id", models.UUIDField()),
                ("record_sha256", models.CharField(max_length=64)),
                ("layout", models.JSONField()),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            (
                                "REVIEWED",
                                "I have reviewed this record and confirm that it is complete and accurate.",
                            ),
                            ("APPROVED", "I approve this record."),
                        ],
                        max_length=12,
                    ),
                ),
                ("statement", models.TextField(help_text="The words that were shown and signed.")),
                ("printed_name", models.CharField(max_length=200)),
                (
                    "signed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("void_reason", models.CharField(blank=True, max_length=300)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.signature",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RunSQL(TABLES, "DROP SCHEMA audit CASCADE"),
        *[migrations.RunSQL(function.sql, migrations.RunSQL.noop) for function in functions.ALL],
        migrations.RunSQL(functions.HEAD_MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(NO_TEMPORARY_TABLES, migrations.RunSQL.noop),
        # The rights go with the table, which the way back drops.
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="eb8dea3e13585ec47eff458d0120e7a06c6ac459",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_102fc",
                    table="audit_accessevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="907f565a4fbd3b72e98f6ad2b080ccb1395934b3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_718eb",
                    table="audit_accessevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="81336241ae1277c18143ef9deb0e1e37e210afa0",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_19666",
                    table="audit_accessevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('id')",
                    func="RETURN NULL;",
                    hash="2e13593c60e466e059490b928a1c110daeb96e15",
                    operation="INSERT",
                    pgid="pgtrigger_chain_227ec",
                    table="audit_accessevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="8f2006e95374e76c92e28fe5ebfabc6be1f6929e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_144a0",
                    table="audit_approvalrequest",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="65c63e1542ea6d67e4dcc223fea084d26cb7c768",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_e07a5",
                    table="audit_approvalrequest",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="request_rules",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'UPDATE' AND (OLD.decided_by_id IS NOT NULL OR NEW.decided_by_id IS NULL OR\n    to_jsonb(NEW) - ARRAY['decided_at', 'decided_by_id', 'is_approved', 'decision_reason'] <>\n    to_jsonb(OLD) - ARRAY['decided_at', 'decided_by_id', 'is_approved', 'decision_reason'])\nTHEN RAISE EXCEPTION 'A request is decided once, and never changed.'; END IF;\nIF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user' IS DISTINCT FROM\n    (CASE TG_OP WHEN 'INSERT' THEN NEW.requested_by_id ELSE NEW.decided_by_id END)::text\nTHEN RAISE EXCEPTION 'Nobody acts for another person.'; END IF;\nIF TG_OP = 'INSERT' AND NEW.decided_by_id IS NOT NULL\nTHEN RAISE EXCEPTION 'A request is not born decided.'; END IF;\nIF TG_OP = 'UPDATE' THEN NEW.decided_at := clock_timestamp(); END IF;\nRETURN NEW;\n",
                    hash="e8bd16655c38575c43532fa399a759d7cf189af2",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_request_rules_10271",
                    table="audit_approvalrequest",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d3604ff39c09c7d1c705a8ea80b21132f8b15009",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1b0ac",
                    table="audit_approvalrequest",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_approvalrequestevent" ("action", "created_at", "decided_at", "decided_by_id", "decision_reason", "id", "is_approved", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "requested_by_id", "subject_id") VALUES (NEW."action", NEW."created_at", NEW."decided_at", NEW."decided_by_id", NEW."decision_reason", NEW."id", NEW."is_approved", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."requested_by_id", NEW."subject_id"); RETURN NULL;',
                    hash="44f1131f0af697b54838f947146e4fed2aae6b14",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_f30cb",
                    table="audit_approvalrequest",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "audit_approvalrequestevent" ("action", "created_at", "decided_at", "decided_by_id", "decision_reason", "id", "is_approved", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "requested_by_id", "subject_id") VALUES (NEW."action", NEW."created_at", NEW."decided_at", NEW."decided_by_id", NEW."decision_reason", NEW."id", NEW."is_approved", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."requested_by_id", NEW."subject_id"); RETURN NULL;',
                    hash="dcc97d45eba29f599e10835596438959a5e1becb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_685c8",
                    table="audit_approvalrequest",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_approvalrequestevent" ("action", "created_at", "decided_at", "decided_by_id", "decision_reason", "id", "is_approved", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "requested_by_id", "subject_id") VALUES (OLD."action", OLD."created_at", OLD."decided_at", OLD."decided_by_id", OLD."decision_reason", OLD."id", OLD."is_approved", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."requested_by_id", OLD."subject_id"); RETURN NULL;',
                    hash="0238bbb2f9e64e2936ac82dffae2ecbec2851387",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_08330",
                    table="audit_approvalrequest",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="75b0da16ecbd3315067492de1ac7b8bafbf46e1f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_387f3",
                    table="audit_approvalrequestevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="28bd79a9332a81ef92e685aa8c5f645641a1d816",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_af461",
                    table="audit_approvalrequestevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="abb0c1786245374b2a0e43fdafcef394893345cc",
                    operation="INSERT",
                    pgid="pgtrigger_vet_1d83d",
                    table="audit_approvalrequestevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="e96369508c8394ffa7b8fcf9de6dec4baa4264a4",
                    operation="INSERT",
                    pgid="pgtrigger_chain_775cd",
                    table="audit_approvalrequestevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cc1ab8365e1302c55cb0d6f36dbd1195818a5549",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d2348",
                    table="audit_approvalrequestevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6cb1775d43fcd57cf004e2c98da979cfff80584c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_11dd4",
                    table="audit_lock",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="005acb05f3e79dee5c8b27b2c5c178db443cf00a",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_4905c",
                    table="audit_lock",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="lock_rules",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'INSERT' THEN\n    -- Alone in here: every change under way ends first, and later ones see this lock.\n    PERFORM pg_advisory_xact_lock(7290114);\n    RETURN NEW;\nEND IF;\nIF OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL OR\n    to_jsonb(NEW) - ARRAY['lifted_at', 'lifted_by_id', 'lift_reason'] <>\n    to_jsonb(OLD) - ARRAY['lifted_at', 'lifted_by_id', 'lift_reason']\nTHEN RAISE EXCEPTION 'A lock is lifted once, and never changed.'; END IF;\nIF OLD.level = 2 AND NOT EXISTS (\n    SELECT FROM audit_approvalrequest WHERE action = 'UNLOCK' AND subject_id = OLD.id\n    AND is_approved AND decided_by_id <> requested_by_id)\nTHEN RAISE EXCEPTION 'A lock is lifted by two people.'; END IF;\nNEW.lifted_at := clock_timestamp();\nRETURN NEW;\n",
                    hash="ca99e6f05207d430fd9784b03fc0429c2a4000fd",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_lock_rules_a2980",
                    table="audit_lock",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="781f003fc92f786cf3a8714d2edfb0db575f7e0e",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_46178",
                    table="audit_lock",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_lockevent" ("created_at", "id", "level", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "record_id", "record_kind", "set_by_id") VALUES (NEW."created_at", NEW."id", NEW."level", NEW."lift_reason", NEW."lifted_at", NEW."lifted_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."record_id", NEW."record_kind", NEW."set_by_id"); RETURN NULL;',
                    hash="d7672f0cfb0d287f29a05526708528eb4e1aedcc",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_1a2e4",
                    table="audit_lock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "audit_lockevent" ("created_at", "id", "level", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "record_id", "record_kind", "set_by_id") VALUES (NEW."created_at", NEW."id", NEW."level", NEW."lift_reason", NEW."lifted_at", NEW."lifted_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."record_id", NEW."record_kind", NEW."set_by_id"); RETURN NULL;',
                    hash="a2509fb9ce7242e6787b2818fc49529315e8f6eb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b0ea2",
                    table="audit_lock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lock",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_lockevent" ("created_at", "id", "level", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "record_id", "record_kind", "set_by_id") VALUES (OLD."created_at", OLD."id", OLD."level", OLD."lift_reason", OLD."lifted_at", OLD."lifted_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."record_id", OLD."record_kind", OLD."set_by_id"); RETURN NULL;',
                    hash="9a810fa46b320a255eac4189e65679227eb5017c",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_b1417",
                    table="audit_lock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="0dbacdb3d72805c39b2fa7fa619e9668cf43772b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_0d5ef",
                    table="audit_lockevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="2b2cb89fa0d2b480ffce191e049b1e9e58211c09",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d4b08",
                    table="audit_lockevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="48b9acf5d229f4e4c2acfaf083cfc1c5e08f4090",
                    operation="INSERT",
                    pgid="pgtrigger_vet_7ae34",
                    table="audit_lockevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="dc25a00565c3bda4428548eae6584141107b8e56",
                    operation="INSERT",
                    pgid="pgtrigger_chain_152b1",
                    table="audit_lockevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a9053f935c4295d13ee8811eb66d7e503bfb99ac",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_47f74",
                    table="audit_lockevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5ba5457ed2283cb1788cfc4879663e020ba716ab",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b657c",
                    table="accounts_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="bc282ca5d94408b3cd00a955689420f84b77de26",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_4c27a",
                    table="accounts_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="7a0d68ea7b43accf204ba02ee086089ba7a1e02f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_296c2",
                    table="accounts_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_loginevent" ("date_joined", "email", "full_name", "id", "is_active", "is_staff", "is_superuser", "password_changed_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "session_epoch", "username") VALUES (NEW."date_joined", NEW."email", NEW."full_name", NEW."id", NEW."is_active", NEW."is_staff", NEW."is_superuser", NEW."password_changed_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."session_epoch", NEW."username"); RETURN NULL;',
                    hash="907a90c5a868d59f0e90060281533f2e08b5d174",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e6002",
                    table="accounts_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."date_joined" IS DISTINCT FROM (NEW."date_joined") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."full_name" IS DISTINCT FROM (NEW."full_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."password_changed_at" IS DISTINCT FROM (NEW."password_changed_at") OR OLD."session_epoch" IS DISTINCT FROM (NEW."session_epoch") OR OLD."username" IS DISTINCT FROM (NEW."username"))',
                    func='INSERT INTO "audit_loginevent" ("date_joined", "email", "full_name", "id", "is_active", "is_staff", "is_superuser", "password_changed_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "session_epoch", "username") VALUES (NEW."date_joined", NEW."email", NEW."full_name", NEW."id", NEW."is_active", NEW."is_staff", NEW."is_superuser", NEW."password_changed_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."session_epoch", NEW."username"); RETURN NULL;',
                    hash="10ccd63170f7bf5339860e658397069244528bb0",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_dc395",
                    table="accounts_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="login",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_loginevent" ("date_joined", "email", "full_name", "id", "is_active", "is_staff", "is_superuser", "password_changed_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "session_epoch", "username") VALUES (OLD."date_joined", OLD."email", OLD."full_name", OLD."id", OLD."is_active", OLD."is_staff", OLD."is_superuser", OLD."password_changed_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."session_epoch", OLD."username"); RETURN NULL;',
                    hash="6c773698186a974cfc60f7e07219949cae164346",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_122c2",
                    table="accounts_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="0f6238e4a8887c6b996dc4f2eba0f17dfb62d1bd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e9946",
                    table="audit_loginevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="898a910c82eb90b5bc0ea1ae1f09044508f8b4ba",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b4fc6",
                    table="audit_loginevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="76e7cfdaaeca7df6e7951ce2887d3f64a4235e47",
                    operation="INSERT",
                    pgid="pgtrigger_chain_3f3f2",
                    table="audit_loginevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7ec7c78b1118b4aaa15cf63d3b2ae481d6d1a56f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cf469",
                    table="audit_loginevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet('reason optional')",
                    func="RETURN NULL;",
                    hash="9eeb055e74e9226f33433cb25ddf2efb3779ede1",
                    operation="INSERT",
                    pgid="pgtrigger_vet_76f28",
                    table="audit_loginevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redaction",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="b2f783b98bcda1df83de83c494ec8a3b2dfc4238",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d1e70",
                    table="audit_redaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redaction",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="85eecff1da3a4a37551895ff485cae571d88c43a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_432c2",
                    table="audit_redaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redaction",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="68216f57398569a6d2f1f23ba73bc5624257672b",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_c0183",
                    table="audit_redaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redaction",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('id')",
                    func="RETURN NULL;",
                    hash="2c5fc588c693fe49e81c9cc6f6399f70972569a1",
                    operation="INSERT",
                    pgid="pgtrigger_chain_d0417",
                    table="audit_redaction",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="fe34fe4107835ad6a64a2de7d85390f5ac52cd64",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1ccde",
                    table="mfa_authenticator",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_secondfactorevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."type", NEW."user_id"); RETURN NULL;',
                    hash="06ef900c45d2670469f859b4c4fe918888740bf3",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_4087c",
                    table="mfa_authenticator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."type" IS DISTINCT FROM (NEW."type") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))',
                    func='INSERT INTO "audit_secondfactorevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."type", NEW."user_id"); RETURN NULL;',
                    hash="370afe3406a4c9309ef8204febad853ca44d1c35",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_69477",
                    table="mfa_authenticator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_secondfactorevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."type", OLD."user_id"); RETURN NULL;',
                    hash="80a6e53f6c9e049cd3da11ba715486c7c93acc5b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_513f4",
                    table="mfa_authenticator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d50e7d40c24f1d9bee0f62f83555703a3b7161b3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_983f7",
                    table="audit_secondfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="bc55009dd2c8fd11603fabea38c8f3a18eb5214c",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_62e19",
                    table="audit_secondfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="77840c99f3898be8f6fb0574d78dba791b89efce",
                    operation="INSERT",
                    pgid="pgtrigger_chain_163b7",
                    table="audit_secondfactorevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f08fba5782288e57fc703cab471a3f2e3ae701f8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_28057",
                    table="audit_secondfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet('reason optional')",
                    func="RETURN NULL;",
                    hash="2a70178dcc43211602dd0cdd705fea4e094ede96",
                    operation="INSERT",
                    pgid="pgtrigger_vet_07bff",
                    table="audit_secondfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f43384ce5a68287a249a7ba34bdff72081560ea7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_30476",
                    table="audit_signature",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a5934e7023d5e7a175d890f43da607f6b7f918e8",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_0e3ba",
                    table="audit_signature",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="signature_is_final",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'UPDATE' THEN\n    IF OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR\n        to_jsonb(NEW) - ARRAY['voided_at', 'void_reason'] <>\n        to_jsonb(OLD) - ARRAY['voided_at', 'void_reason']\n    THEN RAISE EXCEPTION 'A signature is voided once, and never changed.'; END IF;\n    NEW.voided_at := clock_timestamp();\n    RETURN NEW;\nEND IF;\nIF EXISTS (SELECT FROM audit_signature WHERE record_sha256 = NEW.record_sha256\n           AND record_id <> NEW.record_id)\nTHEN RAISE EXCEPTION 'A signature cannot be moved to another record.'; END IF;\nIF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user'\n    IS DISTINCT FROM NEW.signed_by_id::text\nTHEN RAISE EXCEPTION 'Nobody signs for another person.'; END IF;\nNEW.signed_at := clock_timestamp();\nRETURN NEW;\n",
                    hash="3fbee16b8e639c2cde3d04176be5b68cebf7affc",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_signature_is_final_9734f",
                    table="audit_signature",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_signatureevent" ("created_at", "id", "layout", "meaning", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_name", "record_id", "record_kind", "record_sha256", "signed_at", "signed_by_id", "statement", "void_reason", "voided_at") VALUES (NEW."created_at", NEW."id", NEW."layout", NEW."meaning", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."printed_name", NEW."record_id", NEW."record_kind", NEW."record_sha256", NEW."signed_at", NEW."signed_by_id", NEW."statement", NEW."void_reason", NEW."voided_at"); RETURN NULL;',
                    hash="f26d2d8cdaddbad4367b005d7b3be3e9353f2226",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7b9b0",
                    table="audit_signature",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "audit_signatureevent" ("created_at", "id", "layout", "meaning", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_name", "record_id", "record_kind", "record_sha256", "signed_at", "signed_by_id", "statement", "void_reason", "voided_at") VALUES (NEW."created_at", NEW."id", NEW."layout", NEW."meaning", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."printed_name", NEW."record_id", NEW."record_kind", NEW."record_sha256", NEW."signed_at", NEW."signed_by_id", NEW."statement", NEW."void_reason", NEW."voided_at"); RETURN NULL;',
                    hash="f6bb343c11e8432e587e833da3a6de79a5062e62",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_098ec",
                    table="audit_signature",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_signatureevent" ("created_at", "id", "layout", "meaning", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_name", "record_id", "record_kind", "record_sha256", "signed_at", "signed_by_id", "statement", "void_reason", "voided_at") VALUES (OLD."created_at", OLD."id", OLD."layout", OLD."meaning", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."printed_name", OLD."record_id", OLD."record_kind", OLD."record_sha256", OLD."signed_at", OLD."signed_by_id", OLD."statement", OLD."void_reason", OLD."voided_at"); RETURN NULL;',
                    hash="f7040b2406c333b4a333ea7e58073d4aea35250a",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_1a9da",
                    table="audit_signature",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="353c4842359f22fdb73210bb418ceb58fd09226f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_643f9",
                    table="audit_signature",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signatureevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5160bf4a21ddc3de72d6bd007f4498245bdfa129",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b76cb",
                    table="audit_signatureevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signatureevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d3a68406075963b42e90dd27612f606d877c6ba5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_81908",
                    table="audit_signatureevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signatureevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="03183e2da492b374d132a59e3a852680b15c127f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_29739",
                    table="audit_signatureevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signatureevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="bf735c8c6ca8f22301dc23fc664b9cdc1469ab2b",
                    operation="INSERT",
                    pgid="pgtrigger_vet_bef03",
                    table="audit_signatureevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signatureevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6a875e4579a5b9bcbdc04e17aa1b9607d6778a94",
                    operation="INSERT",
                    pgid="pgtrigger_chain_6dcf0",
                    table="audit_signatureevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
