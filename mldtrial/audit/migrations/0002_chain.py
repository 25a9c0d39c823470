"""The hash chain over all history, in a schema that the application's role may not write."""

from django.db import migrations

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
    payload text,
    row_hash bytea NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT link_once_per_event UNIQUE (event_table, event_pk)
);
"""
# A temporary table is found before a table of the same name: without this the application's
# role could catch its own history in one.
NO_TEMPORARY_TABLES = """
DO $$ BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_signatures")]

    operations = [
        migrations.RunSQL(TABLES, "DROP SCHEMA audit CASCADE"),
        *[migrations.RunSQL(function.sql, migrations.RunSQL.noop) for function in functions.ALL],
        migrations.RunSQL(functions.HEAD_MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(NO_TEMPORARY_TABLES, migrations.RunSQL.noop),
    ]
