"""Records of phantom visits, kept line by line: a run that was stopped goes on where it ended."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from segmentation.imaging.nifti import write_volume
from segmentation.inference.base import SegmentationOutput, Segmenter
from segmentation.phantom.render import PhantomVisit


def read_lines(kept: Path) -> Iterator[dict[str, Any]]:
    """Yield what was recorded; a last line that was cut off is taken out of the file."""
    if not kept.exists():
        return
    content = kept.read_text(encoding="utf-8")
    whole = content[: content.rfind("\n") + 1]
    if whole != content:
        kept.write_text(whole, encoding="utf-8")
    for line in whole.splitlines():
        yield json.loads(line)


def append_line(kept: Path, line: Mapping[str, Any]) -> None:
    """Add a record to the file."""
    with kept.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line) + "\n")


def require_same(line: Mapping[str, Any], origin: Mapping[str, Any]) -> None:
    """Refuse a record that is not of the visit and model it should be of.

    Raises
    ------
    ValueError
        If it differs.
    """
    if any(line.get(key) != value for key, value in origin.items()):
        raise ValueError(
            "The file holds visits of another model, seed or kind of phantoms. Give this "
            "measurement a file of its own."
        )


def segment_phantom(segmenter: Segmenter, drawn: PhantomVisit) -> SegmentationOutput:
    """Segment a drawn visit from files, as every visit is.

    Raises
    ------
    ImageError
        If the method refuses the images.
    """
    with TemporaryDirectory() as folder:
        images = {name: Path(folder) / f"{name}.nii.gz" for name in ("T1w", "T2w")}
        write_volume(images["T1w"], drawn.t1w.data, drawn.t1w.affine)
        write_volume(images["T2w"], drawn.t2w.data, drawn.t2w.affine)
        return segmenter.segment(images, progress=lambda _share, _step: None)
