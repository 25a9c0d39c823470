"""The functions that chain the history, guard and check it, and their triggers.

The triggers run with the rights of the schema's owner, so that the application's role, which
may not touch a link, appends one by writing history and in no other way. The texts here are
what migrations install and what the verification expects to find in the database.
"""

from dataclasses import dataclass

# Whatever a session sets, the same row gives the same text.
_RENDERING = (
    "SET search_path = pg_catalog, audit, pg_temp SET timezone = 'UTC' "
    "SET extra_float_digits = 1 SET intervalstyle = 'postgres' SET bytea_output = 'hex'"
)
_DEFINER = f"SECURITY DEFINER {_RENDERING}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of schema `audit`, or one elsewhere that guards the records as well."""

    signature: str
    returns: str
    body: str
    options: str = _DEFINER
    language: str = "plpgsql"
    is_public: bool = False
    schema: str = "audit"

    @property
    def name(self) -> str:
        """The name without arguments."""
        return self.signature.partition("(")[0]

    @property
    def sql(self) -> str:
        """The statements that install it."""
        arguments = self.signature.partition("(")[2]
        types = ", ".join(a.split()[-1] for a in arguments.rstrip(")").split(",") if a.strip())
        who = (
            "GRANT EXECUTE ON FUNCTION {f} TO PUBLIC"
            if self.is_public
            else ("REVOKE ALL ON FUNCTION {f} FROM PUBLIC")
        )
        return (
            f"CREATE OR REPLACE FUNCTION {self.schema}.{self.signature} RETURNS {self.returns} "
            f"LANGUAGE {self.language} {self.options} AS $body${self.body}$body$; "
            f"{who.format(f=f'{self.schema}.{self.name}({types})')};"
        )


APPEND = Function(
    "append()",
    "trigger",
    """
DECLARE
    head audit.head%ROWTYPE;
    tip audit.link%ROWTYPE;
    name text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    body text := jsonb_build_array(name, to_jsonb(NEW))::text;
    row_hash bytea := sha256(convert_to(body, 'UTF8'));
    last bigint;
    prev bytea;
BEGIN
    -- One writer at a time: numbers are given under this lock, never by a sequence.
    SELECT * INTO head FROM audit.head FOR UPDATE;
    -- The head moves once for each transaction (see advance), so the newest link may be ahead
    -- of it. A head ahead of the links means that links were cut off: the gap stays.
    SELECT * INTO tip FROM audit.link ORDER BY seq DESC LIMIT 1;
    IF tip.seq IS NULL OR tip.seq < head.seq THEN
        last := head.seq; prev := head.hash;
    ELSE
        last := tip.seq; prev := tip.hash;
    END IF;
    INSERT INTO audit.link (seq, event_table, event_pk, payload, row_hash, prev, hash) VALUES (
        last + 1, name, (to_jsonb(NEW) ->> TG_ARGV[0])::bigint, body, row_hash, prev,
        sha256(prev || int8send(last + 1) || row_hash)
    );
    RETURN NULL;
END
""",
    # A large import may hold the head for longer than the application waits for other locks.
    options=f"{_DEFINER} SET lock_timeout = '60s'",
)

ADVANCE = Function(
    "advance()",
    "trigger",
    """
BEGIN
    -- Runs after the last link of a transaction was made; the first call does all of it.
    UPDATE audit.head SET seq = tip.seq, hash = tip.hash
    FROM (SELECT seq, hash FROM audit.link ORDER BY seq DESC LIMIT 1) AS tip
    WHERE head.seq < NEW.seq AND head.seq < tip.seq;
    RETURN NULL;
END
""",
)

GUARD = Function(
    "guard()",
    "trigger",
    """
BEGIN
    IF coalesce(current_setting('pgtrigger.ignore', true), '') NOT IN ('', '{}') THEN
        RAISE EXCEPTION 'The triggers of % cannot be switched off: records are kept.',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
""",
    options=_RENDERING,
)

VET = Function(
    "vet()",
    "trigger",
    """
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Rows of % are written by its trigger alone.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- A row without any context is refused by its own column.
    IF TG_NARGS = 0 AND NEW.pgh_label = 'update' AND NEW.pgh_context IS NOT NULL
        AND btrim(coalesce(NEW.pgh_context ->> 'reason', '')) = ''
    THEN
        RAISE EXCEPTION 'A change of a stored record needs a reason.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reason_for_change';
    END IF;
    RETURN NEW;
END
""",
    options=_RENDERING,
)

DIFFERS = Function(
    "differs(now jsonb, was jsonb)",
    "boolean",
    """
    -- Key by key: a column that was added since says nothing, and neither does one that is gone.
    SELECT (now || was) <> now AND EXISTS (
        SELECT FROM jsonb_each(was) AS old
        WHERE now ? old.key AND now -> old.key <> old.value
    )
""",
    options="IMMUTABLE SET search_path = pg_catalog",
    language="sql",
    is_public=True,
)

LINKS = Function(
    "broken_links(first bigint, last bigint)",
    "TABLE (seq bigint, event_table text, event_pk bigint, fault text)",
    """
BEGIN
    RETURN QUERY
    SELECT found.seq, found.event_table, found.event_pk, found.fault
    FROM (
        SELECT l.seq, l.event_table, l.event_pk,
            CASE
                WHEN l.seq <> coalesce(lag(l.seq) OVER byseq, 0) + 1 THEN 'LINK_MISSING'
                WHEN l.prev <> coalesce(lag(l.hash) OVER byseq, '\\x00') THEN 'ORDER_CHANGED'
                WHEN l.hash <> sha256(l.prev || int8send(l.seq) || l.row_hash)
                    THEN 'LINK_CHANGED'
                WHEN l.payload IS NULL THEN 'LINK_CHANGED'
                WHEN l.row_hash <> sha256(convert_to(l.payload, 'UTF8')) THEN
                    -- A payload that two people blanked is named by its hash on record.
                    CASE WHEN EXISTS (
                        SELECT FROM public.audit_redaction AS r
                        WHERE r.link_seq = l.seq
                            AND r.event_table = l.event_table AND r.event_pk = l.event_pk
                            AND r.payload_sha256 =
                                encode(sha256(convert_to(l.payload, 'UTF8')), 'hex')
                    ) THEN 'REDACTED' ELSE 'LINK_CHANGED' END
            END AS fault
        FROM audit.link AS l
        WHERE l.seq BETWEEN first - 1 AND last
        WINDOW byseq AS (ORDER BY l.seq)
    ) AS found
    WHERE found.fault IS NOT NULL AND found.seq >= first
    ORDER BY found.seq;
END
""",
    is_public=True,
)

EVENTS = Function(
    "broken_events(first bigint, last bigint)",
    "TABLE (seq bigint, event_table text, event_pk bigint, fault text)",
    """
DECLARE
    name text;
    key text;
BEGIN
    FOR name IN SELECT DISTINCT l.event_table FROM audit.link AS l
        WHERE l.seq BETWEEN first AND last
    LOOP
        IF to_regclass(name) IS NULL THEN
            RETURN QUERY SELECT l.seq, l.event_table, l.event_pk, 'TABLE_MISSING'
                FROM audit.link AS l WHERE l.seq BETWEEN first AND last AND l.event_table = name;
            CONTINUE;
        END IF;
        key := audit.key_of(name::regclass);
        RETURN QUERY EXECUTE format(
            'SELECT l.seq, l.event_table, l.event_pk, '
            'CASE WHEN e.%1$I IS NULL THEN ''EVENT_MISSING'' '
            '     WHEN l.payload::jsonb ->> 0 <> l.event_table '
            '       OR (l.payload::jsonb -> 1 ->> %3$L)::bigint <> l.event_pk '
            '     THEN ''LINK_CHANGED'' ELSE ''EVENT_CHANGED'' END '
            'FROM audit.link AS l LEFT JOIN %2$s AS e ON e.%1$I = l.event_pk '
            'WHERE l.event_table = %4$L AND l.seq BETWEEN $1 AND $2 AND l.payload IS NOT NULL '
            'AND (e.%1$I IS NULL OR l.payload::jsonb ->> 0 <> l.event_table '
            '  OR (l.payload::jsonb -> 1 ->> %3$L)::bigint <> l.event_pk '
            '  OR audit.differs(to_jsonb(e), l.payload::jsonb -> 1))',
            key, name::regclass, key, name
        ) USING first, last;
    END LOOP;
END
""",
    is_public=True,
)

KEY_OF = Function(
    "key_of(of_table regclass)",
    "text",
    """
    SELECT a.attname::text FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = of_table AND i.indisprimary
""",
    options="STABLE SET search_path = pg_catalog",
    language="sql",
    is_public=True,
)

UNLINKED = Function(
    "unlinked(of_table text)",
    "TABLE (event_pk bigint)",
    """
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT e.%1$I::bigint FROM %2$s AS e WHERE NOT EXISTS ('
        'SELECT FROM audit.link AS l WHERE l.event_table = %3$L AND l.event_pk = e.%1$I) '
        'ORDER BY 1',
        audit.key_of(of_table::regclass), of_table::regclass, of_table
    );
END
""",
    is_public=True,
)

UNRECORDED = Function(
    "unrecorded(of_table text, event_table text, key text)",
    "TABLE (record text)",
    """
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT t.%3$I::text FROM %1$s AS t LEFT JOIN LATERAL ('
        'SELECT to_jsonb(e) AS row FROM %2$s AS e WHERE e.pgh_obj_id = t.%3$I '
        'ORDER BY e.pgh_id DESC LIMIT 1) AS e ON true '
        'WHERE e.row IS NULL OR audit.differs(to_jsonb(t), e.row) ORDER BY 1',
        of_table::regclass, event_table::regclass, key
    );
END
""",
    is_public=True,
)

HASHES = Function(
    "hashes(wanted bigint[])",
    "TABLE (seq bigint, hash bytea)",
    "SELECT l.seq, l.hash FROM audit.link AS l WHERE l.seq = ANY (wanted)",
    language="sql",
    is_public=True,
)

TIP = Function(
    "tip()",
    "TABLE (seq bigint, hash bytea)",
    "SELECT l.seq, l.hash FROM audit.link AS l ORDER BY l.seq DESC LIMIT 1",
    options=f"STABLE {_DEFINER}",  # stable: read in the same instant as the head beside it
    language="sql",
    is_public=True,
)

RECORDED = Function(
    "recorded()",
    "bigint",
    """
    SELECT coalesce(max(l.seq), 0) FROM audit.link AS l
    WHERE l.event_table <> 'public.audit_accessevent'
""",
    options=f"STABLE {_DEFINER}",
    language="sql",
    is_public=True,
)
"""The number of the newest link that is no entry of the access log: looks change no record.

An index of a migration has the same condition, so that it is found at once.
"""

REDACT = Function(
    "redact(of_table text, pk bigint, path text[])",
    "TABLE (seq bigint, payload_sha256 text)",
    """
DECLARE
    tip audit.link%ROWTYPE;
    col name := path[1];
    kind regtype;
    longest int;
    needed boolean;
    body jsonb;
    blank jsonb;
    key text;
    guard name;
BEGIN
    SELECT * INTO tip FROM audit.link AS l
        WHERE l.event_table = of_table AND l.event_pk = pk FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no event % in %.', pk, of_table USING CONSTRAINT = 'redaction';
    END IF;
    key := audit.key_of(of_table::regclass);
    SELECT a.atttypid, CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 END, a.attnotnull
        INTO kind, longest, needed FROM pg_attribute AS a
        WHERE a.attrelid = of_table::regclass AND a.attname = col AND a.attnum > 0;
    body := tip.payload::jsonb -> 1;
    IF kind IS NULL OR body #> path IS NULL THEN
        RAISE EXCEPTION 'The event has no value %.', array_to_string(path, '.')
            USING CONSTRAINT = 'redaction';
    END IF;
    IF col = key OR (col LIKE 'pgh\\_%' AND col <> 'pgh_context') OR path[2] IN ('user', 'origin')
        OR (kind = 'jsonb'::regtype) <> (array_length(path, 1) > 1)
    THEN
        RAISE EXCEPTION '% is not blanked: it holds the event together, or is JSON as a whole. '
            'Name a column of text, or a key of JSON as column.key.', array_to_string(path, '.')
            USING CONSTRAINT = 'redaction';
    END IF;
    IF kind IN ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype) THEN
        blank := to_jsonb(left('[redacted]', coalesce(longest, 10)));
    ELSIF NOT needed THEN
        blank := 'null';
    ELSE
        RAISE EXCEPTION '% cannot be empty: only text, JSON and columns that may be empty are '
            'blanked.', col USING CONSTRAINT = 'redaction';
    END IF;
    body := jsonb_set(body, path, blank);
    -- Events are never changed but here, by the owner of their table.
    FOR guard IN SELECT t.tgname FROM pg_trigger AS t WHERE t.tgrelid = of_table::regclass
        AND t.tgname LIKE 'pgtrigger\\_append\\_only%'
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', of_table::regclass, guard);
    END LOOP;
    EXECUTE format(
        'UPDATE %1$s SET %2$I = (jsonb_populate_record(NULL::%1$s, $1)).%2$I WHERE %3$I = $2',
        of_table::regclass, col, key
    ) USING body, pk;
    FOR guard IN SELECT t.tgname FROM pg_trigger AS t WHERE t.tgrelid = of_table::regclass
        AND t.tgname LIKE 'pgtrigger\\_append\\_only%'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', of_table::regclass, guard);
    END LOOP;
    tip.payload := jsonb_build_array(of_table, body)::text;
    UPDATE audit.link AS l SET payload = tip.payload WHERE l.seq = tip.seq;
    RETURN QUERY SELECT tip.seq, encode(sha256(convert_to(tip.payload, 'UTF8')), 'hex');
END
""",
    # With the rights of whoever calls it, and for nobody: the application's role cannot redact.
    options=_RENDERING,
)

# Owned by the owner of the tables, whose rights it has: nobody else writes to the list.
COVER = Function(
    "audit_cover()",
    "trigger",
    """
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
END """,
    options="SECURITY DEFINER SET search_path FROM CURRENT",
    is_public=True,
    schema="public",
)
"""A lock on a patient or a study holds everything below: the database keeps the list.

It speaks of tables of the trial, whose migrations install it.
"""


def _of_arms(signature: str, returns: str, body: str, *, language: str = "plpgsql") -> Function:
    options = "STABLE " if language == "sql" else ""
    return Function(
        signature,
        returns,
        body,
        options=f"{options}SECURITY DEFINER SET search_path FROM CURRENT",
        language=language,
        is_public=True,
        schema="blinded",
    )


BLINDED = (
    _of_arms(
        "load(of_study uuid, of_patient uuid, in_arm text, by_whom text)",
        "void",
        """
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
END """,
    ),
    _of_arms(
        "reveal(by_event uuid)",
        "TABLE (patient_id uuid, arm text)",
        """
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
END """,
    ),
    _of_arms(
        "arms_of_open_study(of_study uuid)",
        "TABLE (patient_id uuid, arm text)",
        """
    SELECT a.patient_id, a.arm FROM blinded.allocation a
    JOIN trial_study s ON s.id = a.study_id
    -- Both: a study that was blinded when its arms came in stays closed, whatever is set later.
    WHERE a.study_id = of_study AND a.is_open AND s.blinding = 'OPEN'
""",
        language="sql",
    ),
)
"""The only ways to arms and allocation; a migration of the trial installs them."""


ALL = (
    APPEND, ADVANCE, GUARD, VET, DIFFERS, KEY_OF, LINKS, EVENTS, UNLINKED, UNRECORDED, HASHES, TIP,
    RECORDED, REDACT,
)  # fmt: skip
"""What the migrations of this package install."""

HEAD_MOVES = """
CREATE CONSTRAINT TRIGGER advance AFTER INSERT ON audit.link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.advance();
"""
LOCKS_COVER = """
CREATE TRIGGER cover AFTER INSERT OR UPDATE ON public.audit_lock
    FOR EACH ROW EXECUTE FUNCTION public.audit_cover();
"""
