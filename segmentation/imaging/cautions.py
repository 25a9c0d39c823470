"""What can be unusual about images that were measured all the same, with words for people."""

from collections.abc import Mapping
from enum import StrEnum


class Caution(StrEnum):
    """What is unusual about images that were measured; a closed list, so that it can be counted."""

    T1W_UNUSUAL = "T1W_UNUSUAL"
    T2W_UNUSUAL = "T2W_UNUSUAL"
    BRAIN_AT_EDGE = "BRAIN_AT_EDGE"
    T2W_INCOMPLETE = "T2W_INCOMPLETE"
    PERHAPS_TWO_HEADS = "PERHAPS_TWO_HEADS"


CAUTION_WORDS: Mapping[Caution, str] = {
    Caution.T1W_UNUSUAL: "The T1w image agrees less with a brain in this sequence than heads "
    "usually do. Look at the image: sequence, motion, position.",
    Caution.T2W_UNUSUAL: "The T2w image agrees less with a brain in this sequence than heads "
    "usually do. Look at the image: sequence, motion, position.",
    Caution.BRAIN_AT_EDGE: "A little of the brain lies outside of the T1w image. What is not in "
    "the image is not in the load.",
    Caution.T2W_INCOMPLETE: "The T2w image does not cover the whole brain of the T1w image. Where "
    "it ends, the load rests on the T1w image alone.",
    Caution.PERHAPS_TWO_HEADS: "The T1w and the T2w image may not be of one head: what is dark in "
    "one is less often bright in the other than in two images of one visit. Look at both.",
}
