"""Tell from an exception that the machine lacked memory or room, or that its GPU failed."""

import errno

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_MEMORY_WORDS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "running out of ram",
)
_DEVICE_WORDS = ("cuda error", "cudnn error", "cublas error", "cuda driver error")


def is_of_memory(error: BaseException) -> bool:
    """Return whether host or device had no memory: torch and nnU-Net say so by words alone."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in _MEMORY_WORDS
    )


def is_of_device(error: BaseException) -> bool:
    """Return whether the GPU failed: after most such errors a process can use it no more.

    To be asked after `is_of_memory`: a lack of it is told in words like these.
    """
    return isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in _DEVICE_WORDS
    )


def is_of_room(error: BaseException) -> bool:
    """Return whether the volume was full, or the share of it that the process may use."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM
