"""What the page of an upload has to know before it sends a byte."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from mldtrial.trial.models import Visit
from segmentation.imaging.archive_rules import MAX_ENTRIES
from segmentation.imaging.content import Content, marks
from segmentation.selectors import transfers


def upload_facts(visit: Visit, *, user: Any) -> dict[str, Any]:
    """Return the limits, the marks of kinds of files and the addresses, for the script.

    The script refuses by them what the server would refuse; the server decides all the same.
    """
    address = [visit.patient.study.code, visit.pk]
    patient = reverse("patient", args=[visit.patient.study.code, visit.patient_id])
    return {
        "endpoint": reverse("transfers", args=address),
        "procedureUrl": reverse("deidentification", args=[visit.patient.study.code]),
        "patientUrl": f"{patient}#visit-{visit.pk}",
        "user": str(user.pk),
        "csrfCookie": settings.CSRF_COOKIE_NAME,
        "maxBytes": settings.UPLOAD_MAX_BYTES,
        "maxFiles": MAX_ENTRIES,
        "kinds": {kind.name: kind.value for kind in Content},
        "marks": [
            {"offset": offset, "magic": list(magic), "kind": kind.name}
            for offset, magic, kind in marks()
        ],
    }


def unfinished_uploads(visit: Visit, *, user: Any) -> list[dict[str, Any]]:
    """Return what of a visit's files a person has begun to send: address, size, whole per cent."""
    return [
        {
            "address": reverse("transfer", args=[transfer.pk]),
            "size_bytes": transfer.size_bytes,
            "percent": 100 * transfer.offset_bytes // transfer.size_bytes,
        }
        for transfer in transfers.unfinished_transfers(visit, user=user)
    ]
