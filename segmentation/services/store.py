"""The content-addressed store of images and masks: accepted means on the disk."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from mldtrial.trial.models import Scan
from segmentation.imaging.checksum import sha256_of as sha256_of
from segmentation.imaging.errors import FailureCode, FileMissingError, ImageError

CHUNK_BYTES = 1024 * 1024
CLUSTERS = "clusters"
"""The folder of cluster matrices, beside that of the masks."""


def root() -> Path:
    """Return the folder of the store."""
    return Path(settings.OBJECT_STORE)


def image_path(sha256: str) -> Path:
    """Return where an image with this hash lies."""
    return root() / "images" / sha256[:2] / f"{sha256}.nii.gz"


def dicom_path(sha256: str) -> Path:
    """Return where the de-identified DICOM of a series lies, beside its NIfTI."""
    return root() / "dicom" / sha256[:2] / f"{sha256}.zip"


def mosaic_path(sha256: str) -> Path:
    """Return where the picture of an image lies; it shows the brain alone."""
    return root() / "mosaics" / sha256[:2] / f"{sha256}.png"


def image_export_path(sha256: str) -> Path:
    """Return where an archive of ordered images lies until its time is over."""
    return root() / "exports" / f"{sha256}.zip"


def paths_named(image_sha256: str, dicom_sha256: str | None) -> list[Path]:
    """Return the files of an image with these hashes: the NIfTI, and its DICOM where there is."""
    kept = [image_path(image_sha256)]
    return [*kept, dicom_path(dicom_sha256)] if dicom_sha256 else kept


def paths_of(scan: Scan) -> list[Path]:
    """Return the files of a scan."""
    return paths_named(scan.image_sha256, scan.acquisition.get("dicom_sha256"))


def model_folder_name(sha256: str) -> str:
    """Return where the model whose manifest has this hash lies, from the root of the store."""
    return f"models/{sha256}"


def quarantine_path(upload_id: UUID) -> Path:
    """Return where the raw bytes of an upload wait; its name says nothing of its content."""
    return root() / "quarantine" / str(upload_id)


@contextmanager
def temporary_folder(token: UUID) -> Iterator[Path]:
    """Give a folder of one attempt, removed at the end whatever happened."""
    folder = root() / "tmp" / str(token)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def receive(
    chunks: Iterable[bytes], target: Path, *, at_most_bytes: int | None = None
) -> tuple[str, int]:
    """Write chunks to a new file on the final volume, hashing on the way.

    Parameters
    ----------
    at_most_bytes : int, optional
        The limit; that of an upload without.

    Returns
    -------
    tuple of str and int
        The sha256 and the size in bytes; the file is on the disk when this returns.

    Raises
    ------
    ImageError
        TOO_LARGE if the limit is passed; EMPTY for no bytes. Nothing stays behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    limit = settings.UPLOAD_MAX_BYTES if at_most_bytes is None else at_most_bytes
    try:
        with target.open("xb") as handle:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise ImageError(
                        FailureCode.TOO_LARGE,
                        f"The file is larger than the limit of {limit // 1024**2} MiB.",
                    )
                digest.update(chunk)
                handle.write(chunk)
            if size == 0:
                raise ImageError(FailureCode.EMPTY, "The file is empty. Choose it again.")
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size


def publish(source: Path, target: Path) -> None:
    """Move a finished file to its final name on the same volume, and make both durable."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as handle:
        os.fsync(handle.fileno())
    source.rename(target)
    _fsync_folder(target.parent)


def publish_folder(source: Path, target: Path) -> None:
    """Move a finished folder of files to its final name, all of it durable; one there stays.

    What lies under a name made of its content is that content. It is made young again, so that no
    sweep takes for left behind what is about to be recorded.
    """
    if target.exists():
        os.utime(target)
        return
    for path in source.iterdir():
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
    _fsync_folder(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    _fsync_folder(target.parent)


def write(target: Path, content: bytes) -> None:
    """Write a file whose bytes are on the disk when this returns."""
    with target.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def create(target: Path) -> None:
    """Make an empty file on the final volume, which is still there after a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600, exist_ok=False)
    _fsync_folder(target.parent)


def free_bytes() -> int:
    """Return how much room the volume of the store has left."""
    root().mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(root()).free


def _fsync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def verified(path: Path, sha256: str) -> Path:
    """Return a stored file after comparing its hash with the recorded one.

    Raises
    ------
    FileMissingError
        FILE_MISSING if the file is not there.
    ImageError
        HASH_MISMATCH if it has changed since it was stored.
    """
    try:
        found = sha256_of(path)
    except FileNotFoundError as error:
        raise FileMissingError(
            FailureCode.FILE_MISSING,
            "A stored file was not found. Tell the administrator, who can bring it back from a "
            "backup; then try again.",
        ) from error
    if found != sha256:
        raise ImageError(
            FailureCode.HASH_MISMATCH,
            "A stored file has changed since it was stored. Tell the administrator, who can bring "
            "it back from a backup; then try again.",
        )
    return path
