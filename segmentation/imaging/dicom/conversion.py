"""Convert the images of a series to one volume, with dcm2niix."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dcm2niix
from pydicom import Dataset

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti_pass import NiftiFacts

CONVERSION_SECONDS = 120


@contextmanager
def converting(images: Path, out: Path) -> Iterator[Callable[[], Path]]:
    """Convert the images of a folder while something else is done.

    Yields
    ------
    callable
        Waits for the volume and returns its path. Raises `ImageError` (CONVERSION_FAILED) if it
        takes too long, or if the images do not make one volume.
    """
    out.mkdir()
    command = [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "image", "-o", str(out)]
    with subprocess.Popen(  # noqa: S603 - the converter of our own environment
        [*command, str(images)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=out,
        env={"HOME": str(out), "TMPDIR": str(out)},
    ) as converter:
        try:
            yield lambda: _converted(converter, out)
        finally:
            converter.kill()


def _converted(converter: subprocess.Popen[bytes], out: Path) -> Path:
    try:
        status = converter.wait(CONVERSION_SECONDS)
    except subprocess.TimeoutExpired:
        raise _not_converted() from None
    made = sorted(out.glob("*.nii"))
    if status != 0 or len(made) != 1:
        raise _not_converted()
    return made[0]


def check_slices(facts: NiftiFacts, slices: int, first: Dataset) -> None:
    """Refuse a conversion that does not have every pixel of the series.

    Raises
    ------
    ImageError
        CONVERSION_FAILED.
    """
    expected = int(first.Rows) * int(first.Columns) * slices
    i, j, k = facts.shape
    if i * j * k != expected:
        raise _not_converted()


def _not_converted() -> ImageError:
    return ImageError(
        FailureCode.CONVERSION_FAILED,
        "A series could not be converted to one complete volume. Export it again; if it fails "
        "again, tell the data manager.",
    )
