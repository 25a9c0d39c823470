"""Reviews, reference cohorts, reports and kept intervals, in one step."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("analytics", "0001_initial"),
        ("analytics", "0002_chain_history"),
        ("analytics", "0003_lock_guards"),
        ("analytics", "0004_loads_beyond_bounds"),
        ("analytics", "0005_reference_cohorts"),
        ("analytics", "0006_cohort_reports"),
        ("analytics", "0007_kept_intervals"),
        ("analytics", "0008_interval_attempts"),
        ("analytics", "0009_orders_of_more_filters"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0003_accounts_guessed_at_from_an_address"),
        ("audit", "0001_squashed_0017_number_of_the_newest_record"),
        ("segmentation", "0001_squashed_0027_masks_corrected_by_hand"),
        ("trial", "0001_squashed_0026_plausible_loads"),
    ]

    operations = [
        migrations.CreateModel(
            name="CohortReport",
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
                            ("QUEUED", "waiting"),
                            ("RUNNING", "running"),
                            ("SUCCEEDED", "done"),
                            ("FAILED", "failed"),
                            ("REJECTED", "refused"),
                            ("CANCELLED", "cancelled"),
                        ],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("progress_at", models.DateTimeField(blank=True, null=True)),
                ("progress", models.FloatField(default=0.0)),
                ("progress_step", models.CharField(blank=True, max_length=80)),
                ("worker", models.CharField(blank=True, max_length=120)),
                ("turn", models.BigIntegerField(default=0)),
                (
                    "queued_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("rung_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "not_before",
                    models.DateTimeField(
                        blank=True,
                        help_text="Earliest time of the next attempt after a passing fault.",
                        null=True,
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
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
                (
                    "period",
                    models.CharField(help_text="2026-W09, 2026-03 or 2026-03-01.", max_length=10),
                ),
                ("document_sha256", models.CharField(blank=True, max_length=64)),
                ("sha256", models.CharField(blank=True, help_text="Of the PDF.", max_length=64)),
                (
                    "told_at",
                    models.DateTimeField(
                        blank=True, help_text="When the e-mail was sent.", null=True
                    ),
                ),
                (
                    "made_for",
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
                        related_name="cohort_reports",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="cohortreport_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="cohortreport_leases",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "QUEUED",
                                    "RUNNING",
                                    "SUCCEEDED",
                                    "FAILED",
                                    "REJECTED",
                                    "CANCELLED",
                                ],
                            )
                        ),
                        name="cohortreport_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_token__isnull", False), ("state", "RUNNING")),
                            models.Q(
                                models.Q(("state", "RUNNING"), _negated=True),
                                ("lease_token__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="cohortreport_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="cohortreport_priority_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ("FAILED", "REJECTED", "CANCELLED")),
                                models.Q(("failure_code", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(
                                    ("state__in", ("FAILED", "REJECTED", "CANCELLED")),
                                    _negated=True,
                                ),
                                ("failure_code", ""),
                            ),
                            _connector="OR",
                        ),
                        name="cohortreport_failure_has_a_code",
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
                        name="cohort_report_role_known",
                    ),
                    models.UniqueConstraint(
                        fields=("study", "made_for", "role", "period"), name="cohort_report_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "SUCCEEDED"), _negated=True),
                            models.Q(
                                ("document_sha256__regex", "^[0-9a-f]{64}$"),
                                ("sha256__regex", "^[0-9a-f]{64}$"),
                            ),
                            _connector="OR",
                        ),
                        name="cohort_report_done_has_files",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CohortReportEvent",
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
                            ("QUEUED", "waiting"),
                            ("RUNNING", "running"),
                            ("SUCCEEDED", "done"),
                            ("FAILED", "failed"),
                            ("REJECTED", "refused"),
                            ("CANCELLED", "cancelled"),
                        ],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                (
                    "queued_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
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
                (
                    "period",
                    models.CharField(help_text="2026-W09, 2026-03 or 2026-03-01.", max_length=10),
                ),
                ("document_sha256", models.CharField(blank=True, max_length=64)),
                ("sha256", models.CharField(blank=True, help_text="Of the PDF.", max_length=64)),
                (
                    "made_for",
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
                        to="analytics.cohortreport",
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
            name="ExportRecord",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("dataset", models.CharField(max_length=32)),
                ("dictionary_version", models.CharField(max_length=16)),
                ("row_count", models.PositiveBigIntegerField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("is_complete", models.BooleanField(default=False)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="export_records",
                        to="trial.study",
                    ),
                ),
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
                "ordering": ["-created_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ExportRecordEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("dataset", models.CharField(max_length=32)),
                ("dictionary_version", models.CharField(max_length=16)),
                ("row_count", models.PositiveBigIntegerField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("is_complete", models.BooleanField(default=False)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="analytics.exportrecord",
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
                    "user",
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
            name="IntervalEstimate",
            fields=[
                (
                    "key",
                    models.CharField(
                        editable=False, max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("ci_low", models.FloatField(null=True)),
                ("ci_high", models.FloatField(null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why there is no interval.", max_length=200
                    ),
                ),
                (
                    "computed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["computed_at"], name="interval_computed_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[0-9a-f]{64}$")),
                        name="interval_key_is_a_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ci_high__isnull", False),
                                ("ci_low__isnull", False),
                                ("reason", ""),
                            ),
                            models.Q(
                                models.Q(("reason", ""), _negated=True),
                                ("ci_high__isnull", True),
                                ("ci_low__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="interval_whole_or_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntervalOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stratum", models.CharField(blank=True, max_length=2)),
                ("subtype", models.CharField(blank=True, max_length=16)),
                (
                    "ordered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "rung_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("therapy", models.CharField(blank=True, max_length=16)),
                (
                    "site",
                    models.CharField(
                        blank=True, help_text="Its code, as in the address.", max_length=32
                    ),
                ),
                (
                    "arm",
                    models.CharField(
                        blank=True, help_text="Empty while arms are not told.", max_length=32
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "user", "stratum", "subtype", "therapy", "site", "arm"),
                        name="interval_order_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferenceCohort",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("bands", models.JSONField()),
                (
                    "patients",
                    models.JSONField(help_text="Keys of the patients in it, never shown."),
                ),
                ("load_count", models.PositiveIntegerField()),
                (
                    "sha256",
                    models.CharField(help_text="Of the bands, as canonical JSON.", max_length=64),
                ),
                ("is_current", models.BooleanField(default=True)),
                (
                    "frozen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reference_cohorts",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("study",),
                        name="reference_cohort_one_current",
                    ),
                    models.UniqueConstraint(
                        fields=("study", "name"), name="reference_cohort_name_once_in_a_study"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferenceCohortEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("bands", models.JSONField()),
                (
                    "patients",
                    models.JSONField(help_text="Keys of the patients in it, never shown."),
                ),
                ("load_count", models.PositiveIntegerField()),
                (
                    "sha256",
                    models.CharField(help_text="Of the bands, as canonical JSON.", max_length=64),
                ),
                ("is_current", models.BooleanField(default=True)),
                (
                    "frozen_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="analytics.referencecohort",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.study",
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
            name="ReportSubscription",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("WEEKLY", "every week"),
                            ("MONTHLY", "every month"),
                            ("NEVER", "never"),
                        ],
                        default="NEVER",
                        max_length=8,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_subscriptions",
                        to="trial.study",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rhythm__in", ["WEEKLY", "MONTHLY", "NEVER"])),
                        name="report_rhythm_known",
                    ),
                    models.UniqueConstraint(
                        fields=("study", "user"), name="report_subscription_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportSubscriptionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("WEEKLY", "every week"),
                            ("MONTHLY", "every month"),
                            ("NEVER", "never"),
                        ],
                        default="NEVER",
                        max_length=8,
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="analytics.reportsubscription",
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
            name="TrajectoryFlag",
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
                            ("NON_MONOTONIC", "load below an earlier one"),
                            ("POST_TREATMENT_DECREASE", "decrease after treatment"),
                            ("JUMP", "implausible rise"),
                            ("SWAP", "two visits may be exchanged"),
                            ("ABOVE_BRAIN", "load above the brain's volume"),
                            ("ABOVE_WHITE_MATTER", "load above the white matter"),
                            ("IMPLAUSIBLE_LOAD", "implausibly large load"),
                        ],
                        max_length=24,
                    ),
                ),
                ("difference_ml", models.FloatField()),
                (
                    "tolerance_ml",
                    models.FloatField(
                        blank=True,
                        help_text="What explains a difference, in mL; without a reference, the bound of the load.",
                        null=True,
                    ),
                ),
                (
                    "is_current",
                    models.BooleanField(
                        default=True, help_text="False once a later review no longer finds it."
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trajectory_flags",
                        to="trial.patient",
                    ),
                ),
                (
                    "query",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trajectory_flags",
                        to="trial.query",
                    ),
                ),
                (
                    "reference_run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trajectory_flags",
                        to="segmentation.segmentationrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("run", "kind"),
                        name="flag_once_per_run_and_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "NON_MONOTONIC",
                                    "POST_TREATMENT_DECREASE",
                                    "JUMP",
                                    "SWAP",
                                    "ABOVE_BRAIN",
                                    "ABOVE_WHITE_MATTER",
                                    "IMPLAUSIBLE_LOAD",
                                ],
                            )
                        ),
                        name="flag_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrajectoryFlagEvent",
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
                            ("NON_MONOTONIC", "load below an earlier one"),
                            ("POST_TREATMENT_DECREASE", "decrease after treatment"),
                            ("JUMP", "implausible rise"),
                            ("SWAP", "two visits may be exchanged"),
                            ("ABOVE_BRAIN", "load above the brain's volume"),
                            ("ABOVE_WHITE_MATTER", "load above the white matter"),
                            ("IMPLAUSIBLE_LOAD", "implausibly large load"),
                        ],
                        max_length=24,
                    ),
                ),
                ("difference_ml", models.FloatField()),
                (
                    "tolerance_ml",
                    models.FloatField(
                        blank=True,
                        help_text="What explains a difference, in mL; without a reference, the bound of the load.",
                        null=True,
                    ),
                ),
                (
                    "is_current",
                    models.BooleanField(
                        default=True, help_text="False once a later review no longer finds it."
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
                        to="analytics.trajectoryflag",
                    ),
                ),
                (
                    "query",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.query",
                    ),
                ),
                (
                    "reference_run",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.segmentationrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="86f76686e27e0ba864f1eeef122fdccccc7e2a28",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_be909",
                    table="analytics_cohortreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="20c1714aff76958649101c07a95f20c84b9c013e",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_bb0ba",
                    table="analytics_cohortreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="07cc51f11f8ee1e6441a3f1c2c8dc5b31a8a2ac7",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_063d3",
                    table="analytics_cohortreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_cohortreportevent" ("attempt", "created_at", "document_sha256", "failure_code", "finished_at", "id", "made_for_id", "message", "period", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "role", "sha256", "state", "study_id") VALUES (NEW."attempt", NEW."created_at", NEW."document_sha256", NEW."failure_code", NEW."finished_at", NEW."id", NEW."made_for_id", NEW."message", NEW."period", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."queued_at", NEW."role", NEW."sha256", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="24a5dd24bd7fccaf1f70fdb0f3c4bf3ec8229a7d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_fcfe8",
                    table="analytics_cohortreport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."document_sha256" IS DISTINCT FROM (NEW."document_sha256") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."made_for_id" IS DISTINCT FROM (NEW."made_for_id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."period" IS DISTINCT FROM (NEW."period") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id"))',
                    func='INSERT INTO "analytics_cohortreportevent" ("attempt", "created_at", "document_sha256", "failure_code", "finished_at", "id", "made_for_id", "message", "period", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "role", "sha256", "state", "study_id") VALUES (NEW."attempt", NEW."created_at", NEW."document_sha256", NEW."failure_code", NEW."finished_at", NEW."id", NEW."made_for_id", NEW."message", NEW."period", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."queued_at", NEW."role", NEW."sha256", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="e1cf5708aaadd846f19c8ff20f39b69ffeb17b48",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b70ae",
                    table="analytics_cohortreport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreport",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_cohortreportevent" ("attempt", "created_at", "document_sha256", "failure_code", "finished_at", "id", "made_for_id", "message", "period", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "role", "sha256", "state", "study_id") VALUES (OLD."attempt", OLD."created_at", OLD."document_sha256", OLD."failure_code", OLD."finished_at", OLD."id", OLD."made_for_id", OLD."message", OLD."period", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."queued_at", OLD."role", OLD."sha256", OLD."state", OLD."study_id"); RETURN NULL;',
                    hash="8b2f489548fcdf6aac7a84e85ca67626b70dbf90",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_e306d",
                    table="analytics_cohortreport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="04be9629057152acc1913644c83d5454758d78ab",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e3788",
                    table="analytics_cohortreportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="dfda81f0a8f8edda865f52b271c065a4b4546643",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_3cc8c",
                    table="analytics_cohortreportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="0063c3330f851d99c6bd0a58f85e89f91c799806",
                    operation="INSERT",
                    pgid="pgtrigger_vet_5b136",
                    table="analytics_cohortreportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="1ca4115360a33a71ea70272ae8ca2687290a7191",
                    operation="INSERT",
                    pgid="pgtrigger_chain_14c2a",
                    table="analytics_cohortreportevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cohortreportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0254305fd953bebacd78376126f691ac1a2ae0c0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e7fe7",
                    table="analytics_cohortreportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5152f970a730dd6d144fee9d50d6412f5aa5a7f1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_a6422",
                    table="analytics_exportrecord",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b228f53180d8a4d89d05c36d00c3d3b2220c4b56",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_2a560",
                    table="analytics_exportrecord",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_exportrecordevent" ("created_at", "dataset", "dictionary_version", "id", "is_complete", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_count", "sha256", "study_id", "user_id") VALUES (NEW."created_at", NEW."dataset", NEW."dictionary_version", NEW."id", NEW."is_complete", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."row_count", NEW."sha256", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="3d520f40164cb6499a28d815d45b8be38cc213b0",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_131b3",
                    table="analytics_exportrecord",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "analytics_exportrecordevent" ("created_at", "dataset", "dictionary_version", "id", "is_complete", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_count", "sha256", "study_id", "user_id") VALUES (NEW."created_at", NEW."dataset", NEW."dictionary_version", NEW."id", NEW."is_complete", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."row_count", NEW."sha256", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="dbf67059c9b82129ec108fa2611fe2ee56f5d388",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_3c7a5",
                    table="analytics_exportrecord",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_exportrecordevent" ("created_at", "dataset", "dictionary_version", "id", "is_complete", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_count", "sha256", "study_id", "user_id") VALUES (OLD."created_at", OLD."dataset", OLD."dictionary_version", OLD."id", OLD."is_complete", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."row_count", OLD."sha256", OLD."study_id", OLD."user_id"); RETURN NULL;',
                    hash="f1b8bbbcb42dff806285945399762ddf3ea63cca",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_4cdd4",
                    table="analytics_exportrecord",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="bf8180875c0242a601265fd43b2e9cf6224391af",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_0a441",
                    table="analytics_exportrecord",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecordevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="786436691266f42d3425c948f4d68022fdec27da",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_812d2",
                    table="analytics_exportrecordevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecordevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="049b4633f0092ff40ddb70be30a141e391b65f8b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_61672",
                    table="analytics_exportrecordevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecordevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ae4017abfbce7faa5997fdc0928cb6b407c037af",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_cefa3",
                    table="analytics_exportrecordevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecordevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="ac9f6ef6fb78d6e0e274e89a9457334555d4d925",
                    operation="INSERT",
                    pgid="pgtrigger_vet_50ec5",
                    table="analytics_exportrecordevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="exportrecordevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="fc4d2824ab13b51023b5c2221481d1f7ed20ac8d",
                    operation="INSERT",
                    pgid="pgtrigger_chain_df09b",
                    table="analytics_exportrecordevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5a76fcb84328b500a65f66eeaf8a548206f767dc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_12f8b",
                    table="analytics_referencecohort",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="8a94e011620925257683273de854cfbd2e127420",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_5a392",
                    table="analytics_referencecohort",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="241d5402e24d8690a7d7a7931db5fc1ee0d32265",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_a1881",
                    table="analytics_referencecohort",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_referencecohortevent" ("bands", "created_at", "frozen_by_id", "id", "is_current", "load_count", "model_version_id", "name", "patients", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "source_id", "study_id") VALUES (NEW."bands", NEW."created_at", NEW."frozen_by_id", NEW."id", NEW."is_current", NEW."load_count", NEW."model_version_id", NEW."name", NEW."patients", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."sha256", NEW."source_id", NEW."study_id"); RETURN NULL;',
                    hash="72d7ef50bd9ee107230fe9d1c2784b3fb107f7df",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7508b",
                    table="analytics_referencecohort",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "analytics_referencecohortevent" ("bands", "created_at", "frozen_by_id", "id", "is_current", "load_count", "model_version_id", "name", "patients", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "source_id", "study_id") VALUES (NEW."bands", NEW."created_at", NEW."frozen_by_id", NEW."id", NEW."is_current", NEW."load_count", NEW."model_version_id", NEW."name", NEW."patients", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."sha256", NEW."source_id", NEW."study_id"); RETURN NULL;',
                    hash="4d488e64b4a246c89533a85b2ca2198ba40c27f5",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d1e10",
                    table="analytics_referencecohort",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohort",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_referencecohortevent" ("bands", "created_at", "frozen_by_id", "id", "is_current", "load_count", "model_version_id", "name", "patients", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "source_id", "study_id") VALUES (OLD."bands", OLD."created_at", OLD."frozen_by_id", OLD."id", OLD."is_current", OLD."load_count", OLD."model_version_id", OLD."name", OLD."patients", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."sha256", OLD."source_id", OLD."study_id"); RETURN NULL;',
                    hash="fdf5552cbea7083be334ba310aa39b009505eff0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8abd4",
                    table="analytics_referencecohort",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohortevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="786cd54a3e6782733bbc1feb924a6cbf72fa9cce",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_73885",
                    table="analytics_referencecohortevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohortevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="3d69be0d3c975ec62c4f17050f152da5d52b3c78",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_30a93",
                    table="analytics_referencecohortevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohortevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="dc35801fe17cef6120bbffc91efc336ddc82e0c4",
                    operation="INSERT",
                    pgid="pgtrigger_vet_2dcf2",
                    table="analytics_referencecohortevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohortevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="826d958a31269b121c61dd6a3859b1a65bc9376f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_1ab3f",
                    table="analytics_referencecohortevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referencecohortevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="249748fbf81b62bd2441c98786dd3180a0e4bb13",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_5c462",
                    table="analytics_referencecohortevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="015ee441bf9e4672675430200e06ea366b84be78",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_76d50",
                    table="analytics_reportsubscription",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="6e78ad5355c7d998a993a9a9605fbfe153e432f5",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_84b9a",
                    table="analytics_reportsubscription",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d2c7abd4e6fbbce28bbb8c581dca085cb5973944",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_39d0e",
                    table="analytics_reportsubscription",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_reportsubscriptionevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rhythm", "study_id", "user_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."rhythm", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="08654ea112fd58ff9a10c04222b3aac8c567e5af",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d251d",
                    table="analytics_reportsubscription",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "analytics_reportsubscriptionevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rhythm", "study_id", "user_id") VALUES (NEW."created_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."rhythm", NEW."study_id", NEW."user_id"); RETURN NULL;',
                    hash="7183196e3ae86c67bd7388af0f3a4de0fcf435a4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c4f3e",
                    table="analytics_reportsubscription",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscription",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_reportsubscriptionevent" ("created_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rhythm", "study_id", "user_id") VALUES (OLD."created_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."rhythm", OLD."study_id", OLD."user_id"); RETURN NULL;',
                    hash="9f54ea1c697910640eaf0e79e3e07e71e91081d2",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_23553",
                    table="analytics_reportsubscription",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscriptionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6e8f0fd8bd1849ca2fd7d85859d625aaf1e9e5ff",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_91cc5",
                    table="analytics_reportsubscriptionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscriptionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="0eedb037ae5266071cbcc4639956b9afc16eeb2b",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_8ca5a",
                    table="analytics_reportsubscriptionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscriptionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="27afd6fad217d7a2189e1e2e0996afec0dd64b06",
                    operation="INSERT",
                    pgid="pgtrigger_vet_09dde",
                    table="analytics_reportsubscriptionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscriptionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="dd789c72b7d95e627e691836d6d0c36d7a764e15",
                    operation="INSERT",
                    pgid="pgtrigger_chain_e3c08",
                    table="analytics_reportsubscriptionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportsubscriptionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="884862c93cfb49dcd3c6d5818cd6444dada34385",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_dbd37",
                    table="analytics_reportsubscriptionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="146743c9fd5d852c152577ee0c3f9c564deed220",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_829de",
                    table="analytics_trajectoryflag",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="6abe3e5c230ed8ed74545af495bd1da062c5e5ed",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_8ac0e",
                    table="analytics_trajectoryflag",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_trajectoryflagevent" ("created_at", "difference_ml", "id", "is_current", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "reference_run_id", "run_id", "tolerance_ml") VALUES (NEW."created_at", NEW."difference_ml", NEW."id", NEW."is_current", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."query_id", NEW."reference_run_id", NEW."run_id", NEW."tolerance_ml"); RETURN NULL;',
                    hash="c4de34a74fb2d4a67b17c1417c687f737ba3bac1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cf87b",
                    table="analytics_trajectoryflag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "analytics_trajectoryflagevent" ("created_at", "difference_ml", "id", "is_current", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "reference_run_id", "run_id", "tolerance_ml") VALUES (NEW."created_at", NEW."difference_ml", NEW."id", NEW."is_current", NEW."kind", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."query_id", NEW."reference_run_id", NEW."run_id", NEW."tolerance_ml"); RETURN NULL;',
                    hash="8403fbbd639575a069d9a2b30a21fe2e9df39bac",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_77ab5",
                    table="analytics_trajectoryflag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "analytics_trajectoryflagevent" ("created_at", "difference_ml", "id", "is_current", "kind", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "reference_run_id", "run_id", "tolerance_ml") VALUES (OLD."created_at", OLD."difference_ml", OLD."id", OLD."is_current", OLD."kind", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."query_id", OLD."reference_run_id", OLD."run_id", OLD."tolerance_ml"); RETURN NULL;',
                    hash="2ded7527024e5f897fb8036bf5b81281eb395d3f",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_f51f1",
                    table="analytics_trajectoryflag",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="bb37c7341b833450cc4e41f65c07a97874eef5c4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_83ccf",
                    table="analytics_trajectoryflag",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflag",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM segmentation_segmentationrun WHERE id = NEW.run_id), (SELECT visit_id FROM segmentation_segmentationrun WHERE id = OLD.run_id));\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="2f36e34bfae9288eedcdf374a9d13ca035ca8dc9",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_3af03",
                    table="analytics_trajectoryflag",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflagevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f25eedd6ea8c875f579963a5a995b6d242006cb6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_7aeb5",
                    table="analytics_trajectoryflagevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflagevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="06dff305e051cadbd50e94313b6abd7aa9705da2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b95c9",
                    table="analytics_trajectoryflagevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflagevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c5fc8df5febb5f81f00ae7158e4501ec069e82c9",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_cdf14",
                    table="analytics_trajectoryflagevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflagevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="4caad54f046bb50fb9a34592f4a455bfa544cbca",
                    operation="INSERT",
                    pgid="pgtrigger_vet_7a7b3",
                    table="analytics_trajectoryflagevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trajectoryflagevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="1c6a574f8579798b19839e943c0d506841d6201c",
                    operation="INSERT",
                    pgid="pgtrigger_chain_333c3",
                    table="analytics_trajectoryflagevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
