"""Arms and allocation in a schema of their own, read only by functions that leave a trace."""

from django.db import migrations

from mldtrial.audit.functions import BLINDED

# The functions have the rights of the owner of the tables; everybody else has none. There are
# no foreign keys into the open tables: they would let a blinded role ask by trial and error.
CREATE = """
CREATE SCHEMA blinded;
GRANT USAGE ON SCHEMA blinded TO PUBLIC;

CREATE TABLE blinded.arm (
    study_id uuid NOT NULL,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$'),
    PRIMARY KEY (study_id, code)
);
CREATE TABLE blinded.allocation (
    patient_id uuid PRIMARY KEY,
    study_id uuid NOT NULL,
    arm text NOT NULL,
    is_open boolean NOT NULL,
    loaded_by text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (study_id, arm) REFERENCES blinded.arm
);
CREATE INDEX allocation_study ON blinded.allocation (study_id);
REVOKE ALL ON ALL TABLES IN SCHEMA blinded FROM PUBLIC;
"""
DROP = "DROP SCHEMA blinded CASCADE"


class Migration(migrations.Migration):
    dependencies = [("trial", "0016_unblinding_events")]

    operations = [
        migrations.RunSQL([CREATE, *(function.sql for function in BLINDED)], DROP),
    ]
