"""The procedure of de-identification in plain data, for who previews it outside of Python."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from pydicom.datadict import DicomDictionary, dictionary_VR

from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.stated import Treatment, stated_procedure

LAST_GROUP = 0x0040
"""Beyond it, images of MR hold little, and nothing that stays."""
NOT_OF_MR = frozenset({0x0000, 0x0002, 0x0004, 0x0014, 0x0016, 0x0022, 0x0024})
"""Messages and files; industrial, microscope and eye imaging."""


def procedure_facts(options: StudyOptions) -> dict[str, Any]:
    """Return what the procedure does to each attribute, and what a reader has to know besides.

    Returns
    -------
    dict
        ``version``; ``treatments`` as `stated_procedure` has them, each with ``vr``, how its values
        are encoded where a file does not say; ``names`` of the attributes that images of MR may
        have, by tag in lower case. JSON as it stands.
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
    }


def _encoding(treatment: Treatment, private: dict[tuple[str, str], str]) -> str:
    if treatment.creator:
        return private[treatment.creator, treatment.tag]
    # Some may be signed or not: for those that are kept, it makes no difference.
    return str(dictionary_VR(int(treatment.tag, 16))).split(" ", maxsplit=1)[0]


@lru_cache
def _attribute_names() -> dict[str, str]:
    return {
        f"{tag:08x}": name
        for tag, (_, _, name, _, _) in DicomDictionary.items()
        if name and tag >> 16 <= LAST_GROUP and tag >> 16 not in NOT_OF_MR
    }
