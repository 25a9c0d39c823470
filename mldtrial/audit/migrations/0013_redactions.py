"""Personal data can be taken out of the history, by two people and on record."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from mldtrial.audit import functions


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0012_whole_links_and_anchors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="accessevent",
            name="access_action_known",
        ),
        migrations.AlterField(
            model_name="accessevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("SIGN_IN", "signed in"),
                    ("SIGN_IN_FAILED", "sign-in refused"),
                    ("CONFIRM_FAILED", "re-authentication refused"),
                    ("SIGN_OUT", "signed out"),
                    ("ROLE_GRANTED", "role granted"),
                    ("ROLE_ENDED", "role ended"),
                    ("EXPORT_BEGUN", "export begun"),
                    ("EXPORT_DONE", "export complete"),
                    ("VIEW_SENSITIVE", "blinded data viewed"),
                    ("VERIFY", "audit trail verified"),
                    ("REDACT", "audit event redacted"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="accessevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "action__in",
                        [
                            "SIGN_IN",
                            "SIGN_IN_FAILED",
                            "CONFIRM_FAILED",
                            "SIGN_OUT",
                            "ROLE_GRANTED",
                            "ROLE_ENDED",
                            "EXPORT_BEGUN",
                            "EXPORT_DONE",
                            "VIEW_SENSITIVE",
                            "VERIFY",
                            "REDACT",
                        ],
                    )
                ),
                name="access_action_known",
            ),
        ),
        migrations.AddField(
            model_name="redaction",
            name="approved_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="redaction",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="redaction",
            index=models.Index(fields=["link_seq"], name="redaction_of_link"),
        ),
        migrations.AddConstraint(
            model_name="redaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="redaction_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="redaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("requested_by", models.F("approved_by")), _negated=True),
                name="redaction_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="redaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("payload_sha256__regex", "^[0-9a-f]{64}$")),
                name="redaction_sha256_is_hex",
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
        migrations.RunSQL(functions.LINKS.sql, migrations.RunSQL.noop),
        migrations.RunSQL(functions.REDACT.sql, migrations.RunSQL.noop),
    ]
