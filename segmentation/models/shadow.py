"""What a lock lets through of a candidate: a run that counts nowhere, and its result.

Frozen and locked visits take it, so that a candidate runs over the very cohort it is to be judged
by. What the method found before stays held, and so does everything of a method that is active or
retired.
"""

from collections.abc import Collection

from segmentation.models.model_version import MADE_ELSEWHERE, ReleaseState

# The row of the method is held until the transaction ends: it becomes active after the result is
# there, and is refused for it, or before, and the result is refused.
_BY_A_CANDIDATE = """IF held > 0 AND ({change}) THEN
    PERFORM FROM segmentation_modelversion WHERE id = {model}
        AND state = '{candidate}' AND NOT manifest ? '{elsewhere}' FOR SHARE;
    IF FOUND THEN RETURN NEW; END IF;
END IF;
"""

FOLLOWING_COLUMNS = ("provenance", "analysis_flag", "batch_id", "priority")
"""Columns that a run moves beside those of every job until it has its result."""


def _exempt(change: str, model: str) -> str:
    return _BY_A_CANDIDATE.format(
        change=change,
        model=model,
        candidate=ReleaseState.CANDIDATE.value,
        elsewhere=MADE_ELSEWHERE,
    )


def runs_that_count_nowhere(job_columns: Collection[str]) -> str:
    """Return what lets a candidate's run be asked for, done, and told from an earlier one of it.

    Parameters
    ----------
    job_columns : collection of str
        Columns that every unfinished job may move.
    """
    unfinished = ", ".join(f"'{name}'" for name in (*job_columns, *FOLLOWING_COLUMNS))
    change = f"""TG_OP = 'INSERT'
    OR to_jsonb(NEW) - 'analysis_flag' = to_jsonb(OLD) - 'analysis_flag'
    OR OLD.state <> 'SUCCEEDED'
        AND to_jsonb(NEW) - ARRAY[{unfinished}] = to_jsonb(OLD) - ARRAY[{unfinished}]"""
    return _exempt(change, "NEW.model_version_id")


RESULTS_THAT_COUNT_NOWHERE = _exempt(
    "TG_OP = 'INSERT'",
    "(SELECT model_version_id FROM segmentation_segmentationrun WHERE id = NEW.run_id)",
)
"""What lets a result be added to a candidate's run, and never changed."""
