"""Form of what becomes of a model."""

from mldtrial.trial.forms.base import ServiceForm, reason_field


class RetireForm(ServiceForm):
    """Why a candidate is taken out of use."""

    reason = reason_field("Why it is retired")
