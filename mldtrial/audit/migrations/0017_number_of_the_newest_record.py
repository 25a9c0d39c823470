"""The newest link that tells of a record is found at once, however many looks came after it."""

from django.db import migrations

from mldtrial.audit import functions

INDEX = """
CREATE INDEX link_of_records ON audit.link (seq) WHERE event_table <> 'public.audit_accessevent'
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0016_promotions_of_models")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX audit.link_of_records"),
        migrations.RunSQL(functions.RECORDED.sql, "DROP FUNCTION IF EXISTS audit.recorded()"),
    ]
