"""What guards the records in the database: expected as the migrations install it.

Nothing is typed in twice. The text of a trigger and of its function is what the model's trigger
compiles to, and what a migration ran; those of schema `audit` are in `mldtrial.audit.functions`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mldtrial.audit import functions
from mldtrial.audit.chained import qualified, triggers

FUNCTIONS = re.compile(r"FUNCTION\s+(\S+?)\(.*?AS \$\$(.*?)\$\$", re.DOTALL)
TRIGGER = re.compile(r"CREATE\s+(?:CONSTRAINT\s+)?TRIGGER.*?;", re.DOTALL)
SETTING = re.compile(r"SET (\w+) = ('[^']*'|[\w]+(?:, [\w]+)*)")
WHEN = re.compile(r"\b(before|after) (\w+(?: or \w+)*) on ")
ROWS = re.compile(r"\(([^()]+,[^()]+)\) is distinct from \(([^()]+,[^()]+)\)")
CASTS = r"::(?:character varying|timestamp with time zone|double precision|\w+)(?:\[\])?"
NOISE = re.compile(rf"{CASTS}|\brow(?=\()|[\"()]|\bpublic\.")


@dataclass(frozen=True, slots=True)
class Body:
    """What a function does, with whose rights and under which settings."""

    source: str
    is_definer: bool = False
    settings: Mapping[str, str] | None = None
    """None where they were taken from the session that installed it."""

    def is_same(self, found: "Body") -> bool:
        """Return whether a function of the database is this one."""
        settings = found.settings if self.settings is None else self.settings
        return (self.source, self.is_definer, settings) == (
            found.source,
            found.is_definer,
            found.settings,
        )


def expected_functions() -> dict[tuple[str, str], Body]:
    """Return every function that guards the records, by schema and name."""
    found = {
        (one.schema, one.name): Body(
            one.body, "SECURITY DEFINER" in one.options, _settings(one.options)
        )
        for one in (*functions.ALL, functions.COVER, *functions.BLINDED)
    }
    for _, _, sql in _compiled():
        for name, source in FUNCTIONS.findall(sql):
            schema, _, bare = name.replace('"', "").rpartition(".")
            found[schema or "public", bare] = Body(source, settings={})
    return found


def expected_triggers() -> dict[tuple[str, str], str]:
    """Return the definition of every trigger that guards the records, by table and name."""
    found = {(table, name): _definition(sql) for table, name, sql in _compiled()}
    found["audit.link", "advance"] = _definition(functions.HEAD_MOVES)
    found["public.audit_lock", "cover"] = _definition(functions.LOCKS_COVER)
    return found


def normalised(definition: str) -> str:
    """Return the definition of a trigger without what PostgreSQL writes in its own way.

    PostgreSQL gives a definition back with its own order of events, casts and parentheses, and
    a comparison of rows column by column.
    """
    text = " ".join(definition.rstrip(";").lower().split()).replace("procedure", "function")
    text = WHEN.sub(lambda m: f"{m[1]} {' or '.join(sorted(m[2].split(' or ')))} on ", text)
    text = ROWS.sub(_column_by_column, text)
    return " ".join(NOISE.sub("", text).split())


def _column_by_column(found: re.Match[str]) -> str:
    pairs = zip(found[1].split(","), found[2].split(","), strict=True)
    return " or ".join(f"{was.strip()} is distinct from {now.strip()}" for was, now in pairs)


def settings_of(configuration: list[str] | None) -> dict[str, str]:
    """Return the settings of a function as the catalogue keeps them."""
    pairs = (entry.partition("=") for entry in configuration or [])
    return {name.lower(): value for name, _, value in pairs}


def _compiled() -> Iterator[tuple[str, str, str]]:
    for model, trigger in triggers():
        yield qualified(model), trigger.get_pgid(model), trigger.compile(model).install_sql


def _definition(sql: str) -> str:
    found = TRIGGER.search(sql)
    if found is None:
        raise ValueError(f"No trigger is made by: {sql}")
    return normalised(found[0])


def _settings(options: str) -> dict[str, str] | None:
    if "FROM CURRENT" in options:
        return None
    return {name.lower(): value.strip("'") for name, value in SETTING.findall(options)}
