"""Prepare the images of visits that wait, in threads, while the network has another one.

Finding the brain and aligning take seconds of one processor, a network on a GPU takes one: without
this the GPU waits most of the time. Nothing is claimed and nothing is written: a prepared visit
that never comes is forgotten.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar, runtime_checkable

log = logging.getLogger(__name__)
Made = TypeVar("Made")
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WaitingVisit:
    """A visit that may be the next one.

    Attributes
    ----------
    images : mapping of str to Path
        As `segmentation.inference.base.Segmenter.segment` will be given them.
    check : callable
        Called in the thread before the files are read; raises if they are not the recorded ones.
    """

    images: Mapping[str, Path]
    check: Callable[[], object]


@runtime_checkable
class PreparesAhead(Protocol):
    """A segmenter that can work on the images of several visits at a time."""

    def prepare_ahead(self, visits: Sequence[WaitingVisit], *, beside: Mapping[str, Path]) -> None:
        """Begin with the images of these visits; forget all others but the visit at hand.

        Parameters
        ----------
        beside : mapping of str to Path
            The images of the visit at hand, which `segment` is about to be given.
        """
        ...


class Ahead(Generic[Made]):
    """Images that are being prepared, by their paths.

    Parameters
    ----------
    prepare : callable
        From the images of a visit to what its segmentation begins with; without side effects.
    """

    def __init__(self, prepare: Callable[[Mapping[str, Path]], Made]) -> None:
        self._prepare = prepare
        self._begun: dict[Key, Future[Made]] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, visits: Sequence[WaitingVisit], *, beside: Mapping[str, Path]) -> None:
        """Prepare these visits, at most so many at a time as there are, and forget all others.

        Those of the visit at hand, `beside`, stay until they are taken.

        Threads cannot be stopped: one whose visit is forgotten ends its work, and until then
        another visit waits for its place.
        """
        wanted = {_key(visit.images): visit for visit in visits}
        kept = {*wanted, _key(beside)}
        self._begun = {key: made for key, made in self._begun.items() if key in kept}
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for key, visit in wanted.items():
            if key not in self._begun and len(self._threads) < len(wanted):
                self._start(key, visit)

    def take(self, images: Mapping[str, Path]) -> Made | None:
        """Return what was prepared of these images, once it is ready; None if nothing was.

        A visit whose images could not be prepared is None too: its own run meets the same fault,
        and tells it.
        """
        made = self._begun.pop(_key(images), None)
        if made is None:
            return None
        return None if made.exception() is not None else made.result()

    def _start(self, key: Key, visit: WaitingVisit) -> None:
        made: Future[Made] = Future()

        def work() -> None:
            try:
                visit.check()
                made.set_result(self._prepare(visit.images))
            except Exception as error:  # noqa: BLE001 - its own run meets it again, and tells it
                log.info("Images that wait could not be prepared (%s).", type(error).__name__)
                made.set_exception(error)

        # Not a pool: its threads would keep a process that is told to stop from ending.
        thread = threading.Thread(target=work, daemon=True)
        self._begun[key] = made
        self._threads.append(thread)
        thread.start()


def _key(images: Mapping[str, Path]) -> Key:
    return tuple(sorted((sequence, str(path)) for sequence, path in images.items()))
