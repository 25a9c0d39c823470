"""Why an image waits in quarantine, in the words of the pages; never a value of its header."""

from mldtrial.trial.models import Conflict, Scan

SENTENCES: dict[str, str] = {
    Conflict.SEX: "The sex in the header differs from the record.",
    Conflict.BIRTH_MONTH: "The month of birth in the header differs from the record.",
    Conflict.AGE: "The age in the header does not fit the month of birth in the record.",
    Conflict.TRIAL_SUBJECT: "The header names another subject of a trial.",
    Conflict.OTHER_PERSON: "The person in the header is known under another patient of the study.",
    Conflict.PERSON_CHANGED: "The header names another person than the earlier scans of this "
    "patient: this scan or those are somebody else's, or the hospital has changed identifier or "
    "name.",
    Conflict.MANY_PERSONS: "The same upload holds images of another person.",
    Conflict.SAME_SERIES_ELSEWHERE: "The same series is known under another visit or patient.",
    Conflict.SAME_IMAGE_ELSEWHERE: "The very same image is in use under another visit or patient.",
    Conflict.OTHER_HEAD: "The head is not the one in this patient's earlier scans, by the folds of "
    "the brain. Either may be the wrong one, with whatever else was sent beside it.",
    Conflict.NOT_RECORDED: "Why it waits is no longer on record: compare all of it anew.",
}

OUT_OF_REACH: dict[str, str] = {
    Conflict.OTHER_PERSON: "The person in the header does not match this patient.",
    Conflict.SAME_SERIES_ELSEWHERE: "The series does not match this visit; ask the data manager.",
    Conflict.SAME_IMAGE_ELSEWHERE: "The image does not match this visit; ask the data manager.",
}
"""What is said instead to who may not see the other patient: no site learns of another's data."""


def describe(scan: Scan, *, is_other_seen: bool) -> list[str]:
    """Return a sentence for each conflict of a scan.

    Parameters
    ----------
    is_other_seen : bool
        Whether the reader may see under which other visit or patient the image is known.
    """
    words = SENTENCES if is_other_seen else SENTENCES | OUT_OF_REACH
    return [_sentence(conflict, scan, words) for conflict in scan.conflicts]


def _sentence(conflict: str, scan: Scan, words: dict[str, str]) -> str:
    if conflict == Conflict.DATE_FAR:
        return f"The scan was made {days_apart(scan.days_from_visit)} the visit."
    return words[conflict]


WAITS = "waits in quarantine until its site or the data manager decides where it belongs."


def days_apart(days: int | None) -> str:
    """Return how far a scan lies from a visit, as a person would say it before the visit's name."""
    if days is None:
        return "on an unknown day of"
    if days == 0:
        return "on the day of"
    count = f"{abs(days)} day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{count} {'after' if days > 0 else 'before'}"
