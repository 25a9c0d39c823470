"""Which image quality metrics there are, in which unit, and what a measurement of one is."""

from dataclasses import dataclass
from enum import StrEnum

METHOD_VERSION = "iq-1"
"""Of the definitions below together with brain extraction and registration; a change of any of
them is a new version, and scans are measured again."""


class Worse(StrEnum):
    """In which direction a metric speaks of a worse image."""

    LOWER = "lower"
    HIGHER = "higher"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes
    ----------
    key : str
        Name in storage and exports.
    label, short : str
        Name for people, and for the head of a narrow column.
    unit : str
        Empty for a ratio.
    worse : Worse
        The direction in which an outlier is flagged.
    least_spread : float
        In the metric's unit: differences below it say nothing, however alike the scans of a
        study are.
    description : str
        What it measures and where the definition comes from.
    """

    key: str
    label: str
    short: str
    unit: str
    worse: Worse
    least_spread: float
    description: str


METRICS: tuple[Metric, ...] = (
    Metric(
        "snr_brain",
        "Signal to noise, in the brain",
        "SNR, brain",
        "",
        Worse.LOWER,
        0.5,
        "Median of brain tissue over the noise in the brain: the median absolute second difference "
        "along the fine voxel axes (Immerkaer 1996, robust form). Needs no background.",
    ),
    Metric(
        "snr_air",
        "Signal to noise, against air",
        "SNR, air",
        "",
        Worse.LOWER,
        0.5,
        "Median of brain tissue over sqrt(2 / (4 - pi)) times the standard deviation of the air "
        "around the head (Dietrich 2007; SNRd of MRIQC).",
    ),
    Metric(
        "cnr",
        "Contrast to noise",
        "CNR",
        "",
        Worse.LOWER,
        0.5,
        "Difference of the medians of brain tissue and cerebrospinal fluid over the noise in the "
        "brain. Not gray against white matter: they hardly differ before and after myelin.",
    ),
    Metric(
        "ghosting_percent",
        "Ghosting",
        "Ghosting",
        "%",
        Worse.HIGHER,
        0.2,
        "Mean of the air in line with the head along the phase-encode axis, less that of the air "
        "which is not, over the median of brain tissue (as the ghosting test of the American "
        "College of Radiology); of both in-plane axes the larger where the axis is unknown.",
    ),
    Metric(
        "efc",
        "Entropy focus criterion",
        "EFC",
        "",
        Worse.HIGHER,
        0.01,
        "Shannon entropy of the intensities over its maximum, 0 to 1; motion and blur raise it "
        "(Atkinson 1997, normalised as MRIQC does).",
    ),
    Metric(
        "top_margin_mm",
        "Image above the brain",
        "Above",
        "mm",
        Worse.LOWER,
        2.0,
        "From the top of the brain, by the fitted template, to the edge of the image; negative "
        "where the brain is cut off.",
    ),
    Metric(
        "bottom_margin_mm",
        "Image below the brain",
        "Below",
        "mm",
        Worse.LOWER,
        2.0,
        "From the lowest point of the brain and brain stem, by the fitted template, to the edge "
        "of the image; negative where they are cut off.",
    ),
    Metric(
        "brain_cut_percent",
        "Brain outside the image",
        "Brain cut",
        "%",
        Worse.HIGHER,
        0.5,
        "Share of the fitted template's brain that lies outside the image.",
    ),
    Metric(
        "brain_volume_ml",
        "Brain mask",
        "Brain",
        "mL",
        Worse.EITHER,
        20.0,
        "Volume of the brain mask inside the image, fluid and a margin of 2 mm included.",
    ),
)
BY_KEY = {metric.key: metric for metric in METRICS}


class NotMeasuredError(Exception):
    """A metric has no value for this image.

    The reason completes the sentence "could not be measured, because ..."; it holds nothing of
    a patient.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value, or the reason why there is none; never both, never neither."""

    value: float | None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError("A measurement is a value or a reason.")
