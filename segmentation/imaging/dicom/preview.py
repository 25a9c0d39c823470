"""The procedure of de-identification in plain data, for who previews it outside of Python."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from pydicom.datadict import DicomDictionary, dictionary_VR, tag_for_keyword

from segmentation.imaging.dicom.frame_physics import COMPONENTS, ECHO_PULSES, SPOILED, STEADY
from segmentation.imaging.dicom.frames import COPIED, ENHANCED_MR, GEOMETRY, PHILIPS_SCALE
from segmentation.imaging.dicom.functional_groups import PER_FRAME, PHILIPS_FRAME, SHARED
from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.stated import Treatment, stated_procedure
from segmentation.imaging.dicom.suited import MR

LAST_GROUP = 0x0040
"""Beyond it, images of MR hold little, and nothing that stays."""
NOT_OF_MR = frozenset({0x0000, 0x0002, 0x0004, 0x0014, 0x0016, 0x0022, 0x0024})
"""Messages and files; industrial, microscope and eye imaging."""
RENAMED = (
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime", False),
    ("MRModifierSequence", "InversionTime", "InversionTime", True),
    ("MRModifierSequence", "InversionTimes", "InversionTime", True),
)
"""Group and keyword of a value, under which keyword it goes on, and whether zero stands for none;
the last that is there counts."""


def procedure_facts(options: StudyOptions) -> dict[str, Any]:
    """Return what the procedure does to each attribute, and what a reader has to know besides.

    Returns
    -------
    dict
        ``version``; ``treatments`` as `stated_procedure` has them, each with ``vr``, how its values
        are encoded where a file does not say; ``names`` of the attributes that images of MR may
        have, by tag in lower case; ``enhanced``, what is carried over from the functional groups of
        a multi-frame object. JSON as it stands.
    """
    stated = stated_procedure(options)
    private = {
        (rule.creator, f"{rule.group:04X}xx{rule.offset:02X}"): rule.vr
        for rule in current_procedure(options).private
    }
    return {
        "version": stated.version,
        "treatments": [
            {**asdict(treatment), "vr": _encoding(treatment, private)}
            for treatment in stated.treatments
        ],
        "names": _attribute_names(),
        "enhanced": _enhanced(),
    }


@lru_cache
def _enhanced() -> dict[str, Any]:
    """Return by which attributes and words the frames of an enhanced object are unfolded."""
    same = [
        (group, keyword, keyword, False)
        for groups in (GEOMETRY, COPIED)
        for group, keywords in groups.items()
        for keyword in keywords
    ]
    (frame, frame_offset), (scale, scale_offsets) = PHILIPS_FRAME, PHILIPS_SCALE
    return {
        "sop_class": ENHANCED_MR,
        "becomes_class": MR,
        "lifted": [
            {
                "group": _hexadecimal(group),
                "tag": _hexadecimal(keyword),
                "vr": dictionary_VR(_tag(keyword)).split(" ", maxsplit=1)[0],
                "becomes": _hexadecimal(becomes),
                "is_positive": is_positive,
            }
            for group, keyword, becomes, is_positive in (*same, *RENAMED)
        ],
        "groups": {
            "frame_type": _hexadecimal("MRImageFrameTypeSequence"),
            "modifier": _hexadecimal("MRModifierSequence"),
        },
        "components": COMPONENTS,
        "echo_pulses": ECHO_PULSES,
        "steady_states": STEADY,
        "spoiled": sorted(SPOILED),
        "philips": {
            "frame": {"group": "2005", "creator": frame, "offset": f"{frame_offset:02x}"},
            "scale": {
                "group": "2005",
                "creator": scale,
                "offsets": [f"{offset:02x}" for offset in scale_offsets],
            },
        },
    }


def _hexadecimal(keyword: str) -> str:
    return f"{_tag(keyword):08x}"


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return int(tag)


def _encoding(treatment: Treatment, private: dict[tuple[str, str], str]) -> str:
    if treatment.creator:
        return private[treatment.creator, treatment.tag]
    # Some may be signed or not: for those that are kept, it makes no difference.
    return str(dictionary_VR(int(treatment.tag, 16))).split(" ", maxsplit=1)[0]


@lru_cache
def _attribute_names() -> dict[str, str]:
    beyond = {_tag(SHARED), _tag(PER_FRAME)}
    return {
        f"{tag:08x}": name
        for tag, (_, _, name, _, _) in DicomDictionary.items()
        if name and (tag >> 16 <= LAST_GROUP or tag in beyond) and tag >> 16 not in NOT_OF_MR
    }
