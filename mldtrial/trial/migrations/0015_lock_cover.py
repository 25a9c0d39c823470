"""A lock on a patient or a study holds everything below: the database keeps the list."""

from django.db import migrations

from mldtrial.audit import functions

UNCOVER = "DROP TRIGGER cover ON audit_lock; DROP FUNCTION audit_cover();"


class Migration(migrations.Migration):
    dependencies = [
        ("trial", "0014_lock_guards"),
        ("audit", "0007_locked_records_are_read_only"),
    ]

    operations = [
        migrations.RunSQL([functions.COVER.sql, functions.LOCKS_COVER], UNCOVER),
    ]
