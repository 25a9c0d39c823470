"""Scans that a person sets aside; it goes back with what was said of them."""

import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0028_pictures_of_runs"),
        ("trial", "0026_plausible_loads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScanSetAside",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("MOVEMENT", "movement"),
                            ("ARTEFACT", "artefact"),
                            ("CUT_OFF", "field of view cut off"),
                            ("WRONG_SETTINGS", "wrong sequence or settings"),
                            ("OTHER", "other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "is_load_known",
                    models.BooleanField(
                        help_text="A load of the scan had been measured by then.",
                        verbose_name="load known",
                    ),
                ),
                (
                    "is_by_who_sees_loads",
                    models.BooleanField(
                        help_text="Loads were shown to who set the scan aside.",
                        verbose_name="by who sees loads",
                    ),
                ),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                ("taken_back_reason", models.CharField(blank=True, max_length=300)),
                (
                    "scan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="set_asides",
                        to="trial.scan",
                    ),
                ),
                (
                    "set_aside_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_back_by",
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
                "verbose_name": "scan set aside",
                "verbose_name_plural": "scans set aside",
                "ordering": ["-created_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScanSetAsideEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("MOVEMENT", "movement"),
                            ("ARTEFACT", "artefact"),
                            ("CUT_OFF", "field of view cut off"),
                            ("WRONG_SETTINGS", "wrong sequence or settings"),
                            ("OTHER", "other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "is_load_known",
                    models.BooleanField(
                        help_text="A load of the scan had been measured by then.",
                        verbose_name="load known",
                    ),
                ),
                (
                    "is_by_who_sees_loads",
                    models.BooleanField(
                        help_text="Loads were shown to who set the scan aside.",
                        verbose_name="by who sees loads",
                    ),
                ),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                ("taken_back_reason", models.CharField(blank=True, max_length=300)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="segmentation.scansetaside",
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
                    "set_aside_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_back_by",
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
        migrations.AddConstraint(
            model_name="scansetaside",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cause__in", ["MOVEMENT", "ARTEFACT", "CUT_OFF", "WRONG_SETTINGS", "OTHER"])
                ),
                name="set_aside_cause_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scansetaside",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="set_aside_for_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="scansetaside",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("taken_back_at__isnull", True),
                        ("taken_back_by__isnull", True),
                        ("taken_back_reason", ""),
                    ),
                    models.Q(
                        models.Q(("taken_back_reason", ""), _negated=True),
                        ("taken_back_at__isnull", False),
                        ("taken_back_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="set_aside_taken_back_by_whom_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="scansetaside",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at__isnull", True)),
                fields=("scan",),
                name="set_aside_once_at_a_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="6f19804b7f942d28a2341133124398626406db77",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_9e6b6",
                    table="segmentation_scansetaside",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="be4479ec0694157fd318d7778d564b6d049b752e",
                    operation="DELETE",
                    pgid="pgtrigger_refuse_delete_28a3e",
                    table="segmentation_scansetaside",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="491713ea141e7c7eb01128e0e291509c39756529",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_d4028",
                    table="segmentation_scansetaside",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scansetasideevent" ("cause", "created_at", "id", "is_by_who_sees_loads", "is_load_known", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scan_id", "set_aside_by_id", "taken_back_at", "taken_back_by_id", "taken_back_reason") VALUES (NEW."cause", NEW."created_at", NEW."id", NEW."is_by_who_sees_loads", NEW."is_load_known", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."reason", NEW."scan_id", NEW."set_aside_by_id", NEW."taken_back_at", NEW."taken_back_by_id", NEW."taken_back_reason"); RETURN NULL;',
                    hash="e69db60ef93ffedc227a91a9fbdbcc804f627999",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_8dc54",
                    table="segmentation_scansetaside",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "segmentation_scansetasideevent" ("cause", "created_at", "id", "is_by_who_sees_loads", "is_load_known", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scan_id", "set_aside_by_id", "taken_back_at", "taken_back_by_id", "taken_back_reason") VALUES (NEW."cause", NEW."created_at", NEW."id", NEW."is_by_who_sees_loads", NEW."is_load_known", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."reason", NEW."scan_id", NEW."set_aside_by_id", NEW."taken_back_at", NEW."taken_back_by_id", NEW."taken_back_reason"); RETURN NULL;',
                    hash="daedcaaef8eee88e73093ddc96c4cfe9d5af05b3",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d91fc",
                    table="segmentation_scansetaside",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_scansetasideevent" ("cause", "created_at", "id", "is_by_who_sees_loads", "is_load_known", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "scan_id", "set_aside_by_id", "taken_back_at", "taken_back_by_id", "taken_back_reason") VALUES (OLD."cause", OLD."created_at", OLD."id", OLD."is_by_who_sees_loads", OLD."is_load_known", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."reason", OLD."scan_id", OLD."set_aside_by_id", OLD."taken_back_at", OLD."taken_back_by_id", OLD."taken_back_reason"); RETURN NULL;',
                    hash="e2a545a727ba5286acda011597f26ccd0ac25ed5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9bd4d",
                    table="segmentation_scansetaside",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetaside",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_locked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE held smallint;",
                    func="\nIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;\n\nPERFORM pg_advisory_xact_lock_shared(7290114);\nSELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ((SELECT visit_id FROM trial_scan WHERE id = NEW.scan_id), (SELECT visit_id FROM trial_scan WHERE id = OLD.scan_id));\nIF held >= 1 THEN\n    RAISE EXCEPTION 'This record is %.', CASE held WHEN 2 THEN 'locked' ELSE 'frozen' END\n    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =\n        CASE held WHEN 2 THEN 'record_locked' ELSE 'record_frozen' END;\nEND IF;\nRETURN NEW;\n",
                    hash="3fe1c7260486760bde429b165f961858b816a8b0",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_refuse_locked_b30fe",
                    table="segmentation_scansetaside",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetasideevent",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
                    hash="07735836a31544b7f94a0e11c27d9569c2ca8dfa",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_e7519",
                    table="segmentation_scansetasideevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetasideevent",
            trigger=pgtrigger.compiler.Trigger(
                name="guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.guard()",
                    func="RETURN NULL;",
                    hash="c6034588f73d95ae073382695691f2e6ad24e6ed",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_guard_f33d7",
                    table="segmentation_scansetasideevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetasideevent",
            trigger=pgtrigger.compiler.Trigger(
                name="vet",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="audit.vet()",
                    func="RETURN NULL;",
                    hash="26d7c0e19fe4e816816426d2e87b128054d3e58f",
                    operation="INSERT",
                    pgid="pgtrigger_vet_4e653",
                    table="segmentation_scansetasideevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetasideevent",
            trigger=pgtrigger.compiler.Trigger(
                name="chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    execute="audit.append('pgh_id')",
                    func="RETURN NULL;",
                    hash="a92b92dae81ccf56191c25fefbfcdbc301ad7b66",
                    operation="INSERT",
                    pgid="pgtrigger_chain_76734",
                    table="segmentation_scansetasideevent",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scansetasideevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c801c9477a96041579ef48da491b658ce0236673",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3b043",
                    table="segmentation_scansetasideevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
