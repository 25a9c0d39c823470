"""Which versions of a model are one network at different thresholds (decision 0043)."""

from segmentation.models import ModelVersion


def versions_of_network(model: ModelVersion) -> list[ModelVersion]:
    """Return the versions registered here that are the network of a model, itself among them.

    In the order of their keys, so that whoever locks them one after the other waits for the same
    one first. A version whose origin is not registered here is still one with its siblings.
    """
    named = {one.pk: one for one in ModelVersion.objects.filter(name=model.name)}
    known, before = {model.version, model.of_version}, set[str | None]()
    while known != before:
        before = set(known)
        for one in named.values():
            if {one.version, one.of_version} & (known - {None}):
                known |= {one.version, one.of_version}
    return [named[key] for key in sorted(named) if named[key].version in known]
