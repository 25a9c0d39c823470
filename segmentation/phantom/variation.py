"""How widely phantoms differ from each other: as at first, or as scans of many sites do."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Variation:
    """Ranges that phantoms are drawn from, uniformly.

    Attributes
    ----------
    version : str
        Of the phantoms drawn with it; stands beside every figure measured on them.
    scale : tuple of float
        Size of the head against the template, an adult's; a child of one year has about 0.85.
    ventricle_growth : tuple of float
        How far the middle of the brain is stretched, by which ventricles grow.
    lead : float
        At most, by how much front or back (and, a third of it, left or right) go first, in units
        of the order of loss.
    patchiness, patch_voxels : tuple of float
        Strength and width of the irregularities of the border.
    thick_mm, t2w_thick_mm : tuple of float
        Slice distance of thick T1w slices, and of T2w slices.
    gap_share : tuple of float
        Of the slice distance, what lies between slices and is not seen.
    noise, bias, blur_mm : tuple of float
        SD of the noise against white matter, strength of an uneven coil, blur.
    moving_share : float
        Of the images, those whose patient moved while they were taken.
    turned_deg, shifted_mm : float
        At most, how the head lies in the T1w image.
    """

    version: str
    scale: Range
    ventricle_growth: Range = (0.0, 0.0)
    lead: float = 0.0
    patchiness: Range = (0.07, 0.07)
    patch_voxels: Range = (9.0, 9.0)
    thick_mm: Range = (4.0, 5.0)
    t2w_thick_mm: Range = (3.0, 5.0)
    gap_share: Range = (0.0, 0.0)
    noise: Range = (0.008, 0.035)
    bias: Range = (0.03, 0.16)
    blur_mm: Range = (0.35, 0.75)
    moving_share: float = 0.0
    turned_deg: float = 0.0
    shifted_mm: float = 0.0


PLAIN = Variation(version="1", scale=(0.80, 0.97))
VARIED = Variation(
    version="2",
    scale=(0.76, 1.0),
    ventricle_growth=(0.0, 0.3),
    lead=0.25,
    patchiness=(0.05, 0.2),
    patch_voxels=(5.0, 12.0),
    thick_mm=(3.5, 6.0),
    t2w_thick_mm=(3.0, 6.0),
    gap_share=(0.0, 0.2),
    noise=(0.005, 0.05),
    bias=(0.03, 0.25),
    blur_mm=(0.3, 0.9),
    moving_share=0.25,
    turned_deg=8.0,
    shifted_mm=6.0,
)
