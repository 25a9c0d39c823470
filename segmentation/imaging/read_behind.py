"""Read a file back while it is written, right behind the one who writes it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Condition
from typing import IO, TypeVar

from segmentation.imaging.gzip_stream import Readable

Found = TypeVar("Found")


class GrowingFile:
    """A file that one thread writes and another reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._waiting_bytes, self._is_whole = 0, False
        self._changed = Condition()

    def grown(self, n_bytes: int) -> None:
        """Say that so many bytes more have been written, and handed to the system."""
        with self._changed:
            self._waiting_bytes += n_bytes
            self._changed.notify()

    def end(self) -> None:
        """Say that nothing more comes."""
        with self._changed:
            self._is_whole = True
            self._changed.notify()

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes of the file once they are there."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_whole or self._waiting_bytes >= n_bytes)
        if self._file is None:
            self._file = self._path.open("rb", buffering=0)
        content = self._file.read(n_bytes)
        with self._changed:
            self._waiting_bytes -= len(content)
        return content

    def close(self) -> None:
        """Close what was opened to read."""
        if self._file is not None:
            self._file.close()


@contextmanager
def reading_behind(
    path: Path, find: Callable[[Readable], Found]
) -> Iterator[tuple[GrowingFile, Callable[[], Found]]]:
    """Read a file in a thread of its own while it is written.

    Yields
    ------
    tuple of GrowingFile and callable
        The file, to be told how it grows; and what returns what `find` has found in it, or raises
        what `find` has raised, to be called once the file has ended.
    """
    file = GrowingFile(path)
    with closing(file), ThreadPoolExecutor(max_workers=1) as beside:
        reading = beside.submit(find, file)
        try:
            yield file, reading.result
        finally:
            file.end()
