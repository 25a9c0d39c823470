"""`up` refuses what it cannot do before it starts anything."""

import socket
import subprocess
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mldtrial.embedded import postgres


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch):
    def started(*_: Any) -> None:
        pytest.fail("A server was started.")

    monkeypatch.setattr(postgres, "ensure_running", started)


def test_a_used_port_is_refused_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is in use.*--port"):
            call_command("up", port=port)


def test_a_gpu_that_is_asked_for_and_missing_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.SEGMENTATION_DEVICE = "cuda"
    absent = subprocess.CompletedProcess([], returncode=1)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: absent)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(CommandError, match="asks for a GPU and none is usable"):
        call_command("up", port=port)


def test_a_device_nobody_knows_is_refused_with_those_there_are(settings: Any):
    settings.SEGMENTATION_DEVICE = "gpu"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        CommandError, match=r"MLDTRIAL_DEVICE=gpu is not known\. Declare cpu, openvino"
    ):
        call_command("up", port=port)
