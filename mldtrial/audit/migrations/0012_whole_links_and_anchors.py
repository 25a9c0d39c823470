"""Every link has a payload, and the newest anchor is known."""

from django.db import migrations, models

from mldtrial.audit import functions

# A link without payload is a fault that verification names: where there is one already, the
# table stays as it is, and nothing of the evidence is touched.
PAYLOADS = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM audit.link WHERE payload IS NULL) THEN
        ALTER TABLE audit.link ALTER COLUMN payload SET NOT NULL;
    END IF;
END $$;
"""
MAY_BE_NULL = "ALTER TABLE audit.link ALTER COLUMN payload DROP NOT NULL"


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0011_refused_confirmations"),
    ]

    operations = [
        migrations.RunSQL(PAYLOADS, MAY_BE_NULL),
        migrations.RunSQL(functions.LINKS.sql, migrations.RunSQL.noop),
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
    ]
