"""A lock on a patient or a study holds everything below: the database keeps the list."""

from django.db import migrations

# Owned by the owner of the tables, whose rights it has: nobody else writes to the list.
COVER = """
CREATE FUNCTION audit_cover() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_lockedrecord (lock_id, record_id, level)
        SELECT NEW.id, held.id, NEW.level FROM (
            SELECT NEW.record_id AS id
            UNION SELECT id FROM trial_patient WHERE study_id = NEW.record_id
            UNION SELECT id FROM trial_visit WHERE patient_id = NEW.record_id
            UNION SELECT v.id FROM trial_visit v JOIN trial_patient p ON p.id = v.patient_id
                WHERE p.study_id = NEW.record_id
        ) held;
    ELSIF NEW.lifted_at IS NOT NULL THEN
        DELETE FROM audit_lockedrecord WHERE lock_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER cover AFTER INSERT OR UPDATE ON audit_lock
FOR EACH ROW EXECUTE FUNCTION audit_cover();
"""
UNCOVER = "DROP TRIGGER cover ON audit_lock; DROP FUNCTION audit_cover();"


class Migration(migrations.Migration):
    dependencies = [
        ("trial", "0014_lock_guards"),
        ("audit", "0007_locked_records_are_read_only"),
    ]

    operations = [migrations.RunSQL(COVER, UNCOVER)]
