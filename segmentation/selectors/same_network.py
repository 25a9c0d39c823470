"""Which methods are one network at different thresholds (decision 0043)."""

from segmentation.models import ModelVersion


def versions_of_network(model: ModelVersion) -> list[ModelVersion]:
    """Return the methods registered here that are the network of a model, itself among them.

    What was shifted is told by the sha256 of its manifest: a name and a version can be given to
    another network elsewhere. A method whose origin is not registered here is still one with what
    was made from the same. In the order of their keys, so that whoever locks them one after the
    other waits for the same one first.
    """
    everything = list(ModelVersion.objects.order_by("pk"))
    known, before = {model.sha256, model.shifted_from or model.sha256}, set[str]()
    while known != before:
        before = set(known)
        for one in everything:
            if {one.sha256, one.shifted_from} & known:
                known |= {one.sha256, one.shifted_from or one.sha256}
    return [one for one in everything if one.sha256 in known]
