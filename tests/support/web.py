"""The real web server, started as production starts it, and a person's requests to it."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.test import Client

from mldtrial.embedded.processes import web
from tests.support.workers import end, worker_environment

HOST = "127.0.0.1"
TOKEN = "t" * 32


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes


class Server:
    """One web server on a port of its own, which can be killed and started again."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **changes: str) -> Self:
        """Start it, with changes to its environment, and wait until it answers."""
        self.process = subprocess.Popen(
            web(HOST, self.port),
            env=worker_environment(**changes),
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the web server ended"
            try:
                with socket.create_connection((HOST, self.port), timeout=1):
                    return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the web server did not start")

    def kill(self) -> None:
        """End it as a power cut would, with no time to tidy up."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def wait_for_its_death(self) -> None:
        """Wait until a failpoint has ended it."""
        assert self.process is not None
        self.process.wait(timeout=60)

    def stop(self) -> None:
        """End it, whatever it does."""
        if self.process is not None:
            end(self.process)


@contextmanager
def server() -> Iterator[Server]:
    """Give a server that is not started yet, and end it in any case."""
    made = Server()
    try:
        yield made
    finally:
        made.stop()


class Person:
    """A signed-in person, who makes requests one after another."""

    def __init__(self, user: Any, port: int) -> None:
        client = Client()
        client.force_login(user)
        cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        cookies[settings.CSRF_COOKIE_NAME] = TOKEN
        self._headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": TOKEN,
            "Tus-Resumable": "1.0.0",
        }
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request and read its answer.

        Raises
        ------
        OSError, http.client.HTTPException
            If the server is gone; the next request opens a new connection.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        try:
            self._connection.request(method, path, body, {**self._headers, **(headers or {})})
            found = self._connection.getresponse()
            answer = Answer(found.status, dict(found.headers), found.read())
            if body and found.status >= 400:
                # A server that answers before it has read all of a body closes the line after it.
                self.hang_up()
            return answer
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise

    def begin_to_ask(self, method: str, path: str, headers: dict[str, str], sent: bytes) -> None:
        """Send a request whose body may go on, and do not wait for an answer."""
        self.hang_up()
        self._connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        self._connection.putrequest(method, path)
        for name, value in {**self._headers, **headers}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(sent)

    def hang_up(self) -> None:
        """Break the line."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
