"""The records of the trial as the first 26 migrations leave them, in one step."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from mldtrial.audit import functions

UNCOVER = "DROP TRIGGER cover ON audit_lock; DROP FUNCTION audit_cover();"
# The functions have the rights of the owner of the tables; everybody else has none. There are
# no foreign keys into the open tables: they would let a blinded role ask by trial and error.
BLINDED = """
CREATE SCHEMA blinded;
GRANT USAGE ON SCHEMA blinded TO PUBLIC;

CREATE TABLE blinded.arm (
    study_id uuid NOT NULL,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$'),
    PRIMARY KEY (study_id, code)
);
CREATE TABLE blinded.allocation (
    patient_id uuid PRIMARY KEY,
    study_id uuid NOT NULL,
    arm text NOT NULL,
    is_open boolean NOT NULL,
    loaded_by text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (study_id, arm) REFERENCES blinded.arm
);
CREATE INDEX allocation_study ON blinded.allocation (study_id);
REVOKE ALL ON ALL TABLES IN SCHEMA blinded FROM PUBLIC;
"""
NOT_BLINDED = "DROP SCHEMA blinded CASCADE"


class Migration(migrations.Migration):
    replaces = [
        ("trial", "0001_initial"),
        ("trial", "0002_participation"),
        ("trial", "0003_query_threads"),
        ("trial", "0004_covariates"),
        ("trial", "0005_chain_history"),
        ("trial", "0006_levels_of_language"),
        ("trial", "0007_schedule_with_anchors"),
        ("trial", "0008_enrolment_of_existing_patients"),
        ("trial", "0009_study_requires_mfa"),
        ("trial", "0010_invitations"),
        ("trial", "0011_notices"),
        ("trial", "0012_imports"),
        ("trial", "0013_reading_assignments"),
        ("trial", "0014_lock_guards"),
        ("trial", "0015_lock_cover"),
        ("trial", "0016_unblinding_events"),
        ("trial", "0017_blinded_schema"),
        ("trial", "0018_one_draft_per_assignment"),
        ("trial", "0019_deviation_described_by"),
        ("trial", "0020_deviations_described_before"),
        ("trial", "0021_labels_of_scans"),
        ("trial", "0022_scans_wait_in_quarantine"),
        ("trial", "0023_deidentification_options"),
        ("trial", "0024_another_person"),
        ("trial", "0025_a_lost_reason_has_a_name"),
        ("trial", "0026_plausible_loads"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0003_accounts_guessed_at_from_an_address"),
        ("audit", "0001_squashed_0017_number_of_the_newest_record"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notices",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("wants_digest", models.BooleanField(default=True)),
                ("calendar_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "notices",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("calendar_sha256__regex", "^([0-9a-f]{64})?$")),
                        name="notices_calendar_is_a_hash",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("calendar_sha256", ""), _negated=True),
                        fields=("calendar_sha256",),
                        name="notices_calendar_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticesEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("wants_digest", models.BooleanField(default=True)),
                ("calendar_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.notices",
                    ),
                ),
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "blinding",
                    models.CharField(
                        choices=[("OPEN", "open"), ("BLINDED", "blinded")],
                        default="BLINDED",
                        max_length=8,
                    ),
                ),
                (
                    "subtype_rule",
                    models.CharField(
                        choices=[
                            (
                                "MLD-SUBTYPE-EJ6",
                                "juvenile boundary at 6 years (Kehrer cohort, NICE HST18)",
                            ),
                            ("MLD-SUBTYPE-EJ7", "juvenile boundary at 7 years (OTL-200 US label)"),
                        ],
                        default="MLD-SUBTYPE-EJ6",
                        max_length=16,
                    ),
                ),
                (
                    "site_roles_see_loads",
                    models.BooleanField(
                        default=False,
                        help_text="Coordinators and investigators see their own site's loads.",
                    ),
                ),
                (
                    "tolerance_same_ml",
                    models.DecimalField(decimal_places=2, default=Decimal("5"), max_digits=6),
                ),
                (
                    "tolerance_same_percent",
                    models.DecimalField(decimal_places=2, default=Decimal("8"), max_digits=5),
                ),
                (
                    "tolerance_changed_ml",
                    models.DecimalField(decimal_places=2, default=Decimal("10"), max_digits=6),
                ),
                (
                    "tolerance_changed_percent",
                    models.DecimalField(decimal_places=2, default=Decimal("17"), max_digits=5),
                ),
                (
                    "jump_ml_per_month",
                    models.DecimalField(decimal_places=2, default=Decimal("15"), max_digits=6),
                ),
                (
                    "presymptomatic_rule",
                    models.CharField(
                        choices=[
                            (
                                "MLD-PRESYMPTOMATIC-1",
                                "before the first symptom by an affected sibling's onset, then by genotype",
                            ),
                            ("MLD-PRESYMPTOMATIC-0", "no subtype before the first symptom"),
                        ],
                        default="MLD-PRESYMPTOMATIC-1",
                        max_length=24,
                    ),
                ),
                ("accrual_target", models.PositiveIntegerField(blank=True, null=True)),
                ("accrual_target_on", models.DateField(blank=True, null=True)),
                (
                    "pairing_days_late_infantile",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="How far a score may lie from a scan: late-infantile MLD changes within weeks.",
                    ),
                ),
                ("pairing_days_others", models.PositiveSmallIntegerField(default=90)),
                ("settings_version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "requires_mfa",
                    models.BooleanField(
                        default=True,
                        help_text="Everybody who takes part needs a second factor at sign-in.",
                        verbose_name="second factor",
                    ),
                ),
                (
                    "severity_rule",
                    models.CharField(
                        choices=[
                            ("MEAN", "the mean of both readers"),
                            ("FIRST_READER", "the first reader's score"),
                        ],
                        default="MEAN",
                        max_length=16,
                    ),
                ),
                (
                    "severity_tolerance",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Points by which two MRI severity totals may differ without an adjudicator.",
                        validators=[django.core.validators.MaxValueValidator(34)],
                    ),
                ),
                (
                    "scan_days_from_visit",
                    models.PositiveSmallIntegerField(
                        default=14,
                        help_text="A scan acquired further from its visit waits until somebody says it belongs.",
                        verbose_name="scan and visit apart, days",
                    ),
                ),
                (
                    "retain_patient_characteristics",
                    models.BooleanField(
                        default=False,
                        help_text="Option 113108 of DICOM PS3.15.",
                        verbose_name="images keep sex, age, height and weight",
                    ),
                ),
                (
                    "retain_safe_private",
                    models.BooleanField(
                        default=True,
                        help_text="Option 113111 of DICOM PS3.15.",
                        verbose_name="images keep reviewed private attributes",
                    ),
                ),
                (
                    "sponsor_name",
                    models.CharField(
                        blank=True,
                        help_text="Written into kept DICOM images (0012,0010).",
                        max_length=64,
                        verbose_name="sponsor",
                    ),
                ),
                (
                    "largest_load_ml",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("300"),
                        help_text="A load above it is flagged.",
                        max_digits=6,
                        verbose_name="largest plausible load",
                    ),
                ),
                (
                    "largest_load_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("105"),
                        help_text="A load above so many percent of the white matter of its head is flagged.",
                        max_digits=5,
                        verbose_name="largest share of the white matter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "studies",
                "ordering": ["code"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("blinding__in", ["OPEN", "BLINDED"])),
                        name="study_blinding_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin__in", ["CLINICAL", "DEMO"])),
                        name="study_origin_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("subtype_rule__in", ["MLD-SUBTYPE-EJ6", "MLD-SUBTYPE-EJ7"])
                        ),
                        name="study_subtype_rule_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("jump_ml_per_month__gt", 0),
                            ("tolerance_changed_ml__gte", 0),
                            ("tolerance_changed_percent__gte", 0),
                            ("tolerance_same_ml__gte", 0),
                            ("tolerance_same_percent__gte", 0),
                        ),
                        name="study_tolerances_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "presymptomatic_rule__in",
                                ["MLD-PRESYMPTOMATIC-1", "MLD-PRESYMPTOMATIC-0"],
                            )
                        ),
                        name="study_presymptomatic_rule_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pairing_days_late_infantile__lte", 365),
                            ("pairing_days_others__lte", 365),
                        ),
                        name="study_pairing_within_a_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("accrual_target__isnull", True),
                                ("accrual_target_on__isnull", True),
                            ),
                            models.Q(
                                ("accrual_target__gt", 0), ("accrual_target_on__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="study_accrual_target_has_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity_tolerance__lte", 34)),
                        name="study_severity_tolerance",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity_rule__in", ["MEAN", "FIRST_READER"])),
                        name="study_severity_rule_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scan_days_from_visit__lte", 365)),
                        name="study_scan_within_a_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("largest_load_ml__gt", 0), ("largest_load_percent__gte", 100)
                        ),
                        name="study_largest_loads",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("RECEIVED", "received"),
                            ("CHECKED", "checked"),
                            ("APPLIED", "applied"),
                            ("DISCARDED", "discarded"),
                        ],
                        default="RECEIVED",
                        max_length=12,
                    ),
                ),
                ("file_sha256", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("row_count", models.PositiveIntegerField()),
                ("layout", models.JSONField(blank=True, default=dict)),
                ("plan_sha256", models.CharField(blank=True, max_length=64)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "applied_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="import_batches",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "import batches",
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["RECEIVED", "CHECKED", "APPLIED", "DISCARDED"])
                        ),
                        name="import_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("applied_at__isnull", False), ("state", "APPLIED")),
                            models.Q(
                                models.Q(("state", "APPLIED"), _negated=True),
                                ("applied_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="import_applied_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportBatchEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("RECEIVED", "received"),
                            ("CHECKED", "checked"),
                            ("APPLIED", "applied"),
                            ("DISCARDED", "discarded"),
                        ],
                        default="RECEIVED",
                        max_length=12,
                    ),
                ),
                ("file_sha256", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("row_count", models.PositiveIntegerField()),
                ("layout", models.JSONField(blank=True, default=dict)),
                ("plan_sha256", models.CharField(blank=True, max_length=64)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "applied_by",
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
                        to="trial.importbatch",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sites",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "code"), name="site_code_once_per_study"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("token_sha256", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "coordinator",
                                    "investigator",
                                    "reader",
                                    "adjudicator",
                                    "operator",
                                    "data_manager",
                                    "monitor",
                                    "statistician",
                                    "sponsor",
                                    "administrator",
                                    "auditor",
                                ],
                            )
                        ),
                        name="invitation_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("role__in", ("coordinator", "investigator", "monitor")),
                                ("site__isnull", False),
                            ),
                            models.Q(
                                models.Q(
                                    ("role__in", ("coordinator", "investigator", "monitor")),
                                    _negated=True,
                                ),
                                ("site__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_site_roles_have_a_site",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("withdrawn_at__isnull", True),
                            _connector="OR",
                        ),
                        name="invitation_accepted_or_withdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("accepted_by__isnull", True)),
                            models.Q(
                                ("accepted_at__isnull", False), ("accepted_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="invitation_accepted_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvitationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accepted_by",
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
                    "invited_by",
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
                        to="trial.invitation",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "may_export_rows",
                    models.BooleanField(
                        default=False, help_text="Grants row exports to a sponsor."
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "study", "site", "role"),
                        name="membership_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "coordinator",
                                    "investigator",
                                    "reader",
                                    "adjudicator",
                                    "operator",
                                    "data_manager",
                                    "monitor",
                                    "statistician",
                                    "sponsor",
                                    "administrator",
                                    "auditor",
                                ],
                            )
                        ),
                        name="membership_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("role__in", ("coordinator", "investigator", "monitor")),
                                ("site__isnull", False),
                            ),
                            models.Q(
                                models.Q(
                                    ("role__in", ("coordinator", "investigator", "monitor")),
                                    _negated=True,
                                ),
                                ("site__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="membership_site_roles_have_a_site",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MembershipEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "may_export_rows",
                    models.BooleanField(
                        default=False, help_text="Grants row exports to a sponsor."
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.membership",
                    ),
                ),
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "subject_code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[("F", "female"), ("M", "male"), ("U", "unknown")], max_length=1
                    ),
                ),
                ("birth_month", models.DateField(help_text="First day of the month of birth.")),
                (
                    "onset_age_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Age at first symptom, in months; empty while there is none.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(1200)],
                    ),
                ),
                (
                    "first_study_dose_on",
                    models.DateField(
                        blank=True,
                        help_text="Date of the first study dose, recorded identically in every arm.",
                        null=True,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patients",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patients",
                        to="trial.study",
                    ),
                ),
                (
                    "participation",
                    models.CharField(
                        choices=[
                            ("UNRECORDED", "no consent recorded"),
                            ("FOLLOWED", "in follow-up"),
                            ("WITHDRAWN", "withdrawn"),
                            ("LOST", "lost to follow-up"),
                            ("COMPLETED", "completed"),
                            ("DIED", "died"),
                        ],
                        default="UNRECORDED",
                        max_length=12,
                    ),
                ),
                (
                    "withdrawn_on",
                    models.DateField(
                        blank=True,
                        help_text="The day the follow-up ended; empty while followed.",
                        null=True,
                    ),
                ),
                ("affected_sibling", models.BooleanField(blank=True, null=True)),
                ("allele_1", models.CharField(blank=True, max_length=64)),
                ("allele_2", models.CharField(blank=True, max_length=64)),
                (
                    "arsa_activity",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "arsa_result",
                    models.CharField(
                        blank=True, choices=[("LOW", "low"), ("NORMAL", "normal")], max_length=8
                    ),
                ),
                ("arsa_unit", models.CharField(blank=True, max_length=32)),
                ("diagnosed_on", models.DateField(blank=True, null=True)),
                (
                    "first_symptom",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MOTOR", "motor"),
                            ("COGNITIVE", "cognitive or behavioural"),
                            ("BOTH", "both"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "genotype_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("0/0", "0/0"),
                            ("0/R", "0/R"),
                            ("R/R", "R/R"),
                            ("UNKNOWN", "unknown"),
                        ],
                        default="UNKNOWN",
                        max_length=8,
                    ),
                ),
                ("pseudodeficiency_ruled_out", models.BooleanField(blank=True, null=True)),
                (
                    "sibling_onset_age_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(1200)],
                    ),
                ),
                (
                    "urinary_sulfatides",
                    models.CharField(
                        blank=True,
                        choices=[("ELEVATED", "elevated"), ("NORMAL", "normal")],
                        max_length=8,
                    ),
                ),
                (
                    "enrolled_on",
                    models.DateField(
                        blank=True, help_text="The day from which the schedule counts.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["subject_code"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "subject_code"), name="patient_code_once_per_study"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sex__in", ["F", "M", "U"])), name="patient_sex_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("birth_month__day", 1)), name="patient_birth_is_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("onset_age_months__isnull", True),
                            ("onset_age_months__lte", 1200),
                            _connector="OR",
                        ),
                        name="patient_onset_age_plausible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_study_dose_on__isnull", True),
                            ("first_study_dose_on__gte", models.F("birth_month")),
                            _connector="OR",
                        ),
                        name="patient_dose_after_birth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "participation__in",
                                [
                                    "UNRECORDED",
                                    "FOLLOWED",
                                    "WITHDRAWN",
                                    "LOST",
                                    "COMPLETED",
                                    "DIED",
                                ],
                            )
                        ),
                        name="patient_participation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("participation__in", ["COMPLETED", "DIED", "LOST", "WITHDRAWN"]),
                                ("withdrawn_on__isnull", False),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "participation__in",
                                        ["COMPLETED", "DIED", "LOST", "WITHDRAWN"],
                                    ),
                                    _negated=True,
                                ),
                                ("withdrawn_on__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="patient_end_has_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_symptom__in", ["", "MOTOR", "COGNITIVE", "BOTH"])
                        ),
                        name="patient_first_symptom_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("genotype_class__in", ["0/0", "0/R", "R/R", "UNKNOWN"])
                        ),
                        name="patient_genotype_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("arsa_activity__isnull", True),
                            models.Q(
                                ("arsa_activity__gte", 0),
                                models.Q(("arsa_unit", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="patient_arsa_has_a_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("arsa_result__in", ["", "LOW", "NORMAL"])),
                        name="patient_arsa_result_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("urinary_sulfatides__in", ["", "ELEVATED", "NORMAL"])),
                        name="patient_sulfatides_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sibling_onset_age_months__isnull", True),
                            models.Q(
                                ("affected_sibling", True),
                                ("affected_sibling__isnull", False),
                                ("sibling_onset_age_months__lte", 1200),
                            ),
                            _connector="OR",
                        ),
                        name="patient_sibling_onset_of_a_sibling",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("diagnosed_on__isnull", True),
                            ("diagnosed_on__gte", models.F("birth_month")),
                            _connector="OR",
                        ),
                        name="patient_diagnosed_after_birth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("enrolled_on__isnull", True),
                            ("enrolled_on__gte", models.F("birth_month")),
                            _connector="OR",
                        ),
                        name="patient_enrolled_after_birth",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Disposition",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("CONSENT", "consent given"),
                            ("RECONSENT", "consent renewed"),
                            ("ASSENT", "assent of the child given"),
                            ("IMAGE_CONSENT", "consent for images given again"),
                            ("IMAGES_WITHDRAWN", "consent for images withdrawn"),
                            ("TREATMENT_WITHDRAWN", "withdrawn from treatment"),
                            ("FOLLOW_UP_WITHDRAWN", "withdrawn from follow-up"),
                            ("LOST", "lost to follow-up"),
                            ("COMPLETED", "completed the study"),
                            ("DIED", "died"),
                        ],
                        max_length=24,
                    ),
                ),
                ("happened_on", models.DateField()),
                (
                    "form_version",
                    models.CharField(
                        blank=True,
                        help_text="Version of the consent or assent form.",
                        max_length=40,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("is_void", models.BooleanField(default=False, help_text="Entered in error.")),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dispositions",
                        to="trial.patient",
                    ),
                ),
            ],
            options={
                "ordering": ["happened_on", "created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "step__in",
                                [
                                    "CONSENT",
                                    "RECONSENT",
                                    "ASSENT",
                                    "IMAGE_CONSENT",
                                    "IMAGES_WITHDRAWN",
                                    "TREATMENT_WITHDRAWN",
                                    "FOLLOW_UP_WITHDRAWN",
                                    "LOST",
                                    "COMPLETED",
                                    "DIED",
                                ],
                            )
                        ),
                        name="disposition_step_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_void", False)),
                        fields=("patient", "step", "happened_on"),
                        name="disposition_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DispositionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("CONSENT", "consent given"),
                            ("RECONSENT", "consent renewed"),
                            ("ASSENT", "assent of the child given"),
                            ("IMAGE_CONSENT", "consent for images given again"),
                            ("IMAGES_WITHDRAWN", "consent for images withdrawn"),
                            ("TREATMENT_WITHDRAWN", "withdrawn from treatment"),
                            ("FOLLOW_UP_WITHDRAWN", "withdrawn from follow-up"),
                            ("LOST", "lost to follow-up"),
                            ("COMPLETED", "completed the study"),
                            ("DIED", "died"),
                        ],
                        max_length=24,
                    ),
                ),
                ("happened_on", models.DateField()),
                (
                    "form_version",
                    models.CharField(
                        blank=True,
                        help_text="Version of the consent or assent form.",
                        max_length=40,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("is_void", models.BooleanField(default=False, help_text="Entered in error.")),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.disposition",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PatientEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "subject_code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[("F", "female"), ("M", "male"), ("U", "unknown")], max_length=1
                    ),
                ),
                ("birth_month", models.DateField(help_text="First day of the month of birth.")),
                (
                    "onset_age_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Age at first symptom, in months; empty while there is none.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(1200)],
                    ),
                ),
                (
                    "first_study_dose_on",
                    models.DateField(
                        blank=True,
                        help_text="Date of the first study dose, recorded identically in every arm.",
                        null=True,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.patient",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "participation",
                    models.CharField(
                        choices=[
                            ("UNRECORDED", "no consent recorded"),
                            ("FOLLOWED", "in follow-up"),
                            ("WITHDRAWN", "withdrawn"),
                            ("LOST", "lost to follow-up"),
                            ("COMPLETED", "completed"),
                            ("DIED", "died"),
                        ],
                        default="UNRECORDED",
                        max_length=12,
                    ),
                ),
                (
                    "withdrawn_on",
                    models.DateField(
                        blank=True,
                        help_text="The day the follow-up ended; empty while followed.",
                        null=True,
                    ),
                ),
                ("affected_sibling", models.BooleanField(blank=True, null=True)),
                ("allele_1", models.CharField(blank=True, max_length=64)),
                ("allele_2", models.CharField(blank=True, max_length=64)),
                (
                    "arsa_activity",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "arsa_result",
                    models.CharField(
                        blank=True, choices=[("LOW", "low"), ("NORMAL", "normal")], max_length=8
                    ),
                ),
                ("arsa_unit", models.CharField(blank=True, max_length=32)),
                ("diagnosed_on", models.DateField(blank=True, null=True)),
                (
                    "first_symptom",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MOTOR", "motor"),
                            ("COGNITIVE", "cognitive or behavioural"),
                            ("BOTH", "both"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "genotype_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("0/0", "0/0"),
                            ("0/R", "0/R"),
                            ("R/R", "R/R"),
                            ("UNKNOWN", "unknown"),
                        ],
                        default="UNKNOWN",
                        max_length=8,
                    ),
                ),
                ("pseudodeficiency_ruled_out", models.BooleanField(blank=True, null=True)),
                (
                    "sibling_onset_age_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(1200)],
                    ),
                ),
                (
                    "urinary_sulfatides",
                    models.CharField(
                        blank=True,
                        choices=[("ELEVATED", "elevated"), ("NORMAL", "normal")],
                        max_length=8,
                    ),
                ),
                (
                    "enrolled_on",
                    models.DateField(
                        blank=True, help_text="The day from which the schedule counts.", null=True
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SiteEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StudyEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "code",
                    models.CharField(
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "blinding",
                    models.CharField(
                        choices=[("OPEN", "open"), ("BLINDED", "blinded")],
                        default="BLINDED",
                        max_length=8,
                    ),
                ),
                (
                    "subtype_rule",
                    models.CharField(
                        choices=[
                            (
                                "MLD-SUBTYPE-EJ6",
                                "juvenile boundary at 6 years (Kehrer cohort, NICE HST18)",
                            ),
                            ("MLD-SUBTYPE-EJ7", "juvenile boundary at 7 years (OTL-200 US label)"),
                        ],
                        default="MLD-SUBTYPE-EJ6",
                        max_length=16,
                    ),
                ),
                (
                    "site_roles_see_loads",
                    models.BooleanField(
                        default=False,
                        help_text="Coordinators and investigators see their own site's loads.",
                    ),
                ),
                (
                    "tolerance_same_ml",
                    models.DecimalField(decimal_places=2, default=Decimal("5"), max_digits=6),
                ),
                (
                    "tolerance_same_percent",
                    models.DecimalField(decimal_places=2, default=Decimal("8"), max_digits=5),
                ),
                (
                    "tolerance_changed_ml",
                    models.DecimalField(decimal_places=2, default=Decimal("10"), max_digits=6),
                ),
                (
                    "tolerance_changed_percent",
                    models.DecimalField(decimal_places=2, default=Decimal("17"), max_digits=5),
                ),
                (
                    "jump_ml_per_month",
                    models.DecimalField(decimal_places=2, default=Decimal("15"), max_digits=6),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.study",
                    ),
                ),
                (
                    "presymptomatic_rule",
                    models.CharField(
                        choices=[
                            (
                                "MLD-PRESYMPTOMATIC-1",
                                "before the first symptom by an affected sibling's onset, then by genotype",
                            ),
                            ("MLD-PRESYMPTOMATIC-0", "no subtype before the first symptom"),
                        ],
                        default="MLD-PRESYMPTOMATIC-1",
                        max_length=24,
                    ),
                ),
                ("accrual_target", models.PositiveIntegerField(blank=True, null=True)),
                ("accrual_target_on", models.DateField(blank=True, null=True)),
                (
                    "pairing_days_late_infantile",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="How far a score may lie from a scan: late-infantile MLD changes within weeks.",
                    ),
                ),
                ("pairing_days_others", models.PositiveSmallIntegerField(default=90)),
                ("settings_version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "requires_mfa",
                    models.BooleanField(
                        default=True,
                        help_text="Everybody who takes part needs a second factor at sign-in.",
                        verbose_name="second factor",
                    ),
                ),
                (
                    "severity_rule",
                    models.CharField(
                        choices=[
                            ("MEAN", "the mean of both readers"),
                            ("FIRST_READER", "the first reader's score"),
                        ],
                        default="MEAN",
                        max_length=16,
                    ),
                ),
                (
                    "severity_tolerance",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Points by which two MRI severity totals may differ without an adjudicator.",
                        validators=[django.core.validators.MaxValueValidator(34)],
                    ),
                ),
                (
                    "scan_days_from_visit",
                    models.PositiveSmallIntegerField(
                        default=14,
                        help_text="A scan acquired further from its visit waits until somebody says it belongs.",
                        verbose_name="scan and visit apart, days",
                    ),
                ),
                (
                    "retain_patient_characteristics",
                    models.BooleanField(
                        default=False,
                        help_text="Option 113108 of DICOM PS3.15.",
                        verbose_name="images keep sex, age, height and weight",
                    ),
                ),
                (
                    "retain_safe_private",
                    models.BooleanField(
                        default=True,
                        help_text="Option 113111 of DICOM PS3.15.",
                        verbose_name="images keep reviewed private attributes",
                    ),
                ),
                (
                    "sponsor_name",
                    models.CharField(
                        blank=True,
                        help_text="Written into kept DICOM images (0012,0010).",
                        max_length=64,
                        verbose_name="sponsor",
                    ),
                ),
                (
                    "largest_load_ml",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("300"),
                        help_text="A load above it is flagged.",
                        max_digits=6,
                        verbose_name="largest plausible load",
                    ),
                ),
                (
                    "largest_load_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("105"),
                        help_text="A load above so many percent of the white matter of its head is flagged.",
                        max_digits=5,
                        verbose_name="largest share of the white matter",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Treatment",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("HSCT", "stem cell transplantation (HSCT)"),
                            ("GENE_THERAPY", "gene therapy"),
                            ("ERT", "enzyme replacement"),
                            ("OTHER", "other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("started_on", models.DateField()),
                ("stopped_on", models.DateField(blank=True, null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="treatments",
                        to="trial.patient",
                    ),
                ),
                (
                    "chimerism_percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("conditioning", models.CharField(blank=True, max_length=100)),
                (
                    "donor",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MATCHED_RELATED", "matched related"),
                            ("UNRELATED", "unrelated"),
                            ("HAPLOIDENTICAL", "haploidentical"),
                            ("CORD_BLOOD", "cord blood"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "dose",
                    models.CharField(
                        blank=True, help_text="Dose or cohort, with unit.", max_length=100
                    ),
                ),
                (
                    "symptom_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("PRESYMPTOMATIC", "presymptomatic"),
                            ("EARLY", "early symptomatic"),
                            ("SYMPTOMATIC", "symptomatic"),
                        ],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "ordering": ["started_on"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["HSCT", "GENE_THERAPY", "ERT", "OTHER"])),
                        name="treatment_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_on__isnull", True),
                            ("stopped_on__gte", models.F("started_on")),
                            _connector="OR",
                        ),
                        name="treatment_stops_after_start",
                    ),
                    models.UniqueConstraint(
                        fields=("patient", "kind", "started_on"), name="treatment_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("symptom_status__in", ["", "PRESYMPTOMATIC", "EARLY", "SYMPTOMATIC"])
                        ),
                        name="treatment_symptom_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("chimerism_percent__isnull", True), ("donor", "")),
                            models.Q(
                                (
                                    "donor__in",
                                    [
                                        "",
                                        "MATCHED_RELATED",
                                        "UNRELATED",
                                        "HAPLOIDENTICAL",
                                        "CORD_BLOOD",
                                    ],
                                ),
                                ("kind", "HSCT"),
                            ),
                            _connector="OR",
                        ),
                        name="treatment_donor_of_a_transplantation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chimerism_percent__isnull", True),
                            models.Q(
                                ("chimerism_percent__gte", 0), ("chimerism_percent__lte", 100)
                            ),
                            _connector="OR",
                        ),
                        name="treatment_chimerism_0_to_100",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TreatmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("HSCT", "stem cell transplantation (HSCT)"),
                            ("GENE_THERAPY", "gene therapy"),
                            ("ERT", "enzyme replacement"),
                            ("OTHER", "other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("started_on", models.DateField()),
                ("stopped_on", models.DateField(blank=True, null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.treatment",
                    ),
                ),
                (
                    "chimerism_percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("conditioning", models.CharField(blank=True, max_length=100)),
                (
                    "donor",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MATCHED_RELATED", "matched related"),
                            ("UNRELATED", "unrelated"),
                            ("HAPLOIDENTICAL", "haploidentical"),
                            ("CORD_BLOOD", "cord blood"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "dose",
                    models.CharField(
                        blank=True, help_text="Dose or cohort, with unit.", max_length=100
                    ),
                ),
                (
                    "symptom_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("PRESYMPTOMATIC", "presymptomatic"),
                            ("EARLY", "early symptomatic"),
                            ("SYMPTOMATIC", "symptomatic"),
                        ],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UnblindingEvent",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "emergency: one patient, to the treating investigator"),
                            ("GRANT", "grant: the whole study, to one statistician"),
                            (
                                "PLANNED",
                                "planned: the whole study, to every role that may see arms",
                            ),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("written_in", models.BigIntegerField(default=0, editable=False)),
                (
                    "entitled",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unblinding_events",
                        to="trial.patient",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="audit.approvalrequest",
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
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unblinding_events",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["EMERGENCY", "GRANT", "PLANNED"])),
                        name="unblinding_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="unblinding_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("entitled", models.F("requested_by")),
                                ("kind", "EMERGENCY"),
                                ("patient__isnull", False),
                                ("request__isnull", True),
                            ),
                            models.Q(
                                ("entitled__isnull", False),
                                ("kind", "GRANT"),
                                ("patient__isnull", True),
                                ("request__isnull", False),
                            ),
                            models.Q(
                                ("entitled__isnull", True),
                                ("kind", "PLANNED"),
                                ("patient__isnull", True),
                                ("request__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="unblinding_of_a_patient_or_of_a_study",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnblindingEventEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "emergency: one patient, to the treating investigator"),
                            ("GRANT", "grant: the whole study, to one statistician"),
                            (
                                "PLANNED",
                                "planned: the whole study, to every role that may see arms",
                            ),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("written_in", models.BigIntegerField(default=0, editable=False)),
                (
                    "entitled",
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
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.unblindingevent",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
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
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VisitDefinition",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=16,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "number",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "target_day",
                    models.IntegerField(
                        help_text="Days after the anchor.",
                        validators=[
                            django.core.validators.MinValueValidator(-3650),
                            django.core.validators.MaxValueValidator(36500),
                        ],
                    ),
                ),
                (
                    "window_before_days",
                    models.PositiveSmallIntegerField(
                        default=14, validators=[django.core.validators.MaxValueValidator(365)]
                    ),
                ),
                (
                    "window_after_days",
                    models.PositiveSmallIntegerField(
                        default=14, validators=[django.core.validators.MaxValueValidator(365)]
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visit_definitions",
                        to="trial.study",
                    ),
                ),
                (
                    "anchor",
                    models.CharField(
                        choices=[
                            ("ENROLMENT", "enrolment"),
                            ("TREATMENT", "treatment"),
                            ("PREVIOUS_VISIT", "the previous visit"),
                        ],
                        default="ENROLMENT",
                        max_length=16,
                    ),
                ),
                (
                    "anchor_therapy",
                    models.CharField(
                        blank=True,
                        help_text="One of TreatmentKind; empty for the study dose.",
                        max_length=16,
                    ),
                ),
                (
                    "has_gmfc_mld",
                    models.BooleanField(
                        default=True, help_text="A GMFC-MLD level belongs to this visit."
                    ),
                ),
                (
                    "has_scans",
                    models.BooleanField(
                        default=True, help_text="T1w and T2w belong to this visit."
                    ),
                ),
                ("is_retired", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["number"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "code"), name="visit_definition_code_once"
                    ),
                    models.UniqueConstraint(
                        fields=("study", "number"), name="visit_definition_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("anchor__in", ["ENROLMENT", "TREATMENT", "PREVIOUS_VISIT"])
                        ),
                        name="visit_definition_anchor_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("anchor_therapy", ""), ("anchor", "TREATMENT"), _connector="OR"
                        ),
                        name="visit_definition_therapy_for_treatment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "number",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("date", models.DateField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="trial.patient",
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="trial.visitdefinition",
                        verbose_name="planned visit",
                    ),
                ),
            ],
            options={
                "ordering": ["date", "number"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("patient", "number"), name="visit_number_once"),
                    models.UniqueConstraint(fields=("patient", "date"), name="visit_date_once"),
                    models.UniqueConstraint(
                        fields=("patient", "definition"), name="visit_definition_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0)), name="visit_number_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ElfcMldAssessment",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_DONE", "not done"),
                            ("NOT_APPLICABLE", "not applicable (age)"),
                        ],
                        default="DONE",
                        max_length=16,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("EXAMINATION", "direct examination"),
                            ("VIDEO", "video"),
                            ("PARENT", "parent interview"),
                            ("CHART", "chart review"),
                        ],
                        default="EXAMINATION",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("assessed_on", models.DateField()),
                (
                    "assessor_role",
                    models.CharField(
                        choices=[
                            ("MD", "physician"),
                            ("PA", "physician assistant"),
                            ("NP", "nurse practitioner"),
                            ("PT", "physiotherapist"),
                            ("SLP", "speech therapist"),
                            ("PSYCHOLOGIST", "psychologist"),
                            ("OTHER", "other"),
                            ("UNKNOWN", "not recorded"),
                        ],
                        default="UNKNOWN",
                        max_length=16,
                    ),
                ),
                ("assessor_name", models.CharField(blank=True, max_length=200)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(4)],
                    ),
                ),
                ("instrument_version", models.CharField(default="ELFCMLD-1", max_length=32)),
                (
                    "assessed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="elfc_mld",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("level__isnull", True), ("level__lte", 4), _connector="OR"
                        ),
                        name="elfc_mld_level_0_to_4",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level__isnull", False), ("status", "DONE")),
                            models.Q(
                                ("level__isnull", True),
                                ("status__in", ["NOT_DONE", "NOT_APPLICABLE"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="elfc_mld_level_or_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source__in", ["EXAMINATION", "VIDEO", "PARENT", "CHART"])
                        ),
                        name="elfc_mld_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "assessor_role__in",
                                ["MD", "PA", "NP", "PT", "SLP", "PSYCHOLOGIST", "OTHER", "UNKNOWN"],
                            )
                        ),
                        name="elfc_mld_assessor_role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ElfcMldAssessmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_DONE", "not done"),
                            ("NOT_APPLICABLE", "not applicable (age)"),
                        ],
                        default="DONE",
                        max_length=16,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("EXAMINATION", "direct examination"),
                            ("VIDEO", "video"),
                            ("PARENT", "parent interview"),
                            ("CHART", "chart review"),
                        ],
                        default="EXAMINATION",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("assessed_on", models.DateField()),
                (
                    "assessor_role",
                    models.CharField(
                        choices=[
                            ("MD", "physician"),
                            ("PA", "physician assistant"),
                            ("NP", "nurse practitioner"),
                            ("PT", "physiotherapist"),
                            ("SLP", "speech therapist"),
                            ("PSYCHOLOGIST", "psychologist"),
                            ("OTHER", "other"),
                            ("UNKNOWN", "not recorded"),
                        ],
                        default="UNKNOWN",
                        max_length=16,
                    ),
                ),
                ("assessor_name", models.CharField(blank=True, max_length=200)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(4)],
                    ),
                ),
                ("instrument_version", models.CharField(default="ELFCMLD-1", max_length=32)),
                (
                    "assessed_by",
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
                        to="trial.elfcmldassessment",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GmfcMldAssessment",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_DONE", "not done"),
                            ("NOT_APPLICABLE", "not applicable (age)"),
                        ],
                        default="DONE",
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(6)],
                    ),
                ),
                (
                    "sublevel",
                    models.CharField(blank=True, choices=[("a", "4a"), ("b", "4b")], max_length=1),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("EXAMINATION", "direct examination"),
                            ("VIDEO", "video"),
                            ("PARENT", "parent interview"),
                            ("CHART", "chart review"),
                        ],
                        default="EXAMINATION",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("assessed_on", models.DateField()),
                (
                    "assessed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gmfc_mld",
                        to="trial.visit",
                    ),
                ),
                ("assessor_name", models.CharField(blank=True, max_length=200)),
                (
                    "assessor_role",
                    models.CharField(
                        choices=[
                            ("MD", "physician"),
                            ("PA", "physician assistant"),
                            ("NP", "nurse practitioner"),
                            ("PT", "physiotherapist"),
                            ("SLP", "speech therapist"),
                            ("PSYCHOLOGIST", "psychologist"),
                            ("OTHER", "other"),
                            ("UNKNOWN", "not recorded"),
                        ],
                        default="UNKNOWN",
                        max_length=16,
                    ),
                ),
                ("instrument_version", models.CharField(default="GMFCMLD-1", max_length=32)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("level__isnull", True), ("level__lte", 6), _connector="OR"
                        ),
                        name="gmfc_mld_level_0_to_6",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level__isnull", False), ("status", "DONE")),
                            models.Q(
                                ("level__isnull", True),
                                ("status__in", ["NOT_DONE", "NOT_APPLICABLE"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="gmfc_mld_level_or_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sublevel", ""), ("level", 4), _connector="OR"),
                        name="gmfc_mld_4a_4b",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source__in", ["EXAMINATION", "VIDEO", "PARENT", "CHART"])
                        ),
                        name="gmfc_mld_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "assessor_role__in",
                                ["MD", "PA", "NP", "PT", "SLP", "PSYCHOLOGIST", "OTHER", "UNKNOWN"],
                            )
                        ),
                        name="gmfc_mld_assessor_role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GmfcMldAssessmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_DONE", "not done"),
                            ("NOT_APPLICABLE", "not applicable (age)"),
                        ],
                        default="DONE",
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(6)],
                    ),
                ),
                (
                    "sublevel",
                    models.CharField(blank=True, choices=[("a", "4a"), ("b", "4b")], max_length=1),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("EXAMINATION", "direct examination"),
                            ("VIDEO", "video"),
                            ("PARENT", "parent interview"),
                            ("CHART", "chart review"),
                        ],
                        default="EXAMINATION",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("assessed_on", models.DateField()),
                (
                    "assessed_by",
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
                        to="trial.gmfcmldassessment",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
                ("assessor_name", models.CharField(blank=True, max_length=200)),
                (
                    "assessor_role",
                    models.CharField(
                        choices=[
                            ("MD", "physician"),
                            ("PA", "physician assistant"),
                            ("NP", "nurse practitioner"),
                            ("PT", "physiotherapist"),
                            ("SLP", "speech therapist"),
                            ("PSYCHOLOGIST", "psychologist"),
                            ("OTHER", "other"),
                            ("UNKNOWN", "not recorded"),
                        ],
                        default="UNKNOWN",
                        max_length=16,
                    ),
                ),
                ("instrument_version", models.CharField(default="GMFCMLD-1", max_length=32)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NotDone",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("is_current", models.BooleanField(default=True)),
                (
                    "declared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="not_done",
                        to="trial.visitdefinition",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="not_done",
                        to="trial.patient",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="not_done",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "declarations of what was not done",
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("definition__isnull", False),
                                ("sequence", ""),
                                ("visit__isnull", True),
                            ),
                            models.Q(
                                ("definition__isnull", True),
                                ("sequence__in", ["T1w", "T2w", "FLAIR", "other"]),
                                ("visit__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="not_done_is_a_visit_or_a_sequence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="not_done_has_a_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("patient", "definition", "visit", "sequence"),
                        name="not_done_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotDoneEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("is_current", models.BooleanField(default=True)),
                (
                    "declared_by",
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
                    "definition",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visitdefinition",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.notdone",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProtocolDeviation",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("WRONG_SEQ", "wrong sequence"),
                            ("MISSING_T2", "T2w missing"),
                            ("THICKNESS", "slice thickness"),
                            ("GAP", "gap between slices"),
                            ("COVERAGE", "coverage (vertex, cerebellum)"),
                            ("CONTRAST_BEFORE_T1", "contrast agent before T1w"),
                            ("DIFF_SCANNER", "another scanner"),
                            ("DIFF_FIELD", "another field strength"),
                            ("DIFF_COIL", "another coil"),
                            ("SW_UPGRADE", "scanner software upgraded"),
                            ("MOTION", "motion"),
                            ("WRAP", "wrap"),
                            ("METAL_SHUNT", "metal or shunt (intrathecal device)"),
                            ("DEFACE_DAMAGE", "damage by defacing"),
                            ("SEDATION_NOT_GIVEN", "sedation not given"),
                            ("OUT_OF_WINDOW", "visit outside its window"),
                            ("LATE_TRANSFER", "images transferred late"),
                            ("WRONG_SUBJECT_DATE", "wrong subject or date"),
                            ("PHI_HEADER", "identifier in a header"),
                            ("PHI_BURNED_IN", "identifier burned into the image"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "open"), ("CLOSED", "closed")],
                        default="OPEN",
                        max_length=8,
                    ),
                ),
                ("description", models.TextField()),
                (
                    "days_outside",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="OUT_OF_WINDOW: days early (negative) or late.",
                        null=True,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deviations",
                        to="trial.patient",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deviations",
                        to="trial.study",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deviations",
                        to="trial.visit",
                    ),
                ),
                (
                    "described_by",
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
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "code__in",
                                [
                                    "WRONG_SEQ",
                                    "MISSING_T2",
                                    "THICKNESS",
                                    "GAP",
                                    "COVERAGE",
                                    "CONTRAST_BEFORE_T1",
                                    "DIFF_SCANNER",
                                    "DIFF_FIELD",
                                    "DIFF_COIL",
                                    "SW_UPGRADE",
                                    "MOTION",
                                    "WRAP",
                                    "METAL_SHUNT",
                                    "DEFACE_DAMAGE",
                                    "SEDATION_NOT_GIVEN",
                                    "OUT_OF_WINDOW",
                                    "LATE_TRANSFER",
                                    "WRONG_SUBJECT_DATE",
                                    "PHI_HEADER",
                                    "PHI_BURNED_IN",
                                ],
                            )
                        ),
                        name="deviation_code_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "CLOSED"])),
                        name="deviation_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "OPEN")),
                        fields=("patient", "visit", "code"),
                        name="deviation_open_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtocolDeviationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("WRONG_SEQ", "wrong sequence"),
                            ("MISSING_T2", "T2w missing"),
                            ("THICKNESS", "slice thickness"),
                            ("GAP", "gap between slices"),
                            ("COVERAGE", "coverage (vertex, cerebellum)"),
                            ("CONTRAST_BEFORE_T1", "contrast agent before T1w"),
                            ("DIFF_SCANNER", "another scanner"),
                            ("DIFF_FIELD", "another field strength"),
                            ("DIFF_COIL", "another coil"),
                            ("SW_UPGRADE", "scanner software upgraded"),
                            ("MOTION", "motion"),
                            ("WRAP", "wrap"),
                            ("METAL_SHUNT", "metal or shunt (intrathecal device)"),
                            ("DEFACE_DAMAGE", "damage by defacing"),
                            ("SEDATION_NOT_GIVEN", "sedation not given"),
                            ("OUT_OF_WINDOW", "visit outside its window"),
                            ("LATE_TRANSFER", "images transferred late"),
                            ("WRONG_SUBJECT_DATE", "wrong subject or date"),
                            ("PHI_HEADER", "identifier in a header"),
                            ("PHI_BURNED_IN", "identifier burned into the image"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "open"), ("CLOSED", "closed")],
                        default="OPEN",
                        max_length=8,
                    ),
                ),
                ("description", models.TextField()),
                (
                    "days_outside",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="OUT_OF_WINDOW: days early (negative) or late.",
                        null=True,
                    ),
                ),
                (
                    "closed_by",
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
                    "opened_by",
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
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.protocoldeviation",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
                (
                    "described_by",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Query",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[("SITE", "site"), ("IMAGING", "imaging")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "open"), ("ANSWERED", "answered"), ("CLOSED", "closed")],
                        default="OPEN",
                        max_length=8,
                    ),
                ),
                ("rule", models.CharField(help_text="Code of the rule, or MANUAL.", max_length=48)),
                ("question", models.TextField()),
                ("answer", models.TextField(blank=True)),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="queries",
                        to="trial.patient",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="queries",
                        to="trial.study",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="queries",
                        to="trial.visit",
                    ),
                ),
                (
                    "assigned_role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by_rule",
                    models.BooleanField(
                        default=False, help_text="The rule no longer found the fault."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "queries",
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["SITE", "IMAGING"])),
                        name="query_audience_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "ANSWERED", "CLOSED"])),
                        name="query_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["OPEN", "ANSWERED"]),
                            models.Q(("rule", "MANUAL"), _negated=True),
                        ),
                        fields=("patient", "visit", "rule"),
                        name="query_once_per_rule_and_visit",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assigned_role", ""),
                            (
                                "assigned_role__in",
                                [
                                    "coordinator",
                                    "investigator",
                                    "reader",
                                    "adjudicator",
                                    "operator",
                                    "data_manager",
                                    "monitor",
                                    "statistician",
                                    "sponsor",
                                    "administrator",
                                    "auditor",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="query_assigned_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assigned_role", ""), ("assigned_to__isnull", True), _connector="OR"
                        ),
                        name="query_waits_for_a_role_or_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_by_rule", False), ("state", "CLOSED"), _connector="OR"
                        ),
                        name="query_closed_by_rule_is_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule__startswith", "LOAD-"), _negated=True),
                            ("audience", "IMAGING"),
                            _connector="OR",
                        ),
                        name="query_of_loads_is_not_for_a_site",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueryEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "audience",
                    models.CharField(
                        choices=[("SITE", "site"), ("IMAGING", "imaging")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "open"), ("ANSWERED", "answered"), ("CLOSED", "closed")],
                        default="OPEN",
                        max_length=8,
                    ),
                ),
                ("rule", models.CharField(help_text="Code of the rule, or MANUAL.", max_length=48)),
                ("question", models.TextField()),
                ("answer", models.TextField(blank=True)),
                (
                    "opened_by",
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
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.query",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
                (
                    "assigned_role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("coordinator", "site coordinator"),
                            ("investigator", "investigator"),
                            ("reader", "image reader"),
                            ("adjudicator", "adjudicator"),
                            ("operator", "segmentation operator"),
                            ("data_manager", "data manager"),
                            ("monitor", "monitor"),
                            ("statistician", "statistician"),
                            ("sponsor", "sponsor"),
                            ("administrator", "administrator"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "assigned_to",
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
                    "closed_by_rule",
                    models.BooleanField(
                        default=False, help_text="The rule no longer found the fault."
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="QueryMessage",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("ANSWERED", "answered"),
                            ("COMMENTED", "added"),
                            ("ASSIGNED", "assigned"),
                            ("REOPENED", "opened again"),
                            ("CLOSED", "closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", models.TextField()),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty where the rule itself speaks.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "query",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="trial.query",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "step__in",
                                ["ANSWERED", "COMMENTED", "ASSIGNED", "REOPENED", "CLOSED"],
                            )
                        ),
                        name="query_message_step_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QueryMessageEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("ANSWERED", "answered"),
                            ("COMMENTED", "added"),
                            ("ASSIGNED", "assigned"),
                            ("REOPENED", "opened again"),
                            ("CLOSED", "closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", models.TextField()),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Empty where the rule itself speaks.",
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
                        to="trial.querymessage",
                    ),
                ),
                (
                    "query",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.query",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReadAssignment",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reading_id", models.CharField(max_length=16, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("FIRST", "reader 1"),
                            ("SECOND", "reader 2"),
                            ("ADJUDICATOR", "adjudicator"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ASSIGNED", "to read"),
                            ("SIGNED", "signed"),
                            ("WITHDRAWN", "withdrawn"),
                        ],
                        default="ASSIGNED",
                        max_length=12,
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="read_assignments",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["reading_id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["FIRST", "SECOND", "ADJUDICATOR"])),
                        name="read_assignment_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["ASSIGNED", "SIGNED", "WITHDRAWN"])),
                        name="read_assignment_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "WITHDRAWN"), _negated=True),
                        fields=("visit", "role"),
                        name="read_assignment_role_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "WITHDRAWN"), _negated=True),
                        fields=("visit", "reader"),
                        name="read_assignment_person_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MriSeverityRead",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("instrument_version", models.CharField(max_length=32)),
                ("items", models.JSONField()),
                ("total", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("read_on", models.DateField()),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mri_severity_reads",
                        to="trial.visit",
                    ),
                ),
                (
                    "asymmetric",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Keys of items whose worse side was scored.",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why a signed read was corrected.", max_length=300
                    ),
                ),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "draft"),
                            ("SIGNED", "signed"),
                            ("SUPERSEDED", "replaced by a newer version"),
                        ],
                        default="SIGNED",
                        max_length=12,
                    ),
                ),
                (
                    "version",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reads",
                        to="trial.readassignment",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total__isnull", True), ("total__lte", 34), _connector="OR"
                        ),
                        name="mri_severity_total_0_to_34",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["DRAFT", "SIGNED", "SUPERSEDED"])),
                        name="mri_severity_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("version", 1), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="mri_severity_correction_has_a_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "SIGNED")),
                        fields=("visit", "reader"),
                        name="mri_severity_one_read_per_reader",
                    ),
                    models.UniqueConstraint(
                        fields=("assignment", "version"), name="mri_severity_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "DRAFT")),
                        fields=("assignment",),
                        name="mri_severity_one_draft_per_reader",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MriSeverityFinal",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_EVALUABLE", "not evaluable"),
                            ("ADJUDICATION", "waits for an adjudicator"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MEAN", "mean of two readers"),
                            ("FIRST_READER", "reader 1, confirmed by reader 2"),
                            ("ADJUDICATED", "settled by the adjudicator"),
                            ("EARLIER_READS", "mean of reads from earlier records"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "total",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True),
                ),
                ("items", models.JSONField(blank=True, default=dict)),
                ("instrument_version", models.CharField(max_length=32)),
                ("tolerance", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("read_on", models.DateField(help_text="Day of the last read behind it.")),
                (
                    "adjudication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "first_read",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "second_read",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mri_severity_final",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "DONE"), ("total__isnull", False)),
                            models.Q(
                                ("status__in", ["NOT_EVALUABLE", "ADJUDICATION"]),
                                ("total__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="mri_severity_final_total_where_done",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("basis", ""),
                            ("basis__in", ["MEAN", "FIRST_READER", "ADJUDICATED", "EARLIER_READS"]),
                            _connector="OR",
                        ),
                        name="mri_severity_final_basis_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total__isnull", True),
                            models.Q(("total__gte", 0), ("total__lte", 34)),
                            _connector="OR",
                        ),
                        name="mri_severity_final_0_to_34",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MriSeverityFinalEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DONE", "done"),
                            ("NOT_EVALUABLE", "not evaluable"),
                            ("ADJUDICATION", "waits for an adjudicator"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("MEAN", "mean of two readers"),
                            ("FIRST_READER", "reader 1, confirmed by reader 2"),
                            ("ADJUDICATED", "settled by the adjudicator"),
                            ("EARLIER_READS", "mean of reads from earlier records"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "total",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True),
                ),
                ("items", models.JSONField(blank=True, default=dict)),
                ("instrument_version", models.CharField(max_length=32)),
                ("tolerance", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("read_on", models.DateField(help_text="Day of the last read behind it.")),
                (
                    "adjudication",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "first_read",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.mriseverityfinal",
                    ),
                ),
                (
                    "second_read",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MriSeverityReadEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("instrument_version", models.CharField(max_length=32)),
                ("items", models.JSONField()),
                ("total", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("read_on", models.DateField()),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.mriseverityread",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
                (
                    "asymmetric",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Keys of items whose worse side was scored.",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why a signed read was corrected.", max_length=300
                    ),
                ),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "draft"),
                            ("SIGNED", "signed"),
                            ("SUPERSEDED", "replaced by a newer version"),
                        ],
                        default="SIGNED",
                        max_length=12,
                    ),
                ),
                (
                    "version",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.readassignment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReadAssignmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("reading_id", models.CharField(max_length=16)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("FIRST", "reader 1"),
                            ("SECOND", "reader 2"),
                            ("ADJUDICATOR", "adjudicator"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ASSIGNED", "to read"),
                            ("SIGNED", "signed"),
                            ("WITHDRAWN", "withdrawn"),
                        ],
                        default="ASSIGNED",
                        max_length=12,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.readassignment",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "sequence",
                    models.CharField(
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "acq_stratum",
                    models.CharField(
                        choices=[("3D", "3D"), ("2D", "2D")],
                        max_length=2,
                        verbose_name="acquisition (2D or 3D)",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("IMPORTED", "imported"),
                            ("QUARANTINED", "in quarantine"),
                            ("VOIDED", "voided"),
                            ("DISCARDED", "discarded, image destroyed"),
                        ],
                        default="IMPORTED",
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.TextField(blank=True, help_text="Why it is what it is, in words."),
                ),
                (
                    "days_from_visit",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="Acquisition date minus visit date, in days.",
                        null=True,
                        verbose_name="days from the visit",
                    ),
                ),
                (
                    "shape",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=3, verbose_name="voxels"
                    ),
                ),
                (
                    "voxel_size_mm",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), size=3, verbose_name="voxel size, mm"
                    ),
                ),
                (
                    "affine",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=django.contrib.postgres.fields.ArrayField(
                            base_field=models.FloatField(), size=4
                        ),
                        size=4,
                        verbose_name="voxel-to-world matrix, mm",
                    ),
                ),
                ("image_sha256", models.CharField(max_length=64)),
                ("voxels_sha256", models.CharField(max_length=64)),
                (
                    "source_sha256",
                    models.CharField(
                        help_text="Of the upload as received.",
                        max_length=64,
                        verbose_name="upload sha256",
                    ),
                ),
                (
                    "source_format",
                    models.CharField(max_length=8, verbose_name="format of the upload"),
                ),
                (
                    "deidentification_version",
                    models.CharField(blank=True, max_length=32, verbose_name="de-identification"),
                ),
                ("scanner", models.JSONField(blank=True, default=dict)),
                (
                    "acquisition",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="acquisition parameters"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="trial.visit",
                    ),
                ),
                (
                    "conflicts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("DATE_FAR", "acquired far from the visit"),
                                ("SEX", "sex differs"),
                                ("BIRTH_MONTH", "month of birth differs"),
                                ("AGE", "age does not fit"),
                                ("TRIAL_SUBJECT", "names another subject"),
                                ("OTHER_PERSON", "names another person"),
                                ("PERSON_CHANGED", "person differs from earlier scans"),
                                ("MANY_PERSONS", "several persons in one upload"),
                                ("SAME_SERIES_ELSEWHERE", "series known elsewhere"),
                                ("SAME_IMAGE_ELSEWHERE", "image known elsewhere"),
                                ("OTHER_HEAD", "head differs from earlier scans"),
                                ("NOT_RECORDED", "reason no longer on record"),
                            ],
                            max_length=24,
                        ),
                        blank=True,
                        default=list,
                        help_text="What did not fit when the image came in.",
                        size=None,
                    ),
                ),
                (
                    "person",
                    models.CharField(
                        blank=True,
                        help_text="Of the person named in the original header; the same person has the same.",
                        max_length=64,
                        verbose_name="person, as a keyed hash",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="scan_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sequence__in", ["T1w", "T2w", "FLAIR", "other"])),
                        name="scan_sequence_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("acq_stratum__in", ["3D", "2D"])),
                        name="scan_acq_stratum_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("image_sha256__regex", "^[0-9a-f]{64}$")),
                        name="scan_image_sha256_is_hex",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["IMPORTED", "QUARANTINED", "VOIDED", "DISCARDED"])
                        ),
                        name="scan_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "QUARANTINED"), _negated=True),
                            ("conflicts__len__gt", 0),
                            _connector="OR",
                        ),
                        name="scan_waits_for_a_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["IMPORTED", "QUARANTINED"])),
                        fields=("visit", "image_sha256"),
                        name="scan_once_per_visit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScanEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "sequence",
                    models.CharField(
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "acq_stratum",
                    models.CharField(
                        choices=[("3D", "3D"), ("2D", "2D")],
                        max_length=2,
                        verbose_name="acquisition (2D or 3D)",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("IMPORTED", "imported"),
                            ("QUARANTINED", "in quarantine"),
                            ("VOIDED", "voided"),
                            ("DISCARDED", "discarded, image destroyed"),
                        ],
                        default="IMPORTED",
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.TextField(blank=True, help_text="Why it is what it is, in words."),
                ),
                (
                    "days_from_visit",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="Acquisition date minus visit date, in days.",
                        null=True,
                        verbose_name="days from the visit",
                    ),
                ),
                (
                    "shape",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=3, verbose_name="voxels"
                    ),
                ),
                (
                    "voxel_size_mm",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), size=3, verbose_name="voxel size, mm"
                    ),
                ),
                (
                    "affine",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=django.contrib.postgres.fields.ArrayField(
                            base_field=models.FloatField(), size=4
                        ),
                        size=4,
                        verbose_name="voxel-to-world matrix, mm",
                    ),
                ),
                ("image_sha256", models.CharField(max_length=64)),
                ("voxels_sha256", models.CharField(max_length=64)),
                (
                    "source_sha256",
                    models.CharField(
                        help_text="Of the upload as received.",
                        max_length=64,
                        verbose_name="upload sha256",
                    ),
                ),
                (
                    "source_format",
                    models.CharField(max_length=8, verbose_name="format of the upload"),
                ),
                (
                    "deidentification_version",
                    models.CharField(blank=True, max_length=32, verbose_name="de-identification"),
                ),
                ("scanner", models.JSONField(blank=True, default=dict)),
                (
                    "acquisition",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="acquisition parameters"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.scan",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visit",
                    ),
                ),
                (
                    "conflicts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("DATE_FAR", "acquired far from the visit"),
                                ("SEX", "sex differs"),
                                ("BIRTH_MONTH", "month of birth differs"),
                                ("AGE", "age does not fit"),
                                ("TRIAL_SUBJECT", "names another subject"),
                                ("OTHER_PERSON", "names another person"),
                                ("PERSON_CHANGED", "person differs from earlier scans"),
                                ("MANY_PERSONS", "several persons in one upload"),
                                ("SAME_SERIES_ELSEWHERE", "series known elsewhere"),
                                ("SAME_IMAGE_ELSEWHERE", "image known elsewhere"),
                                ("OTHER_HEAD", "head differs from earlier scans"),
                                ("NOT_RECORDED", "reason no longer on record"),
                            ],
                            max_length=24,
                        ),
                        blank=True,
                        default=list,
                        help_text="What did not fit when the image came in.",
                        size=None,
                    ),
                ),
                (
                    "person",
                    models.CharField(
                        blank=True,
                        help_text="Of the person named in the original header; the same person has the same.",
                        max_length=64,
                        verbose_name="person, as a keyed hash",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VisitDefinitionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "code",
                    models.CharField(
                        max_length=16,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
                                "Use letters, digits, hyphen and underscore, at most 32 characters, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "number",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "target_day",
                    models.IntegerField(
                        help_text="Days after the anchor.",
                        validators=[
                            django.core.validators.MinValueValidator(-3650),
                            django.core.validators.MaxValueValidator(36500),
                        ],
                    ),
                ),
                (
                    "window_before_days",
                    models.PositiveSmallIntegerField(
                        default=14, validators=[django.core.validators.MaxValueValidator(365)]
                    ),
                ),
                (
                    "window_after_days",
                    models.PositiveSmallIntegerField(
                        default=14, validators=[django.core.validators.MaxValueValidator(365)]
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.visitdefinition",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "anchor",
                    models.CharField(
                        choices=[
                            ("ENROLMENT", "enrolment"),
                            ("TREATMENT", "treatment"),
                            ("PREVIOUS_VISIT", "the previous visit"),
                        ],
                        default="ENROLMENT",
                        max_length=16,
                    ),
                ),
                (
                    "anchor_therapy",
                    models.CharField(
                        blank=True,
                        help_text="One of TreatmentKind; empty for the study dose.",
                        max_length=16,
                    ),
                ),
                (
                    "has_gmfc_mld",
                    models.BooleanField(
                        default=True, help_text="A GMFC-MLD level belongs to this visit."
                    ),
                ),
                (
                    "has_scans",
                    models.BooleanField(
                        default=True, help_text="T1w and T2w belong to this visit."
                    ),
                ),
                ("is_retired", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VisitEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "number",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("date", models.DateField()),
                (
                    "definition",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.visitdefinition",
                        verbose_name="planned visit",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.patient",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        # A lock on a patient or a study holds everything below: the database keeps the list.
        migrations.RunSQL([functions.COVER.sql, functions.LOCKS_COVER], UNCOVER),
        migrations.RunSQL([BLINDED, *(each.sql for each in functions.BLINDED)], NOT_BLINDED),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f625caad8998106d3e0fd5cd90104d52813533e3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_dee6d",
                    table="trial_notices",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="492eff0a1c0e385c8fbc1e8f920dcef4c4ae29ca",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_8099b",
                    table="trial_notices",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="35f3c22bc400986a6db135200007adf818bced3c",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_58570",
                    table="trial_notices",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_noticesevent" ("calendar_sha256", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id", "wants_digest") VALUES (NEW."calendar_sha256", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."user_id", NEW."wants_digest"); RETURN NULL;',
                    hash="bae5fefcd93d5f995b1795bab341214bf085fddf",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_15167",
                    table="trial_notices",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_noticesevent" ("calendar_sha256", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id", "wants_digest") VALUES (NEW."calendar_sha256", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."user_id", NEW."wants_digest"); RETURN NULL;',
                    hash="c36bee13ea6306cfba36ef81b49f3a4cc15594a9",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_16566",
                    table="trial_notices",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notices",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_noticesevent" ("calendar_sha256", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id", "wants_digest") VALUES (OLD."calendar_sha256", OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."user_id", OLD."wants_digest"); RETURN NULL;',
                    hash="598f18e130e3dc916ce828f7965231f91c4bd866",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ac45a",
                    table="trial_notices",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5931206753a628979f3e80bcf2e11f89c01b4a4d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b624c",
                    table="trial_noticesevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="82a9e66614f33bcf395b9d66d63609ee6fdd351f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_df778",
                    table="trial_noticesevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="7ebbf47228383ebfc41896bf2620beaa35d0a3ca",
                    operation="INSERT",
                    pgid="pgtrigger_vet_7e0cf",
                    table="trial_noticesevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="60f58b973ed0f457d87154d5de26b0d7af4e5e63",
                    operation="INSERT",
                    pgid="pgtrigger_chain_0ccf2",
                    table="trial_noticesevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fa704410e161818c4c13fed73bc8b0bc68e15e96",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d3a07",
                    table="trial_noticesevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="84aaed12cd804d6fb972bc6e7f273f2b70c15dcd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_3c5e5",
                    table="trial_study",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7957f0ba9a75e357f26d5ce394c9bde19c9f48de",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_c32d9",
                    table="trial_study",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="198c43af25db4554a6cd4d689c748be98a944659",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_0eb0a",
                    table="trial_study",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.id, OLD.id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="6e5110f7a478d6869ba7f4c4d436bdd73c1ea277",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_28022",
                    table="trial_study",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_studyevent" ("accrual_target", "accrual_target_on", "blinding", "code", "created_at", "id", "jump_ml_per_month", "largest_load_ml", "largest_load_percent", "name", "origin", "pairing_days_late_infantile", "pairing_days_others", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "presymptomatic_rule", "requires_mfa", "retain_patient_characteristics", "retain_safe_private", "scan_days_from_visit", "settings_version", "severity_rule", "severity_tolerance", "site_roles_see_loads", "sponsor_name", "subtype_rule", "tolerance_changed_ml", "tolerance_changed_percent", "tolerance_same_ml", "tolerance_same_percent") VALUES (NEW."accrual_target", NEW."accrual_target_on", NEW."blinding", NEW."code", NEW."created_at", NEW."id", NEW."jump_ml_per_month", NEW."largest_load_ml", NEW."largest_load_percent", NEW."name", NEW."origin", NEW."pairing_days_late_infantile", NEW."pairing_days_others", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."presymptomatic_rule", NEW."requires_mfa", NEW."retain_patient_characteristics", NEW."retain_safe_private", NEW."scan_days_from_visit", NEW."settings_version", NEW."severity_rule", NEW."severity_tolerance", NEW."site_roles_see_loads", NEW."sponsor_name", NEW."subtype_rule", NEW."tolerance_changed_ml", NEW."tolerance_changed_percent", NEW."tolerance_same_ml", NEW."tolerance_same_percent"); RETURN NULL;',
                    hash="54ca1aa9adbb3b02118a2b53688c99649f51501a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_73e0f",
                    table="trial_study",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_studyevent" ("accrual_target", "accrual_target_on", "blinding", "code", "created_at", "id", "jump_ml_per_month", "largest_load_ml", "largest_load_percent", "name", "origin", "pairing_days_late_infantile", "pairing_days_others", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "presymptomatic_rule", "requires_mfa", "retain_patient_characteristics", "retain_safe_private", "scan_days_from_visit", "settings_version", "severity_rule", "severity_tolerance", "site_roles_see_loads", "sponsor_name", "subtype_rule", "tolerance_changed_ml", "tolerance_changed_percent", "tolerance_same_ml", "tolerance_same_percent") VALUES (NEW."accrual_target", NEW."accrual_target_on", NEW."blinding", NEW."code", NEW."created_at", NEW."id", NEW."jump_ml_per_month", NEW."largest_load_ml", NEW."largest_load_percent", NEW."name", NEW."origin", NEW."pairing_days_late_infantile", NEW."pairing_days_others", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."presymptomatic_rule", NEW."requires_mfa", NEW."retain_patient_characteristics", NEW."retain_safe_private", NEW."scan_days_from_visit", NEW."settings_version", NEW."severity_rule", NEW."severity_tolerance", NEW."site_roles_see_loads", NEW."sponsor_name", NEW."subtype_rule", NEW."tolerance_changed_ml", NEW."tolerance_changed_percent", NEW."tolerance_same_ml", NEW."tolerance_same_percent"); RETURN NULL;',
                    hash="c91204ee854a08b9181aa6926c104ef036772aca",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_24602",
                    table="trial_study",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="study",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_studyevent" ("accrual_target", "accrual_target_on", "blinding", "code", "created_at", "id", "jump_ml_per_month", "largest_load_ml", "largest_load_percent", "name", "origin", "pairing_days_late_infantile", "pairing_days_others", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "presymptomatic_rule", "requires_mfa", "retain_patient_characteristics", "retain_safe_private", "scan_days_from_visit", "settings_version", "severity_rule", "severity_tolerance", "site_roles_see_loads", "sponsor_name", "subtype_rule", "tolerance_changed_ml", "tolerance_changed_percent", "tolerance_same_ml", "tolerance_same_percent") VALUES (OLD."accrual_target", OLD."accrual_target_on", OLD."blinding", OLD."code", OLD."created_at", OLD."id", OLD."jump_ml_per_month", OLD."largest_load_ml", OLD."largest_load_percent", OLD."name", OLD."origin", OLD."pairing_days_late_infantile", OLD."pairing_days_others", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."presymptomatic_rule", OLD."requires_mfa", OLD."retain_patient_characteristics", OLD."retain_safe_private", OLD."scan_days_from_visit", OLD."settings_version", OLD."severity_rule", OLD."severity_tolerance", OLD."site_roles_see_loads", OLD."sponsor_name", OLD."subtype_rule", OLD."tolerance_changed_ml", OLD."tolerance_changed_percent", OLD."tolerance_same_ml", OLD."tolerance_same_percent"); RETURN NULL;',
                    hash="91a58ac6b177f6c1526ff253d4e9254f5b8d44d5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c7ef5",
                    table="trial_study",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="542325eadf43e82d2f7066d02885d33577d52e3f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_9452d",
                    table="trial_importbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="6d2dba64a77462e42438da2e2c51a5f8eb79bc5f",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_8e032",
                    table="trial_importbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="a4090543cb758286cfae8bf72f0b14ff37771dd6",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_debad",
                    table="trial_importbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_importbatchevent" ("applied_at", "applied_by_id", "counts", "created_at", "file_sha256", "id", "layout", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_sha256", "reason", "received_by_id", "row_count", "size_bytes", "state", "study_id") VALUES (NEW."applied_at", NEW."applied_by_id", NEW."counts", NEW."created_at", NEW."file_sha256", NEW."id", NEW."layout", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."plan_sha256", NEW."reason", NEW."received_by_id", NEW."row_count", NEW."size_bytes", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="ef034c0c461c505be6b9ed5eb020f015f239a51e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_38f5f",
                    table="trial_importbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_importbatchevent" ("applied_at", "applied_by_id", "counts", "created_at", "file_sha256", "id", "layout", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_sha256", "reason", "received_by_id", "row_count", "size_bytes", "state", "study_id") VALUES (NEW."applied_at", NEW."applied_by_id", NEW."counts", NEW."created_at", NEW."file_sha256", NEW."id", NEW."layout", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."plan_sha256", NEW."reason", NEW."received_by_id", NEW."row_count", NEW."size_bytes", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="97ea9ef371e425abc649b4fd6db552301b96096e",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_310f7",
                    table="trial_importbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_importbatchevent" ("applied_at", "applied_by_id", "counts", "created_at", "file_sha256", "id", "layout", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_sha256", "reason", "received_by_id", "row_count", "size_bytes", "state", "study_id") VALUES (OLD."applied_at", OLD."applied_by_id", OLD."counts", OLD."created_at", OLD."file_sha256", OLD."id", OLD."layout", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."plan_sha256", OLD."reason", OLD."received_by_id", OLD."row_count", OLD."size_bytes", OLD."state", OLD."study_id"); RETURN NULL;',
                    hash="9b1e8d03f6eb301034a35f75ebab772b0b88dba0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_895d2",
                    table="trial_importbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="74c7afc35d7d9df4e2d4225ace5e429e4ea15f0e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_fcaca",
                    table="trial_importbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="b7dd3d8b25a7397cd971045352a86401db38e23b",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_492f2",
                    table="trial_importbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="0a010d03caff93b7b60b9e93a40e01e77f520751",
                    operation="INSERT",
                    pgid="pgtrigger_vet_632fb",
                    table="trial_importbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="c403a7021960cd29e0ff40362952ab3ebe04199f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_14206",
                    table="trial_importbatchevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8ff8fe1078d3ab78a0c5913268753ad9e7a27b34",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_97837",
                    table="trial_importbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="bd244e98456c8423fe65f3831641716fc1f6a598",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_96cf9",
                    table="trial_site",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c06114176e23f6b699a3ac99fbb8a87eb75c8f08",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_a7dde",
                    table="trial_site",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_siteevent" ("code", "created_at", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "time_zone") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."study_id", NEW."time_zone"); RETURN NULL;',
                    hash="446c00f615c5a2692aa0923d6e1f2cabef952923",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_184b1",
                    table="trial_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_siteevent" ("code", "created_at", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "time_zone") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."study_id", NEW."time_zone"); RETURN NULL;',
                    hash="a5a902d792eca80c268fb84ecb0f921993f6ef29",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_9e9dc",
                    table="trial_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_siteevent" ("code", "created_at", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "time_zone") VALUES (OLD."code", OLD."created_at", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."study_id", OLD."time_zone"); RETURN NULL;',
                    hash="260adea1209fc6cdacb8eee153501f38b8136bec",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_f6ea0",
                    table="trial_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="dcf872f0941cf6325e559a3fd0cd3510443787c8",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_36493",
                    table="trial_site",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.study_id, OLD.study_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="29def38cfb4ceba43563a90dd58c2d4b1f0c8ee9",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_bafdd",
                    table="trial_site",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f0e53e9c9b226d1626df2bb7c2d86babec0b5c6d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_19f44",
                    table="trial_invitation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b7be666da1d38f3fd2846a6435232e63b285266d",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_bc977",
                    table="trial_invitation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="4338f1f9ae6a4ff1edba8a9e04b5202c4b37e6e3",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e3675",
                    table="trial_invitation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_invitationevent" ("accepted_at", "accepted_by_id", "created_at", "email", "expires_at", "id", "invited_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "withdrawn_at") VALUES (NEW."accepted_at", NEW."accepted_by_id", NEW."created_at", NEW."email", NEW."expires_at", NEW."id", NEW."invited_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."role", NEW."site_id", NEW."study_id", NEW."withdrawn_at"); RETURN NULL;',
                    hash="b0c7000172a6b97f43d9b40643e35d6eb66879f9",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3dbaf",
                    table="trial_invitation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."accepted_at" IS DISTINCT FROM (NEW."accepted_at") OR OLD."accepted_by_id" IS DISTINCT FROM (NEW."accepted_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."invited_by_id" IS DISTINCT FROM (NEW."invited_by_id") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."withdrawn_at" IS DISTINCT FROM (NEW."withdrawn_at"))',
                    func='INSERT INTO "trial_invitationevent" ("accepted_at", "accepted_by_id", "created_at", "email", "expires_at", "id", "invited_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "withdrawn_at") VALUES (NEW."accepted_at", NEW."accepted_by_id", NEW."created_at", NEW."email", NEW."expires_at", NEW."id", NEW."invited_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."role", NEW."site_id", NEW."study_id", NEW."withdrawn_at"); RETURN NULL;',
                    hash="ff82e352b0ebcde3b3c7513ef43e00d4f376c290",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_67544",
                    table="trial_invitation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_invitationevent" ("accepted_at", "accepted_by_id", "created_at", "email", "expires_at", "id", "invited_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "withdrawn_at") VALUES (OLD."accepted_at", OLD."accepted_by_id", OLD."created_at", OLD."email", OLD."expires_at", OLD."id", OLD."invited_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."role", OLD."site_id", OLD."study_id", OLD."withdrawn_at"); RETURN NULL;',
                    hash="d19f08bc0c236068d40716320a4dd55c9d4401a5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_23bf0",
                    table="trial_invitation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="49eff1f460053234989b62929d378836fc459fef",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b71b0",
                    table="trial_invitationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ed8fa64d52779b36661285b10e9f8997f488627d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_fa50f",
                    table="trial_invitationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="9b401192d0510903f715f019a5227e80b1a67dde",
                    operation="INSERT",
                    pgid="pgtrigger_vet_d6030",
                    table="trial_invitationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="d4544969fd4493a9db3ab4de62632c2b4e615e31",
                    operation="INSERT",
                    pgid="pgtrigger_chain_5ef84",
                    table="trial_invitationevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="44bff327f20ddd458416d0d5ffe4fbcc40a39362",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f0a14",
                    table="trial_invitationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1957e05c121d888d3d04ade44a9716d0e41237b1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b9596",
                    table="trial_membership",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="cb6a0885410c2afcaf2a77d39cee89f048d38ff7",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_64b9d",
                    table="trial_membership",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_membershipevent" ("created_at", "id", "is_active", "may_export_rows", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "user_id") VALUES (NEW."created_at", NEW."id", NEW."is_active", NEW."may_export_rows", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."role", NEW."site_id", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="0cf2aa828967b4efb878655d5f3610e3a273ae2a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3a37b",
                    table="trial_membership",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_membershipevent" ("created_at", "id", "is_active", "may_export_rows", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "user_id") VALUES (NEW."created_at", NEW."id", NEW."is_active", NEW."may_export_rows", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."role", NEW."site_id", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="08e21caad7789a31fd40ce21653e36aa970e6984",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c02db",
                    table="trial_membership",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_membershipevent" ("created_at", "id", "is_active", "may_export_rows", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "study_id", "user_id") VALUES (OLD."created_at", OLD."id", OLD."is_active", OLD."may_export_rows", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."role", OLD."site_id", OLD."study_id", OLD."user_id"); RETURN NULL;',
                    hash="9353993c05c372d6324e14dd2d6769d27f383909",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_41b8d",
                    table="trial_membership",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="3da670359a51596eb0f9f18681bfcbbcda352772",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_85731",
                    table="trial_membership",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="b964c42a603f6d1400ce68392f43235d0d88e56c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e5b97",
                    table="trial_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7ce5be7300b436a500f3f11916e407c8f5db8a3b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0ac24",
                    table="trial_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="f61d02d7f049ba8c8bff5636cb871bd6da07b7ad",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1d88f",
                    table="trial_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="224159a9ca640af6cb76d26b591400ba2fea7437",
                    operation="INSERT",
                    pgid="pgtrigger_vet_54c18",
                    table="trial_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="622a490ce7003b99286d328368e0fa2804814efd",
                    operation="INSERT",
                    pgid="pgtrigger_chain_b67fa",
                    table="trial_membershipevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d9d18b5b488f59683c54372350a174b86eb809cd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d3028",
                    table="trial_patient",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9199e92bfa4c501a0b2c29c31a3850f33491845d",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_b79e1",
                    table="trial_patient",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="7ad7183cb6aea2ea069a1fc6cfba69a126c7b179",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_04896",
                    table="trial_patient",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_patientevent" ("affected_sibling", "allele_1", "allele_2", "arsa_activity", "arsa_result", "arsa_unit", "birth_month", "created_at", "diagnosed_on", "enrolled_on", "first_study_dose_on", "first_symptom", "genotype_class", "id", "onset_age_months", "origin", "participation", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudodeficiency_ruled_out", "sex", "sibling_onset_age_months", "site_id", "study_id", "subject_code", "urinary_sulfatides", "withdrawn_on") VALUES (NEW."affected_sibling", NEW."allele_1", NEW."allele_2", NEW."arsa_activity", NEW."arsa_result", NEW."arsa_unit", NEW."birth_month", NEW."created_at", NEW."diagnosed_on", NEW."enrolled_on", NEW."first_study_dose_on", NEW."first_symptom", NEW."genotype_class", NEW."id", NEW."onset_age_months", NEW."origin", NEW."participation", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."pseudodeficiency_ruled_out", NEW."sex", NEW."sibling_onset_age_months", NEW."site_id", NEW."study_id", NEW."subject_code", NEW."urinary_sulfatides", NEW."withdrawn_on"); RETURN NULL;',
                    hash="51b3e0828c5dfd10a3af1fda0b7a0e842e049bee",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2f992",
                    table="trial_patient",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_patientevent" ("affected_sibling", "allele_1", "allele_2", "arsa_activity", "arsa_result", "arsa_unit", "birth_month", "created_at", "diagnosed_on", "enrolled_on", "first_study_dose_on", "first_symptom", "genotype_class", "id", "onset_age_months", "origin", "participation", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudodeficiency_ruled_out", "sex", "sibling_onset_age_months", "site_id", "study_id", "subject_code", "urinary_sulfatides", "withdrawn_on") VALUES (NEW."affected_sibling", NEW."allele_1", NEW."allele_2", NEW."arsa_activity", NEW."arsa_result", NEW."arsa_unit", NEW."birth_month", NEW."created_at", NEW."diagnosed_on", NEW."enrolled_on", NEW."first_study_dose_on", NEW."first_symptom", NEW."genotype_class", NEW."id", NEW."onset_age_months", NEW."origin", NEW."participation", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."pseudodeficiency_ruled_out", NEW."sex", NEW."sibling_onset_age_months", NEW."site_id", NEW."study_id", NEW."subject_code", NEW."urinary_sulfatides", NEW."withdrawn_on"); RETURN NULL;',
                    hash="05fd7c16bb84b34875d0c01268f1c0b43e94f6c4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b29ee",
                    table="trial_patient",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_patientevent" ("affected_sibling", "allele_1", "allele_2", "arsa_activity", "arsa_result", "arsa_unit", "birth_month", "created_at", "diagnosed_on", "enrolled_on", "first_study_dose_on", "first_symptom", "genotype_class", "id", "onset_age_months", "origin", "participation", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudodeficiency_ruled_out", "sex", "sibling_onset_age_months", "site_id", "study_id", "subject_code", "urinary_sulfatides", "withdrawn_on") VALUES (OLD."affected_sibling", OLD."allele_1", OLD."allele_2", OLD."arsa_activity", OLD."arsa_result", OLD."arsa_unit", OLD."birth_month", OLD."created_at", OLD."diagnosed_on", OLD."enrolled_on", OLD."first_study_dose_on", OLD."first_symptom", OLD."genotype_class", OLD."id", OLD."onset_age_months", OLD."origin", OLD."participation", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."pseudodeficiency_ruled_out", OLD."sex", OLD."sibling_onset_age_months", OLD."site_id", OLD."study_id", OLD."subject_code", OLD."urinary_sulfatides", OLD."withdrawn_on"); RETURN NULL;',
                    hash="a09c47489585f7519db32fc6c3905c3542dd76bd",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_e1b7f",
                    table="trial_patient",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.id, OLD.id, NEW.study_id, OLD.study_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="f67c951fda048a4ed50fb6187879712da6fd01f0",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_4d6f5",
                    table="trial_patient",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="a06cbc7487e1c8e903d7ce3e0bdcbd81945b896b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_3845f",
                    table="trial_disposition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="305a942704cdecda33bdd03bfea7ad515f6be0c1",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_9d76f",
                    table="trial_disposition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_dispositionevent" ("created_at", "form_version", "happened_on", "id", "is_void", "note", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step") VALUES (NEW."created_at", NEW."form_version", NEW."happened_on", NEW."id", NEW."is_void", NEW."note", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."step"); RETURN NULL;',
                    hash="89d6f1152d4632adfd14b73f5ec78441ec231da8",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_eaf87",
                    table="trial_disposition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_dispositionevent" ("created_at", "form_version", "happened_on", "id", "is_void", "note", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step") VALUES (NEW."created_at", NEW."form_version", NEW."happened_on", NEW."id", NEW."is_void", NEW."note", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."step"); RETURN NULL;',
                    hash="19e04869d566bcd50a86c183b239c0bff2c41ec4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_a3056",
                    table="trial_disposition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_dispositionevent" ("created_at", "form_version", "happened_on", "id", "is_void", "note", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step") VALUES (OLD."created_at", OLD."form_version", OLD."happened_on", OLD."id", OLD."is_void", OLD."note", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."step"); RETURN NULL;',
                    hash="009365377a235560edb4ac7f2dd8859a5b0fa10c",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_74d87",
                    table="trial_disposition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="a94e018dd8dc8738ab63c71498c4533afa194e20",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_277e5",
                    table="trial_disposition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disposition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.patient_id, OLD.patient_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="ab7e26211968865cf5594684e68a6545bafac616",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_0aa0f",
                    table="trial_disposition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispositionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="93c4f8dd483a0e55e028da185d97a31118fb9bef",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f0b10",
                    table="trial_dispositionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispositionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="450725d55426c41062321719eb27ea04ae31655f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e243b",
                    table="trial_dispositionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispositionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="0d17a3907e1a5a05b36d7e46d77c63c02bd4fd64",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_63603",
                    table="trial_dispositionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispositionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="2084331a408e141058078d3b498fbd7a884ef60c",
                    operation="INSERT",
                    pgid="pgtrigger_vet_d9665",
                    table="trial_dispositionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispositionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="4298e1d2fd06172148e1e72a0c9ab355267db780",
                    operation="INSERT",
                    pgid="pgtrigger_chain_57c1f",
                    table="trial_dispositionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="dffae70de7093b91835ba2cba2786b791e5a28e1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_5f93e",
                    table="trial_patientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f9adc4c442d15bb3bc72fd7ba22bf2410deee2af",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f865a",
                    table="trial_patientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="687f05becdae318ad7b2eac0f2d0ba74ff399be4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_c13ac",
                    table="trial_patientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="1c5442c94962aef3dc8db9387c6e313330020793",
                    operation="INSERT",
                    pgid="pgtrigger_vet_609af",
                    table="trial_patientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="775cf3872a6a402320d790c35adc2f354672005a",
                    operation="INSERT",
                    pgid="pgtrigger_chain_442ad",
                    table="trial_patientevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1ed215dfb64538a2fcfb8ae531c3fb680b8b0e39",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_1e2c1",
                    table="trial_siteevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6607873fa1bc2bdfbde0afaa8dd0803f77448284",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_503c0",
                    table="trial_siteevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="8ca33269982eb9e5f5c8455cb7fde66df6b18db8",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d80ea",
                    table="trial_siteevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="8314049a89f89406941223bc9c9261405c12ef4d",
                    operation="INSERT",
                    pgid="pgtrigger_vet_16c16",
                    table="trial_siteevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="c9dc65839dea110711152e9fd93850dcd1da85e9",
                    operation="INSERT",
                    pgid="pgtrigger_chain_5f0cc",
                    table="trial_siteevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="bcb05ece0c37a843a31c12a8a64b0505971dd794",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_437dc",
                    table="trial_studyevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1f693a48ef7a7dc16cb928cf2f43508713a7b3c4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_44982",
                    table="trial_studyevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="3fcdb969a27089d63457097f067bde8986f5591f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_4e616",
                    table="trial_studyevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="a280e022e9fda6639903d4e268cd4e4adc4bf9b2",
                    operation="INSERT",
                    pgid="pgtrigger_vet_381d7",
                    table="trial_studyevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="8890c8c2431eed37c26335179ed60a4a09a4c356",
                    operation="INSERT",
                    pgid="pgtrigger_chain_7676a",
                    table="trial_studyevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="66698a1fc9bb6fc2373bd60d6e05e1cc04299305",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_df59b",
                    table="trial_treatment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="025ac25b7ffb4bdd1f7a6fdc8743b436b6ee7e48",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_cf340",
                    table="trial_treatment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_treatmentevent" ("chimerism_percent", "conditioning", "created_at", "donor", "dose", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_on", "stopped_on", "symptom_status") VALUES (NEW."chimerism_percent", NEW."conditioning", NEW."created_at", NEW."donor", NEW."dose", NEW."id", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."started_on", NEW."stopped_on", NEW."symptom_status"); RETURN NULL;',
                    hash="d85a402315a69a5c8657bc108b841ee7b12d6081",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_a07ea",
                    table="trial_treatment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_treatmentevent" ("chimerism_percent", "conditioning", "created_at", "donor", "dose", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_on", "stopped_on", "symptom_status") VALUES (NEW."chimerism_percent", NEW."conditioning", NEW."created_at", NEW."donor", NEW."dose", NEW."id", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."started_on", NEW."stopped_on", NEW."symptom_status"); RETURN NULL;',
                    hash="349c0f80fece81e2f4873587b0e270b601576126",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c17bb",
                    table="trial_treatment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_treatmentevent" ("chimerism_percent", "conditioning", "created_at", "donor", "dose", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_on", "stopped_on", "symptom_status") VALUES (OLD."chimerism_percent", OLD."conditioning", OLD."created_at", OLD."donor", OLD."dose", OLD."id", OLD."kind", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."started_on", OLD."stopped_on", OLD."symptom_status"); RETURN NULL;',
                    hash="aec7bfd4242368e6cb46b45ac3c551bac495e9c9",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_920e6",
                    table="trial_treatment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="7b496b6e8650dc26f618dbe2a9d7df571047ae7e",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_0634d",
                    table="trial_treatment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.patient_id, OLD.patient_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="169cb0c26cd9d2fa60925cc59585238b930632c3",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_9b02e",
                    table="trial_treatment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="29f337359e9f4f8eb1c8e2a5ec7bc53b0796785c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_28ac4",
                    table="trial_treatmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1e82f883ca71c00ab4543fc6575dfd048e7ce6d2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ff92f",
                    table="trial_treatmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="5e840872ae35d2b572eb5bc61f8afc050ea82e73",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1fd1f",
                    table="trial_treatmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="8eabdff2665e87bf04e28d22227ab21c26c1611b",
                    operation="INSERT",
                    pgid="pgtrigger_vet_466ff",
                    table="trial_treatmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="171feed62112b8ed403dfb2eea52158e1d081846",
                    operation="INSERT",
                    pgid="pgtrigger_chain_77823",
                    table="trial_treatmentevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="4acb8be6731f6ec48e3cd2b2f71a7f7c5d332cbf",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_740e0",
                    table="trial_unblindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="03842c8d5d38d60831476a811e7c287ed57036c1",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_10f18",
                    table="trial_unblindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5c9db31107f4d644efb783e80495c63655660ec5",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_1fe14",
                    table="trial_unblindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="unblinding_rules",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF NEW.kind = 'EMERGENCY' THEN\n    IF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user'\n        IS DISTINCT FROM NEW.requested_by_id::text\n    THEN RAISE EXCEPTION 'Nobody unblinds for another person.'; END IF;\nELSIF NOT EXISTS (\n    SELECT FROM audit_approvalrequest r WHERE r.id = NEW.request_id AND r.action = NEW.kind\n    AND r.is_approved AND r.decided_by_id <> r.requested_by_id\n    AND r.requested_by_id = NEW.requested_by_id\n    AND CASE NEW.kind WHEN 'PLANNED' THEN r.subject_id = NEW.study_id ELSE EXISTS (\n        SELECT FROM trial_membership m WHERE m.id = r.subject_id\n        AND m.study_id = NEW.study_id AND m.user_id = NEW.entitled_id) END)\nTHEN RAISE EXCEPTION 'A whole study is unblinded by two people.'; END IF;\n-- The arms are told only by a later transaction: what is told is on record.\nNEW.written_in := pg_current_xact_id()::text::bigint;\nRETURN NEW;\n",
                    hash="214fa6b6483420711423f9d49d48660e312b7c87",
                    operation="INSERT",
                    pgid="pgtrigger_unblinding_rules_bb74c",
                    table="trial_unblindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="1526a7900e44f7ec035c8340d3c75849384e33fe",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_22c23",
                    table="trial_unblindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_unblindingeventevent" ("created_at", "entitled_id", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "request_id", "requested_by_id", "study_id", "written_in") VALUES (NEW."created_at", NEW."entitled_id", NEW."id", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."request_id", NEW."requested_by_id", NEW."study_id", NEW."written_in"); RETURN NULL;',
                    hash="1e24de2235179415b5e88aa96dc60b9aeaf4207c",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9378b",
                    table="trial_unblindingevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_unblindingeventevent" ("created_at", "entitled_id", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "request_id", "requested_by_id", "study_id", "written_in") VALUES (NEW."created_at", NEW."entitled_id", NEW."id", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."request_id", NEW."requested_by_id", NEW."study_id", NEW."written_in"); RETURN NULL;',
                    hash="7b9f74f591affe3772e710c1d1b807f4f7be93eb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d1bbb",
                    table="trial_unblindingevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_unblindingeventevent" ("created_at", "entitled_id", "id", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "request_id", "requested_by_id", "study_id", "written_in") VALUES (OLD."created_at", OLD."entitled_id", OLD."id", OLD."kind", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."request_id", OLD."requested_by_id", OLD."study_id", OLD."written_in"); RETURN NULL;',
                    hash="b3994c2620810d754c7859bdd4ba895c21668577",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_b5994",
                    table="trial_unblindingevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="47a79525f9c7364cb5a59e8ee9779e399888209c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_641b1",
                    table="trial_unblindingeventevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="0a076780090081d907b6ac558a2f793fb7ebd191",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_926b0",
                    table="trial_unblindingeventevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="9635a79e8f5fd5b6eaefec212462adb525b9000e",
                    operation="INSERT",
                    pgid="pgtrigger_vet_4e054",
                    table="trial_unblindingeventevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="ba60fd1c9f932d00f6db7f1bc378b3c6ff6aad2f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_de832",
                    table="trial_unblindingeventevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unblindingeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f20cd26ebb2968af998341453a8ba45f4cc101b0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_28fd4",
                    table="trial_unblindingeventevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="57bea18efd7afffc9923838029bd9edc3ffeeb14",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_7cb76",
                    table="trial_visitdefinition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f875cc2b66a587e3d48c3fe87a1c0acc40c0c26e",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_aacac",
                    table="trial_visitdefinition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="60b1e56cdd8a82d6f7ccbdbfc24cc5517ae9d85a",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_efd88",
                    table="trial_visitdefinition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_visitdefinitionevent" ("anchor", "anchor_therapy", "code", "created_at", "has_gmfc_mld", "has_scans", "id", "is_retired", "name", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "target_day", "window_after_days", "window_before_days") VALUES (NEW."anchor", NEW."anchor_therapy", NEW."code", NEW."created_at", NEW."has_gmfc_mld", NEW."has_scans", NEW."id", NEW."is_retired", NEW."name", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."study_id", NEW."target_day", NEW."window_after_days", NEW."window_before_days"); RETURN NULL;',
                    hash="241e4e9f313f67874090fa6a0cdc959e9e01f0e8",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_00d83",
                    table="trial_visitdefinition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_visitdefinitionevent" ("anchor", "anchor_therapy", "code", "created_at", "has_gmfc_mld", "has_scans", "id", "is_retired", "name", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "target_day", "window_after_days", "window_before_days") VALUES (NEW."anchor", NEW."anchor_therapy", NEW."code", NEW."created_at", NEW."has_gmfc_mld", NEW."has_scans", NEW."id", NEW."is_retired", NEW."name", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."study_id", NEW."target_day", NEW."window_after_days", NEW."window_before_days"); RETURN NULL;',
                    hash="f2ebefcbe2a4f644704102afa58099dc9ca2a967",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e5205",
                    table="trial_visitdefinition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_visitdefinitionevent" ("anchor", "anchor_therapy", "code", "created_at", "has_gmfc_mld", "has_scans", "id", "is_retired", "name", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "target_day", "window_after_days", "window_before_days") VALUES (OLD."anchor", OLD."anchor_therapy", OLD."code", OLD."created_at", OLD."has_gmfc_mld", OLD."has_scans", OLD."id", OLD."is_retired", OLD."name", OLD."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."study_id", OLD."target_day", OLD."window_after_days", OLD."window_before_days"); RETURN NULL;',
                    hash="eb59b436f56bb176403a08abc337a7f5cb004270",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_634d3",
                    table="trial_visitdefinition",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.study_id, OLD.study_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="9d96f7a943e6a38793dd8128ca20c638f445d3a1",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_c9874",
                    table="trial_visitdefinition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="ccc4b4c204d8c2b50d80670e5238f0870d08c1f3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_8b85a",
                    table="trial_visit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="8620393c73b99fe07ebe2e114d2b9e5f5b25c124",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_3a743",
                    table="trial_visit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_visitevent" ("created_at", "date", "definition_id", "id", "name", "number", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."created_at", NEW."date", NEW."definition_id", NEW."id", NEW."name", NEW."number", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="a12f2b9533f01a0c78da6ad259e67d97acf8c0a7",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7c471",
                    table="trial_visit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_visitevent" ("created_at", "date", "definition_id", "id", "name", "number", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."created_at", NEW."date", NEW."definition_id", NEW."id", NEW."name", NEW."number", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id"); RETURN NULL;',
                    hash="fb38de1320fd6db244744e897966b5f6051de899",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_aa05f",
                    table="trial_visit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_visitevent" ("created_at", "date", "definition_id", "id", "name", "number", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."created_at", OLD."date", OLD."definition_id", OLD."id", OLD."name", OLD."number", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="e9adf086d7292a1644b28c8950552262b797c97c",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_d9fd2",
                    table="trial_visit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c22463a907f95c8d04519503672fda4c5db9757a",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_c388c",
                    table="trial_visit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visit",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.id, OLD.id, NEW.patient_id, OLD.patient_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="85b28b77aae4d11f1453465a6ca9d8913c9390ae",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_b773f",
                    table="trial_visit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="095748deac2ddcbb899c542c53049ddf122f5b1c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d5a86",
                    table="trial_elfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="3bac4fae7124c5ecfefd6b0169e01695b92758df",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_16850",
                    table="trial_elfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="a1626f9a6b254488c75ac1423a8a078e8f8f3453",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b25fe",
                    table="trial_elfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_elfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "visit_id") VALUES (NEW."assessed_by_id", NEW."assessed_on", NEW."assessor_name", NEW."assessor_role", NEW."created_at", NEW."id", NEW."instrument_version", NEW."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."source", NEW."status", NEW."visit_id"); RETURN NULL;',
                    hash="26416ce2a582fc0ee338d3e899c819228841dd2a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d3e6f",
                    table="trial_elfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_elfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "visit_id") VALUES (NEW."assessed_by_id", NEW."assessed_on", NEW."assessor_name", NEW."assessor_role", NEW."created_at", NEW."id", NEW."instrument_version", NEW."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."source", NEW."status", NEW."visit_id"); RETURN NULL;',
                    hash="90c1c4153cb0abbac6d06b37def17afeb88447a6",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_9c2b8",
                    table="trial_elfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_elfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "visit_id") VALUES (OLD."assessed_by_id", OLD."assessed_on", OLD."assessor_name", OLD."assessor_role", OLD."created_at", OLD."id", OLD."instrument_version", OLD."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."source", OLD."status", OLD."visit_id"); RETURN NULL;',
                    hash="601e059ef7a22690402a2c468c19e3d59392b2a1",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_43ec6",
                    table="trial_elfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="d290c056e3a80fd3671a91549b601beecb077e4b",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_871f1",
                    table="trial_elfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="8d2cb235430457d2bff08baed88b6c06c286f774",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_dedac",
                    table="trial_elfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="262b12d1c53852a52412fed3816785240ddb9fe3",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d4cc7",
                    table="trial_elfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="77bcbdd9652951aa8cddc7ab506babe77c29c51c",
                    operation="INSERT",
                    pgid="pgtrigger_vet_dcb39",
                    table="trial_elfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="fc397aa0aa2cb65b62836a5a185445f5459d8343",
                    operation="INSERT",
                    pgid="pgtrigger_chain_321ec",
                    table="trial_elfcmldassessmentevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="elfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="50c1c7c625530752aaa81006961f47cd8c1796e7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c60be",
                    table="trial_elfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="cc95913c4ad3f182a4123d86154af2191abaacc2",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_7178b",
                    table="trial_gmfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="07bcc9e374ed92dd433af1bdc65ccd454a5c8388",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_99778",
                    table="trial_gmfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="721c016ed26b2f7f249ae5f1e55ef3eef9ca906d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_c1fba",
                    table="trial_gmfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_gmfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "sublevel", "visit_id") VALUES (NEW."assessed_by_id", NEW."assessed_on", NEW."assessor_name", NEW."assessor_role", NEW."created_at", NEW."id", NEW."instrument_version", NEW."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."source", NEW."status", NEW."sublevel", NEW."visit_id"); RETURN NULL;',
                    hash="1227ee64b8b744770928371e41a4f9d8e79afc6d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_888b3",
                    table="trial_gmfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_gmfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "sublevel", "visit_id") VALUES (NEW."assessed_by_id", NEW."assessed_on", NEW."assessor_name", NEW."assessor_role", NEW."created_at", NEW."id", NEW."instrument_version", NEW."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."source", NEW."status", NEW."sublevel", NEW."visit_id"); RETURN NULL;',
                    hash="609b026867e38ad91802f8e8778daefdd86a16d3",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c9095",
                    table="trial_gmfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_gmfcmldassessmentevent" ("assessed_by_id", "assessed_on", "assessor_name", "assessor_role", "created_at", "id", "instrument_version", "level", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "source", "status", "sublevel", "visit_id") VALUES (OLD."assessed_by_id", OLD."assessed_on", OLD."assessor_name", OLD."assessor_role", OLD."created_at", OLD."id", OLD."instrument_version", OLD."level", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."source", OLD."status", OLD."sublevel", OLD."visit_id"); RETURN NULL;',
                    hash="16cbdd5453dfb38dee870538e2d1de81d9a99f9d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_6f2de",
                    table="trial_gmfcmldassessment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="4048c3086a7a96d0e23bc3b1c2f186b4686c563d",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_1cc4e",
                    table="trial_gmfcmldassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="800d15c17eb682f54aefc3985fc6f87031a96f25",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b88af",
                    table="trial_gmfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="57ab9b0dc647978de43549b1146f89b356db4b16",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_41cb8",
                    table="trial_gmfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="02fe2cea68b8e4fdd43eeeb59067afbc4b1b2fab",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_348c1",
                    table="trial_gmfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="aca9c88f0b205aa9df237171d1ada544dcccd514",
                    operation="INSERT",
                    pgid="pgtrigger_vet_8e245",
                    table="trial_gmfcmldassessmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gmfcmldassessmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="09b3bfc7fe6555f9b3ce17345af26f4cbbc13883",
                    operation="INSERT",
                    pgid="pgtrigger_chain_6333d",
                    table="trial_gmfcmldassessmentevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="65e2c998ac2ee2943aca4e016e6f4c890eea56b3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f465d",
                    table="trial_notdone",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="84aefc6fcfdd014a1a097bd51823e56cf024402d",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_00dd4",
                    table="trial_notdone",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="fbd73638abbb0e4a1bae6d2361192b42899c8e0f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d5e6a",
                    table="trial_notdone",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_notdoneevent" ("created_at", "declared_by_id", "definition_id", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "sequence", "visit_id") VALUES (NEW."created_at", NEW."declared_by_id", NEW."definition_id", NEW."id", NEW."is_current", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."sequence", NEW."visit_id"); RETURN NULL;',
                    hash="b2581cf922c86cdaae22a383796e2532be88007b",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_dbac3",
                    table="trial_notdone",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_notdoneevent" ("created_at", "declared_by_id", "definition_id", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "sequence", "visit_id") VALUES (NEW."created_at", NEW."declared_by_id", NEW."definition_id", NEW."id", NEW."is_current", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."sequence", NEW."visit_id"); RETURN NULL;',
                    hash="d38baafaf6ab13f6daf699da57548a7aeba53f91",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_84e17",
                    table="trial_notdone",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_notdoneevent" ("created_at", "declared_by_id", "definition_id", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "sequence", "visit_id") VALUES (OLD."created_at", OLD."declared_by_id", OLD."definition_id", OLD."id", OLD."is_current", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."sequence", OLD."visit_id"); RETURN NULL;',
                    hash="f1741f60f83a2e83b8c4128c1e86d6bf58f80833",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_dcacc",
                    table="trial_notdone",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdone",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id, NEW.patient_id, OLD.patient_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="302e7bd416769c3d132e82c09437f39453445b39",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_62798",
                    table="trial_notdone",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdoneevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6b1f80767b303b3d6ca981333dbc79aab911e44c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_0edc3",
                    table="trial_notdoneevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdoneevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="5b5448e1e8727454e75da169cedb9448df1ec13b",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_7e949",
                    table="trial_notdoneevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdoneevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="0564eb7e479cba54e1ba4c5e377e6b572a2a0002",
                    operation="INSERT",
                    pgid="pgtrigger_vet_f540c",
                    table="trial_notdoneevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdoneevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6a923c2664b292b4a7d0920c8eef6cd9ff229c31",
                    operation="INSERT",
                    pgid="pgtrigger_chain_aa929",
                    table="trial_notdoneevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="notdoneevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a79fd30b8e18778c7abee9c1a466a526cf828c85",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9937c",
                    table="trial_notdoneevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6738a774761d9822043c733f34cd129e874ce340",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_da153",
                    table="trial_protocoldeviation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1d5faed188fa8a79a7683b9225b841537597dd7c",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_13514",
                    table="trial_protocoldeviation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="fbafa99a3cf1138fc279a4a87fdc43ef0e12fd69",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e43ca",
                    table="trial_protocoldeviation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_protocoldeviationevent" ("closed_by_id", "code", "created_at", "days_outside", "described_by_id", "description", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state", "study_id", "visit_id") VALUES (NEW."closed_by_id", NEW."code", NEW."created_at", NEW."days_outside", NEW."described_by_id", NEW."description", NEW."id", NEW."opened_by_id", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."state", NEW."study_id", NEW."visit_id"); RETURN NULL;',
                    hash="1168a88a803ac2d537b759197aa8ae481a35070b",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_67149",
                    table="trial_protocoldeviation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_protocoldeviationevent" ("closed_by_id", "code", "created_at", "days_outside", "described_by_id", "description", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state", "study_id", "visit_id") VALUES (NEW."closed_by_id", NEW."code", NEW."created_at", NEW."days_outside", NEW."described_by_id", NEW."description", NEW."id", NEW."opened_by_id", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."state", NEW."study_id", NEW."visit_id"); RETURN NULL;',
                    hash="7099875e7e0c56b52c0f9b7ae60ddb0c7d1bdb6a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_41c46",
                    table="trial_protocoldeviation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_protocoldeviationevent" ("closed_by_id", "code", "created_at", "days_outside", "described_by_id", "description", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state", "study_id", "visit_id") VALUES (OLD."closed_by_id", OLD."code", OLD."created_at", OLD."days_outside", OLD."described_by_id", OLD."description", OLD."id", OLD."opened_by_id", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."state", OLD."study_id", OLD."visit_id"); RETURN NULL;',
                    hash="8c6a1d156fc885baee5a2d9134163673fb5d389a",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_1418c",
                    table="trial_protocoldeviation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e9d6d6c09f0a938d9fa474bda618d05612840b3e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_74d01",
                    table="trial_protocoldeviationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="292e2271ae355e6f348ebc4a670ef3628330e70a",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_58b78",
                    table="trial_protocoldeviationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="331261b87e6cd76d1370cb0a746853cf67c43870",
                    operation="INSERT",
                    pgid="pgtrigger_vet_32ff3",
                    table="trial_protocoldeviationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="16d80f51086bf90754ce5dadd8961bb88bb68ced",
                    operation="INSERT",
                    pgid="pgtrigger_chain_366ce",
                    table="trial_protocoldeviationevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocoldeviationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="72a32bf739fccc41142a6b918b5be6177a23532c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6276a",
                    table="trial_protocoldeviationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="b07c4af626b8038d022db6c31daa29e97ab2b11c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f12b1",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="82889605de8f2cd0638b1d9349f37c1fdc55b44b",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_ef4b4",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="declared_steps",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{OPEN:ANSWERED,OPEN:CLOSED,ANSWERED:CLOSED,ANSWERED:OPEN,CLOSED:OPEN}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="da4379443d53e531f2ed1a44507ea91db6c49e48",
                    operation="UPDATE",
                    pgid="pgtrigger_declared_steps_2ffda",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="audience_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."audience" IS DISTINCT FROM (NEW."audience"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="eda5dc68ac50ba984c0b592d878888b3c77deaae",
                    operation="UPDATE",
                    pgid="pgtrigger_audience_stays_5e92c",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_queryevent" ("answer", "assigned_role", "assigned_to_id", "audience", "closed_by_rule", "created_at", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "rule", "state", "study_id", "visit_id") VALUES (NEW."answer", NEW."assigned_role", NEW."assigned_to_id", NEW."audience", NEW."closed_by_rule", NEW."created_at", NEW."id", NEW."opened_by_id", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."question", NEW."rule", NEW."state", NEW."study_id", NEW."visit_id"); RETURN NULL;',
                    hash="f0fe9e9d5d606496a8bbc4002476aa4e294e955d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cb003",
                    table="trial_query",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_queryevent" ("answer", "assigned_role", "assigned_to_id", "audience", "closed_by_rule", "created_at", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "rule", "state", "study_id", "visit_id") VALUES (NEW."answer", NEW."assigned_role", NEW."assigned_to_id", NEW."audience", NEW."closed_by_rule", NEW."created_at", NEW."id", NEW."opened_by_id", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."question", NEW."rule", NEW."state", NEW."study_id", NEW."visit_id"); RETURN NULL;',
                    hash="30f01abd84139f53e5ec5c310f9b3e97eddccab0",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_201f2",
                    table="trial_query",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_queryevent" ("answer", "assigned_role", "assigned_to_id", "audience", "closed_by_rule", "created_at", "id", "opened_by_id", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "rule", "state", "study_id", "visit_id") VALUES (OLD."answer", OLD."assigned_role", OLD."assigned_to_id", OLD."audience", OLD."closed_by_rule", OLD."created_at", OLD."id", OLD."opened_by_id", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."question", OLD."rule", OLD."state", OLD."study_id", OLD."visit_id"); RETURN NULL;',
                    hash="bfb5dcd9c90d49e569c627be005795bcfbbadb4a",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_10566",
                    table="trial_query",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="9caafd3a248917f08e70bb0e7180ef3be20324d4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_edfba",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="query",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id, NEW.patient_id, OLD.patient_id);\nIF held >= 2 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="e40fa12f09b167bb8d2a126795f458b10580302c",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_3f776",
                    table="trial_query",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="queryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="0edb08a9b9f8c1f92326a5f7dba04282803ea318",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_231f9",
                    table="trial_queryevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="queryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fca13e4294397a4612227c246aa7ea6fc1966a12",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_aefa7",
                    table="trial_queryevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="queryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="a112475c1570132f50a0c171a4f6855863f6ffec",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_92100",
                    table="trial_queryevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="queryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="b99f03a3013e388799d3f1d0c101493bfb65b143",
                    operation="INSERT",
                    pgid="pgtrigger_vet_db4bc",
                    table="trial_queryevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="queryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="ec49e8696f270d95f09cd63625e73606398d0a42",
                    operation="INSERT",
                    pgid="pgtrigger_chain_ea437",
                    table="trial_queryevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="9c45561b3d9341c57635648c5c4f0af7731b98f7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_a975f",
                    table="trial_querymessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="258e1eb8131c95e96ca49e4bfad0dc7edcc766d5",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_852f1",
                    table="trial_querymessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="860e3fdb42c35515004214a7491d3d125f251450",
                    operation="UPDATE",
                    pgid="pgtrigger_refuse_update_306e9",
                    table="trial_querymessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_querymessageevent" ("author_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "step", "words") VALUES (NEW."author_id", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."query_id", NEW."step", NEW."words"); RETURN NULL;',
                    hash="f9bbefbdd7676d053c66829b571caafda89c278d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_55576",
                    table="trial_querymessage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_querymessageevent" ("author_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "step", "words") VALUES (NEW."author_id", NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."query_id", NEW."step", NEW."words"); RETURN NULL;',
                    hash="5d98fb6cbb6170ffce3141f9a4c32d69432f5076",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e3c45",
                    table="trial_querymessage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_querymessageevent" ("author_id", "created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "step", "words") VALUES (OLD."author_id", OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."query_id", OLD."step", OLD."words"); RETURN NULL;',
                    hash="7c8d666db7abf4b66d0f61831ceadc17e59e1b80",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_0cb48",
                    table="trial_querymessage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="87dbbcc5672874f082162b7f936787f921e7abcf",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_fa344",
                    table="trial_querymessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessage",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM trial_query WHERE id = NEW.query_id), (SELECT visit_id FROM trial_query WHERE id = OLD.query_id), (SELECT patient_id FROM trial_query WHERE id = NEW.query_id), (SELECT patient_id FROM trial_query WHERE id = OLD.query_id));\nIF held >= 2 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="5ec985573b0d7083f2cebb98a757f423fc61c3f6",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_197d1",
                    table="trial_querymessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="c1bb8dd37e61943b96f2fc792d52b3662ff4ab64",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d84db",
                    table="trial_querymessageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3cf383b612e1be967a009103173a7c189f7cf6f3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7dddd",
                    table="trial_querymessageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="76e0db58da0c4b91690c909e599cc383a40b9fa7",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_8226d",
                    table="trial_querymessageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="32c19c39f70812af6914ae8268949a12bd503e89",
                    operation="INSERT",
                    pgid="pgtrigger_vet_8eb7b",
                    table="trial_querymessageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="querymessageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="8769e8f9c5cecca8866ff304de4754436a580ffa",
                    operation="INSERT",
                    pgid="pgtrigger_chain_95a03",
                    table="trial_querymessageevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="8affcac763a42b6528b13f726d63ae5979a04316",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f8d8c",
                    table="trial_readassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7980b42ecb3d8756e4a1368cabdab484e0b2b2a4",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_bfc10",
                    table="trial_readassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="declared_steps",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{ASSIGNED:SIGNED,ASSIGNED:WITHDRAWN}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="a723b834ad99075fabe0b1a13a9c557127bac28e",
                    operation="UPDATE",
                    pgid="pgtrigger_declared_steps_bc212",
                    table="trial_readassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="9b95a9f397a05dc36779456dccf611c8cc74562f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_536ae",
                    table="trial_readassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_readassignmentevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reader_id", "reading_id", "role", "state", "visit_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reader_id", NEW."reading_id", NEW."role", NEW."state", NEW."visit_id"); RETURN NULL;',
                    hash="37c5877bf2af23bb7adf7717a9bfa0612561a2c3",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d5713",
                    table="trial_readassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_readassignmentevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reader_id", "reading_id", "role", "state", "visit_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reader_id", NEW."reading_id", NEW."role", NEW."state", NEW."visit_id"); RETURN NULL;',
                    hash="76ef9a5b894139f1f1a8dcd90bd9629bd67603a3",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_133b3",
                    table="trial_readassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_readassignmentevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reader_id", "reading_id", "role", "state", "visit_id") VALUES (OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reader_id", OLD."reading_id", OLD."role", OLD."state", OLD."visit_id"); RETURN NULL;',
                    hash="d0f2d467b6e63e73118fbc07a1d9caf362c242cc",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_96875",
                    table="trial_readassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="9b773c44b23cd4b6a21e1e0e22ca95e55fc50b72",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_10980",
                    table="trial_readassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e415b039cb188c63a43af4f1898d15a3fad46726",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_ff3c8",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="406edae1ad07c3658f4e6507b623b8ed80fb7425",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_45796",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="f0cbf197a4080db8859097d3ad29e329ed044f18",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e94e8",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="declared_steps",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{DRAFT:SIGNED,SIGNED:SUPERSEDED}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="6e680c5ba76b8d4e3196041f73a070018c9c5d99",
                    operation="UPDATE",
                    pgid="pgtrigger_declared_steps_dd52b",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_mriseverityreadevent" ("assignment_id", "asymmetric", "created_at", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "reader_id", "reason", "signed_at", "state", "total", "version", "visit_id") VALUES (NEW."assignment_id", NEW."asymmetric", NEW."created_at", NEW."id", NEW."instrument_version", NEW."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."read_on", NEW."reader_id", NEW."reason", NEW."signed_at", NEW."state", NEW."total", NEW."version", NEW."visit_id"); RETURN NULL;',
                    hash="0b101f5074c7a7a6b5d147501d1beac671a7a304",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3aff9",
                    table="trial_mriseverityread",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_mriseverityreadevent" ("assignment_id", "asymmetric", "created_at", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "reader_id", "reason", "signed_at", "state", "total", "version", "visit_id") VALUES (NEW."assignment_id", NEW."asymmetric", NEW."created_at", NEW."id", NEW."instrument_version", NEW."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."read_on", NEW."reader_id", NEW."reason", NEW."signed_at", NEW."state", NEW."total", NEW."version", NEW."visit_id"); RETURN NULL;',
                    hash="103a4e2aa4dab87d2a48b8c655ccf5f2f306bbcd",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0833b",
                    table="trial_mriseverityread",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_mriseverityreadevent" ("assignment_id", "asymmetric", "created_at", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "reader_id", "reason", "signed_at", "state", "total", "version", "visit_id") VALUES (OLD."assignment_id", OLD."asymmetric", OLD."created_at", OLD."id", OLD."instrument_version", OLD."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."read_on", OLD."reader_id", OLD."reason", OLD."signed_at", OLD."state", OLD."total", OLD."version", OLD."visit_id"); RETURN NULL;',
                    hash="0f7a5190d5b1e2334c25acfa4d22c401a9672d29",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_cbccd",
                    table="trial_mriseverityread",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_read_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state <> 'DRAFT' AND OLD.assignment_id IS NOT NULL AND (OLD.items, OLD.asymmetric, OLD.total, OLD.visit_id, OLD.reader_id, OLD.read_on, OLD.instrument_version) IS DISTINCT FROM (NEW.items, NEW.asymmetric, NEW.total, NEW.visit_id, NEW.reader_id, NEW.read_on, NEW.instrument_version))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a3afa50d01a283aa48bbd5e2994857c24b2ddc03",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_read_stays_dfe48",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityread",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="21b0313f3fac41ba043429489fc19ebc35002c3a",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_003a4",
                    table="trial_mriseverityread",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f513946dcf8f94d7117809667bc9f944571419c7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d16f0",
                    table="trial_mriseverityfinal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="657228419f864d1942505ebbb0c65ab62a97c7ff",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_ff8a0",
                    table="trial_mriseverityfinal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ff8ee13a7e82eabe4653148e8cc0c34299030e77",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_01c55",
                    table="trial_mriseverityfinal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_mriseverityfinalevent" ("adjudication_id", "basis", "created_at", "first_read_id", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "second_read_id", "status", "tolerance", "total", "visit_id") VALUES (NEW."adjudication_id", NEW."basis", NEW."created_at", NEW."first_read_id", NEW."id", NEW."instrument_version", NEW."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."read_on", NEW."second_read_id", NEW."status", NEW."tolerance", NEW."total", NEW."visit_id"); RETURN NULL;',
                    hash="01525825902976e818ef6ad9c9ea30c31ce45b33",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_42aa3",
                    table="trial_mriseverityfinal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_mriseverityfinalevent" ("adjudication_id", "basis", "created_at", "first_read_id", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "second_read_id", "status", "tolerance", "total", "visit_id") VALUES (NEW."adjudication_id", NEW."basis", NEW."created_at", NEW."first_read_id", NEW."id", NEW."instrument_version", NEW."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."read_on", NEW."second_read_id", NEW."status", NEW."tolerance", NEW."total", NEW."visit_id"); RETURN NULL;',
                    hash="a3254fe7300c265ae71fffb01635a695753e08d6",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_f20ab",
                    table="trial_mriseverityfinal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_mriseverityfinalevent" ("adjudication_id", "basis", "created_at", "first_read_id", "id", "instrument_version", "items", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "read_on", "second_read_id", "status", "tolerance", "total", "visit_id") VALUES (OLD."adjudication_id", OLD."basis", OLD."created_at", OLD."first_read_id", OLD."id", OLD."instrument_version", OLD."items", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."read_on", OLD."second_read_id", OLD."status", OLD."tolerance", OLD."total", OLD."visit_id"); RETURN NULL;',
                    hash="3e3ebe3b897a8450ae83aed77bd05f7d43ac0082",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7b909",
                    table="trial_mriseverityfinal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinal",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="fed7be4f9a3d061a3d78718d05ce49be364ec01e",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_36196",
                    table="trial_mriseverityfinal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinalevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="ac268c0d61529ac5bc8600acc89f22cf29b91dab",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_2c638",
                    table="trial_mriseverityfinalevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinalevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d297be5c2dce850495a7a1c8d59110d78add4afc",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_8e736",
                    table="trial_mriseverityfinalevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinalevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="1eed1bfc3043420e5f5ca1a417ffff7e54c02091",
                    operation="INSERT",
                    pgid="pgtrigger_vet_30b54",
                    table="trial_mriseverityfinalevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinalevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="50091c64f5ae15da5a8e773ce3a5e997f420a957",
                    operation="INSERT",
                    pgid="pgtrigger_chain_92832",
                    table="trial_mriseverityfinalevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityfinalevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="63fef5e35e8493722db19d12566d2768589848ce",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_05507",
                    table="trial_mriseverityfinalevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityreadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6eda2f32aaea8a593bf34c117b8cb47e8535b8a5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_4e61d",
                    table="trial_mriseverityreadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityreadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="df82609ceed68c66cc2e07eb600f1b0d002d53df",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9ee18",
                    table="trial_mriseverityreadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityreadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d06d9a95d515334cb375996e7b893ea46bc59ccc",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_ed34d",
                    table="trial_mriseverityreadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityreadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="5f44fa8221d88ae0351a1de791b92a32b28252e0",
                    operation="INSERT",
                    pgid="pgtrigger_vet_11133",
                    table="trial_mriseverityreadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mriseverityreadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="904a0b53c8f71df379d7fc9ef1a59cb27e3ddccd",
                    operation="INSERT",
                    pgid="pgtrigger_chain_275cd",
                    table="trial_mriseverityreadevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e712a03cf3f8285fa21c032b8c40f107f12002dc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_09353",
                    table="trial_readassignmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="91e1ff74ebb9e1ffc46c0a9435dc3f5ec09990ab",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_77a7b",
                    table="trial_readassignmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="1c6836a9651a8888b4925b1478b65ea000e80cc0",
                    operation="INSERT",
                    pgid="pgtrigger_vet_c3ef1",
                    table="trial_readassignmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="2392ffd653cbb147d6faea2e45a0c43a04237f69",
                    operation="INSERT",
                    pgid="pgtrigger_chain_abf3a",
                    table="trial_readassignmentevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readassignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9ad883edca8179046c18a08d09d75627a2a8ff14",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3a017",
                    table="trial_readassignmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d6e0b1636e39ddc6724ec9b28abaf3e7f06d881e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_793cf",
                    table="trial_scan",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b4b2d8d991062ab613ca6aec3ce06af356e5d093",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_2daf9",
                    table="trial_scan",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d84ac9357466100aea1bdf0ef92ad47853b3f2d7",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e8238",
                    table="trial_scan",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="d53791b52c68478abe9cf5e7cab2d0a7c866df03",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_4b5bb",
                    table="trial_scan",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_scanevent" ("acq_stratum", "acquisition", "affine", "conflicts", "created_at", "days_from_visit", "deidentification_version", "id", "image_sha256", "origin", "person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scanner", "sequence", "shape", "source_format", "source_sha256", "state", "visit_id", "voxel_size_mm", "voxels_sha256") VALUES (NEW."acq_stratum", NEW."acquisition", NEW."affine", NEW."conflicts", NEW."created_at", NEW."days_from_visit", NEW."deidentification_version", NEW."id", NEW."image_sha256", NEW."origin", NEW."person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."scanner", NEW."sequence", NEW."shape", NEW."source_format", NEW."source_sha256", NEW."state", NEW."visit_id", NEW."voxel_size_mm", NEW."voxels_sha256"); RETURN NULL;',
                    hash="f83838cb5c496ff6d60eb95dbf609d7898b7d32e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5f0d9",
                    table="trial_scan",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "trial_scanevent" ("acq_stratum", "acquisition", "affine", "conflicts", "created_at", "days_from_visit", "deidentification_version", "id", "image_sha256", "origin", "person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scanner", "sequence", "shape", "source_format", "source_sha256", "state", "visit_id", "voxel_size_mm", "voxels_sha256") VALUES (NEW."acq_stratum", NEW."acquisition", NEW."affine", NEW."conflicts", NEW."created_at", NEW."days_from_visit", NEW."deidentification_version", NEW."id", NEW."image_sha256", NEW."origin", NEW."person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."scanner", NEW."sequence", NEW."shape", NEW."source_format", NEW."source_sha256", NEW."state", NEW."visit_id", NEW."voxel_size_mm", NEW."voxels_sha256"); RETURN NULL;',
                    hash="0ba3e9b55cd0f64e8fa3c4699d6ada23e5d5d125",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_32adf",
                    table="trial_scan",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scan",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "trial_scanevent" ("acq_stratum", "acquisition", "affine", "conflicts", "created_at", "days_from_visit", "deidentification_version", "id", "image_sha256", "origin", "person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scanner", "sequence", "shape", "source_format", "source_sha256", "state", "visit_id", "voxel_size_mm", "voxels_sha256") VALUES (OLD."acq_stratum", OLD."acquisition", OLD."affine", OLD."conflicts", OLD."created_at", OLD."days_from_visit", OLD."deidentification_version", OLD."id", OLD."image_sha256", OLD."origin", OLD."person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."scanner", OLD."sequence", OLD."shape", OLD."source_format", OLD."source_sha256", OLD."state", OLD."visit_id", OLD."voxel_size_mm", OLD."voxels_sha256"); RETURN NULL;',
                    hash="24741ac6eaceb4db11f76a24ed8b82cc5ac35ee5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_a1430",
                    table="trial_scan",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="395023265e0a5fad84cbb640e81b476d88771655",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_a9d79",
                    table="trial_scanevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="58d291e9c0e293f3522920bd6047b4c292e50c25",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_18d50",
                    table="trial_scanevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="6fcebe8f6449cee1a710e964dd65364df5a7ab35",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_69b0f",
                    table="trial_scanevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="a21ffe32d1689d2992e0980f49e28fd0a9240361",
                    operation="INSERT",
                    pgid="pgtrigger_vet_75e70",
                    table="trial_scanevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="2a5476a31bc9112cdd399e8107eb5ec00534443e",
                    operation="INSERT",
                    pgid="pgtrigger_chain_456b6",
                    table="trial_scanevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinitionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="04ab2c098f75cb0c2ac7682bc88e132ad775910c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_78a1f",
                    table="trial_visitdefinitionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinitionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e273868e1d50c9f3c5bd52b30a541f0fe4e891d7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_80db5",
                    table="trial_visitdefinitionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinitionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="daa51371cf348472caa299dd41aa799344b0dd33",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_3b59f",
                    table="trial_visitdefinitionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinitionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="9a98ddf924943994c4f101ab09f31d9d1175ba60",
                    operation="INSERT",
                    pgid="pgtrigger_vet_cbea6",
                    table="trial_visitdefinitionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitdefinitionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="23ddb08431c905b7c0b91868510678758edf7b92",
                    operation="INSERT",
                    pgid="pgtrigger_chain_78674",
                    table="trial_visitdefinitionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="60da33953571c872371205bc0cb3d16cf76917ae",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f4f4c",
                    table="trial_visitevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="859e9081b563e2444dbf3177cec4573f28222f9c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_db8e0",
                    table="trial_visitevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d2debc3d9ea1ef84cf5d65b152ea39b88d5f84ca",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_434ee",
                    table="trial_visitevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="4a35acd65a4c29cf46e60299e8644305b54267f6",
                    operation="INSERT",
                    pgid="pgtrigger_vet_f8dd8",
                    table="trial_visitevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="visitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="f1fff6742fec7b15191f79f830ebacf9ea98e13f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_fda16",
                    table="trial_visitevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
