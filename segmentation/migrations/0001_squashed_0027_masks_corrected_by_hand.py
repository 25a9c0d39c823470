"""Scans, models, runs and results as the first 27 migrations leave them, in one step."""

import django.contrib.postgres.fields
import django.core.validators
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
        ("segmentation", "0001_initial"),
        ("segmentation", "0002_chain_history"),
        ("segmentation", "0003_lock_guards"),
        ("segmentation", "0004_held_loads_keep_their_method"),
        ("segmentation", "0005_transfers"),
        ("segmentation", "0006_scan_quality"),
        ("segmentation", "0007_protocol_rules"),
        ("segmentation", "0008_scanners"),
        ("segmentation", "0009_voided_runs_stay_beside_new_ones"),
        ("segmentation", "0010_image_exports"),
        ("segmentation", "0011_model_manifests"),
        ("segmentation", "0012_dispatch"),
        ("segmentation", "0013_told_of_failures"),
        ("segmentation", "0014_masks_drawn_by_hand"),
        ("segmentation", "0015_training_sets_and_evaluations"),
        ("segmentation", "0016_tissue_volumes"),
        ("segmentation", "0017_image_cautions"),
        ("segmentation", "0018_interval_of_the_load"),
        ("segmentation", "0019_promotions"),
        ("segmentation", "0020_mask_reviews"),
        ("segmentation", "0021_trainings"),
        ("segmentation", "0022_passes_of_results"),
        ("segmentation", "0023_mask_reviews_beside_a_t2w"),
        ("segmentation", "0024_evaluations_of_patients"),
        ("segmentation", "0025_runs_of_candidates_at_held_visits"),
        ("segmentation", "0026_mask_overlaps"),
        ("segmentation", "0027_masks_corrected_by_hand"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0003_accounts_guessed_at_from_an_address"),
        ("audit", "0001_squashed_0017_number_of_the_newest_record"),
        ("trial", "0001_squashed_0026_plausible_loads"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImageExport",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                (
                    "visit_code",
                    models.CharField(
                        blank=True,
                        help_text="Of the visits whose images are in it; empty for all.",
                        max_length=16,
                    ),
                ),
                (
                    "reason_for_faces",
                    models.TextField(
                        blank=True,
                        help_text="Why faces are in the images; empty where they are removed.",
                    ),
                ),
                ("scans", models.JSONField(blank=True, default=dict)),
                (
                    "written",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="images in it"),
                ),
                (
                    "left_out",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="images left out"
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ordered_by",
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
                        related_name="image_exports",
                        to="trial.study",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "export of images",
                "ordering": ["-queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="imageexport_leases",
                    ),
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="imageexport_queue",
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
                        name="imageexport_state_known",
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
                        name="imageexport_lease_while_running",
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
                        name="imageexport_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING"])),
                        fields=("study",),
                        name="image_export_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "SUCCEEDED"), _negated=True),
                            models.Q(
                                ("expires_at__isnull", False),
                                ("left_out__isnull", False),
                                ("sha256__regex", "^[0-9a-f]{64}$"),
                                ("size_bytes__isnull", False),
                                ("written__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="image_export_done_has_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="imageexport_priority_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImageExportEvent",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                (
                    "visit_code",
                    models.CharField(
                        blank=True,
                        help_text="Of the visits whose images are in it; empty for all.",
                        max_length=16,
                    ),
                ),
                (
                    "reason_for_faces",
                    models.TextField(
                        blank=True,
                        help_text="Why faces are in the images; empty where they are removed.",
                    ),
                ),
                ("scans", models.JSONField(blank=True, default=dict)),
                (
                    "written",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="images in it"),
                ),
                (
                    "left_out",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="images left out"
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ordered_by",
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
                        to="segmentation.imageexport",
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
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("CNN", "nnU-Net"),
                            ("CONVENTIONAL", "conventional"),
                            ("MANUAL", "drawn by hand"),
                            ("CORRECTED", "corrected by hand"),
                            ("TEST", "test method"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the manifest of the model folder.", max_length=64
                    ),
                ),
                ("folder", models.CharField(blank=True, max_length=200)),
                (
                    "sequences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), size=None
                    ),
                ),
                ("is_demonstration", models.BooleanField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("CANDIDATE", "candidate"),
                            ("ACTIVE", "active"),
                            ("RETIRED", "retired"),
                        ],
                        default="CANDIDATE",
                        max_length=10,
                    ),
                ),
                ("card", models.TextField(blank=True)),
                (
                    "manifest",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="As registered, without the second names of tensors; empty: not recorded.",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "version"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="model_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["CANDIDATE", "ACTIVE", "RETIRED"])),
                        name="model_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ACTIVE")),
                        fields=("state",),
                        name="model_one_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method__in", ["CNN", "CONVENTIONAL", "MANUAL", "CORRECTED", "TEST"])
                        ),
                        name="model_method_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntervalCalibration",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.CharField(max_length=32)),
                ("content", models.JSONField()),
                (
                    "sha256",
                    models.CharField(help_text="Of the content in canonical JSON.", max_length=64),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interval_calibrations",
                        to="segmentation.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model_version", "version"), name="interval_calibration_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IntervalCalibrationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("version", models.CharField(max_length=32)),
                ("content", models.JSONField()),
                (
                    "sha256",
                    models.CharField(help_text="Of the content in canonical JSON.", max_length=64),
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
                        to="segmentation.intervalcalibration",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ModelEvaluation",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("data", models.CharField(help_text="What it was measured on.", max_length=200)),
                ("cases", models.JSONField()),
                ("summary", models.JSONField(help_text="By stratum, computed from the cases.")),
                (
                    "report_sha256",
                    models.CharField(help_text="Of the cases in canonical JSON.", max_length=64),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose patients the cases are; empty where they are of no study.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model_version", "report_sha256"), name="evaluation_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("data", ""), _negated=True),
                        name="evaluation_says_on_what",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelEvaluationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("data", models.CharField(help_text="What it was measured on.", max_length=200)),
                ("cases", models.JSONField()),
                ("summary", models.JSONField(help_text="By stratum, computed from the cases.")),
                (
                    "report_sha256",
                    models.CharField(help_text="Of the cases in canonical JSON.", max_length=64),
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
                        to="segmentation.modelevaluation",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Whose patients the cases are; empty where they are of no study.",
                        null=True,
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
            name="ModelPromotion",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "impact",
                    models.JSONField(
                        help_text="By study: the loads of both methods, flags, agreement."
                    ),
                ),
                (
                    "impact_sha256",
                    models.CharField(help_text="Of the impact in canonical JSON.", max_length=64),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotions",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotion",
                        to="audit.approvalrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("model_version", models.F("replaces")), _negated=True),
                        name="promotion_replaces_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("impact_sha256__regex", "^[0-9a-f]{64}$")),
                        name="promotion_sha256_is_hex",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelPromotionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "impact",
                    models.JSONField(
                        help_text="By study: the loads of both methods, flags, agreement."
                    ),
                ),
                (
                    "impact_sha256",
                    models.CharField(help_text="Of the impact in canonical JSON.", max_length=64),
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
                        to="segmentation.modelpromotion",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="audit.approvalrequest",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ModelVersionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("name", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("CNN", "nnU-Net"),
                            ("CONVENTIONAL", "conventional"),
                            ("MANUAL", "drawn by hand"),
                            ("CORRECTED", "corrected by hand"),
                            ("TEST", "test method"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the manifest of the model folder.", max_length=64
                    ),
                ),
                ("folder", models.CharField(blank=True, max_length=200)),
                (
                    "sequences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), size=None
                    ),
                ),
                ("is_demonstration", models.BooleanField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("CANDIDATE", "candidate"),
                            ("ACTIVE", "active"),
                            ("RETIRED", "retired"),
                        ],
                        default="CANDIDATE",
                        max_length=10,
                    ),
                ),
                ("card", models.TextField(blank=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "manifest",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="As registered, without the second names of tensors; empty: not recorded.",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProtocolVersion",
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
                    models.PositiveIntegerField(
                        blank=True, help_text="Given when it comes into force.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "draft"),
                            ("IN_FORCE", "in force"),
                            ("SUPERSEDED", "superseded"),
                            ("DISCARDED", "discarded"),
                        ],
                        default="DRAFT",
                        max_length=10,
                    ),
                ),
                ("rules", models.JSONField(blank=True, default=list)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("in_force_since", models.DateTimeField(blank=True, null=True)),
                (
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.protocolversion",
                    ),
                ),
                (
                    "put_in_force_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocol_versions",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of the protocol rules",
                "verbose_name_plural": "versions of the protocol rules",
                "ordering": ["-created_at"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["DRAFT", "IN_FORCE", "SUPERSEDED", "DISCARDED"])
                        ),
                        name="protocol_version_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "DRAFT")),
                        fields=("study",),
                        name="protocol_one_draft",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "IN_FORCE")),
                        fields=("study",),
                        name="protocol_one_in_force",
                    ),
                    models.UniqueConstraint(
                        fields=("study", "number"), name="protocol_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("number__isnull", True), ("state__in", ["DRAFT", "DISCARDED"])
                            ),
                            models.Q(
                                models.Q(("reason", ""), _negated=True),
                                ("in_force_since__isnull", False),
                                ("number__isnull", False),
                                ("state__in", ["IN_FORCE", "SUPERSEDED"]),
                            ),
                            _connector="OR",
                        ),
                        name="protocol_in_force_has_number_and_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtocolCheck",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "visit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="protocol_check",
                        serialize=False,
                        to="trial.visit",
                    ),
                ),
                (
                    "scan_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None, verbose_name="scans"
                    ),
                ),
                (
                    "not_done",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        size=None,
                        verbose_name="declared not done",
                    ),
                ),
                ("met", models.PositiveIntegerField()),
                ("not_met", models.PositiveIntegerField()),
                ("unknown", models.PositiveIntegerField()),
                (
                    "checked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="segmentation.protocolversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "protocol check",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProtocolCheckEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "scan_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None, verbose_name="scans"
                    ),
                ),
                (
                    "not_done",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        size=None,
                        verbose_name="declared not done",
                    ),
                ),
                ("met", models.PositiveIntegerField()),
                ("not_met", models.PositiveIntegerField()),
                ("unknown", models.PositiveIntegerField()),
                (
                    "checked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.protocolcheck",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="trial.visit",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.protocolversion",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProtocolFinding",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule_key", models.CharField(max_length=40, verbose_name="rule")),
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
                    "quantity",
                    models.CharField(
                        choices=[
                            ("present", "Sequence present"),
                            ("acquisition", "Acquired as"),
                            ("stratum", "Counts for analysis as"),
                            ("in_plane_mm", "Voxel size in plane"),
                            ("through_plane_mm", "Distance of the slices"),
                            ("slice_thickness_mm", "Slice thickness"),
                            ("slice_gap_mm", "Gap between slices"),
                            ("coverage_mm", "Coverage"),
                            ("slices", "Number of slices"),
                            ("matrix", "Matrix in plane"),
                            ("field_strength_t", "Field strength"),
                            ("tr_ms", "TR"),
                            ("te_ms", "TE"),
                            ("ti_ms", "TI"),
                            ("flip_deg", "Flip angle"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("not_met", "not met"), ("cannot_tell", "cannot be told")],
                        max_length=12,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("note", "note"),
                            ("deviation", "deviation"),
                            ("exclude", "exclude"),
                        ],
                        max_length=10,
                    ),
                ),
                ("measured", models.CharField(blank=True, max_length=80)),
                ("asked", models.CharField(max_length=80, verbose_name="protocol asks for")),
                ("sentence", models.TextField(verbose_name="in words")),
                ("is_current", models.BooleanField(default=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("DISMISSED", "no deviation"), ("ACCEPTED", "used all the same")],
                        max_length=10,
                    ),
                ),
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
                    "deviation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocol_findings",
                        to="trial.protocoldeviation",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocol_findings",
                        to="trial.scan",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocol_findings",
                        to="trial.visit",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="segmentation.protocolversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "protocol finding",
                "ordering": ["created_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_current", True), ("severity", "exclude")),
                        fields=["scan"],
                        name="protocol_finding_excludes",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit", "scan", "rule_key"),
                        name="protocol_finding_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["not_met", "cannot_tell"])),
                        name="protocol_finding_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["note", "deviation", "exclude"])),
                        name="protocol_finding_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by__isnull", True), ("decision", "")),
                            models.Q(
                                models.Q(("decision_reason", ""), _negated=True),
                                ("decided_by__isnull", False),
                                ("decision__in", ["DISMISSED", "ACCEPTED"]),
                            ),
                            _connector="OR",
                        ),
                        name="protocol_decision_has_person_and_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtocolFindingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("rule_key", models.CharField(max_length=40, verbose_name="rule")),
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
                    "quantity",
                    models.CharField(
                        choices=[
                            ("present", "Sequence present"),
                            ("acquisition", "Acquired as"),
                            ("stratum", "Counts for analysis as"),
                            ("in_plane_mm", "Voxel size in plane"),
                            ("through_plane_mm", "Distance of the slices"),
                            ("slice_thickness_mm", "Slice thickness"),
                            ("slice_gap_mm", "Gap between slices"),
                            ("coverage_mm", "Coverage"),
                            ("slices", "Number of slices"),
                            ("matrix", "Matrix in plane"),
                            ("field_strength_t", "Field strength"),
                            ("tr_ms", "TR"),
                            ("te_ms", "TE"),
                            ("ti_ms", "TI"),
                            ("flip_deg", "Flip angle"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("not_met", "not met"), ("cannot_tell", "cannot be told")],
                        max_length=12,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("note", "note"),
                            ("deviation", "deviation"),
                            ("exclude", "exclude"),
                        ],
                        max_length=10,
                    ),
                ),
                ("measured", models.CharField(blank=True, max_length=80)),
                ("asked", models.CharField(max_length=80, verbose_name="protocol asks for")),
                ("sentence", models.TextField(verbose_name="in words")),
                ("is_current", models.BooleanField(default=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("DISMISSED", "no deviation"), ("ACCEPTED", "used all the same")],
                        max_length=10,
                    ),
                ),
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
                    "deviation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.protocoldeviation",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.protocolfinding",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
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
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.protocolversion",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProtocolVersionEvent",
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
                    models.PositiveIntegerField(
                        blank=True, help_text="Given when it comes into force.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "draft"),
                            ("IN_FORCE", "in force"),
                            ("SUPERSEDED", "superseded"),
                            ("DISCARDED", "discarded"),
                        ],
                        default="DRAFT",
                        max_length=10,
                    ),
                ),
                ("rules", models.JSONField(blank=True, default=list)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("in_force_since", models.DateTimeField(blank=True, null=True)),
                (
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.protocolversion",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.protocolversion",
                    ),
                ),
                (
                    "put_in_force_by",
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
            name="Scanner",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=200, verbose_name="recognised by")),
                ("manufacturer", models.CharField(blank=True, max_length=64)),
                ("model", models.CharField(blank=True, max_length=64)),
                (
                    "field_strength_t",
                    models.FloatField(blank=True, null=True, verbose_name="field strength, T"),
                ),
                (
                    "device",
                    models.CharField(
                        blank=True, max_length=80, verbose_name="serial number, as pseudonym"
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, help_text="As the site calls it.", max_length=80),
                ),
                (
                    "is_qualified",
                    models.BooleanField(default=False, verbose_name="qualified for the study"),
                ),
                ("qualification", models.CharField(blank=True, max_length=300)),
                (
                    "qualified_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scanners",
                        to="trial.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scanners",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "ordering": ["site__code", "created_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("site", "key"), name="scanner_once_per_site"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_qualified", False),
                            models.Q(
                                models.Q(("qualification", ""), _negated=True),
                                ("qualified_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="scanner_qualified_by_a_person_with_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScannedOn",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "scan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="scanned_on",
                        serialize=False,
                        to="trial.scan",
                    ),
                ),
                ("software", models.CharField(blank=True, max_length=200)),
                ("acquired_on", models.DateField()),
                (
                    "scanner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="segmentation.scanner",
                    ),
                ),
            ],
            options={
                "verbose_name": "scanner of a scan",
                "verbose_name_plural": "scanners of scans",
                "ordering": ["acquired_on"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScannedOnEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("software", models.CharField(blank=True, max_length=200)),
                ("acquired_on", models.DateField()),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.scannedon",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="trial.scan",
                    ),
                ),
                (
                    "scanner",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.scanner",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScannerChange",
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
                        choices=[("NEW", "new scanner"), ("SOFTWARE", "software changed")],
                        max_length=8,
                    ),
                ),
                (
                    "before",
                    models.CharField(blank=True, max_length=200, verbose_name="software before"),
                ),
                (
                    "after",
                    models.CharField(blank=True, max_length=200, verbose_name="software after"),
                ),
                ("last_before_on", models.DateField(blank=True, null=True)),
                ("first_after_on", models.DateField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scanner_changes",
                        to="trial.scan",
                    ),
                ),
                (
                    "scanner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="segmentation.scanner",
                    ),
                ),
            ],
            options={
                "ordering": ["-first_after_on"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["NEW", "SOFTWARE"])),
                        name="scanner_change_kind_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("scanner", "kind", "scan"),
                        name="scanner_change_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScannerChangeEvent",
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
                        choices=[("NEW", "new scanner"), ("SOFTWARE", "software changed")],
                        max_length=8,
                    ),
                ),
                (
                    "before",
                    models.CharField(blank=True, max_length=200, verbose_name="software before"),
                ),
                (
                    "after",
                    models.CharField(blank=True, max_length=200, verbose_name="software after"),
                ),
                ("last_before_on", models.DateField(blank=True, null=True)),
                ("first_after_on", models.DateField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.scannerchange",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
                    ),
                ),
                (
                    "scanner",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.scanner",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScannerEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("key", models.CharField(max_length=200, verbose_name="recognised by")),
                ("manufacturer", models.CharField(blank=True, max_length=64)),
                ("model", models.CharField(blank=True, max_length=64)),
                (
                    "field_strength_t",
                    models.FloatField(blank=True, null=True, verbose_name="field strength, T"),
                ),
                (
                    "device",
                    models.CharField(
                        blank=True, max_length=80, verbose_name="serial number, as pseudonym"
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, help_text="As the site calls it.", max_length=80),
                ),
                (
                    "is_qualified",
                    models.BooleanField(default=False, verbose_name="qualified for the study"),
                ),
                ("qualification", models.CharField(blank=True, max_length=300)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.scanner",
                    ),
                ),
                (
                    "qualified_by",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScanQuality",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("method_version", models.CharField(max_length=32)),
                ("metrics", models.JSONField(blank=True, default=dict)),
                (
                    "mosaic_sha256",
                    models.CharField(blank=True, max_length=64, verbose_name="picture sha256"),
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
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quality",
                        to="trial.scan",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "t1w_scan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.scan",
                        verbose_name="T1w image in which the brain was found",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "image quality",
                "ordering": ["queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="scanquality_leases",
                    ),
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="scanquality_queue",
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
                        name="scanquality_state_known",
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
                        name="scanquality_lease_while_running",
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
                        name="scanquality_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        fields=("scan", "method_version"), name="quality_once_per_method"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mosaic_sha256__regex", "^([0-9a-f]{64})?$")),
                        name="quality_picture_is_hex",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "SUCCEEDED"), _negated=True),
                            models.Q(("metrics", {}), _negated=True),
                            _connector="OR",
                        ),
                        name="quality_done_has_metrics",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="scanquality_priority_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScanQualityEvent",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("method_version", models.CharField(max_length=32)),
                ("metrics", models.JSONField(blank=True, default=dict)),
                (
                    "mosaic_sha256",
                    models.CharField(blank=True, max_length=64, verbose_name="picture sha256"),
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
                        to="segmentation.scanquality",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
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
                    "t1w_scan",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
                        verbose_name="T1w image in which the brain was found",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SegmentationBatch",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "ordered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("visits_seen", models.PositiveIntegerField(default=0)),
                ("queued", models.PositiveIntegerField(default=0)),
                ("known", models.PositiveIntegerField(default=0)),
                ("held", models.PositiveIntegerField(default=0)),
                ("prepared_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "ordered_by",
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
                        related_name="segmentation_batches",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "order of segmentations",
                "verbose_name_plural": "orders of segmentations",
                "ordering": ["-ordered_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("cancelled_at__isnull", True), ("prepared_at__isnull", True)
                        ),
                        fields=("study", "model_version"),
                        name="segmentation_batch_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentationBatchEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "ordered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("prepared_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
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
                    "ordered_by",
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
                        to="segmentation.segmentationbatch",
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
            name="SegmentationRun",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("purpose", models.CharField(default="PRIMARY", max_length=16)),
                ("parameters", models.JSONField(blank=True, default=dict)),
                ("parameters_sha256", models.CharField(max_length=64)),
                ("input_sha256", models.CharField(max_length=64)),
                ("analysis_flag", models.BooleanField(default=False)),
                ("is_voided", models.BooleanField(default=False)),
                ("provenance", models.JSONField(blank=True, default=dict)),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "t1w_scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs_as_t1w",
                        to="trial.scan",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs_as_t2w",
                        to="trial.scan",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="segmentation_runs",
                        to="trial.visit",
                    ),
                ),
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
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="segmentation.segmentationbatch",
                    ),
                ),
                (
                    "told_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When people were told that it ended without a result.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="segmentationrun_leases",
                    ),
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="segmentationrun_queue",
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
                        name="segmentationrun_state_known",
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
                        name="segmentationrun_lease_while_running",
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
                        name="segmentationrun_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("analysis_flag", True)),
                        fields=("visit", "model_version"),
                        name="run_one_for_analysis",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("analysis_flag", False),
                            models.Q(("is_voided", False), ("state", "SUCCEEDED")),
                            _connector="OR",
                        ),
                        name="run_for_analysis_has_succeeded",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_voided", False)),
                        fields=(
                            "visit",
                            "purpose",
                            "model_version",
                            "parameters_sha256",
                            "input_sha256",
                        ),
                        name="run_once_per_input",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="segmentationrun_priority_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaskOverlap",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("method_version", models.CharField(max_length=32)),
                ("dice", models.FloatField(blank=True, null=True)),
                ("hausdorff95_mm", models.FloatField(blank=True, null=True)),
                ("surface_dice", models.FloatField(blank=True, null=True)),
                (
                    "reference_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overlaps",
                        to="segmentation.segmentationrun",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "reference_run", "method_version"), name="overlap_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("run", models.F("reference_run")), _negated=True),
                        name="overlap_of_two_runs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("dice__isnull", True), ("dice__range", (0, 1)), _connector="OR"
                        ),
                        name="overlap_dice_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("surface_dice__isnull", True),
                            ("surface_dice__range", (0, 1)),
                            _connector="OR",
                        ),
                        name="overlap_surface_dice_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hausdorff95_mm__isnull", True),
                            ("hausdorff95_mm__gte", 0),
                            _connector="OR",
                        ),
                        name="overlap_distance_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaskOverlapEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("method_version", models.CharField(max_length=32)),
                ("dice", models.FloatField(blank=True, null=True)),
                ("hausdorff95_mm", models.FloatField(blank=True, null=True)),
                ("surface_dice", models.FloatField(blank=True, null=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.maskoverlap",
                    ),
                ),
                (
                    "reference_run",
                    models.ForeignKey(
                        db_constraint=False,
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
        migrations.CreateModel(
            name="MaskReview",
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
                ("review_id", models.CharField(max_length=16, unique=True)),
                ("mask_sha256", models.CharField(max_length=64)),
                (
                    "pictures",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="sha256 by name, and how far the slices lie apart.",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("WAITING", "to look at"),
                            ("APPROVED", "approved"),
                            ("REJECTED", "rejected"),
                            ("SUPERSEDED", "no longer stands"),
                            ("WITHDRAWN", "given again"),
                        ],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True, help_text="What was looked at, or why it is rejected."
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mask_reviews",
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "is_no_operator",
                    models.BooleanField(
                        default=False,
                        help_text="Who gave an imported mask confirmed that the reviewer did not make it.",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        help_text="The T2w in the pictures; empty for a mask that is not drawn or has none.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.scan",
                    ),
                ),
            ],
            options={
                "verbose_name": "review of a mask",
                "ordering": ["review_id"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="maskreview_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="maskreview_leases",
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
                        name="maskreview_state_known",
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
                        name="maskreview_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="maskreview_priority_known",
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
                        name="maskreview_failure_has_a_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "decision__in",
                                ["WAITING", "APPROVED", "REJECTED", "SUPERSEDED", "WITHDRAWN"],
                            )
                        ),
                        name="mask_review_decision_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decision__in", ("WAITING", "APPROVED", "REJECTED"))),
                        fields=("run",),
                        name="mask_review_one_stands",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision__in", ("APPROVED", "REJECTED")), _negated=True),
                            ("decided_at__isnull", False),
                            _connector="OR",
                        ),
                        name="mask_review_decided_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "REJECTED"), _negated=True),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="mask_review_rejected_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaskReviewEvent",
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
                ("review_id", models.CharField(max_length=16)),
                ("mask_sha256", models.CharField(max_length=64)),
                (
                    "pictures",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="sha256 by name, and how far the slices lie apart.",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("WAITING", "to look at"),
                            ("APPROVED", "approved"),
                            ("REJECTED", "rejected"),
                            ("SUPERSEDED", "no longer stands"),
                            ("WITHDRAWN", "given again"),
                        ],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True, help_text="What was looked at, or why it is rejected."
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.maskreview",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "is_no_operator",
                    models.BooleanField(
                        default=False,
                        help_text="Who gave an imported mask confirmed that the reviewer did not make it.",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="The T2w in the pictures; empty for a mask that is not drawn or has none.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SegmentationResult",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="result",
                        serialize=False,
                        to="segmentation.segmentationrun",
                    ),
                ),
                ("mask_path", models.CharField(max_length=200, unique=True)),
                ("mask_sha256", models.CharField(max_length=64)),
                ("attempt", models.PositiveSmallIntegerField()),
                ("voxel_count", models.PositiveBigIntegerField()),
                ("demyelination_load_ml", models.FloatField()),
                (
                    "cautions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24),
                        blank=True,
                        help_text="What is unusual about the images; empty: nothing, NULL: not looked for.",
                        null=True,
                        size=None,
                    ),
                ),
                ("interval_high_ml", models.FloatField(blank=True, null=True)),
                (
                    "interval_level",
                    models.FloatField(
                        blank=True,
                        help_text="Share of phantoms' truths that it was made to hold.",
                        null=True,
                    ),
                ),
                ("interval_low_ml", models.FloatField(blank=True, null=True)),
                (
                    "interval_calibration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="segmentation.intervalcalibration",
                    ),
                ),
                (
                    "passes",
                    models.JSONField(
                        blank=True,
                        help_text="What each pass of the network found, in mL; NULL: not kept, or no such method.",
                        null=True,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("demyelination_load_ml__gte", 0)),
                        name="result_load_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "cautions__contained_by",
                                ["T1W_UNUSUAL", "T2W_UNUSUAL", "BRAIN_AT_EDGE", "T2W_INCOMPLETE"],
                            )
                        ),
                        name="result_cautions_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("interval_calibration__isnull", True),
                                ("interval_high_ml__isnull", True),
                                ("interval_level__isnull", True),
                                ("interval_low_ml__isnull", True),
                            ),
                            models.Q(
                                ("interval_calibration__isnull", False),
                                ("interval_high_ml__gte", models.F("demyelination_load_ml")),
                                ("interval_high_ml__isnull", False),
                                ("interval_level__gt", 0),
                                ("interval_level__isnull", False),
                                ("interval_level__lt", 1),
                                ("interval_low_ml__gte", 0),
                                ("interval_low_ml__isnull", False),
                                ("interval_low_ml__lte", models.F("demyelination_load_ml")),
                            ),
                            _connector="OR",
                        ),
                        name="result_interval_whole_and_around_the_load",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentationResultEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("mask_path", models.CharField(max_length=200)),
                ("mask_sha256", models.CharField(max_length=64)),
                ("attempt", models.PositiveSmallIntegerField()),
                ("voxel_count", models.PositiveBigIntegerField()),
                ("demyelination_load_ml", models.FloatField()),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.segmentationresult",
                    ),
                ),
                (
                    "cautions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24),
                        blank=True,
                        help_text="What is unusual about the images; empty: nothing, NULL: not looked for.",
                        null=True,
                        size=None,
                    ),
                ),
                ("interval_high_ml", models.FloatField(blank=True, null=True)),
                (
                    "interval_level",
                    models.FloatField(
                        blank=True,
                        help_text="Share of phantoms' truths that it was made to hold.",
                        null=True,
                    ),
                ),
                ("interval_low_ml", models.FloatField(blank=True, null=True)),
                (
                    "interval_calibration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.intervalcalibration",
                    ),
                ),
                (
                    "passes",
                    models.JSONField(
                        blank=True,
                        help_text="What each pass of the network found, in mL; NULL: not kept, or no such method.",
                        null=True,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SegmentationRunEvent",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("purpose", models.CharField(default="PRIMARY", max_length=16)),
                ("parameters", models.JSONField(blank=True, default=dict)),
                ("parameters_sha256", models.CharField(max_length=64)),
                ("input_sha256", models.CharField(max_length=64)),
                ("analysis_flag", models.BooleanField(default=False)),
                ("is_voided", models.BooleanField(default=False)),
                ("provenance", models.JSONField(blank=True, default=dict)),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
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
                        to="segmentation.segmentationrun",
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
                    "t1w_scan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
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
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.segmentationbatch",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TissueMeasurement",
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
                ("method_version", models.CharField(max_length=32)),
                ("separability", models.FloatField(blank=True, null=True)),
                ("reasons", models.JSONField(blank=True, default=dict)),
                ("provenance", models.JSONField(blank=True, default=dict)),
                (
                    "origin",
                    models.CharField(
                        choices=[("CLINICAL", "clinical"), ("DEMO", "demonstration")],
                        default="CLINICAL",
                        max_length=8,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tissue",
                        to="segmentation.segmentationrun",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
            ],
            options={
                "verbose_name": "measurement of tissue",
                "ordering": ["queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="tissuemeasurement_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="tissuemeasurement_leases",
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
                        name="tissuemeasurement_state_known",
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
                        name="tissuemeasurement_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="tissuemeasurement_priority_known",
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
                        name="tissuemeasurement_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        fields=("run", "method_version"), name="tissue_once_per_method"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TissueMeasurementEvent",
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
                ("method_version", models.CharField(max_length=32)),
                ("separability", models.FloatField(blank=True, null=True)),
                ("reasons", models.JSONField(blank=True, default=dict)),
                ("provenance", models.JSONField(blank=True, default=dict)),
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
                        to="segmentation.tissuemeasurement",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TissueVolume",
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
                            ("BRNVOL", "brain"),
                            ("WMVOL", "white matter"),
                            ("GMVOL", "gray matter"),
                            ("ICVOL", "intracranial"),
                        ],
                        max_length=8,
                    ),
                ),
                ("volume_ml", models.FloatField()),
                (
                    "measurement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="volumes",
                        to="segmentation.tissuemeasurement",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tissue_volumes",
                        to="segmentation.segmentationrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("measurement", "code"), name="tissue_one_of_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code__in", ["BRNVOL", "WMVOL", "GMVOL", "ICVOL"])),
                        name="tissue_code_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("volume_ml__gt", 0)), name="tissue_volume_above_zero"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TissueVolumeEvent",
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
                            ("BRNVOL", "brain"),
                            ("WMVOL", "white matter"),
                            ("GMVOL", "gray matter"),
                            ("ICVOL", "intracranial"),
                        ],
                        max_length=8,
                    ),
                ),
                ("volume_ml", models.FloatField()),
                (
                    "measurement",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.tissuemeasurement",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.tissuevolume",
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
        migrations.CreateModel(
            name="TrainingRun",
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
                ("name", models.SlugField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                (
                    "network",
                    models.CharField(
                        choices=[
                            ("planned", "as nnU-Net plans it, for a GPU"),
                            ("small", "small, at 2 mm, for a CPU"),
                            ("tiny", "tiny (tests only)"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "device",
                    models.CharField(choices=[("cpu", "CPU"), ("cuda", "GPU")], max_length=4),
                ),
                (
                    "epochs",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ]
                    ),
                ),
                (
                    "iterations",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="steps of an epoch",
                    ),
                ),
                (
                    "patience",
                    models.PositiveIntegerField(
                        help_text="Epochs without a better pseudo-Dice after which it ends; 0: never early."
                    ),
                ),
                (
                    "trained_folds",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="folds trained",
                    ),
                ),
                (
                    "held_out_percent",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(50)]
                    ),
                ),
                ("seed", models.PositiveIntegerField()),
                ("epochs_done", models.PositiveIntegerField(default=0)),
                (
                    "pseudo_dice",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Smoothed, of the finished epochs of the fold.",
                    ),
                ),
                ("seconds", models.FloatField(blank=True, null=True)),
                (
                    "model_version",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="training_run",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "ordered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trainings",
                        to="trial.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "training",
                "ordering": ["-queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="trainingrun_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="trainingrun_leases",
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
                        name="trainingrun_state_known",
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
                        name="trainingrun_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="trainingrun_priority_known",
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
                        name="trainingrun_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ("FAILED", "REJECTED", "CANCELLED")), _negated=True
                        ),
                        fields=("name", "version"),
                        name="training_run_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "SUCCEEDED"), _negated=True),
                            ("model_version__isnull", False),
                            _connector="OR",
                        ),
                        name="training_run_done_has_a_model",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("network__in", ["planned", "small", "tiny"])),
                        name="training_run_network_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("device__in", ["cpu", "cuda"])),
                        name="training_run_device_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingCase",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=16)),
                ("patient_name", models.CharField(max_length=16)),
                ("acq_stratum", models.CharField(max_length=2)),
                (
                    "fold",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty for a patient whom no training sees.",
                        null=True,
                    ),
                ),
                ("left_out", models.TextField(blank=True, help_text="Why the mask was not used.")),
                ("mask_ml", models.FloatField(blank=True, null=True)),
                (
                    "learnt_ml",
                    models.FloatField(
                        blank=True, help_text="At the voxel size of the network.", null=True
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.maskreview",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.scan",
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="segmentation.trainingrun",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("training", "name"), name="training_case_name_once"
                    ),
                    models.UniqueConstraint(
                        fields=("training", "review"), name="training_case_mask_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingCaseEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("name", models.CharField(max_length=16)),
                ("patient_name", models.CharField(max_length=16)),
                ("acq_stratum", models.CharField(max_length=2)),
                (
                    "fold",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty for a patient whom no training sees.",
                        null=True,
                    ),
                ),
                ("left_out", models.TextField(blank=True, help_text="Why the mask was not used.")),
                ("mask_ml", models.FloatField(blank=True, null=True)),
                (
                    "learnt_ml",
                    models.FloatField(
                        blank=True, help_text="At the voxel size of the network.", null=True
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.trainingcase",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.maskreview",
                    ),
                ),
                (
                    "t2w_scan",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.scan",
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.trainingrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TrainingRunEvent",
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
                ("name", models.SlugField(db_index=False, max_length=64)),
                ("version", models.CharField(max_length=32)),
                (
                    "network",
                    models.CharField(
                        choices=[
                            ("planned", "as nnU-Net plans it, for a GPU"),
                            ("small", "small, at 2 mm, for a CPU"),
                            ("tiny", "tiny (tests only)"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "device",
                    models.CharField(choices=[("cpu", "CPU"), ("cuda", "GPU")], max_length=4),
                ),
                (
                    "epochs",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ]
                    ),
                ),
                (
                    "iterations",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="steps of an epoch",
                    ),
                ),
                (
                    "patience",
                    models.PositiveIntegerField(
                        help_text="Epochs without a better pseudo-Dice after which it ends; 0: never early."
                    ),
                ),
                (
                    "trained_folds",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="folds trained",
                    ),
                ),
                (
                    "held_out_percent",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(50)]
                    ),
                ),
                ("seed", models.PositiveIntegerField()),
                ("seconds", models.FloatField(blank=True, null=True)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "ordered_by",
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
                        to="segmentation.trainingrun",
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
            name="TrainingSet",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model_version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="training_set",
                        serialize=False,
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="Where the list comes from.", max_length=200),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        name="training_set_has_a_source",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingMember",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("study_code", models.CharField(max_length=64)),
                ("subject_code", models.CharField(max_length=64)),
                (
                    "is_current",
                    models.BooleanField(
                        default=True,
                        help_text="No: listed by mistake, and taken back with a reason.",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trained",
                        to="trial.patient",
                    ),
                ),
                (
                    "training_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="segmentation.trainingset",
                    ),
                ),
            ],
            options={
                "ordering": ["study_code", "subject_code"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("training_set", "study_code", "subject_code"),
                        name="training_member_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingMemberEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("study_code", models.CharField(max_length=64)),
                ("subject_code", models.CharField(max_length=64)),
                (
                    "is_current",
                    models.BooleanField(
                        default=True,
                        help_text="No: listed by mistake, and taken back with a reason.",
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
                        to="segmentation.trainingmember",
                    ),
                ),
                (
                    "training_set",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.trainingset",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TrainingSetEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "source",
                    models.CharField(help_text="Where the list comes from.", max_length=200),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="segmentation.modelversion",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.trainingset",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Upload",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                (
                    "declared_sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        help_text="Given for NIfTI only.",
                        max_length=8,
                    ),
                ),
                ("declared_acquired_on", models.DateField(blank=True, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="trial.visit",
                    ),
                ),
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
            ],
            options={
                "ordering": ["-queued_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "RUNNING")),
                        fields=["lease_until"],
                        name="upload_leases",
                    ),
                    models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["-priority", "turn", "queued_at"],
                        name="upload_queue",
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
                        name="upload_state_known",
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
                        name="upload_lease_while_running",
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
                        name="upload_failure_has_a_code",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING", "SUCCEEDED"])),
                        fields=("visit", "sha256", "declared_sequence"),
                        name="upload_once_per_visit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [0, 1, 2])),
                        name="upload_priority_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("size_bytes", models.BigIntegerField()),
                ("offset_bytes", models.BigIntegerField(default=0)),
                (
                    "declared_sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        help_text="Given for NIfTI only.",
                        max_length=8,
                    ),
                ),
                ("declared_acquired_on", models.DateField(blank=True, null=True)),
                ("after_end_reason", models.TextField(blank=True)),
                (
                    "expected_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Of the whole file, where the sender gave it.",
                        max_length=64,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "on its way"),
                            ("RECEIVED", "received"),
                            ("REFUSED", "refused"),
                            ("CANCELLED", "cancelled"),
                            ("EXPIRED", "left lying"),
                        ],
                        default="OPEN",
                        max_length=9,
                    ),
                ),
                (
                    "message",
                    models.TextField(blank=True, help_text="For people: why it was refused."),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfer",
                        to="segmentation.upload",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="trial.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "OPEN")),
                        fields=["sent_by", "visit"],
                        name="transfer_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["OPEN", "RECEIVED", "REFUSED", "CANCELLED", "EXPIRED"])
                        ),
                        name="transfer_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offset_bytes__gte", 0), ("offset_bytes__lte", models.F("size_bytes"))
                        ),
                        name="transfer_offset_within_the_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("offset_bytes", models.F("size_bytes")),
                                ("state", "RECEIVED"),
                                ("upload", models.F("id")),
                            ),
                            models.Q(
                                models.Q(("state", "RECEIVED"), _negated=True),
                                ("upload__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="transfer_received_is_an_upload",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "REFUSED"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="transfer_refusal_has_a_message",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("size_bytes", models.BigIntegerField()),
                (
                    "declared_sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        help_text="Given for NIfTI only.",
                        max_length=8,
                    ),
                ),
                ("declared_acquired_on", models.DateField(blank=True, null=True)),
                ("after_end_reason", models.TextField(blank=True)),
                (
                    "expected_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Of the whole file, where the sender gave it.",
                        max_length=64,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "on its way"),
                            ("RECEIVED", "received"),
                            ("REFUSED", "refused"),
                            ("CANCELLED", "cancelled"),
                            ("EXPIRED", "left lying"),
                        ],
                        default="OPEN",
                        max_length=9,
                    ),
                ),
                (
                    "message",
                    models.TextField(blank=True, help_text="For people: why it was refused."),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.transfer",
                    ),
                ),
                (
                    "sent_by",
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="trial.site",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="segmentation.upload",
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
            name="UploadEvent",
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
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure_code", models.CharField(blank=True, max_length=32)),
                (
                    "message",
                    models.TextField(
                        blank=True, help_text="For people: what to do about a failure."
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                (
                    "declared_sequence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("T1w", "T1w"),
                            ("T2w", "T2w"),
                            ("FLAIR", "FLAIR"),
                            ("other", "other"),
                        ],
                        help_text="Given for NIfTI only.",
                        max_length=8,
                    ),
                ),
                ("declared_acquired_on", models.DateField(blank=True, null=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.upload",
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
                    "uploaded_by",
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
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "in the background"), (1, "normal"), (2, "first")], default=1
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="20162d4267fba0581fa5d3f5a174b354a30411d4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_36a50",
                    table="segmentation_imageexport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="271448007e804f1eed00a397546ee0f5e6beb0d5",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_319f9",
                    table="segmentation_imageexport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="f9b7e998037c3cb93037c4d8b4e00f5f59776fb8",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_daf10",
                    table="segmentation_imageexport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_imageexportevent" ("attempt", "created_at", "expires_at", "failure_code", "finished_at", "id", "left_out", "message", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "reason_for_faces", "removed_at", "scans", "sha256", "size_bytes", "state", "study_id", "visit_code", "written") VALUES (NEW."attempt", NEW."created_at", NEW."expires_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."left_out", NEW."message", NEW."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."queued_at", NEW."reason_for_faces", NEW."removed_at", NEW."scans", NEW."sha256", NEW."size_bytes", NEW."state", NEW."study_id", NEW."visit_code", NEW."written"); RETURN NULL;',
                    hash="cab3d2ea860d288afb1fb59842a529d1d91e3fdf",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3cea1",
                    table="segmentation_imageexport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."left_out" IS DISTINCT FROM (NEW."left_out") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."ordered_by_id" IS DISTINCT FROM (NEW."ordered_by_id") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."reason_for_faces" IS DISTINCT FROM (NEW."reason_for_faces") OR OLD."removed_at" IS DISTINCT FROM (NEW."removed_at") OR OLD."scans" IS DISTINCT FROM (NEW."scans") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."size_bytes" IS DISTINCT FROM (NEW."size_bytes") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."visit_code" IS DISTINCT FROM (NEW."visit_code") OR OLD."written" IS DISTINCT FROM (NEW."written"))',
                    func='INSERT INTO "segmentation_imageexportevent" ("attempt", "created_at", "expires_at", "failure_code", "finished_at", "id", "left_out", "message", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "reason_for_faces", "removed_at", "scans", "sha256", "size_bytes", "state", "study_id", "visit_code", "written") VALUES (NEW."attempt", NEW."created_at", NEW."expires_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."left_out", NEW."message", NEW."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."queued_at", NEW."reason_for_faces", NEW."removed_at", NEW."scans", NEW."sha256", NEW."size_bytes", NEW."state", NEW."study_id", NEW."visit_code", NEW."written"); RETURN NULL;',
                    hash="e29d165ce4e5df572a81c965360d2ce6ffb8df42",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_736f6",
                    table="segmentation_imageexport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexport",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_imageexportevent" ("attempt", "created_at", "expires_at", "failure_code", "finished_at", "id", "left_out", "message", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "reason_for_faces", "removed_at", "scans", "sha256", "size_bytes", "state", "study_id", "visit_code", "written") VALUES (OLD."attempt", OLD."created_at", OLD."expires_at", OLD."failure_code", OLD."finished_at", OLD."id", OLD."left_out", OLD."message", OLD."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."queued_at", OLD."reason_for_faces", OLD."removed_at", OLD."scans", OLD."sha256", OLD."size_bytes", OLD."state", OLD."study_id", OLD."visit_code", OLD."written"); RETURN NULL;',
                    hash="f1da74b2ffe456cb63ed1d4a320bdedf32ceea22",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ef632",
                    table="segmentation_imageexport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="92a2b73ad7d8efe61329b5983dd5fb70bb86a111",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_ff134",
                    table="segmentation_imageexportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="cbb566f5ae2783f48ed44621ba0f79de81f3c36d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e8177",
                    table="segmentation_imageexportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="81524502df754b155b01c8794e41715ab10b95e5",
                    operation="INSERT",
                    pgid="pgtrigger_vet_9837f",
                    table="segmentation_imageexportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="180d18d049bfbade003fadbbb9411d463a27c81b",
                    operation="INSERT",
                    pgid="pgtrigger_chain_e246e",
                    table="segmentation_imageexportevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="imageexportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="2c9a612a7fa52e5b120c6ebf79fe084a3ebc7ec7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c32e8",
                    table="segmentation_imageexportevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="17de0d0b85a9edd7b88ab24fdb9be1c4eb50edfd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_618ff",
                    table="segmentation_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="95896de44035ed1d3126bd63aaaf3c9a606880a0",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_8f2ce",
                    table="segmentation_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="531cb39ba3c7257d80e0466e9c3ff8bc88eebbd4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_db3eb",
                    table="segmentation_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="keep_held_loads",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF (OLD.state = 'ACTIVE') = (NEW.state = 'ACTIVE') THEN\n    RETURN NEW;\nEND IF;\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(locked.level) INTO held\n    FROM segmentation_segmentationrun run\n    JOIN audit_lockedrecord locked ON locked.record_id = run.visit_id\n    WHERE run.model_version_id = NEW.id AND run.analysis_flag;\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="64c10b42141ae779806cc71e1ade86fcd33062c3",
                    operation="UPDATE",
                    pgid="pgtrigger_keep_held_loads_794ef",
                    table="segmentation_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelversionevent" ("card", "created_at", "folder", "id", "is_demonstration", "manifest", "method", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sequences", "sha256", "state", "version") VALUES (NEW."card", NEW."created_at", NEW."folder", NEW."id", NEW."is_demonstration", NEW."manifest", NEW."method", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."sequences", NEW."sha256", NEW."state", NEW."version"); RETURN NULL;',
                    hash="2d1ee8442c5ccef0172d5f8b20671856b12f444f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_76099",
                    table="segmentation_modelversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_modelversionevent" ("card", "created_at", "folder", "id", "is_demonstration", "manifest", "method", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sequences", "sha256", "state", "version") VALUES (NEW."card", NEW."created_at", NEW."folder", NEW."id", NEW."is_demonstration", NEW."manifest", NEW."method", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."sequences", NEW."sha256", NEW."state", NEW."version"); RETURN NULL;',
                    hash="ace74b55bed1528ac9b3fdc9aeb94f074ef8b175",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b3e24",
                    table="segmentation_modelversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelversionevent" ("card", "created_at", "folder", "id", "is_demonstration", "manifest", "method", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sequences", "sha256", "state", "version") VALUES (OLD."card", OLD."created_at", OLD."folder", OLD."id", OLD."is_demonstration", OLD."manifest", OLD."method", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."sequences", OLD."sha256", OLD."state", OLD."version"); RETURN NULL;',
                    hash="9aaab501b1f44991bb4bff61a769af454c3a3a59",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_e7a96",
                    table="segmentation_modelversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="replaced_by_two_people",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF OLD.state = 'ACTIVE' AND NEW.state <> 'ACTIVE' AND EXISTS (\n    SELECT FROM segmentation_segmentationrun run\n    WHERE run.model_version_id = OLD.id AND run.analysis_flag\n) AND NOT EXISTS (\n    SELECT FROM segmentation_modelpromotion promotion\n    JOIN audit_approvalrequest request ON request.id = promotion.request_id\n    WHERE promotion.replaces_id = OLD.id AND request.action = 'PROMOTE' AND request.is_approved\n    AND request.decided_by_id <> request.requested_by_id\n    AND request.decided_at >= transaction_timestamp()\n) THEN\n    RAISE EXCEPTION 'A method whose results count is replaced by two people.'\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,\n        CONSTRAINT = 'model_replaced_by_two_people';\nEND IF;\nRETURN NEW;\n",
                    hash="ec9c3a5335bfe45f5c0bd679376e605739434cd4",
                    operation="UPDATE",
                    pgid="pgtrigger_replaced_by_two_people_4d0fd",
                    table="segmentation_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1fa04929759c57f540bd49784a118d37ddba32cc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_39d14",
                    table="segmentation_intervalcalibration",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d400bfeee623ed9b1cdc8eea9cfac6e03ca14bee",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_00742",
                    table="segmentation_intervalcalibration",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="9953d01e2c3a8f35a1a879b4cb31257d653a7651",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1655f",
                    table="segmentation_intervalcalibration",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_intervalcalibrationevent" ("content", "created_at", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "version") VALUES (NEW."content", NEW."created_at", NEW."id", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."sha256", NEW."version"); RETURN NULL;',
                    hash="ce4d0e55004f524b25946b6fbc6f821ba4b98ca7",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2d0e3",
                    table="segmentation_intervalcalibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_intervalcalibrationevent" ("content", "created_at", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "version") VALUES (NEW."content", NEW."created_at", NEW."id", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."sha256", NEW."version"); RETURN NULL;',
                    hash="1f775b176f5e5c8a6731301c89c3c8e606160f9e",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_28cbf",
                    table="segmentation_intervalcalibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibration",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_intervalcalibrationevent" ("content", "created_at", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "version") VALUES (OLD."content", OLD."created_at", OLD."id", OLD."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."sha256", OLD."version"); RETURN NULL;',
                    hash="9cdfe57306379df3f962ecaf1e7a059381880c2d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_53235",
                    table="segmentation_intervalcalibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e6a4bd1106b607e492e5ca380cc387e071d7d9f9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_3757d",
                    table="segmentation_intervalcalibrationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="b40cebd8f6a0bc4e3ec887e42ccac224e6c36676",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_53fc6",
                    table="segmentation_intervalcalibrationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="3d7a5e4a264e5dbd62e3075b803adeeaa01a77f2",
                    operation="INSERT",
                    pgid="pgtrigger_vet_6ab8e",
                    table="segmentation_intervalcalibrationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6c3f80d6a047ee733df2aa7c76105035883663a1",
                    operation="INSERT",
                    pgid="pgtrigger_chain_b3f39",
                    table="segmentation_intervalcalibrationevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="intervalcalibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e340523bdfd838dd06485b834de289d15ea3bf87",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e4868",
                    table="segmentation_intervalcalibrationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="4ed4d96bf05b1e8fd7b8cafd8677ac8d83325d9f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_87869",
                    table="segmentation_modelevaluation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="98c0b501bc106a80750614bee227eb7550790c79",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_dcd6f",
                    table="segmentation_modelevaluation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ac259488bb86c242f210ceef6b1f3140407d2ea6",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d2ec9",
                    table="segmentation_modelevaluation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelevaluationevent" ("cases", "created_at", "data", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_sha256", "study_id", "summary") VALUES (NEW."cases", NEW."created_at", NEW."data", NEW."id", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."report_sha256", NEW."study_id", NEW."summary"); RETURN NULL;',
                    hash="8d38f8969c4bd761702334ebcbd4831ed2ac7e1a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_71a68",
                    table="segmentation_modelevaluation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_modelevaluationevent" ("cases", "created_at", "data", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_sha256", "study_id", "summary") VALUES (NEW."cases", NEW."created_at", NEW."data", NEW."id", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."report_sha256", NEW."study_id", NEW."summary"); RETURN NULL;',
                    hash="d271c41c2a6197ea30546c5ff12cea1a4281eb8b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_5dbcf",
                    table="segmentation_modelevaluation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelevaluationevent" ("cases", "created_at", "data", "id", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_sha256", "study_id", "summary") VALUES (OLD."cases", OLD."created_at", OLD."data", OLD."id", OLD."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."report_sha256", OLD."study_id", OLD."summary"); RETURN NULL;',
                    hash="e42e6becbd3581df15b8f7121b00625fddcc6693",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_79acd",
                    table="segmentation_modelevaluation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d1cc9fab8829f879fa916cca2f2a5d01ca0313f4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_7f3a3",
                    table="segmentation_modelevaluationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="2545253dec3b2608739585101fa736c7382ca669",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e2733",
                    table="segmentation_modelevaluationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="019540482466e8ec1454a6ced587f5cda5d736ae",
                    operation="INSERT",
                    pgid="pgtrigger_vet_a94a5",
                    table="segmentation_modelevaluationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="98a33886519e18da1a10a9e7525d940429473175",
                    operation="INSERT",
                    pgid="pgtrigger_chain_0469b",
                    table="segmentation_modelevaluationevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelevaluationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cd7fe6309ebdfdab045bdfade9ffb5f28e6bb190",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8713d",
                    table="segmentation_modelevaluationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="4d40da6b50856a366908179fdcfc6a84f11bbce3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_76b53",
                    table="segmentation_modelpromotion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e1be1b4e23b74b181c75d79edfea2f7490a6a430",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_935aa",
                    table="segmentation_modelpromotion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="d7538cf4b343b87a0bf04fb76e3fa9eff3ba80ff",
                    operation="UPDATE",
                    pgid="pgtrigger_refuse_update_beedf",
                    table="segmentation_modelpromotion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ae0423367e1108e68aa1cf5870c8d285bc7a81e1",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_4e116",
                    table="segmentation_modelpromotion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelpromotionevent" ("created_at", "id", "impact", "impact_sha256", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaces_id", "request_id") VALUES (NEW."created_at", NEW."id", NEW."impact", NEW."impact_sha256", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."replaces_id", NEW."request_id"); RETURN NULL;',
                    hash="4bf2cef81dd8b3db4f42f2d0456a12c97fdca29f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9286f",
                    table="segmentation_modelpromotion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_modelpromotionevent" ("created_at", "id", "impact", "impact_sha256", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaces_id", "request_id") VALUES (NEW."created_at", NEW."id", NEW."impact", NEW."impact_sha256", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."replaces_id", NEW."request_id"); RETURN NULL;',
                    hash="ae7de5c0959509ab0f0f1319231d81936513be4c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b688e",
                    table="segmentation_modelpromotion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotion",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_modelpromotionevent" ("created_at", "id", "impact", "impact_sha256", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaces_id", "request_id") VALUES (OLD."created_at", OLD."id", OLD."impact", OLD."impact_sha256", OLD."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."replaces_id", OLD."request_id"); RETURN NULL;',
                    hash="f8887ce3a67c8774ca93ebce49c5c103ca662a0b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_4e6ac",
                    table="segmentation_modelpromotion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6ffd23c207702d4331d505077625457c52028d50",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_af055",
                    table="segmentation_modelpromotionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="4899081fecff3b5b01fbbf65d8f0730c67573362",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1996c",
                    table="segmentation_modelpromotionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="48699465fe3752e655ccd5fe75240c9dc2e80a1a",
                    operation="INSERT",
                    pgid="pgtrigger_vet_f1a4c",
                    table="segmentation_modelpromotionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="18de07825142a7c40684f111f4ca294466f40d25",
                    operation="INSERT",
                    pgid="pgtrigger_chain_4b86f",
                    table="segmentation_modelpromotionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelpromotionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1ccb9125aeffb46a12b67b5cd06b664d213c203e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8824b",
                    table="segmentation_modelpromotionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="dfbc7188102587d14f08fda7a99c37a4365f2993",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d54b4",
                    table="segmentation_modelversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="94aaa1b39927f7ee3d13fb5036d40da43cf0f2e3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_fc19c",
                    table="segmentation_modelversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="96bab7a602b986df21b455fd5d8a56f2069925b4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b50aa",
                    table="segmentation_modelversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="19d388d00696098d8cc3235a4ff00c15f8a86cc1",
                    operation="INSERT",
                    pgid="pgtrigger_vet_c329c",
                    table="segmentation_modelversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="ecf91072808d79771ecfc23ff8240af0763375c9",
                    operation="INSERT",
                    pgid="pgtrigger_chain_0ad4a",
                    table="segmentation_modelversionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f67e64b4411f6f6b95387ef6859059bf8665c3f9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_456f2",
                    table="segmentation_protocolversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="3fdd27a07d95b60d4a6f9c8fcb291e614dc2e9bc",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_7823c",
                    table="segmentation_protocolversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="84d19df0ae556adeea5de80ebdd211ab242dd311",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_470eb",
                    table="segmentation_protocolversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolversionevent" ("based_on_id", "created_at", "id", "in_force_since", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "put_in_force_by_id", "reason", "rules", "state", "study_id") VALUES (NEW."based_on_id", NEW."created_at", NEW."id", NEW."in_force_since", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."put_in_force_by_id", NEW."reason", NEW."rules", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="8f15b47034ba893e808685dd8ea57dee1fbfd46e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_1f819",
                    table="segmentation_protocolversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_protocolversionevent" ("based_on_id", "created_at", "id", "in_force_since", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "put_in_force_by_id", "reason", "rules", "state", "study_id") VALUES (NEW."based_on_id", NEW."created_at", NEW."id", NEW."in_force_since", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."put_in_force_by_id", NEW."reason", NEW."rules", NEW."state", NEW."study_id"); RETURN NULL;',
                    hash="474a2a883843f985b5ae6c6fd8d5812a04cdf405",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8deb1",
                    table="segmentation_protocolversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolversionevent" ("based_on_id", "created_at", "id", "in_force_since", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "put_in_force_by_id", "reason", "rules", "state", "study_id") VALUES (OLD."based_on_id", OLD."created_at", OLD."id", OLD."in_force_since", OLD."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."put_in_force_by_id", OLD."reason", OLD."rules", OLD."state", OLD."study_id"); RETURN NULL;',
                    hash="1d361dab277066fa437a656cde56835953e88575",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_40e99",
                    table="segmentation_protocolversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversion",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.study_id, OLD.study_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="fcad3fc7b10dcdfdf1a4501e7c81958b7aae3f42",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_3a2e1",
                    table="segmentation_protocolversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="70c9475e131ac45d7f0769ca5a85cfd81c4c5c60",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_4756d",
                    table="segmentation_protocolcheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1fa3bf5a0230be39917f95784574adaa6a793fa5",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_bd76c",
                    table="segmentation_protocolcheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="6bfbd2c8a12b7dce1f090240e7c1a879c5ea29b1",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_03043",
                    table="segmentation_protocolcheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolcheckevent" ("checked_at", "created_at", "met", "not_done", "not_met", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_ids", "unknown", "version_id", "visit_id") VALUES (NEW."checked_at", NEW."created_at", NEW."met", NEW."not_done", NEW."not_met", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."visit_id", NEW."scan_ids", NEW."unknown", NEW."version_id", NEW."visit_id"); RETURN NULL;',
                    hash="5d142c0b1dbd1eff4d378f0d6892c55503553d79",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_937e7",
                    table="segmentation_protocolcheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_protocolcheckevent" ("checked_at", "created_at", "met", "not_done", "not_met", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_ids", "unknown", "version_id", "visit_id") VALUES (NEW."checked_at", NEW."created_at", NEW."met", NEW."not_done", NEW."not_met", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."visit_id", NEW."scan_ids", NEW."unknown", NEW."version_id", NEW."visit_id"); RETURN NULL;',
                    hash="25fba10f6ce1eb80d7f6f6396d857a80c2672b8c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_860a7",
                    table="segmentation_protocolcheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolcheckevent" ("checked_at", "created_at", "met", "not_done", "not_met", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_ids", "unknown", "version_id", "visit_id") VALUES (OLD."checked_at", OLD."created_at", OLD."met", OLD."not_done", OLD."not_met", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."visit_id", OLD."scan_ids", OLD."unknown", OLD."version_id", OLD."visit_id"); RETURN NULL;',
                    hash="eae09f40fe55d6bd6bb5a4f379fd50fa0b2367c7",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_78b38",
                    table="segmentation_protocolcheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="b4e5da2d33f758f19be13e8aef0c7fbdb2b1e043",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_b7b97",
                    table="segmentation_protocolcheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e41dafedd575c1d17ef107dbeb8a819f6e8ac55b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b0a87",
                    table="segmentation_protocolcheckevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="8d875e75c024e90d6c54bce6de949c3170bd8cb0",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_9190e",
                    table="segmentation_protocolcheckevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="11448da56cd27f1bd3f7c0276550fa5cf38c00c6",
                    operation="INSERT",
                    pgid="pgtrigger_vet_a1b98",
                    table="segmentation_protocolcheckevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6d9c46028dfd0b521e90d3b27c892f19c0fe9fec",
                    operation="INSERT",
                    pgid="pgtrigger_chain_9c422",
                    table="segmentation_protocolcheckevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolcheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8194890a4f4af2634ecb95e225d0213d78d616e6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e638d",
                    table="segmentation_protocolcheckevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="597b61271fdf4ecbaa1320d65c9b0c6144f0ffbc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_cbb92",
                    table="segmentation_protocolfinding",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="beab48119e582184bdfd37af1d81c6ed8108e11b",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_1dc13",
                    table="segmentation_protocolfinding",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c07d6b05ef048f85a63a7f2fe450a80b0d74d1de",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b2176",
                    table="segmentation_protocolfinding",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolfindingevent" ("asked", "created_at", "decided_by_id", "decision", "decision_reason", "deviation_id", "id", "is_current", "measured", "outcome", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "rule_key", "scan_id", "sentence", "sequence", "severity", "version_id", "visit_id") VALUES (NEW."asked", NEW."created_at", NEW."decided_by_id", NEW."decision", NEW."decision_reason", NEW."deviation_id", NEW."id", NEW."is_current", NEW."measured", NEW."outcome", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."quantity", NEW."rule_key", NEW."scan_id", NEW."sentence", NEW."sequence", NEW."severity", NEW."version_id", NEW."visit_id"); RETURN NULL;',
                    hash="84df7436cf99eea5b961766e447a5a03299e45c4",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_50a4a",
                    table="segmentation_protocolfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_protocolfindingevent" ("asked", "created_at", "decided_by_id", "decision", "decision_reason", "deviation_id", "id", "is_current", "measured", "outcome", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "rule_key", "scan_id", "sentence", "sequence", "severity", "version_id", "visit_id") VALUES (NEW."asked", NEW."created_at", NEW."decided_by_id", NEW."decision", NEW."decision_reason", NEW."deviation_id", NEW."id", NEW."is_current", NEW."measured", NEW."outcome", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."quantity", NEW."rule_key", NEW."scan_id", NEW."sentence", NEW."sequence", NEW."severity", NEW."version_id", NEW."visit_id"); RETURN NULL;',
                    hash="5acf6b14b7e05a7b3df77de57a845000bcdc878d",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_47ca2",
                    table="segmentation_protocolfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_protocolfindingevent" ("asked", "created_at", "decided_by_id", "decision", "decision_reason", "deviation_id", "id", "is_current", "measured", "outcome", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "rule_key", "scan_id", "sentence", "sequence", "severity", "version_id", "visit_id") VALUES (OLD."asked", OLD."created_at", OLD."decided_by_id", OLD."decision", OLD."decision_reason", OLD."deviation_id", OLD."id", OLD."is_current", OLD."measured", OLD."outcome", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."quantity", OLD."rule_key", OLD."scan_id", OLD."sentence", OLD."sequence", OLD."severity", OLD."version_id", OLD."visit_id"); RETURN NULL;',
                    hash="bcf4f0f07e191654910a9f87acc9dd17804480f3",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9d2e4",
                    table="segmentation_protocolfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="65e763503527053a1f316e76dc5d5d57bebe3dc6",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_82071",
                    table="segmentation_protocolfinding",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="e5c2067dead8298b18727951c83263c9593c4775",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_1c813",
                    table="segmentation_protocolfindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="354cf2c1002ff94f1ca3fd70c631211bed1fcd5b",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_03eeb",
                    table="segmentation_protocolfindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="21f54b19e18af6bd445c016875bd668b887429e5",
                    operation="INSERT",
                    pgid="pgtrigger_vet_19465",
                    table="segmentation_protocolfindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="b58e19fc866656b357d0cbb16c1ced1b3772a62c",
                    operation="INSERT",
                    pgid="pgtrigger_chain_0232c",
                    table="segmentation_protocolfindingevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9e13b06a6a99777f42512ad51a1f20c4a2d39f94",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7d4ec",
                    table="segmentation_protocolfindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="37d920fa2e9469b758496de5de6d545858283fc4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_1f2de",
                    table="segmentation_protocolversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="cc6d7dcd98daa1085fdb6b1891b6fb21597ced2d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_75e96",
                    table="segmentation_protocolversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="c1dd462474fd73b10b78ba32d1be3ad182c89878",
                    operation="INSERT",
                    pgid="pgtrigger_vet_c2d5f",
                    table="segmentation_protocolversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="c0e2deb61986fdf15a748eaedbe3dd2e0214c5b5",
                    operation="INSERT",
                    pgid="pgtrigger_chain_4a437",
                    table="segmentation_protocolversionevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="protocolversionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="70cff95bb00192c42806cb9c2e4896e2eff37b84",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_10cbe",
                    table="segmentation_protocolversionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="a14bb1affa4dfa2c21820b04e781303ba76190a9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e433e",
                    table="segmentation_scanner",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="8bbbcdf3be077ff4bd1c4881b8941fde03b14817",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_128b1",
                    table="segmentation_scanner",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="65d730b3e887daf9823b871512899bdad8eb014d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e226f",
                    table="segmentation_scanner",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannerevent" ("created_at", "device", "field_strength_t", "id", "is_qualified", "key", "manufacturer", "model", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "qualification", "qualified_by_id", "site_id", "study_id") VALUES (NEW."created_at", NEW."device", NEW."field_strength_t", NEW."id", NEW."is_qualified", NEW."key", NEW."manufacturer", NEW."model", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."qualification", NEW."qualified_by_id", NEW."site_id", NEW."study_id"); RETURN NULL;',
                    hash="09ca590efb89e340484b4f744bbf1795ea2e36a7",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b28aa",
                    table="segmentation_scanner",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_scannerevent" ("created_at", "device", "field_strength_t", "id", "is_qualified", "key", "manufacturer", "model", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "qualification", "qualified_by_id", "site_id", "study_id") VALUES (NEW."created_at", NEW."device", NEW."field_strength_t", NEW."id", NEW."is_qualified", NEW."key", NEW."manufacturer", NEW."model", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."qualification", NEW."qualified_by_id", NEW."site_id", NEW."study_id"); RETURN NULL;',
                    hash="b3ab13c8894f312183f8326d79c670bda80df1b1",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_934f9",
                    table="segmentation_scanner",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannerevent" ("created_at", "device", "field_strength_t", "id", "is_qualified", "key", "manufacturer", "model", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "qualification", "qualified_by_id", "site_id", "study_id") VALUES (OLD."created_at", OLD."device", OLD."field_strength_t", OLD."id", OLD."is_qualified", OLD."key", OLD."manufacturer", OLD."model", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."qualification", OLD."qualified_by_id", OLD."site_id", OLD."study_id"); RETURN NULL;',
                    hash="5a0b49fbc80ca6d56ada0c4077ff941e2a2e0330",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_0ad56",
                    table="segmentation_scanner",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanner",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.study_id, OLD.study_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="0f53769a579861429574eac3ceec95e0144df6a6",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_739ba",
                    table="segmentation_scanner",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="0fa0472551757b59afc45ae4bc4dec1ef4b86d49",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b6ce5",
                    table="segmentation_scannedon",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a87e93f7db995072f79aada523ed96e2bd2d94e1",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_24e1e",
                    table="segmentation_scannedon",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ac43135211a1501e63bb4ba5ed52ea60c50c2910",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_0c987",
                    table="segmentation_scannedon",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannedonevent" ("acquired_on", "created_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id", "software") VALUES (NEW."acquired_on", NEW."created_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."scan_id", NEW."scan_id", NEW."scanner_id", NEW."software"); RETURN NULL;',
                    hash="a669046331014a31d68ea4e06a1891b054c7315c",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e929f",
                    table="segmentation_scannedon",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_scannedonevent" ("acquired_on", "created_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id", "software") VALUES (NEW."acquired_on", NEW."created_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."scan_id", NEW."scan_id", NEW."scanner_id", NEW."software"); RETURN NULL;',
                    hash="2b650e2c23cc20db2a9c6c2681c703689395c70b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_9c8cf",
                    table="segmentation_scannedon",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedon",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannedonevent" ("acquired_on", "created_at", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id", "software") VALUES (OLD."acquired_on", OLD."created_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."scan_id", OLD."scan_id", OLD."scanner_id", OLD."software"); RETURN NULL;',
                    hash="077d0bfd8920a10b042e9b941e82c2468bf7672e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_91fd9",
                    table="segmentation_scannedon",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedonevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="c98333ab29da18bedc8afa6dc4bb3b2085341ceb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_ac018",
                    table="segmentation_scannedonevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedonevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="f52cc1715a03be7e3c1899e8c2ccb71028c540b5",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_f0b6b",
                    table="segmentation_scannedonevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedonevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="968acd08f9976bbffadc3c8920d755e433357470",
                    operation="INSERT",
                    pgid="pgtrigger_vet_70a55",
                    table="segmentation_scannedonevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedonevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="3456b2ca55de64e3ffce65d7599448306807af70",
                    operation="INSERT",
                    pgid="pgtrigger_chain_59043",
                    table="segmentation_scannedonevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannedonevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cf5a0fc858b9c2ca869beb836aaa3cf79d643fe8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_525bb",
                    table="segmentation_scannedonevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="4053c4140d6d68bd2494004d7207a88145d43a13",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_3baf4",
                    table="segmentation_scannerchange",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f914590c606cbbd19dfb9ed1e64f6d67b529bee7",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_babb6",
                    table="segmentation_scannerchange",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="0ee972077ed31f4940490524c83a92f002ad3df6",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_57896",
                    table="segmentation_scannerchange",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannerchangeevent" ("after", "before", "created_at", "first_after_on", "id", "is_current", "kind", "last_before_on", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id") VALUES (NEW."after", NEW."before", NEW."created_at", NEW."first_after_on", NEW."id", NEW."is_current", NEW."kind", NEW."last_before_on", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."scan_id", NEW."scanner_id"); RETURN NULL;',
                    hash="4ca35046a2554a72076db425976fa8e4b0b3151a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_877ee",
                    table="segmentation_scannerchange",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_scannerchangeevent" ("after", "before", "created_at", "first_after_on", "id", "is_current", "kind", "last_before_on", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id") VALUES (NEW."after", NEW."before", NEW."created_at", NEW."first_after_on", NEW."id", NEW."is_current", NEW."kind", NEW."last_before_on", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."scan_id", NEW."scanner_id"); RETURN NULL;',
                    hash="54e2dd96e18e9446f32c07a375ccf48b313ee7f1",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ca550",
                    table="segmentation_scannerchange",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchange",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scannerchangeevent" ("after", "before", "created_at", "first_after_on", "id", "is_current", "kind", "last_before_on", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scan_id", "scanner_id") VALUES (OLD."after", OLD."before", OLD."created_at", OLD."first_after_on", OLD."id", OLD."is_current", OLD."kind", OLD."last_before_on", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."scan_id", OLD."scanner_id"); RETURN NULL;',
                    hash="b25a9ee3e674ae8dc494dd0160da471dbf1189ae",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_79fd2",
                    table="segmentation_scannerchange",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchangeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="3a4985f7cc70df7d56445f382ee0fbc50fbc3142",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_efa82",
                    table="segmentation_scannerchangeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchangeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="dc137087c85dafb89bbc48bcd23031999c9fe970",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_80945",
                    table="segmentation_scannerchangeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchangeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="cbb4d32964ba481df7baf5fd1f9130b5db22f41d",
                    operation="INSERT",
                    pgid="pgtrigger_vet_62567",
                    table="segmentation_scannerchangeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchangeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="bfc014dc6fac11eb9e5a4dac660c75a26852c7c9",
                    operation="INSERT",
                    pgid="pgtrigger_chain_b86a2",
                    table="segmentation_scannerchangeevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerchangeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cc48e8461c55a22931655394a803fe1843dcb563",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_74dda",
                    table="segmentation_scannerchangeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d29e47405866d6e92e092498c146364a882b1ebb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_42973",
                    table="segmentation_scannerevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="2be091e0d2a19511aa53545fdf106726c9488f24",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e3fd7",
                    table="segmentation_scannerevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="cd427957703e329b06fd3631d0268ff8578298a3",
                    operation="INSERT",
                    pgid="pgtrigger_vet_de909",
                    table="segmentation_scannerevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6e218824fcacb21d1ad8231b0a4b034303fd038f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_91099",
                    table="segmentation_scannerevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scannerevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="76faa5600ee710dd1fccc187a258c306e8c11f34",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_63243",
                    table="segmentation_scannerevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="11eb746b0f837525d66fc9a51c3593c2f09add50",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e87ee",
                    table="segmentation_scanquality",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="549aa1b5ab1960c4564b880cb9ce6df3ed460f41",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_80e48",
                    table="segmentation_scanquality",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c853c15be645cd2a68cebcbbbce1b429c78ffcfc",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_35530",
                    table="segmentation_scanquality",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scanqualityevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "metrics", "mosaic_sha256", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "scan_id", "site_id", "state", "t1w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."metrics", NEW."mosaic_sha256", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."queued_at", NEW."scan_id", NEW."site_id", NEW."state", NEW."t1w_scan_id"); RETURN NULL;',
                    hash="644874e58199a85853d3d15f162d15f7351eb7cc",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_f31a7",
                    table="segmentation_scanquality",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."method_version" IS DISTINCT FROM (NEW."method_version") OR OLD."metrics" IS DISTINCT FROM (NEW."metrics") OR OLD."mosaic_sha256" IS DISTINCT FROM (NEW."mosaic_sha256") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."scan_id" IS DISTINCT FROM (NEW."scan_id") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."t1w_scan_id" IS DISTINCT FROM (NEW."t1w_scan_id"))',
                    func='INSERT INTO "segmentation_scanqualityevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "metrics", "mosaic_sha256", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "scan_id", "site_id", "state", "t1w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."metrics", NEW."mosaic_sha256", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."queued_at", NEW."scan_id", NEW."site_id", NEW."state", NEW."t1w_scan_id"); RETURN NULL;',
                    hash="56691e36d0306a475286a4d6e22a396ecaff9980",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6b804",
                    table="segmentation_scanquality",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scanqualityevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "metrics", "mosaic_sha256", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "scan_id", "site_id", "state", "t1w_scan_id") VALUES (OLD."attempt", OLD."created_at", OLD."failure_code", OLD."finished_at", OLD."id", OLD."message", OLD."method_version", OLD."metrics", OLD."mosaic_sha256", OLD."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."queued_at", OLD."scan_id", OLD."site_id", OLD."state", OLD."t1w_scan_id"); RETURN NULL;',
                    hash="597b0c96d99efe070635ff9c31eabbc40c7dabf3",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7c5f7",
                    table="segmentation_scanquality",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanquality",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nIF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND\n    to_jsonb(NEW) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message'] = to_jsonb(OLD) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message']\nTHEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM trial_scan WHERE id = NEW.scan_id), (SELECT visit_id FROM trial_scan WHERE id = OLD.scan_id));\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="022fb9143b9f6fe034af1416b42d0eb4a0fc07ab",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_3bd78",
                    table="segmentation_scanquality",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanqualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="ffbce3a9ee4f2faf9cef6739355f899a3d7f304e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e16b9",
                    table="segmentation_scanqualityevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanqualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="b76e06bb4fccca8ae038d799f4e92ac261ecec97",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_42459",
                    table="segmentation_scanqualityevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanqualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="a9367371e8b436a170f9b02af53440853cb70f6e",
                    operation="INSERT",
                    pgid="pgtrigger_vet_b3d08",
                    table="segmentation_scanqualityevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanqualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="c7dae430321ca4d54bf764e06fed388c8c885c28",
                    operation="INSERT",
                    pgid="pgtrigger_chain_ee5a4",
                    table="segmentation_scanqualityevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scanqualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d338b9ccd234437c505f8eb9b495dbddc807c6f7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_57769",
                    table="segmentation_scanqualityevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6148eab5f4af3c72e877e18a6dca62c6c55c2f7f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_fdb2d",
                    table="segmentation_segmentationbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="4f5027538e64c28aad17b52027d79eb1c4e74ea9",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_91a42",
                    table="segmentation_segmentationbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="4069dbca8ecf373bf1a7d095744e918cce91c0ef",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_af6cb",
                    table="segmentation_segmentationbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationbatchevent" ("cancelled_at", "created_at", "id", "model_version_id", "ordered_at", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prepared_at", "study_id") VALUES (NEW."cancelled_at", NEW."created_at", NEW."id", NEW."model_version_id", NEW."ordered_at", NEW."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."prepared_at", NEW."study_id"); RETURN NULL;',
                    hash="d483f54dc8bb61da0462e0fe3f2194717594edbc",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_686f7",
                    table="segmentation_segmentationbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."cancelled_at" IS DISTINCT FROM (NEW."cancelled_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."model_version_id" IS DISTINCT FROM (NEW."model_version_id") OR OLD."ordered_at" IS DISTINCT FROM (NEW."ordered_at") OR OLD."ordered_by_id" IS DISTINCT FROM (NEW."ordered_by_id") OR OLD."prepared_at" IS DISTINCT FROM (NEW."prepared_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id"))',
                    func='INSERT INTO "segmentation_segmentationbatchevent" ("cancelled_at", "created_at", "id", "model_version_id", "ordered_at", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prepared_at", "study_id") VALUES (NEW."cancelled_at", NEW."created_at", NEW."id", NEW."model_version_id", NEW."ordered_at", NEW."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."prepared_at", NEW."study_id"); RETURN NULL;',
                    hash="52f5b417da3f863a07ca3bb6783ecf93127a2b64",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_dbf32",
                    table="segmentation_segmentationbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationbatchevent" ("cancelled_at", "created_at", "id", "model_version_id", "ordered_at", "ordered_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prepared_at", "study_id") VALUES (OLD."cancelled_at", OLD."created_at", OLD."id", OLD."model_version_id", OLD."ordered_at", OLD."ordered_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."prepared_at", OLD."study_id"); RETURN NULL;',
                    hash="f7baf94385a0def8fc65e0fc6e884f84011847e0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_57d02",
                    table="segmentation_segmentationbatch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="7b65c552c6ce8a1476f0d09a93c49f17b7f5c9f6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_2d65f",
                    table="segmentation_segmentationbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="053dad5ca0da75986fe563c4e78e443c33b5c0b7",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b5e27",
                    table="segmentation_segmentationbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="2494431e2454fc8601591f488e9b1e7ae55fbf6a",
                    operation="INSERT",
                    pgid="pgtrigger_vet_4a0e7",
                    table="segmentation_segmentationbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="6bfa7265941ecd3221e51433110fe57ea9f2b364",
                    operation="INSERT",
                    pgid="pgtrigger_chain_94e2e",
                    table="segmentation_segmentationbatchevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationbatchevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0821c93ecb4e48ffc6909620301e681d8a4390e0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ff65a",
                    table="segmentation_segmentationbatchevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1a5ca675826d4727aaac0a42133ea9b19cd55ddc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_06e64",
                    table="segmentation_segmentationrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e059a55d2d4c4726e31da6c505a2f477f52b8bc8",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_4a4f1",
                    table="segmentation_segmentationrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="8417394e776e204eaa003065df1909471c8b4f8e",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_31e78",
                    table="segmentation_segmentationrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationrunevent" ("analysis_flag", "attempt", "batch_id", "created_at", "failure_code", "finished_at", "id", "input_sha256", "is_voided", "message", "model_version_id", "origin", "parameters", "parameters_sha256", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "purpose", "queued_at", "site_id", "state", "t1w_scan_id", "t2w_scan_id", "visit_id") VALUES (NEW."analysis_flag", NEW."attempt", NEW."batch_id", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."input_sha256", NEW."is_voided", NEW."message", NEW."model_version_id", NEW."origin", NEW."parameters", NEW."parameters_sha256", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."provenance", NEW."purpose", NEW."queued_at", NEW."site_id", NEW."state", NEW."t1w_scan_id", NEW."t2w_scan_id", NEW."visit_id"); RETURN NULL;',
                    hash="057685cebfc671289ff1140b8b26aea70d3efc49",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_84ecc",
                    table="segmentation_segmentationrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."analysis_flag" IS DISTINCT FROM (NEW."analysis_flag") OR OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."batch_id" IS DISTINCT FROM (NEW."batch_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."input_sha256" IS DISTINCT FROM (NEW."input_sha256") OR OLD."is_voided" IS DISTINCT FROM (NEW."is_voided") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."model_version_id" IS DISTINCT FROM (NEW."model_version_id") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."parameters" IS DISTINCT FROM (NEW."parameters") OR OLD."parameters_sha256" IS DISTINCT FROM (NEW."parameters_sha256") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."provenance" IS DISTINCT FROM (NEW."provenance") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."t1w_scan_id" IS DISTINCT FROM (NEW."t1w_scan_id") OR OLD."t2w_scan_id" IS DISTINCT FROM (NEW."t2w_scan_id") OR OLD."visit_id" IS DISTINCT FROM (NEW."visit_id"))',
                    func='INSERT INTO "segmentation_segmentationrunevent" ("analysis_flag", "attempt", "batch_id", "created_at", "failure_code", "finished_at", "id", "input_sha256", "is_voided", "message", "model_version_id", "origin", "parameters", "parameters_sha256", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "purpose", "queued_at", "site_id", "state", "t1w_scan_id", "t2w_scan_id", "visit_id") VALUES (NEW."analysis_flag", NEW."attempt", NEW."batch_id", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."input_sha256", NEW."is_voided", NEW."message", NEW."model_version_id", NEW."origin", NEW."parameters", NEW."parameters_sha256", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."provenance", NEW."purpose", NEW."queued_at", NEW."site_id", NEW."state", NEW."t1w_scan_id", NEW."t2w_scan_id", NEW."visit_id"); RETURN NULL;',
                    hash="26c51d1f77bfa75bfbe37841fb55ffedb80c3d4b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_7e22d",
                    table="segmentation_segmentationrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationrunevent" ("analysis_flag", "attempt", "batch_id", "created_at", "failure_code", "finished_at", "id", "input_sha256", "is_voided", "message", "model_version_id", "origin", "parameters", "parameters_sha256", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "purpose", "queued_at", "site_id", "state", "t1w_scan_id", "t2w_scan_id", "visit_id") VALUES (OLD."analysis_flag", OLD."attempt", OLD."batch_id", OLD."created_at", OLD."failure_code", OLD."finished_at", OLD."id", OLD."input_sha256", OLD."is_voided", OLD."message", OLD."model_version_id", OLD."origin", OLD."parameters", OLD."parameters_sha256", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."provenance", OLD."purpose", OLD."queued_at", OLD."site_id", OLD."state", OLD."t1w_scan_id", OLD."t2w_scan_id", OLD."visit_id"); RETURN NULL;',
                    hash="f5e2123831979f762d66a8b7952e0cf064cd6f41",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_21520",
                    table="segmentation_segmentationrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrun",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nIF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND\n    to_jsonb(NEW) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message', 'told_at'] = to_jsonb(OLD) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message', 'told_at']\nTHEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held > 0 AND (TG_OP = 'INSERT'\n    OR to_jsonb(NEW) - 'analysis_flag' = to_jsonb(OLD) - 'analysis_flag'\n    OR OLD.state <> 'SUCCEEDED'\n        AND to_jsonb(NEW) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message', 'told_at', 'provenance', 'analysis_flag', 'batch_id', 'priority'] = to_jsonb(OLD) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message', 'told_at', 'provenance', 'analysis_flag', 'batch_id', 'priority']) THEN\n    PERFORM FROM segmentation_modelversion WHERE id = NEW.model_version_id\n        AND state = 'CANDIDATE' AND NOT manifest ? 'made_elsewhere' FOR SHARE;\n    IF FOUND THEN RETURN NEW; END IF;\nEND IF;\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="9aa28a209c89658a67756ae799d8a9b8b806e211",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_b265d",
                    table="segmentation_segmentationrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="9749a89344c3c207c81cc6b1b7536d4341aaa21b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d04a4",
                    table="segmentation_maskoverlap",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="969bac3aff6b8bfa15aff243c79d775fafb46ed9",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_15df5",
                    table="segmentation_maskoverlap",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="b72faca48187f68f6ea12f98682d2938c38fd644",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_52d18",
                    table="segmentation_maskoverlap",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_maskoverlapevent" ("created_at", "dice", "hausdorff95_mm", "id", "method_version", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference_run_id", "run_id", "surface_dice") VALUES (NEW."created_at", NEW."dice", NEW."hausdorff95_mm", NEW."id", NEW."method_version", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reference_run_id", NEW."run_id", NEW."surface_dice"); RETURN NULL;',
                    hash="cf2b656db8b5f5794a522b1270491a8dc47b508c",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_20c52",
                    table="segmentation_maskoverlap",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_maskoverlapevent" ("created_at", "dice", "hausdorff95_mm", "id", "method_version", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference_run_id", "run_id", "surface_dice") VALUES (NEW."created_at", NEW."dice", NEW."hausdorff95_mm", NEW."id", NEW."method_version", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reference_run_id", NEW."run_id", NEW."surface_dice"); RETURN NULL;',
                    hash="e9e8cf69f19dda861087190335c8de0e631ff4ff",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ffb8f",
                    table="segmentation_maskoverlap",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlap",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_maskoverlapevent" ("created_at", "dice", "hausdorff95_mm", "id", "method_version", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference_run_id", "run_id", "surface_dice") VALUES (OLD."created_at", OLD."dice", OLD."hausdorff95_mm", OLD."id", OLD."method_version", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reference_run_id", OLD."run_id", OLD."surface_dice"); RETURN NULL;',
                    hash="9c9d6ab0784d8ba8283578da4f6e848b8c1ba1e2",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9e14a",
                    table="segmentation_maskoverlap",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlapevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="7c3f1b3cb4249b142c4cbb39b1c24927805d8e16",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_25bce",
                    table="segmentation_maskoverlapevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlapevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="ae0f981687b912fac0bea0b51c59dada61d79d11",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_bfe82",
                    table="segmentation_maskoverlapevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlapevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="f2471ccc508a7abd748ca2ed242899bd47ad53bd",
                    operation="INSERT",
                    pgid="pgtrigger_vet_2693a",
                    table="segmentation_maskoverlapevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlapevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="f50616e6d4610a6e18815268fa561cf7d7de1ccc",
                    operation="INSERT",
                    pgid="pgtrigger_chain_cd3a5",
                    table="segmentation_maskoverlapevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskoverlapevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c799eba07094bfd91c50392c276c0396622e41c2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ace23",
                    table="segmentation_maskoverlapevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="f5e621895bcba3ebbea774f2200b47bef98d13c9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_24f6b",
                    table="segmentation_maskreview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="df63cef6922224e299a7d993ae4d28b42aa92272",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_40989",
                    table="segmentation_maskreview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="declared_steps",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."decision", \':\', NEW."decision") = ANY(\'{WAITING:APPROVED,WAITING:REJECTED,WAITING:WITHDRAWN,APPROVED:SUPERSEDED,REJECTED:SUPERSEDED}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."decision" IS DISTINCT FROM NEW."decision") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "decision" from "%" to "%" on table %\', OLD."decision", NEW."decision", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="e4f46815ab1479b73e1dbfa6c0298cb0c55c6986",
                    operation="UPDATE",
                    pgid="pgtrigger_declared_steps_693da",
                    table="segmentation_maskreview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="78de946332e279ab0e54180c32e1c1f73ab0af4e",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_ec810",
                    table="segmentation_maskreview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_maskreviewevent" ("attempt", "created_at", "decided_at", "decision", "failure_code", "finished_at", "id", "is_no_operator", "mask_sha256", "message", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictures", "priority", "queued_at", "review_id", "reviewer_id", "run_id", "site_id", "state", "t2w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."decided_at", NEW."decision", NEW."failure_code", NEW."finished_at", NEW."id", NEW."is_no_operator", NEW."mask_sha256", NEW."message", NEW."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."pictures", NEW."priority", NEW."queued_at", NEW."review_id", NEW."reviewer_id", NEW."run_id", NEW."site_id", NEW."state", NEW."t2w_scan_id"); RETURN NULL;',
                    hash="c7a578ed1aa305e6530cf3990e9b412bd8c5c8af",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_06dbd",
                    table="segmentation_maskreview",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."decided_at" IS DISTINCT FROM (NEW."decided_at") OR OLD."decision" IS DISTINCT FROM (NEW."decision") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_no_operator" IS DISTINCT FROM (NEW."is_no_operator") OR OLD."mask_sha256" IS DISTINCT FROM (NEW."mask_sha256") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."pictures" IS DISTINCT FROM (NEW."pictures") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."review_id" IS DISTINCT FROM (NEW."review_id") OR OLD."reviewer_id" IS DISTINCT FROM (NEW."reviewer_id") OR OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."t2w_scan_id" IS DISTINCT FROM (NEW."t2w_scan_id"))',
                    func='INSERT INTO "segmentation_maskreviewevent" ("attempt", "created_at", "decided_at", "decision", "failure_code", "finished_at", "id", "is_no_operator", "mask_sha256", "message", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictures", "priority", "queued_at", "review_id", "reviewer_id", "run_id", "site_id", "state", "t2w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."decided_at", NEW."decision", NEW."failure_code", NEW."finished_at", NEW."id", NEW."is_no_operator", NEW."mask_sha256", NEW."message", NEW."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."pictures", NEW."priority", NEW."queued_at", NEW."review_id", NEW."reviewer_id", NEW."run_id", NEW."site_id", NEW."state", NEW."t2w_scan_id"); RETURN NULL;',
                    hash="8cd80779d84cda09f2dee69fafda44a3bd348a39",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_79f71",
                    table="segmentation_maskreview",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreview",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_maskreviewevent" ("attempt", "created_at", "decided_at", "decision", "failure_code", "finished_at", "id", "is_no_operator", "mask_sha256", "message", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictures", "priority", "queued_at", "review_id", "reviewer_id", "run_id", "site_id", "state", "t2w_scan_id") VALUES (OLD."attempt", OLD."created_at", OLD."decided_at", OLD."decision", OLD."failure_code", OLD."finished_at", OLD."id", OLD."is_no_operator", OLD."mask_sha256", OLD."message", OLD."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."pictures", OLD."priority", OLD."queued_at", OLD."review_id", OLD."reviewer_id", OLD."run_id", OLD."site_id", OLD."state", OLD."t2w_scan_id"); RETURN NULL;',
                    hash="bc6e49ce51ec0055aeff6aa9ad865bd8a4e131e8",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_81416",
                    table="segmentation_maskreview",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="b244d11137fdb72e28d9623a7bc2709743168bb1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_afc23",
                    table="segmentation_maskreviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c2f95b9761961639f93ac7006e77e8743923d7c0",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_8b753",
                    table="segmentation_maskreviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="fba6eda4aa4a29128d1f2706d9f0264656e2131c",
                    operation="INSERT",
                    pgid="pgtrigger_vet_fb006",
                    table="segmentation_maskreviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="aaf21c6fbde39ecb96e51b7df04d58d4af1ec0cc",
                    operation="INSERT",
                    pgid="pgtrigger_chain_bdb98",
                    table="segmentation_maskreviewevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maskreviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6d86ba06ccfff2e73c33aa63182b06f28de026c5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e210c",
                    table="segmentation_maskreviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="5bffb226f70f978d2a56e5f0ee8711f048b34af2",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_626f6",
                    table="segmentation_segmentationresult",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9413d15bf9c0bcf3ebd27eb270e43ff6adf50245",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_d16ea",
                    table="segmentation_segmentationresult",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="def7253960b97804a0ea9aacaa8df9a3de933825",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_3a9d4",
                    table="segmentation_segmentationresult",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationresultevent" ("attempt", "cautions", "created_at", "demyelination_load_ml", "interval_calibration_id", "interval_high_ml", "interval_level", "interval_low_ml", "mask_path", "mask_sha256", "passes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "voxel_count") VALUES (NEW."attempt", NEW."cautions", NEW."created_at", NEW."demyelination_load_ml", NEW."interval_calibration_id", NEW."interval_high_ml", NEW."interval_level", NEW."interval_low_ml", NEW."mask_path", NEW."mask_sha256", NEW."passes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."run_id", NEW."run_id", NEW."voxel_count"); RETURN NULL;',
                    hash="caab58040678fa5c780a841d5aa736d57c4bd347",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_57bc6",
                    table="segmentation_segmentationresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_segmentationresultevent" ("attempt", "cautions", "created_at", "demyelination_load_ml", "interval_calibration_id", "interval_high_ml", "interval_level", "interval_low_ml", "mask_path", "mask_sha256", "passes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "voxel_count") VALUES (NEW."attempt", NEW."cautions", NEW."created_at", NEW."demyelination_load_ml", NEW."interval_calibration_id", NEW."interval_high_ml", NEW."interval_level", NEW."interval_low_ml", NEW."mask_path", NEW."mask_sha256", NEW."passes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."run_id", NEW."run_id", NEW."voxel_count"); RETURN NULL;',
                    hash="f8ed6a3a72c6a99854e8a5dca368fe04e532fcdb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_02425",
                    table="segmentation_segmentationresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_segmentationresultevent" ("attempt", "cautions", "created_at", "demyelination_load_ml", "interval_calibration_id", "interval_high_ml", "interval_level", "interval_low_ml", "mask_path", "mask_sha256", "passes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "voxel_count") VALUES (OLD."attempt", OLD."cautions", OLD."created_at", OLD."demyelination_load_ml", OLD."interval_calibration_id", OLD."interval_high_ml", OLD."interval_level", OLD."interval_low_ml", OLD."mask_path", OLD."mask_sha256", OLD."passes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."run_id", OLD."run_id", OLD."voxel_count"); RETURN NULL;',
                    hash="ea8d2fc422a18290297febe271549563ac83b2eb",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7a95f",
                    table="segmentation_segmentationresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresult",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM segmentation_segmentationrun WHERE id = NEW.run_id), (SELECT visit_id FROM segmentation_segmentationrun WHERE id = OLD.run_id));\nIF held > 0 AND (TG_OP = 'INSERT') THEN\n    PERFORM FROM segmentation_modelversion WHERE id = (SELECT model_version_id FROM segmentation_segmentationrun WHERE id = NEW.run_id)\n        AND state = 'CANDIDATE' AND NOT manifest ? 'made_elsewhere' FOR SHARE;\n    IF FOUND THEN RETURN NEW; END IF;\nEND IF;\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="80be4f5d5a29aa0ade75107638cef0b58a98850b",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_407bc",
                    table="segmentation_segmentationresult",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresultevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="9b173f2e3e9759a2052cde65aaa9b85952bf4f7d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_597a7",
                    table="segmentation_segmentationresultevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresultevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e377ac9f6d883a65b0047a78f559a6acfdc54a7d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_81db0",
                    table="segmentation_segmentationresultevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresultevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="38d48bbeb4d0720caac54d53d340ea843858c7e6",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_18e60",
                    table="segmentation_segmentationresultevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresultevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="4cc9230b1f4e0308593ca699cb697a8e544f10b7",
                    operation="INSERT",
                    pgid="pgtrigger_vet_68191",
                    table="segmentation_segmentationresultevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationresultevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="4b3efbc23f456ca8e0c5bb46743602cc11a83aa3",
                    operation="INSERT",
                    pgid="pgtrigger_chain_30d3e",
                    table="segmentation_segmentationresultevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="43be99b773ba253db976d1032faacfbd05a396d2",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_4ec5f",
                    table="segmentation_segmentationrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e14d87b995fc6e37798bb16f78f31b263956c2f7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0debc",
                    table="segmentation_segmentationrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="7160d1f85f4a6293a042d6230a933ef166038a7e",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d76bb",
                    table="segmentation_segmentationrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="60c480831f8e59f35c3dab9348828a98ac960b81",
                    operation="INSERT",
                    pgid="pgtrigger_vet_99909",
                    table="segmentation_segmentationrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="segmentationrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="a04d734ab6a07bc011ab34dc687e85f593750f1b",
                    operation="INSERT",
                    pgid="pgtrigger_chain_f97d4",
                    table="segmentation_segmentationrunevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="84b85e3cfcf21d342c424ff99bfc2110ef896eb3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_c3644",
                    table="segmentation_tissuemeasurement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="eb0cb57f90af44ca42039f33bdc5b914e4ed5dce",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_0b646",
                    table="segmentation_tissuemeasurement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="46460a24e128df425666bb2960aed51e74e976b9",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_94a1e",
                    table="segmentation_tissuemeasurement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."provenance", NEW."queued_at", NEW."reasons", NEW."run_id", NEW."separability", NEW."site_id", NEW."state"); RETURN NULL;',
                    hash="7174aa2af51f6938e7459253698b3cf4a1e52370",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_ab333",
                    table="segmentation_tissuemeasurement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."method_version" IS DISTINCT FROM (NEW."method_version") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."provenance" IS DISTINCT FROM (NEW."provenance") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."separability" IS DISTINCT FROM (NEW."separability") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state"))',
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."provenance", NEW."queued_at", NEW."reasons", NEW."run_id", NEW."separability", NEW."site_id", NEW."state"); RETURN NULL;',
                    hash="4f9893a1b408f333464872d5c4fa9298b2ca97eb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_2a2bd",
                    table="segmentation_tissuemeasurement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state") VALUES (OLD."attempt", OLD."created_at", OLD."failure_code", OLD."finished_at", OLD."id", OLD."message", OLD."method_version", OLD."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."provenance", OLD."queued_at", OLD."reasons", OLD."run_id", OLD."separability", OLD."site_id", OLD."state"); RETURN NULL;',
                    hash="b113fa582ff4cd17731ccadfbdd2dccf7c28658c",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_fbc7d",
                    table="segmentation_tissuemeasurement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nIF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND\n    to_jsonb(NEW) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message'] = to_jsonb(OLD) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message']\nTHEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM segmentation_segmentationrun WHERE id = NEW.run_id), (SELECT visit_id FROM segmentation_segmentationrun WHERE id = OLD.run_id));\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="ef082dab441f60131966c74e37704c6c85604025",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_d72d4",
                    table="segmentation_tissuemeasurement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurementevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="12da95bbde7677eac4e7303a6dc4e2be10c36ba6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_26624",
                    table="segmentation_tissuemeasurementevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurementevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="6d0ce892c593f0458e5e1fc1cbe89620cd4ee8b5",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_508a6",
                    table="segmentation_tissuemeasurementevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurementevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="6479205f09844b12660ea8d0ba85387261095fcf",
                    operation="INSERT",
                    pgid="pgtrigger_vet_be539",
                    table="segmentation_tissuemeasurementevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurementevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="5c4c95dec7fd09ac7cf8d063976f8a8d1ff3e666",
                    operation="INSERT",
                    pgid="pgtrigger_chain_9029c",
                    table="segmentation_tissuemeasurementevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurementevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f0cbb889a5885c7d51f9a20ac01b82c39d06486c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_08372",
                    table="segmentation_tissuemeasurementevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="cac00c19a8c795b19696348d08a8d5d0748d7efe",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_86c80",
                    table="segmentation_tissuevolume",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="439332e6b065ee61c759f1b72399abff4744fa9d",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_aaa64",
                    table="segmentation_tissuevolume",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="dbaa1907d066676c4fc26233d40db04b76ea1afb",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_f3121",
                    table="segmentation_tissuevolume",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_tissuevolumeevent" ("code", "created_at", "id", "measurement_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "volume_ml") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."measurement_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."run_id", NEW."volume_ml"); RETURN NULL;',
                    hash="adec6ebe54baaf404af310e1617866c9808d79c8",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_dbaee",
                    table="segmentation_tissuevolume",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_tissuevolumeevent" ("code", "created_at", "id", "measurement_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "volume_ml") VALUES (NEW."code", NEW."created_at", NEW."id", NEW."measurement_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."run_id", NEW."volume_ml"); RETURN NULL;',
                    hash="2b1d142a1d88fb5e444cee5955acf089d6c4b31d",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_69521",
                    table="segmentation_tissuevolume",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_tissuevolumeevent" ("code", "created_at", "id", "measurement_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "volume_ml") VALUES (OLD."code", OLD."created_at", OLD."id", OLD."measurement_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."run_id", OLD."volume_ml"); RETURN NULL;',
                    hash="5eb21adc46d3b591917a2e04a2af06b7261dea8d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_70a2f",
                    table="segmentation_tissuevolume",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM segmentation_segmentationrun WHERE id = NEW.run_id), (SELECT visit_id FROM segmentation_segmentationrun WHERE id = OLD.run_id));\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="7cc434a01d189b995f8ed64aefe2f4a4a4c54b9f",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_a0693",
                    table="segmentation_tissuevolume",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolumeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d365298c5f6431d3101b3d518d9fd3a680dd78e7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_d6cbb",
                    table="segmentation_tissuevolumeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolumeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="da3c3ab18d679e13342fb372c0ba7fbf925645be",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_6b506",
                    table="segmentation_tissuevolumeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolumeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="85211c5bd453828743b97e4b274f3a76b9f7550e",
                    operation="INSERT",
                    pgid="pgtrigger_vet_9abeb",
                    table="segmentation_tissuevolumeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolumeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="e17d0c96a4a1f95bed916b1127cb6575ef58ab47",
                    operation="INSERT",
                    pgid="pgtrigger_chain_d64c3",
                    table="segmentation_tissuevolumeevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuevolumeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1c84406c37f17f268f666426c164251bd3c06013",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_484f9",
                    table="segmentation_tissuevolumeevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="ad91ace28b87af58dcc73c7ede04926ea4bb200a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_1ad1f",
                    table="segmentation_trainingrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="37c9dee80462fad0ea18dc534e55a2ee09a9c599",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_cc6dd",
                    table="segmentation_trainingrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="44501312ad3c966ac3c2cdcff1cca2c9c44bf5a9",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_661ac",
                    table="segmentation_trainingrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingrunevent" ("attempt", "created_at", "device", "epochs", "failure_code", "finished_at", "held_out_percent", "id", "iterations", "message", "model_version_id", "name", "network", "ordered_by_id", "patience", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "seconds", "seed", "state", "study_id", "trained_folds", "version") VALUES (NEW."attempt", NEW."created_at", NEW."device", NEW."epochs", NEW."failure_code", NEW."finished_at", NEW."held_out_percent", NEW."id", NEW."iterations", NEW."message", NEW."model_version_id", NEW."name", NEW."network", NEW."ordered_by_id", NEW."patience", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."queued_at", NEW."seconds", NEW."seed", NEW."state", NEW."study_id", NEW."trained_folds", NEW."version"); RETURN NULL;',
                    hash="24f7e81ff51c52e5a4dd3c505f29ad74be294f52",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_15ee5",
                    table="segmentation_trainingrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."device" IS DISTINCT FROM (NEW."device") OR OLD."epochs" IS DISTINCT FROM (NEW."epochs") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."held_out_percent" IS DISTINCT FROM (NEW."held_out_percent") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."iterations" IS DISTINCT FROM (NEW."iterations") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."model_version_id" IS DISTINCT FROM (NEW."model_version_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."network" IS DISTINCT FROM (NEW."network") OR OLD."ordered_by_id" IS DISTINCT FROM (NEW."ordered_by_id") OR OLD."patience" IS DISTINCT FROM (NEW."patience") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."seconds" IS DISTINCT FROM (NEW."seconds") OR OLD."seed" IS DISTINCT FROM (NEW."seed") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."trained_folds" IS DISTINCT FROM (NEW."trained_folds") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "segmentation_trainingrunevent" ("attempt", "created_at", "device", "epochs", "failure_code", "finished_at", "held_out_percent", "id", "iterations", "message", "model_version_id", "name", "network", "ordered_by_id", "patience", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "seconds", "seed", "state", "study_id", "trained_folds", "version") VALUES (NEW."attempt", NEW."created_at", NEW."device", NEW."epochs", NEW."failure_code", NEW."finished_at", NEW."held_out_percent", NEW."id", NEW."iterations", NEW."message", NEW."model_version_id", NEW."name", NEW."network", NEW."ordered_by_id", NEW."patience", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."queued_at", NEW."seconds", NEW."seed", NEW."state", NEW."study_id", NEW."trained_folds", NEW."version"); RETURN NULL;',
                    hash="3568c2a258f89d8de3ca9f97b3d07a62739f3b80",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_a9480",
                    table="segmentation_trainingrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingrunevent" ("attempt", "created_at", "device", "epochs", "failure_code", "finished_at", "held_out_percent", "id", "iterations", "message", "model_version_id", "name", "network", "ordered_by_id", "patience", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "seconds", "seed", "state", "study_id", "trained_folds", "version") VALUES (OLD."attempt", OLD."created_at", OLD."device", OLD."epochs", OLD."failure_code", OLD."finished_at", OLD."held_out_percent", OLD."id", OLD."iterations", OLD."message", OLD."model_version_id", OLD."name", OLD."network", OLD."ordered_by_id", OLD."patience", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."queued_at", OLD."seconds", OLD."seed", OLD."state", OLD."study_id", OLD."trained_folds", OLD."version"); RETURN NULL;',
                    hash="a7eb783982ab1312782f198b73121a00f68526ab",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_a0a93",
                    table="segmentation_trainingrun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="7fe4c749732d32e3514968bcf50176536a1a366e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_bb3f6",
                    table="segmentation_trainingcase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="774de88c454ffc6fea27f0879fad2752e5922dad",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_17ffd",
                    table="segmentation_trainingcase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="65c212c8549994f94637409a0085e2a0d50075f1",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_b219c",
                    table="segmentation_trainingcase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingcaseevent" ("acq_stratum", "created_at", "fold", "id", "learnt_ml", "left_out", "mask_ml", "name", "patient_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "t2w_scan_id", "training_id") VALUES (NEW."acq_stratum", NEW."created_at", NEW."fold", NEW."id", NEW."learnt_ml", NEW."left_out", NEW."mask_ml", NEW."name", NEW."patient_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."review_id", NEW."t2w_scan_id", NEW."training_id"); RETURN NULL;',
                    hash="20c477d1aa929558e06fbeec3706d59b063b3b31",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6961d",
                    table="segmentation_trainingcase",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_trainingcaseevent" ("acq_stratum", "created_at", "fold", "id", "learnt_ml", "left_out", "mask_ml", "name", "patient_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "t2w_scan_id", "training_id") VALUES (NEW."acq_stratum", NEW."created_at", NEW."fold", NEW."id", NEW."learnt_ml", NEW."left_out", NEW."mask_ml", NEW."name", NEW."patient_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."review_id", NEW."t2w_scan_id", NEW."training_id"); RETURN NULL;',
                    hash="5f5215c096c193c315f2a7cd5c17cf9dbf89ec07",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_40143",
                    table="segmentation_trainingcase",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcase",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingcaseevent" ("acq_stratum", "created_at", "fold", "id", "learnt_ml", "left_out", "mask_ml", "name", "patient_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "t2w_scan_id", "training_id") VALUES (OLD."acq_stratum", OLD."created_at", OLD."fold", OLD."id", OLD."learnt_ml", OLD."left_out", OLD."mask_ml", OLD."name", OLD."patient_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."review_id", OLD."t2w_scan_id", OLD."training_id"); RETURN NULL;',
                    hash="509a1be9dc0f445195ffd39bb3b8025b5b6dd864",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_79342",
                    table="segmentation_trainingcase",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcaseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="a2f4e1fac8c8b478d3d7255cb97b71684f92f9f2",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e1fc9",
                    table="segmentation_trainingcaseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcaseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="55fb33807e3983a2b9e2403ceb3d12a94be8b635",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_7ab05",
                    table="segmentation_trainingcaseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcaseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="75db8a0402982ba42cc5f7c91c403b071024ab03",
                    operation="INSERT",
                    pgid="pgtrigger_vet_e08c6",
                    table="segmentation_trainingcaseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcaseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="ce85c482dd8d46a89a703ce280cc2cc5289e4233",
                    operation="INSERT",
                    pgid="pgtrigger_chain_ae7e8",
                    table="segmentation_trainingcaseevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingcaseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="71225b456ea44884d29ddf8364eeabfaaca28c5b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_79710",
                    table="segmentation_trainingcaseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1b225b658c3d76ef613803250cad5f5046878400",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_834ea",
                    table="segmentation_trainingrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="aeb8336866f99c9593d13294a30e8136783e1f34",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_9d609",
                    table="segmentation_trainingrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="d7778f808340719b1591c70762f2424aef7caa91",
                    operation="INSERT",
                    pgid="pgtrigger_vet_81906",
                    table="segmentation_trainingrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="dd43771c2789f54597698538119e55aefcffc867",
                    operation="INSERT",
                    pgid="pgtrigger_chain_432c5",
                    table="segmentation_trainingrunevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingrunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8b29729211c04b214843cc7f8e859604c3b0a631",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7ed64",
                    table="segmentation_trainingrunevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="4ab7c2d74dd7012464cae9e679e32cb7d08f3b95",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_5647b",
                    table="segmentation_trainingset",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c2d1489481ecd80a04bebee6cf7bbc0d726f97ef",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_ea403",
                    table="segmentation_trainingset",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="b791ed5b5e08527914d4554b6e4308173fae7f79",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_7c0db",
                    table="segmentation_trainingset",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingsetevent" ("created_at", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") VALUES (NEW."created_at", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."model_version_id", NEW."source"); RETURN NULL;',
                    hash="bae65d5b01188ed0b4b4c8c855664eec41cc6f5c",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_a1177",
                    table="segmentation_trainingset",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_trainingsetevent" ("created_at", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") VALUES (NEW."created_at", NEW."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."model_version_id", NEW."source"); RETURN NULL;',
                    hash="26012b505b77be959e75a503954bdad0d761324d",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_76480",
                    table="segmentation_trainingset",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingset",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingsetevent" ("created_at", "model_version_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") VALUES (OLD."created_at", OLD."model_version_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."model_version_id", OLD."source"); RETURN NULL;',
                    hash="21976aecc2e607d820bf9bd37b2a567a0e4fa373",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_edd8e",
                    table="segmentation_trainingset",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="1acd9601a926d0e6164838c43b063e2583edd931",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_9f5af",
                    table="segmentation_trainingmember",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e109a216c393ac8ec715ad6084932acbdd358a3d",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_24d57",
                    table="segmentation_trainingmember",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="9ee19cd2a84afa1e29a7c54e822f9b59d58b1b69",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d05db",
                    table="segmentation_trainingmember",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingmemberevent" ("created_at", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_code", "subject_code", "training_set_id") VALUES (NEW."created_at", NEW."id", NEW."is_current", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."study_code", NEW."subject_code", NEW."training_set_id"); RETURN NULL;',
                    hash="959d7af0d69f1c4d661a01d0b396a492d5b8fff2",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_45194",
                    table="segmentation_trainingmember",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_trainingmemberevent" ("created_at", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_code", "subject_code", "training_set_id") VALUES (NEW."created_at", NEW."id", NEW."is_current", NEW."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."study_code", NEW."subject_code", NEW."training_set_id"); RETURN NULL;',
                    hash="395b3824e32711256d17eca009e4bdb88ec4ed3b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b60f6",
                    table="segmentation_trainingmember",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmember",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_trainingmemberevent" ("created_at", "id", "is_current", "patient_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_code", "subject_code", "training_set_id") VALUES (OLD."created_at", OLD."id", OLD."is_current", OLD."patient_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."study_code", OLD."subject_code", OLD."training_set_id"); RETURN NULL;',
                    hash="36124d450dcc2fd3314c9998b6838eda8488c0aa",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8b576",
                    table="segmentation_trainingmember",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmemberevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="ff4326ee41a3b68002752ab42284bac94bb6a1bb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_2b527",
                    table="segmentation_trainingmemberevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmemberevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="d79b143414fa7009cb4f822194ce1c599c8c0983",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_48899",
                    table="segmentation_trainingmemberevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmemberevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="afcf9629552f9cd5ea1ef6ba4106e08704514442",
                    operation="INSERT",
                    pgid="pgtrigger_vet_ad696",
                    table="segmentation_trainingmemberevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmemberevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="a751fcd7033bdc26db60cbb691d6b4a471cae79f",
                    operation="INSERT",
                    pgid="pgtrigger_chain_f2820",
                    table="segmentation_trainingmemberevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingmemberevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="aa3a78f28244d3cb804a9e2318cd0a5355f88682",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3d5c7",
                    table="segmentation_trainingmemberevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingsetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="b5df7ad1eb72a277802303db8679f23ff5036696",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_fbffe",
                    table="segmentation_trainingsetevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingsetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="1595a1a2d0170d042d988a655429071287ddd5c8",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_1bffc",
                    table="segmentation_trainingsetevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingsetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="7c806eec7be612994f84c69e7bdc591ed0bb51c1",
                    operation="INSERT",
                    pgid="pgtrigger_vet_be682",
                    table="segmentation_trainingsetevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingsetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="0794583eec852a0cecfebfd97fdef31f36bb2a48",
                    operation="INSERT",
                    pgid="pgtrigger_chain_5304b",
                    table="segmentation_trainingsetevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trainingsetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="322dd1523a4b9ca751f8280876dffee9a279e45a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_5c0bf",
                    table="segmentation_trainingsetevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="13b6fc4c05eb54e731eaf5305e5ee766a08f4c47",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_30155",
                    table="segmentation_upload",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="058b1a562397de826b5fd88b2b443a28bdf539ee",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_3281c",
                    table="segmentation_upload",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="e748494e07f3145a61903a972095c350037af176",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_94b18",
                    table="segmentation_upload",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_uploadevent" ("attempt", "created_at", "declared_acquired_on", "declared_sequence", "failure_code", "finished_at", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "sha256", "site_id", "size_bytes", "state", "uploaded_by_id", "visit_id") VALUES (NEW."attempt", NEW."created_at", NEW."declared_acquired_on", NEW."declared_sequence", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."queued_at", NEW."sha256", NEW."site_id", NEW."size_bytes", NEW."state", NEW."uploaded_by_id", NEW."visit_id"); RETURN NULL;',
                    hash="dc0b4f89def81c255b8cb66d34459caafa9d8ed1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_86a2b",
                    table="segmentation_upload",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."declared_acquired_on" IS DISTINCT FROM (NEW."declared_acquired_on") OR OLD."declared_sequence" IS DISTINCT FROM (NEW."declared_sequence") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."size_bytes" IS DISTINCT FROM (NEW."size_bytes") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."uploaded_by_id" IS DISTINCT FROM (NEW."uploaded_by_id") OR OLD."visit_id" IS DISTINCT FROM (NEW."visit_id"))',
                    func='INSERT INTO "segmentation_uploadevent" ("attempt", "created_at", "declared_acquired_on", "declared_sequence", "failure_code", "finished_at", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "sha256", "site_id", "size_bytes", "state", "uploaded_by_id", "visit_id") VALUES (NEW."attempt", NEW."created_at", NEW."declared_acquired_on", NEW."declared_sequence", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."queued_at", NEW."sha256", NEW."site_id", NEW."size_bytes", NEW."state", NEW."uploaded_by_id", NEW."visit_id"); RETURN NULL;',
                    hash="db487d3cff802e6e8065e9e77d70276cc96d18f9",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0c488",
                    table="segmentation_upload",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_uploadevent" ("attempt", "created_at", "declared_acquired_on", "declared_sequence", "failure_code", "finished_at", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "queued_at", "sha256", "site_id", "size_bytes", "state", "uploaded_by_id", "visit_id") VALUES (OLD."attempt", OLD."created_at", OLD."declared_acquired_on", OLD."declared_sequence", OLD."failure_code", OLD."finished_at", OLD."id", OLD."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."queued_at", OLD."sha256", OLD."site_id", OLD."size_bytes", OLD."state", OLD."uploaded_by_id", OLD."visit_id"); RETURN NULL;',
                    hash="9ae89c7b82fc028f36cf3def65448dc12d316e0e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_15492",
                    table="segmentation_upload",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nIF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND\n    to_jsonb(NEW) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message'] = to_jsonb(OLD) - ARRAY['lease_token', 'lease_until', 'progress_at', 'progress', 'progress_step', 'worker', 'turn', 'rung_at', 'claimed_at', 'not_before', 'state', 'attempt', 'finished_at', 'failure_code', 'message']\nTHEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="e8d2befc511ea842727ac0ca37bdb11251d3e7bd",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_b384d",
                    table="segmentation_upload",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="8de608ca0beb28f94b0bd44f8a92858fc0c57df0",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_54b0d",
                    table="segmentation_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="0901cbe0a524c14ce6d0f7a0c1628623c8b75ec3",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_b1c2b",
                    table="segmentation_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="7cb02b86a273d6df2e7529e6524c62cec09b62cd",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_e873f",
                    table="segmentation_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_transferevent" ("after_end_reason", "created_at", "declared_acquired_on", "declared_sequence", "expected_sha256", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sent_by_id", "site_id", "size_bytes", "state", "upload_id", "visit_id") VALUES (NEW."after_end_reason", NEW."created_at", NEW."declared_acquired_on", NEW."declared_sequence", NEW."expected_sha256", NEW."id", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."sent_by_id", NEW."site_id", NEW."size_bytes", NEW."state", NEW."upload_id", NEW."visit_id"); RETURN NULL;',
                    hash="43ac8aa4cd8f000a8fbcb1f83830438964bdf525",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2e5a9",
                    table="segmentation_transfer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."after_end_reason" IS DISTINCT FROM (NEW."after_end_reason") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."declared_acquired_on" IS DISTINCT FROM (NEW."declared_acquired_on") OR OLD."declared_sequence" IS DISTINCT FROM (NEW."declared_sequence") OR OLD."expected_sha256" IS DISTINCT FROM (NEW."expected_sha256") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."sent_by_id" IS DISTINCT FROM (NEW."sent_by_id") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."size_bytes" IS DISTINCT FROM (NEW."size_bytes") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."upload_id" IS DISTINCT FROM (NEW."upload_id") OR OLD."visit_id" IS DISTINCT FROM (NEW."visit_id"))',
                    func='INSERT INTO "segmentation_transferevent" ("after_end_reason", "created_at", "declared_acquired_on", "declared_sequence", "expected_sha256", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sent_by_id", "site_id", "size_bytes", "state", "upload_id", "visit_id") VALUES (NEW."after_end_reason", NEW."created_at", NEW."declared_acquired_on", NEW."declared_sequence", NEW."expected_sha256", NEW."id", NEW."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."sent_by_id", NEW."site_id", NEW."size_bytes", NEW."state", NEW."upload_id", NEW."visit_id"); RETURN NULL;',
                    hash="fad63d66d06080268f160cd165130c901c4b5396",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_527db",
                    table="segmentation_transfer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_transferevent" ("after_end_reason", "created_at", "declared_acquired_on", "declared_sequence", "expected_sha256", "id", "message", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sent_by_id", "site_id", "size_bytes", "state", "upload_id", "visit_id") VALUES (OLD."after_end_reason", OLD."created_at", OLD."declared_acquired_on", OLD."declared_sequence", OLD."expected_sha256", OLD."id", OLD."message", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."sent_by_id", OLD."site_id", OLD."size_bytes", OLD."state", OLD."upload_id", OLD."visit_id"); RETURN NULL;',
                    hash="d55c874426751e61a90917064c45d8a20ee99f50",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_67afa",
                    table="segmentation_transfer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nIF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND\n    to_jsonb(NEW) - ARRAY['offset_bytes', 'expires_at', 'state', 'message'] = to_jsonb(OLD) - ARRAY['offset_bytes', 'expires_at', 'state', 'message']\nTHEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN (NEW.visit_id, OLD.visit_id);\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="7174c39b5df71fad3eefc97b91a61b35f090f3b8",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_55321",
                    table="segmentation_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="323db6e300f40ed795d07eb0920e8c30a0ee19ac",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_b349a",
                    table="segmentation_transferevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="05fb555524cd59024518a5af68bea0c82f658f84",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_90176",
                    table="segmentation_transferevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="ced468424d950c0e467ff27e63b34a8218ead27c",
                    operation="INSERT",
                    pgid="pgtrigger_vet_79275",
                    table="segmentation_transferevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="b5250f117b3c2a53812c8c1238c08873068f627d",
                    operation="INSERT",
                    pgid="pgtrigger_chain_7e865",
                    table="segmentation_transferevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4b012ab0369bc3aacb29ec054a34fb34f4c0b661",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_68670",
                    table="segmentation_transferevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="uploadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="d43ea7a48075c6e27cc301f77d28d792d3363d33",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_66eed",
                    table="segmentation_uploadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="uploadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="402b9ca807741fce5ea26825340278d7a7e27e98",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ae273",
                    table="segmentation_uploadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="uploadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c496144a3e24ee481caab0ee4f94ec8ab73c71f6",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_475ca",
                    table="segmentation_uploadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="uploadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="bff05e5f4d9e5d5a5473bbd42fe62039828e4ac5",
                    operation="INSERT",
                    pgid="pgtrigger_vet_59a04",
                    table="segmentation_uploadevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="uploadevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="2f736dd1b600a04898842729302bc10212c2fcab",
                    operation="INSERT",
                    pgid="pgtrigger_chain_4146f",
                    table="segmentation_uploadevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
