"""Send a file in pieces that can be continued, by the protocol tus 1.0.

See https://tus.io/protocols/resumable-upload and `EXTENSIONS`. What is refused answers with
``{"message": ...}`` for people; the status says to the client what it may do about it
(docs/operations.md, "Uploads").
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import reverse
from django.utils.http import http_date

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Visit
from segmentation import tasks
from segmentation.imaging.errors import ImageError
from segmentation.models import Transfer, TransferState
from segmentation.selectors import transfers as selectors
from segmentation.services import pieces, transfers
from segmentation.tus import headers

Handler = Callable[..., HttpResponse]

EXTENSIONS = "creation,termination,checksum,expiration"
PIECE_TYPE = "application/offset+octet-stream"
FAULTS: dict[type[transfers.TransferError], int] = {
    transfers.IncompleteError: 400,
    transfers.WrongOffsetError: 409,
    transfers.EndedError: 410,
    transfers.TooLargeError: 413,
    transfers.BeingWrittenError: 423,
    transfers.TooManyError: 429,
    transfers.WrongChecksumError: 460,
    transfers.NoRoomError: 507,
}


def transfer_list(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """List the person's unfinished transfers of a visit (GET), or begin one (POST)."""
    study = trial.study(study_code, user=request.user)
    visit = trial.visit(study, visit_id, user=request.user)
    policies.require(request.user, "upload_scan", visit)
    if request.method in ("GET", "HEAD"):
        return _listed(visit, request.user)
    return _tus(request, {"POST": _begin}, visit)


def transfer(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Say how far a transfer has come (HEAD), add a piece (PATCH) or cancel it (DELETE)."""
    found = selectors.transfer(transfer_id, user=request.user)
    return _tus(request, {"HEAD": _state, "PATCH": _piece, "DELETE": _cancel}, found)


def _listed(visit: Visit, user: Any) -> HttpResponse:
    found = selectors.unfinished_transfers(visit, user=user)
    return JsonResponse(
        {
            "transfers": [
                {
                    "url": reverse("transfer", args=[row.pk]),
                    "size_bytes": row.size_bytes,
                    "offset_bytes": row.offset_bytes,
                    "sequence": row.declared_sequence,
                    "acquired_on": row.declared_acquired_on,
                    "sha256": row.expected_sha256,
                    "begun_at": row.created_at,
                    "expires_at": row.expires_at,
                }
                for row in found
            ],
            "piece_bytes": settings.TRANSFER_PIECE_BYTES,
            "max_size_bytes": settings.UPLOAD_MAX_BYTES,
        }
    )


def _begin(request: HttpRequest, visit: Visit) -> HttpResponse:
    if "Upload-Defer-Length" in request.headers:
        raise headers.HeaderError("The length of the file has to be given when it is begun.")
    declared = headers.parse_metadata(request.headers.get("Upload-Metadata", ""))
    begun = transfers.begin(
        visit=visit,
        size_bytes=_count(request, "Upload-Length"),
        head=declared.head,
        declared_sequence=declared.sequence,
        declared_acquired_on=declared.acquired_on,
        expected_sha256=declared.sha256,
        after_end_reason=declared.after_end_reason,
        by=request.user,
    )
    address = reverse("transfer", args=[begun.pk])
    return HttpResponse(status=201, headers={"Location": address, **_expiry(begun)})


def _state(_request: HttpRequest, found: Transfer) -> HttpResponse:
    if found.state != TransferState.RECEIVED:
        transfers.require_open(found)
    day = found.declared_acquired_on
    given = {
        headers.SEQUENCE: found.declared_sequence,
        headers.ACQUIRED_ON: day.isoformat() if day else "",
        headers.AFTER_END_REASON: found.after_end_reason,
        headers.SHA256: found.expected_sha256,
    }
    answer = HttpResponse(headers={"Upload-Length": str(found.size_bytes), **_offset(found)})
    if metadata := headers.format_metadata(given):
        answer["Upload-Metadata"] = metadata
    return answer


def _piece(request: HttpRequest, found: Transfer) -> HttpResponse:
    if request.content_type != PIECE_TYPE:
        return _refused(415, f"The Content-Type of a piece has to be {PIECE_TYPE}.")
    if "Content-Length" not in request.headers:
        return _refused(411, "The Content-Length of a piece has to be given.")
    try:
        found = pieces.receive_piece(
            transfer=found,
            offset_bytes=_count(request, "Upload-Offset"),
            piece=request,
            size_bytes=_count(request, "Content-Length"),
            checksum=headers.parse_checksum(request.headers.get("Upload-Checksum", "")),
            by=request.user,
        )
    except transfers.WrongOffsetError as error:
        found.refresh_from_db(fields=["offset_bytes"])
        return _refused(409, error.message, **_offset(found))
    if found.state == TransferState.RECEIVED:
        tasks.ring_intake()
    return HttpResponse(status=204, headers=_offset(found))


def _cancel(_request: HttpRequest, found: Transfer) -> HttpResponse:
    transfers.cancel(transfer=found)
    return HttpResponse(status=204)


def _tus(
    request: HttpRequest, handlers: dict[str, Handler], subject: Visit | Transfer
) -> HttpResponse:
    """Answer as the protocol has it: its version first, then the method, and faults in words."""
    if request.method == "OPTIONS":
        answer = HttpResponse(status=204, headers=_abilities())
    elif request.method not in handlers:
        answer = HttpResponseNotAllowed([*handlers, "OPTIONS"])
    elif request.headers.get("Tus-Resumable") != headers.VERSION:
        answer = _refused(
            412,
            f"This address speaks tus {headers.VERSION} only; the request has to say so.",
            **{"Tus-Version": headers.VERSION},
        )
    else:
        answer = _in_words(handlers[request.method])(request, subject)
    answer["Tus-Resumable"] = headers.VERSION
    return answer


def _in_words(handler: Handler) -> Handler:
    """Answer what a handler refuses with its status and a sentence."""

    @wraps(handler)
    def answering(request: HttpRequest, subject: Visit | Transfer) -> HttpResponse:
        try:
            return handler(request, subject)
        except headers.HeaderError as error:
            return _refused(400, error.message)
        except transfers.TransferError as error:
            return _refused(FAULTS[type(error)], error.message)
        except PermissionDenied as error:
            return _refused(403, str(error))
        except ImageError as error:
            return _refused(422, error.message)
        except ValidationError as error:
            return _refused(422, " ".join(error.messages))

    return answering


def _refused(status: int, message: str, **extra: str) -> HttpResponse:
    return JsonResponse({"message": message}, status=status, headers=extra)


def _count(request: HttpRequest, name: str) -> int:
    return headers.parse_count(request.headers.get(name, ""), name=name)


def _offset(found: Transfer) -> dict[str, str]:
    return {"Upload-Offset": str(found.offset_bytes), **_expiry(found)}


def _expiry(found: Transfer) -> dict[str, str]:
    if found.state == TransferState.RECEIVED:
        return {}
    return {"Upload-Expires": http_date(found.expires_at.timestamp())}


def _abilities() -> dict[str, str]:
    return {
        "Tus-Version": headers.VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(headers.DIGEST_BYTES),
    }
