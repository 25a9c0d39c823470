"""Starts every process, restarts what dies, and ends all of them together."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mldtrial.embedded.processes import Process

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 20.0
Say = Callable[[str], None]


def _die_with_parent() -> None:
    """Ask the kernel to end this process when the supervisor dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A running process of its own group, restarted with growing pauses."""

    def __init__(self, process: Process, folder: Path, environment: dict[str, str], say: Say):
        self.process = process
        self._folder = folder
        self._environment = environment
        self._say = say
        self._pause_seconds = 1.0
        self._restart_at = 0.0
        self._started_at = 0.0
        self.handle: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process and a thread that passes its lines on."""
        self._started_at = time.monotonic()
        self.handle = subprocess.Popen(  # noqa: S603 - our own command lines
            self.process.command,
            cwd=self._folder,
            env={**self._environment, **self.process.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # The supervisor has one thread per child only to copy lines; the function
            # makes one system call and takes no lock.
            preexec_fn=_die_with_parent,
        )
        threading.Thread(target=self._copy_lines, args=(self.handle,), daemon=True).start()

    def _copy_lines(self, handle: subprocess.Popen[str]) -> None:
        assert handle.stdout is not None  # noqa: S101 - opened as a pipe above
        for line in handle.stdout:
            self._say(f"{self.process.name:>12} | {line.rstrip()}")

    def keep_alive(self) -> None:
        """Start the process again if it has ended, after a pause that doubles up to a minute."""
        if self.handle is None or self.handle.poll() is None:
            return
        now = time.monotonic()
        if not self._restart_at:
            if now - self._started_at > 60:
                self._pause_seconds = 1.0
            self._restart_at = now + self._pause_seconds
            self._say(
                f"{self.process.name:>12} | ended with status {self.handle.returncode}; "
                f"starting again in {self._pause_seconds:.0f} s"
            )
            self._pause_seconds = min(self._pause_seconds * 2, 60.0)
        elif now >= self._restart_at:
            self._restart_at = 0.0
            self.start()

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the process and everything it started."""
        if self.handle is not None:
            try:
                os.killpg(self.handle.pid, number)
            except ProcessLookupError:
                return

    def has_ended(self) -> bool:
        """Return whether the process itself has ended."""
        return self.handle is None or self.handle.poll() is not None


class Supervisor:
    """The children of one terminal."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        folder: Path,
        environment: dict[str, str] | None = None,
        say: Say | None = None,
    ):
        self._say = say or self._print
        base = dict(os.environ if environment is None else environment)
        base.setdefault("PYTHONUNBUFFERED", "1")
        self.children = [Child(process, folder, base, self._say) for process in processes]
        self._stopping = threading.Event()

    @staticmethod
    def _print(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def request_stop(self, *_: object) -> None:
        """Ask for the end; also the handler of SIGINT and SIGTERM."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Start every child."""
        for child in self.children:
            child.start()

    def watch(self, on_ready: Callable[[], bool] | None = None) -> None:
        """Keep the children alive until a stop is asked for.

        Parameters
        ----------
        on_ready : callable, optional
            Called twice a second until it returns True, for example to print the address.
        """
        waiting = on_ready
        while not self._stopping.wait(0.5):
            for child in self.children:
                child.keep_alive()
            if waiting is not None and waiting():
                waiting = None

    def stop(self) -> None:
        """End every child with all it started, servers last; kill what does not end in time."""
        _end([child for child in self.children if not child.process.is_server])
        _end([child for child in self.children if child.process.is_server])


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.signal_group(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and not all(child.has_ended() for child in children):
        time.sleep(0.1)
    for child in children:
        child.signal_group(signal.SIGKILL)
        if child.handle is not None:
            child.handle.wait()
