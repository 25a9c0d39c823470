"""What stopped a job: a fault that passes, or one that comes again, in words for people."""

from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from segmentation.imaging.errors import FileMissingError
from segmentation.inference.shortage import is_of_device, is_of_memory, is_of_room
from segmentation.training.plateau import NothingToWatchError

OUT_OF_MEMORY = "OUT_OF_MEMORY"
NO_ROOM = "NO_ROOM"
DEVICE = "DEVICE"
NOTHING_TO_WATCH = "NOTHING_TO_WATCH"
NOT_REACHED = "NOT_REACHED"
TIME_LIMIT = "TIME_LIMIT"
UNEXPECTED = "UNEXPECTED"
HELD_ELSEWHERE = "HELD_ELSEWHERE"


class HeldElsewhereError(Exception):
    """Another process works on what a job needs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt ended.

    Attributes
    ----------
    code : str
        For counting.
    message : str
        What was found and what to do; nothing of the data.
    passes : bool
        True where the same attempt later may succeed by itself.
    spoils_process : bool
        True where this process can do no other job either, and must end.
    """

    code: str
    message: str
    passes: bool
    spoils_process: bool = False


HUNG = Fault(
    TIME_LIMIT,
    "The work did not come on within its time limit and was stopped. If it happens again, tell "
    "the administrator.",
    passes=True,
)


def fault_of(error: BaseException) -> Fault:
    """Return what an exception of a job means; what is not known counts as one that comes again."""
    if is_of_memory(error):
        return Fault(
            OUT_OF_MEMORY,
            "The worker ran out of memory. If it happens again, tell the administrator.",
            passes=True,
        )
    if is_of_device(error):
        return Fault(
            DEVICE,
            "The GPU of the worker failed, and the worker begins anew. If it happens again, tell "
            "the administrator.",
            passes=True,
            spoils_process=True,
        )
    if isinstance(error, FileMissingError):
        return Fault(error.code, error.message, passes=True)
    if isinstance(error, NothingToWatchError):
        return Fault(
            NOTHING_TO_WATCH,
            "Nothing could be told of how well the network does: what it was watched by held no "
            "demyelination. Order it with more masks, or with more steps in an epoch.",
            passes=False,
        )
    if is_of_room(error):
        return Fault(
            NO_ROOM, "The storage of the server is full. Tell the administrator.", passes=True
        )
    if isinstance(error, HeldElsewhereError):
        return Fault(
            HELD_ELSEWHERE,
            "Another worker that had lost this job had not stopped yet. If it happens again, tell "
            "the administrator.",
            passes=True,
        )
    if isinstance(error, OperationalError | InterfaceError | TimeoutError | ConnectionError):
        return Fault(
            NOT_REACHED,
            "The worker could not reach the database or the storage. If it happens again, tell "
            "the administrator.",
            passes=True,
        )
    return Fault(
        UNEXPECTED,
        "An unexpected error occurred; the details are in the system's log. Try again, and tell "
        "the data manager if it happens twice.",
        passes=False,
    )
