"""Form of an order to segment a cohort."""

from collections.abc import Iterable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm
from segmentation.models import ModelVersion


class BatchForm(ServiceForm):
    """By which method the visits of a study are segmented."""

    model = forms.ChoiceField(label="Method")

    def __init__(self, *args: Any, models: Iterable[ModelVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._models = {str(model.pk): model for model in models}
        field = self.fields["model"]
        field.always_asked = True
        field.choices = [
            (key, f"{model} ({model.get_state_display()})") for key, model in self._models.items()
        ]

    def values(self) -> dict[str, ModelVersion]:
        """Return the arguments of the service."""
        return {"model": self._models[self.cleaned_data["model"]]}
