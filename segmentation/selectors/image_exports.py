"""Orders of images, narrowed to who may see them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import Study
from segmentation.models import ImageExport
from segmentation.policies import visible_to


def image_exports(study: Study, *, user: Any) -> QuerySet[ImageExport]:
    """Return the orders of a study, the latest first."""
    found = visible_to(user, ImageExport.objects.filter(study=study))
    return found.select_related("ordered_by", "study")


def image_export(study: Study, export_id: UUID, *, user: Any) -> ImageExport:
    """Return one order.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    export = image_exports(study, user=user).filter(pk=export_id).first()
    if export is None:
        raise Http404("No such export.")
    return export
