import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0030_caution_of_two_heads"),
        ("trial", "0027_query_dispositions"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="tissuemeasurement",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="tissuemeasurement",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="tissuemeasurement",
            name="delete_delete",
        ),
        migrations.RemoveConstraint(
            model_name="tissuemeasurement",
            name="tissue_once_per_method",
        ),
        migrations.AddField(
            model_name="tissuemeasurement",
            name="t2w_scan",
            field=models.ForeignKey(
                blank=True,
                help_text="Taken from the visit for a run that names no T2w; empty: that of the run.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="trial.scan",
            ),
        ),
        migrations.AddField(
            model_name="tissuemeasurementevent",
            name="t2w_scan",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="Taken from the visit for a run that names no T2w; empty: that of the run.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="trial.scan",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tissuemeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state", "t2w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'insert\', NEW."id", NEW."priority", NEW."provenance", NEW."queued_at", NEW."reasons", NEW."run_id", NEW."separability", NEW."site_id", NEW."state", NEW."t2w_scan_id"); RETURN NULL;',
                    hash="345abafb6f6fb5d9d6497a874cb02cc42d8c6e92",
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
                    condition='WHEN (OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."method_version" IS DISTINCT FROM (NEW."method_version") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."provenance" IS DISTINCT FROM (NEW."provenance") OR OLD."queued_at" IS DISTINCT FROM (NEW."queued_at") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."separability" IS DISTINCT FROM (NEW."separability") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."t2w_scan_id" IS DISTINCT FROM (NEW."t2w_scan_id"))',
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state", "t2w_scan_id") VALUES (NEW."attempt", NEW."created_at", NEW."failure_code", NEW."finished_at", NEW."id", NEW."message", NEW."method_version", NEW."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'update\', NEW."id", NEW."priority", NEW."provenance", NEW."queued_at", NEW."reasons", NEW."run_id", NEW."separability", NEW."site_id", NEW."state", NEW."t2w_scan_id"); RETURN NULL;',
                    hash="aa102d7689b0807f9f5efd195e27ab05e9bb0e37",
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
                    func='INSERT INTO "segmentation_tissuemeasurementevent" ("attempt", "created_at", "failure_code", "finished_at", "id", "message", "method_version", "origin", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "provenance", "queued_at", "reasons", "run_id", "separability", "site_id", "state", "t2w_scan_id") VALUES (OLD."attempt", OLD."created_at", OLD."failure_code", OLD."finished_at", OLD."id", OLD."message", OLD."method_version", OLD."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'delete\', OLD."id", OLD."priority", OLD."provenance", OLD."queued_at", OLD."reasons", OLD."run_id", OLD."separability", OLD."site_id", OLD."state", OLD."t2w_scan_id"); RETURN NULL;',
                    hash="09b49408a128c3add27aa2ee2a72f054a3052707",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_fbc7d",
                    table="segmentation_tissuemeasurement",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="tissuemeasurement",
            constraint=models.UniqueConstraint(
                fields=("run", "method_version", "t2w_scan"),
                name="tissue_once_per_method",
                nulls_distinct=False,
            ),
        ),
    ]
