"""The supervisor restarts what dies and leaves no process behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mldtrial.embedded.processes import Process, processes
from mldtrial.embedded.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent

PARENT = """
import os, signal, subprocess, sys, time
stubborn = {stubborn}
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({pids!r}, "a") as pids:
    pids.write(f"{{os.getpid()}} {{child.pid}}\\n")
print("started", flush=True)
time.sleep(600)
"""

TERMINAL = """
import signal, sys
from pathlib import Path
from mldtrial.embedded.processes import Process
from mldtrial.embedded.supervisor import Supervisor
code, folder = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
stub = (sys.executable, "-c", code)
supervisor = Supervisor([Process("one", stub), Process("two", stub)], folder=folder)
signal.signal(signal.SIGINT, supervisor.request_stop)
signal.signal(signal.SIGTERM, supervisor.request_stop)
supervisor.start()
try:
    supervisor.watch()
finally:
    supervisor.stop()
"""


def eventually(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def started(pids: Path) -> list[int]:
    return [int(pid) for pid in pids.read_text().split()] if pids.exists() else []


def terminal(folder: Path, pids: Path) -> "subprocess.Popen[bytes]":
    code = folder / "stub.py"
    code.write_text(PARENT.format(stubborn=False, pids=str(pids)))
    return subprocess.Popen(
        [sys.executable, "-c", TERMINAL, str(code), str(folder)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_children_and_grandchildren_with_status_zero(
    tmp_path: Path, number: signal.Signals
):
    pids = tmp_path / "pids"
    with terminal(tmp_path, pids) as running:
        assert eventually(lambda: len(started(pids)) == 4)
        running.send_signal(number)
        assert running.wait(timeout=15) == 0
    assert not [pid for pid in started(pids) if lives(pid)]


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path):
    pids = tmp_path / "pids"
    with terminal(tmp_path, pids) as running:
        assert eventually(lambda: len(started(pids)) == 4)
        running.kill()
    children = started(pids)[0::2]
    try:
        assert eventually(lambda: not any(lives(pid) for pid in children))
    finally:
        for pid in started(pids):
            if lives(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_child_that_ignores_the_request_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mldtrial.embedded.supervisor.STOP_SECONDS", 0.5)
    pids = tmp_path / "pids"
    code = PARENT.format(stubborn=True, pids=str(pids))
    stub = Process("stubborn", (sys.executable, "-c", code))
    supervisor = Supervisor([stub], folder=tmp_path, say=lambda _: None)
    supervisor.start()
    assert eventually(lambda: len(started(pids)) == 2)
    supervisor.stop()
    assert eventually(lambda: not any(lives(pid) for pid in started(pids)))


def test_a_child_that_dies_is_started_again(tmp_path: Path):
    marks = tmp_path / "marks"
    code = f"open({str(marks)!r}, 'a').write('x')"
    lines: list[str] = []
    stub = Process("brief", (sys.executable, "-c", code))
    supervisor = Supervisor([stub], folder=tmp_path, say=lines.append)
    supervisor.start()
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    assert eventually(lambda: marks.exists() and len(marks.read_text()) >= 2)
    supervisor.request_stop()
    watching.join()
    supervisor.stop()
    assert any("starting again in 1 s" in line for line in lines)


def test_servers_end_after_those_that_use_them(tmp_path: Path):
    ends = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(float(sys.argv[2]))\n"
        f"    open({str(ends)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    lines: list[str] = []
    stubs = [
        Process("broker", (sys.executable, "-c", code, "broker", "0"), is_server=True),
        Process("worker", (sys.executable, "-c", code, "worker", "0.5")),
    ]
    supervisor = Supervisor(stubs, folder=tmp_path, say=lines.append)
    supervisor.start()
    assert eventually(lambda: len(lines) == 2)
    supervisor.stop()
    assert ends.read_text().split() == ["worker", "broker"]


def test_lines_carry_the_name_of_their_process(tmp_path: Path):
    lines: list[str] = []
    stub = Process("talker", (sys.executable, "-c", "print('hello')"))
    supervisor = Supervisor([stub], folder=tmp_path, say=lines.append)
    supervisor.start()
    assert eventually(lambda: lines == ["      talker | hello"])
    supervisor.stop()


def test_the_declared_device_names_the_queue():
    def queues(device: str) -> set[str]:
        listed = processes(port=8000, device=device, threads=2)
        return {p.command[p.command.index("-Q") + 1] for p in listed if "-Q" in p.command}

    assert queues("cpu") == {"imaging", "cpu", "exports"}
    assert queues("cuda") == {"imaging", "gpu", "cpu", "exports"}


def test_the_web_server_listens_on_the_loopback_interface_only():
    web = processes(port=8123, device="cpu", threads=2)[0].command
    assert web[web.index("--host") + 1] == "127.0.0.1"
    assert web[web.index("--port") + 1] == "8123"
