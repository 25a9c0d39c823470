"""The errors of a statistic that the data do not allow."""


class NotEstimableError(ValueError):
    """The data do not allow this statistic; the message says why, for people."""


class TooFewClustersError(NotEstimableError):
    """Robust standard errors of so few clusters are too small to be shown."""
