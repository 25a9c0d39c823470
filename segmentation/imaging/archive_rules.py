"""What holds for every archive that somebody sends, whatever its format: limits, names, words."""

import re

from segmentation.imaging.errors import FailureCode, ImageError

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 8 * 2**30
MAX_RATIO = 200
RATIO_FREE_BYTES = 16 * 2**20
"""Below this size any ratio passes: an empty slice of an image shrinks a thousandfold."""
MAX_NAME_BYTES = 1024


def check_name(name: str, name_bytes: int) -> str:
    """Refuse names that reach outside; a name is never used on disk, but it shows intent.

    Parameters
    ----------
    name_bytes : int
        Its length as the archive holds it.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ImageError
        UNSAFE_ARCHIVE.
    """
    if name_bytes > MAX_NAME_BYTES:
        raise unsafe("a name of more than 1,024 bytes")
    if not name or "\0" in name:
        raise unsafe("a file without a proper name")
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise unsafe("a file with an absolute path")
    if ".." in re.split(r"[/\\]", name):
        raise unsafe("a file with a path that leads outside (..)")
    return name


def check_ratio(size_bytes: int, stored_bytes: int) -> None:
    """Refuse what grows beyond all images when it is unpacked.

    Raises
    ------
    ImageError
        UNSAFE_ARCHIVE.
    """
    if size_bytes > RATIO_FREE_BYTES and size_bytes > MAX_RATIO * stored_bytes:
        raise unsafe(f"files that grow more than {MAX_RATIO}-fold when unpacked")


def is_clutter(name: str) -> bool:
    """Tell whether a file was put there by an operating system and not by a person."""
    parts = re.split(r"[/\\]", name)
    if "__MACOSX" in parts or parts[-1].startswith("._"):
        return True
    return parts[-1].lower() in {".ds_store", "thumbs.db", "desktop.ini"}


def bad(found: str, kind: str) -> ImageError:
    """Return the error of an archive that contradicts itself."""
    return ImageError(
        FailureCode.BAD_ARCHIVE,
        f"Expected a sound {kind} archive, found {found}. Make the archive again and send it.",
    )


def unsafe(found: str) -> ImageError:
    """Return the error of an archive that could do harm."""
    return ImageError(
        FailureCode.UNSAFE_ARCHIVE,
        f"Expected a plain archive of image files, found {found}. "
        "Make a new archive of the images alone.",
    )


def too_large(found: str) -> ImageError:
    """Return the error of an archive beyond the limits."""
    return ImageError(
        FailureCode.TOO_LARGE,
        f"Expected at most {MAX_ENTRIES:,} files and 8 GB in the archive, found {found}. "
        "Send one visit at a time.",
    )
