"""Registered models by the names that people type."""

from django.db.models import Case, Value, When

from segmentation.models import ModelVersion, ReleaseState

IF_NO_VERSION = "the active one, else the newest candidate, if absent"
"""What `model_named` does without a version, for the help of a command."""


class NotRegisteredError(Exception):
    """No method is meant by a name; the message says which were looked for."""


def model_named(name: str, version: str | None = None) -> ModelVersion:
    """Return a model by its name: of one version, else the active one, else the newest candidate.

    A retired one is meant only where its version is given.

    Raises
    ------
    NotRegisteredError
        If there is none.
    """
    named = ModelVersion.objects.filter(name=name)
    if version is not None:
        found = named.filter(version=version).first()
    else:
        active_first = Case(When(state=ReleaseState.ACTIVE, then=Value(0)), default=Value(1))
        standing = named.exclude(state=ReleaseState.RETIRED)
        found = standing.order_by(active_first, "-created_at").first()
    if found is not None:
        return found
    if version is None and named.exists():
        raise NotRegisteredError(
            f"Every version of {name} is retired. Name one with its version if you mean it."
        )
    of_version = "" if version is None else f" of version {version!r}"
    raise NotRegisteredError(
        f"No method {name!r}{of_version} is registered; use register_model first."
    )
