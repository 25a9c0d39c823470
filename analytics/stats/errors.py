"""The errors of a statistic that the data do not allow."""


class NotEstimableError(ValueError):
    """The data do not allow this statistic; the message says why, for people."""


class TooFewClustersError(NotEstimableError):
    """Robust standard errors of so few clusters are too small to be shown."""


def as_clause(reason: str) -> str:
    """Return a reason as the end of a sentence: after "not estimable:" in a table."""
    words = reason.rstrip(".")
    return words[:1].lower() + words[1:]
