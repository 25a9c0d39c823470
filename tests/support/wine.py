"""The bitterness of wine (Randall 1989, Biom J 31(7):781; `wine` of R's ordinal)."""

import numpy as np

BITTERNESS = [
    2, 3, 3, 4, 4, 4, 5, 5, 1, 2, 1, 3, 2, 3, 5, 4, 2, 3, 3, 2, 5, 5, 4, 4,
    3, 2, 3, 2, 3, 2, 5, 3, 2, 3, 4, 3, 3, 3, 3, 3, 3, 2, 3, 2, 2, 4, 5, 4,
    1, 1, 2, 2, 2, 3, 2, 3, 2, 2, 2, 3, 3, 3, 3, 4, 1, 2, 3, 2, 3, 2, 4, 4,
]  # fmt: skip
"""By nine judges, of eight bottles each, 5 the bitterest."""
WINE = np.column_stack([np.tile([0] * 4 + [1] * 4, 9), np.tile([0, 0, 1, 1], 18)])
"""Whether the grapes were warm, and whether juice met skins, of each rating."""
JUDGES = np.repeat(range(9), 8).tolist()
