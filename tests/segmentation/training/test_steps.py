"""The process of a training: alone in its folder, gone with its parent, and clear in its end."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmentation.training import approved, steps

OTHER = "ras+older"


def order(work: Path) -> approved.Order:
    made = approved.Order(
        (), "name", "1", "tiny", 3, 2, 0, 1, "cpu", threads=1, is_demonstration=True
    )
    approved.write_order(work, made)
    return made


def start(work: Path, *code: str) -> subprocess.Popen[bytes]:
    """Start the steps as a worker does, or some code in their place."""
    what = ["-c", *code] if code else ["-m", "segmentation.training.steps"]
    return subprocess.Popen(
        [sys.executable, *what, str(work)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def begun(work: Path, preprocessing: str | None) -> None:
    """Leave what a killed attempt leaves: written cases, steps done, a log."""
    order(work)
    (work / "raw").mkdir()
    for name in ("raw/case", "cases.done", "train.done", steps.LOG, steps.LOCK):
        (work / name).touch()
    if preprocessing is not None:
        approved.write_json(work / approved.PREPROCESSING, preprocessing)


@pytest.mark.parametrize("preprocessing", [OTHER, None])
def test_what_another_preprocessing_began_is_begun_anew(tmp_path: Path, monkeypatch, preprocessing):
    begun(tmp_path, preprocessing)
    done = []
    monkeypatch.setattr(
        steps, "_ACTIONS", {step: lambda *_, step=step: done.append(step) for step in steps.STEPS}
    )
    steps.run(tmp_path)
    assert done == list(steps.STEPS)
    assert not (tmp_path / "raw").exists()
    assert (tmp_path / steps.LOG).exists()
    assert approved.read_preprocessing(tmp_path) == approved.PREPROCESSING_VERSION


def test_what_this_preprocessing_began_goes_on(tmp_path: Path, monkeypatch):
    begun(tmp_path, approved.PREPROCESSING_VERSION)
    done = []
    monkeypatch.setattr(
        steps, "_ACTIONS", {step: lambda *_, step=step: done.append(step) for step in steps.STEPS}
    )
    steps.run(tmp_path)
    assert done == ["plan", "export", "evaluate"]
    assert (tmp_path / "raw" / "case").exists()


def test_the_preprocessing_that_is_stated_is_the_one_the_cases_had(tmp_path: Path, monkeypatch):
    from segmentation.inference import conversion

    stated = []
    monkeypatch.setattr(conversion, "convert", lambda _from, _to, said: stated.append(said))
    approved.write_json(tmp_path / approved.PREPROCESSING, OTHER)
    steps._export(tmp_path, order(tmp_path), lambda **_: None)
    assert [said.preprocessing for said in stated] == [OTHER]


def test_only_one_process_works_in_a_folder(tmp_path: Path):
    lock = steps.hold(tmp_path)
    # No order is there: it would fail otherwise.
    child = start(tmp_path)
    assert child.wait(timeout=60) == steps.HELD_EXIT_STATUS
    assert child.stderr is not None
    assert b"Another process works in this folder." in child.stderr.read()
    os.close(lock)
    assert start(tmp_path).wait(timeout=60) == steps.FAILED_EXIT_STATUS


ORPHAN = """
import os, subprocess, sys
from segmentation.training import steps
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
steps.end_with_parent()
print(helper.pid, flush=True)
helper.wait()
"""


def test_helpers_end_with_the_process_whose_parent_is_gone(tmp_path: Path):
    child = start(tmp_path, ORPHAN)
    assert child.stdout is not None
    assert child.stdin is not None
    helper = int(child.stdout.readline())
    assert not is_gone(helper)
    child.stdin.close()
    assert child.wait(timeout=30) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while not is_gone(helper):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), steps.NO_MEMORY_EXIT_STATUS),
        (RuntimeError("CUDA out of memory."), steps.NO_MEMORY_EXIT_STATUS),
        (OSError(errno.ENOSPC, "No space left on device"), steps.NO_ROOM_EXIT_STATUS),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), steps.NO_ROOM_EXIT_STATUS),
        (OSError(errno.EACCES, "Permission denied"), steps.FAILED_EXIT_STATUS),
        (json.JSONDecodeError("x", "", 0), steps.FAILED_EXIT_STATUS),
    ],
)
def test_the_exit_status_says_what_stopped_the_steps(
    tmp_path: Path, monkeypatch, capsys, error: Exception, status: int
):
    def fail(_work: Path) -> None:
        raise error

    monkeypatch.setattr(steps, "run", fail)
    monkeypatch.setattr(steps, "end_with_parent", lambda: None)
    monkeypatch.setattr(sys, "argv", ["steps", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        steps.main()
    assert ended.value.code == status
    assert type(error).__name__ in capsys.readouterr().err
