"""Tables whose every change has a number in the chain."""

from mldtrial.audit.chained import histories


def numbered_tables() -> set[str]:
    """Return them: those that are tracked, and their histories, which grow with the chain."""
    return {
        table.removeprefix("public.")
        for history in histories()
        for table in (history.table, history.event_table)
    }
