"""Arms and allocation in a schema of their own, read only by functions that leave a trace."""

from django.db import migrations

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

CREATE FUNCTION blinded.load(of_study uuid, of_patient uuid, in_arm text, by_whom text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trial_patient WHERE id = of_patient AND study_id = of_study)
    THEN RAISE EXCEPTION 'The study has no such patient.' USING ERRCODE = 'no_data_found'; END IF;
    -- Refused whether the arm is the same or not: the answer must not tell which it is.
    IF EXISTS (SELECT FROM blinded.allocation WHERE patient_id = of_patient)
    THEN RAISE EXCEPTION 'This patient is allocated already.' USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO blinded.arm VALUES (of_study, in_arm) ON CONFLICT DO NOTHING;
    INSERT INTO blinded.allocation (patient_id, study_id, arm, is_open, loaded_by)
    SELECT of_patient, of_study, in_arm, blinding = 'OPEN', by_whom
    FROM trial_study WHERE id = of_study;
END $$;

CREATE FUNCTION blinded.reveal(by_event uuid) RETURNS TABLE (patient_id uuid, arm text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE event trial_unblindingevent;
BEGIN
    SELECT * INTO event FROM trial_unblindingevent WHERE id = by_event;
    IF NOT FOUND THEN RAISE EXCEPTION 'No such unblinding.'; END IF;
    -- An event of this very transaction could be taken back after the answer.
    IF event.written_in = pg_current_xact_id()::text::bigint
    THEN RAISE EXCEPTION 'The unblinding is not on record yet: commit it first.'; END IF;
    RETURN QUERY SELECT a.patient_id, a.arm FROM blinded.allocation a
        WHERE a.study_id = event.study_id
        AND (event.patient_id IS NULL OR a.patient_id = event.patient_id);
END $$;

CREATE FUNCTION blinded.arms_of_open_study(of_study uuid)
RETURNS TABLE (patient_id uuid, arm text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT a.patient_id, a.arm FROM blinded.allocation a
    JOIN trial_study s ON s.id = a.study_id
    -- Both: a study that was blinded when its arms came in stays closed, whatever is set later.
    WHERE a.study_id = of_study AND a.is_open AND s.blinding = 'OPEN'
$$;
"""
DROP = "DROP SCHEMA blinded CASCADE"


class Migration(migrations.Migration):
    dependencies = [("trial", "0016_unblinding_events")]

    operations = [migrations.RunSQL(CREATE, DROP)]
