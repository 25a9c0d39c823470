"""A rule set to start from: what the reference study and common practice ask of the images.

T1w in 3D or in 2D slices and axial T2w in slices of 3 to 5 mm are what the method was made for;
the other limits are defaults of this platform that a study confirms or changes.
"""

from segmentation.imaging.protocol.rules import Quantity, Rule, Severity

STUDIED = "Reference study: 3D or 2D T1w with axial T2w."
PRACTICE = "Site practice: axial T2w in slices of 3 to 5 mm."
DEFAULT = "Default of the platform; to be confirmed by the study's imaging charter."

STARTING_RULES: tuple[Rule, ...] = (
    Rule(key="t1w-present", sequence="T1w", quantity=Quantity.PRESENT,
         severity=Severity.DEVIATION, why=STUDIED),
    Rule(key="t2w-present", sequence="T2w", quantity=Quantity.PRESENT,
         severity=Severity.DEVIATION, why=STUDIED),
    Rule(key="t1w-stratum", sequence="T1w", quantity=Quantity.STRATUM, kind="3D",
         severity=Severity.NOTE, why="2D and 3D are analysed apart and never pooled."),
    Rule(key="t1w-in-plane", sequence="T1w", quantity=Quantity.IN_PLANE, highest=1.2,
         severity=Severity.DEVIATION, why=DEFAULT),
    Rule(key="t1w-through-plane", sequence="T1w", quantity=Quantity.THROUGH_PLANE, highest=5.0,
         severity=Severity.DEVIATION, why=DEFAULT),
    Rule(key="t1w-coverage", sequence="T1w", quantity=Quantity.COVERAGE, lowest=130.0,
         severity=Severity.DEVIATION, why=DEFAULT),
    Rule(key="t1w-coverage-least", sequence="T1w", quantity=Quantity.COVERAGE, lowest=100.0,
         severity=Severity.EXCLUDE, why="A load of a part of the brain is a wrong load."),
    Rule(key="t1w-field", sequence="T1w", quantity=Quantity.FIELD, lowest=1.4, highest=3.2,
         severity=Severity.DEVIATION, why="1.5 T and 3 T scanners."),
    Rule(key="t2w-in-plane", sequence="T2w", quantity=Quantity.IN_PLANE, highest=1.2,
         severity=Severity.DEVIATION, why=DEFAULT),
    Rule(key="t2w-through-plane", sequence="T2w", quantity=Quantity.THROUGH_PLANE, highest=5.0,
         severity=Severity.DEVIATION, why=PRACTICE),
    Rule(key="t2w-gap", sequence="T2w", quantity=Quantity.GAP, highest=1.0,
         severity=Severity.NOTE, why=DEFAULT),
    Rule(key="t2w-coverage", sequence="T2w", quantity=Quantity.COVERAGE, lowest=130.0,
         severity=Severity.DEVIATION, why=DEFAULT),
    Rule(key="t2w-coverage-least", sequence="T2w", quantity=Quantity.COVERAGE, lowest=100.0,
         severity=Severity.EXCLUDE, why="A load of a part of the brain is a wrong load."),
    Rule(key="t2w-field", sequence="T2w", quantity=Quantity.FIELD, lowest=1.4, highest=3.2,
         severity=Severity.DEVIATION, why="1.5 T and 3 T scanners."),
    Rule(key="t2w-tr", sequence="T2w", quantity=Quantity.TR, lowest=2500.0,
         severity=Severity.NOTE, why=DEFAULT),
    Rule(key="t2w-te", sequence="T2w", quantity=Quantity.TE, lowest=70.0, highest=130.0,
         severity=Severity.DEVIATION, why=DEFAULT),
)  # fmt: skip
