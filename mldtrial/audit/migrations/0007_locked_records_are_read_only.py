"""Nobody but the database itself writes down which records a lock holds."""

from django.db import migrations

REVOKE = """
DO $$
DECLARE other name;
BEGIN
    FOR other IN
        SELECT DISTINCT grantee::name FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'audit_lockedrecord'
        AND grantee NOT IN (current_user, 'PUBLIC')
    LOOP
        EXECUTE 'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_lockedrecord FROM '
            || quote_ident(other);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_locks")]

    # The rights go with the table, which the migration before this one drops.
    operations = [migrations.RunSQL(REVOKE, migrations.RunSQL.noop)]
