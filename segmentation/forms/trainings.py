"""Form of an order to train a network."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mldtrial.trial.forms.base import ServiceForm
from segmentation.models.training import TrainedNetwork, TrainingDevice
from segmentation.selectors.trainings import Material

NETWORKS = [one for one in TrainedNetwork.choices if one[0] != TrainedNetwork.TINY]


class TrainingForm(ServiceForm):
    """On which masks, which network, for how long."""

    study = forms.ChoiceField(label="Study")
    name = forms.SlugField(label="Name of the model", max_length=64)
    version = forms.CharField(label="Version", max_length=32)
    network = forms.ChoiceField(label="Network", choices=NETWORKS)
    epochs = forms.IntegerField(label="Epochs, at most", min_value=1, max_value=10_000, initial=300)
    patience = forms.IntegerField(
        label="End early after",
        min_value=0,
        max_value=10_000,
        initial=50,
        help_text="Epochs without a better pseudo-Dice; 0: never.",
    )
    held_out_percent = forms.IntegerField(
        label="Held-out patients, %",
        min_value=0,
        max_value=50,
        initial=20,
        help_text="No training sees them; the model is measured on them.",
    )

    def __init__(
        self, *args: Any, material: Sequence[Material], device: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._studies = {str(one.study.pk): one.study for one in material}
        is_cpu = device == TrainingDevice.CPU
        self.initial["network"] = TrainedNetwork.SMALL if is_cpu else TrainedNetwork.PLANNED
        field = self.fields["study"]
        field.always_asked = True
        field.choices = [
            (
                str(one.study.pk),
                f"{one.study.code}: {one.masks} approved mask{'' if one.masks == 1 else 's'} of "
                f"{one.patients} patient{'' if one.patients == 1 else 's'}",
            )
            for one in material
        ]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {**self.cleaned_data, "study": self._studies[self.cleaned_data["study"]]}
