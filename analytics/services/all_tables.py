"""Takes every table of a study out at once, of one state of the records, as a ZIP file."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any, cast

from analytics.exports import columns as dictionary
from analytics.selectors.exports import DATASETS
from analytics.services import copy_out, exporting
from analytics.services.exporting import Export
from mldtrial.trial.models import Study

MANIFEST = "manifest.json"


class _Outbox:
    """What a ZIP file is written to where nobody can go back in it."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        content = bytes(self._waiting)
        self._waiting.clear()
        return content


def begin(*, study: Study, by: Any, origin: str) -> list[Export]:
    """Record that every table of a study is being taken out, before the first byte.

    Raises
    ------
    PermissionDenied
        If the person may not export rows of the study.
    """
    return [
        exporting.begin(study=study, dataset=dataset, by=by, origin=origin) for dataset in DATASETS
    ]


def pieces(study: Study, exports: Iterable[Export]) -> Iterator[bytes]:
    """Yield the ZIP file: tables, their dictionaries, and a manifest with rows and checksums.

    All tables say the same state of the records. Each export is complete once its table was taken
    whole; where the reader hangs up, the others never are. The manifest is the last file.
    """
    out = _Outbox()
    read_at = datetime.now(UTC)
    told: list[dict[str, Any]] = []
    with (
        zipfile.ZipFile(cast("IO[bytes]", out), "w", zipfile.ZIP_DEFLATED) as packed,
        copy_out.one_state() as own,
    ):
        for export in exports:
            name = f"{study.code}_{export.record.dataset}"
            # Its size is not known before it is read: room for more than 4 GiB.
            with packed.open(_file(f"{name}.csv", read_at), "w", force_zip64=True) as member:
                for piece in export.pieces(own):
                    member.write(piece)
                    yield out.taken()
            described = dictionary.as_csv(export.record.dataset)
            packed.writestr(_file(f"{name}.dictionary.csv", read_at), described)
            told.append(_told(export, name))
        packed.writestr(_file(MANIFEST, read_at), _manifest(study, read_at, told))
    yield out.taken()


def _file(name: str, at: datetime) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, at.timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made


def _told(export: Export, name: str) -> dict[str, Any]:
    record = export.record
    return {
        "dataset": record.dataset,
        "file": f"{name}.csv",
        "dictionary": f"{name}.dictionary.csv",
        "row_count": record.row_count,
        "sha256": record.sha256,
        "export_id": str(record.pk),
    }


def _manifest(study: Study, read_at: datetime, told: list[dict[str, Any]]) -> str:
    content = {
        "study_code": study.code,
        "read_at": read_at.isoformat(timespec="seconds"),
        "dictionary_version": dictionary.VERSION,
        "tables": told,
    }
    return json.dumps(content, indent=1) + "\n"
