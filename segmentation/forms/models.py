"""Forms of what becomes of a model."""

from mldtrial.trial.forms.base import ServiceForm, reason_field


class RetireForm(ServiceForm):
    """Why a candidate is taken out of use."""

    reason = reason_field("Why it is retired")


class ReinstateForm(ServiceForm):
    """Why a retired model is a candidate again."""

    reason = reason_field("Why it is a candidate again")
