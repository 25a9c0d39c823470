"""The pictures behind a number, as a person may see them."""

from dataclasses import dataclass

from mldtrial.trial.selectors.consent import has_ended_for_images
from segmentation.imaging.quality.mask_slices import COLUMNS, DRAWING_VERSION, ROWS
from segmentation.models import JobState, RunPicture, SegmentationResult, SegmentationRun
from segmentation.models.run_picture import MARKED, OUTLINE, PLAIN

VOID = (
    "This result is void, so what it was measured in is not shown: the image may belong to another "
    "visit by now."
)
UNFINISHED = "The segmentation has not finished, so there is nothing to show yet."
NO_MASK = "The segmentation ended without a mask, so there is nothing to show."
NO_CONSENT = "The consent for images has ended, so none is shown."
NOTHING_MARKED = "No voxel is marked: the method looked and found no demyelinated white matter."


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of a sheet: its upper left corner in pixels, and where it lies in the head."""

    left_px: int
    top_px: int
    height_mm: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a person is shown of a run.

    Attributes
    ----------
    sequences : tuple of str
        The one to show first in front.
    names : tuple of str
        Of the picture of each sequence, as in its address.
    slices : tuple of Slice
        The lowest first.
    size_px, tile_px : tuple of int
        Width and height of the sheet and of one slice.
    step_mm : float
        From one slice to the next.
    has_outline : bool
        False for who may not see the load.
    outside_brain_ml : float
        How much of the mask lies outside of the brain that is drawn; 0 for who may not see it.
    """

    sequences: tuple[str, ...]
    names: tuple[str, ...]
    slices: tuple[Slice, ...]
    size_px: tuple[int, int]
    tile_px: tuple[int, int]
    step_mm: float
    has_outline: bool
    outside_brain_ml: float

    @property
    def pictures(self) -> list[tuple[str, str]]:
        """Each sequence with the name of its picture."""
        return list(zip(self.sequences, self.names, strict=True))


def why_not_shown(run: SegmentationRun) -> str:
    """Return why there is no picture of a run to show, in a sentence; empty if there may be one."""
    if run.is_voided:
        return VOID
    if not run.is_finished:
        return UNFINISHED
    if run.state != JobState.SUCCEEDED:
        return NO_MASK
    return NO_CONSENT if has_ended_for_images(run.visit.patient) else ""


def drawn_of(run: SegmentationRun) -> RunPicture | None:
    """Return the pictures of a run that may be shown; None where they are not drawn."""
    if why_not_shown(run):
        return None
    found = RunPicture.objects.filter(run=run, drawing_version=DRAWING_VERSION)
    return found.filter(state=JobState.SUCCEEDED).first()


def sheet_of(drawn: RunPicture, *, sees_load: bool) -> Sheet:
    """Return the sheet of a person: with the outline, or slices that say nothing of the mask."""
    kept = drawn.sheets[MARKED if sees_load else PLAIN]
    width, height = kept["tile_px"]
    places = kept["places_mm"]
    sequences = tuple(name for name in ("T2w", "T1w") if name in kept["pictures"])
    return Sheet(
        sequences=sequences,
        names=tuple(_address_name(name, sees_load=sees_load) for name in sequences),
        slices=tuple(
            Slice(width * (number % COLUMNS), height * (number // COLUMNS), place)
            for number, place in enumerate(places)
        ),
        size_px=(width * COLUMNS, height * ROWS),
        tile_px=(width, height),
        step_mm=places[1] - places[0],
        has_outline=sees_load,
        outside_brain_ml=float(kept.get("outside_brain_ml", 0.0)),
    )


def _address_name(sequence: str, *, sees_load: bool) -> str:
    return f"{MARKED if sees_load else PLAIN}-{sequence.lower()}"


def sha256_of(drawn: RunPicture, name: str, *, sees_load: bool) -> str | None:
    """Return the sha256 of a picture by its name in the address; None if it is not theirs."""
    if not sees_load and not name.startswith(f"{PLAIN}-"):
        return None
    for kind, sheet in drawn.sheets.items():
        for sequence, sha256 in sheet["pictures"].items():
            known = OUTLINE if sequence == OUTLINE else f"{kind}-{sequence.lower()}"
            if name == known:
                return str(sha256)
    return None


def words_for(sheet: Sheet, result: SegmentationResult | None) -> str:
    """Return what the picture shows in words, with the load for who may see it."""
    low, high = sheet.slices[0].height_mm, sheet.slices[-1].height_mm
    seen = (
        f"{len(sheet.slices)} axial slices of the brain in {' and '.join(sheet.sequences)}, the "
        f"lowest first, from {low:.0f} to {high:.0f} mm. Everything outside of the brain is left "
        "out."
    )
    if result is None:
        return seen
    if not result.voxel_count:
        return f"{seen} {NOTHING_MARKED}"
    load = f"{result.demyelination_load_ml:.2f} mL"
    return f"{seen} The outline encloses the demyelinated white matter that was measured: {load}."
