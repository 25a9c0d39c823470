"""Answer with a file piece by piece, whichever kind of server asks."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(
    request: HttpRequest, pieces: Iterator[bytes], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Send pieces as they come, as a file of a name.

    Each kind of server needs its own kind of generator: it would read the other to the end before
    it sends the first byte.
    """
    is_asgi = isinstance(request, ASGIRequest)
    response = StreamingHttpResponse(
        _asynchronous(pieces) if is_asgi else pieces, content_type=content_type
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Accel-Buffering"] = "no"
    return response


async def _asynchronous(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        while (piece := await sync_to_async(lambda: next(pieces, None))()) is not None:
            yield piece
    finally:
        # Where the reader hangs up: what the pieces come from is closed at once.
        close = getattr(pieces, "close", None)
        if close is not None:
            await sync_to_async(close)()
