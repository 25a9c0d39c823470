"""Registered models by the names that people type."""

from segmentation.models import ModelVersion


def model_named(name: str, version: str | None = None) -> ModelVersion | None:
    """Return the model of a name that was registered last, of one version if it is given."""
    found = ModelVersion.objects.filter(name=name)
    if version is not None:
        found = found.filter(version=version)
    return found.order_by("-created_at").first()
