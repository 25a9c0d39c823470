"""``python -m segmentation.training.steps WORK``: train on approved masks, step by step.

What is done is marked in the folder and not done again, so that a run that was killed goes on
where it was. Progress stands in ``progress.json``. The process ends with whoever started it: it
holds the other end of a pipe, which closes when that process is gone, however it went. One process
at a time works in a folder.

Its exit status says what stopped it, since a full volume takes no file that could. What went wrong
stands in what it prints.
"""

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from segmentation.inference.shortage import is_of_memory, is_of_room
from segmentation.training import approved
from segmentation.training.plateau import NothingToWatchError

PROGRESS = "progress.json"
MODEL = "model"
REPORT = "held_out.json"
"""What was measured of held-out patients: beside the model's folder, which goes anywhere."""
EPOCHS = "epochs.json"
"""What the training said last: the next step may follow before anybody has read it."""
AUGMENTERS = "nnUNet_n_proc_DA"
STEPS = ("cases", "plan", "train", "export", "evaluate")
SHARES = {"cases": 0.0, "plan": 0.1, "train": 0.15, "export": 0.93, "evaluate": 0.95}
"""Where each step begins, as a share of the whole."""
LOCK, LOG = "lock", "log.txt"
"""The second holds what the steps print, with the traceback of what stopped them."""
FAILED_EXIT_STATUS = 1
ORPHANED_EXIT_STATUS, HELD_EXIT_STATUS = 76, 77
NO_MEMORY_EXIT_STATUS, NO_ROOM_EXIT_STATUS = 78, 79
NOTHING_TO_WATCH_EXIT_STATUS = 80


def environment(base: Mapping[str, str], work: Path, *, augmenters: int) -> dict[str, str]:
    """Return the environment of the process that trains; nobody else's is changed.

    What somebody set for an nnU-Net of their own does not reach it.

    Parameters
    ----------
    augmenters : int
        Processes that draw and augment patches; 0: in the training process itself.
    """
    kept = {name: value for name, value in base.items() if not name.lower().startswith("nnunet")}
    return {
        **kept,
        "nnUNet_raw": str(work / "raw"),
        "nnUNet_preprocessed": str(work / "preprocessed"),
        "nnUNet_results": str(work / "results"),
        "nnUNet_def_n_proc": "1",
        AUGMENTERS: str(augmenters),
        "nnUNet_compile": "f",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def read_progress(work: Path) -> dict[str, Any]:
    """Return how far a run has come: ``step``, ``share`` and, in training, its epochs."""
    try:
        content = (work / PROGRESS).read_text()
    except FileNotFoundError:
        # Asked for first and read then, it could be gone between: the steps may begin anew.
        return {}
    found: dict[str, Any] = json.loads(content)
    return found


def read_epochs(work: Path) -> tuple[int, list[float | None]]:
    """Return how many epochs the fold trained last has, and their smoothed pseudo-Dice."""
    found = json.loads((work / EPOCHS).read_text())
    return int(found["epoch"]), as_kept(found["values"])


def as_kept(values: Sequence[float]) -> list[float | None]:
    """Return values as a database keeps them: rounded, None for one that could not be computed.

    nnU-Net has none for an epoch whose patches held no foreground and none was predicted.
    """
    return [round(value, 4) if isfinite(value) else None for value in values]


def end_with_parent() -> None:
    """End this process and its helpers once the process that started it is gone."""
    pipe = sys.stdin.fileno()

    def wait() -> None:
        # Past the buffer of Python, whose lock a forked process would wait for without end.
        while os.read(pipe, 1):
            pass
        if os.getpgrp() == os.getpid():
            # Processes that augment have no pipe of their own, and would wait for work for ever.
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(ORPHANED_EXIT_STATUS)

    threading.Thread(target=wait, daemon=True).start()


def hold(work: Path) -> int:
    """Take the folder for this process alone, until it ends; returns the descriptor of the lock.

    Raises
    ------
    BlockingIOError
        If another process has it.
    """
    lock = os.open(work / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock


def run(work: Path) -> None:
    """Do the steps that are not done; all of them where another preprocessing began them."""
    order = approved.read_order(work)
    approved.begin_anew_unless_ours(work, kept=(LOCK, approved.ORDER, LOG))
    for step in STEPS:
        done = work / f"{step}.done"
        if done.exists():
            continue
        tell = partial(_tell, work, step)
        tell()
        _ACTIONS[step](work, order, tell)
        done.touch()


def _tell(work: Path, step: str, *, share: float = 0.0, **more: Any) -> None:
    following = dict(zip(STEPS, [*list(SHARES.values())[1:], 1.0], strict=True))
    overall = SHARES[step] + share * (following[step] - SHARES[step])
    approved.write_json(work / PROGRESS, {"step": step, "share": overall, **more})


def _cases(work: Path, order: approved.Order, tell: Callable[..., None]) -> None:
    approved.write_dataset(work, order.cases, tell=lambda share: tell(share=share))


def _plan(work: Path, order: approved.Order, _tell: Callable[..., None]) -> None:
    from segmentation.training import learning

    # nnU-Net asks for it anew each time: its planner needs one, its trainer may do without.
    augmenters = os.environ[AUGMENTERS]
    os.environ[AUGMENTERS] = "1"
    try:
        learning.plan_and_preprocess(work, order, processes=order.threads)
    finally:
        os.environ[AUGMENTERS] = augmenters


def _train(work: Path, order: approved.Order, tell: Callable[..., None]) -> None:
    from segmentation.training import learning

    # Beyond the last split nnU-Net would draw one of its own, by case and not by patient.
    folds = min(order.trained_folds, learning.count_of_splits(work))
    for fold in range(folds):

        def told(*, share: float, fold: int = fold, **more: Any) -> None:
            overall = (fold + share) / folds
            approved.write_json(work / EPOCHS, more)
            tell(share=overall, fold=fold, folds=folds, **more)

        learning.train(work, order, fold, tell=told)


def _export(work: Path, order: approved.Order, _tell: Callable[..., None]) -> None:
    from segmentation.inference.conversion import convert
    from segmentation.inference.trained_folder import BEST, Statement
    from segmentation.training.learning import results_folder

    out = work / MODEL
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    trained = results_folder(work)
    stated = Statement(
        name=order.name,
        version=order.version,
        preprocessing=approved.read_preprocessing(work),
        is_demonstration=order.is_demonstration,
        checkpoint_by_fold=dict.fromkeys(_ended_early(trained, order.epochs), BEST),
    )
    convert(trained, out, stated)


def _ended_early(trained: Path, epochs: int) -> list[str]:
    """Return the folds that ended before all epochs, so on a plateau.

    Their last weights are those of the epochs that made nothing better, at a rate of learning that
    had not fallen yet.
    """
    from segmentation.inference.conversion import read_checkpoint
    from segmentation.inference.trained_folder import FINAL

    paths = sorted(trained.glob(f"fold_*/{FINAL}"))
    early = [path for path in paths if read_checkpoint(path).epochs < epochs]
    return [path.parent.name.removeprefix("fold_") for path in early]


def _evaluate(work: Path, order: approved.Order, tell: Callable[..., None]) -> None:
    from segmentation.inference.nnunet import NnUnetSegmenter
    from segmentation.training.evaluate import KnownCase, evaluate_cases

    outcomes = approved.read_outcomes(work)
    refused = [
        {"case": case.name, "acq_stratum": case.acq_stratum, "code": code}
        for case in order.cases
        if case.fold is None and (code := outcomes[case.name].refused)
    ]
    held_out = [
        KnownCase(
            case=case.name,
            subject=case.patient,
            acq_stratum=case.acq_stratum,
            images={"T1w": Path(case.t1w), "T2w": Path(case.t2w)},
            truth=Path(case.mask),
            truth_ml=None,
        )
        for case in order.cases
        if case.fold is None and not outcomes[case.name].left_out
    ]
    if not held_out and not refused:
        return
    done = 0

    def told(_line: str) -> None:
        nonlocal done
        done += 1
        tell(share=done / len(held_out))

    segmenter = NnUnetSegmenter(work / MODEL, device=order.device)
    report = evaluate_cases(segmenter, held_out, told=told)
    report["refused"] = [*refused, *report["refused"]]
    approved.write_json(work / REPORT, report)


_ACTIONS: dict[str, Callable[[Path, approved.Order, Callable[..., None]], None]] = {
    "cases": _cases,
    "plan": _plan,
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
}


def main() -> None:
    """Do what is left to do in a folder of work; the exit status says how it went."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.training.steps")
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    end_with_parent()
    try:
        hold(work)
    except BlockingIOError:
        sys.stderr.write("Another process works in this folder.\n")
        sys.exit(HELD_EXIT_STATUS)
    try:
        run(work)
    except Exception as error:  # noqa: BLE001 - told by its status, and in full to the log
        traceback.print_exc()
        sys.exit(status_of(error))


def status_of(error: BaseException) -> int:
    """Return the exit status that stands for what stopped the steps."""
    if is_of_memory(error):
        return NO_MEMORY_EXIT_STATUS
    if isinstance(error, NothingToWatchError):
        return NOTHING_TO_WATCH_EXIT_STATUS
    return NO_ROOM_EXIT_STATUS if is_of_room(error) else FAILED_EXIT_STATUS


if __name__ == "__main__":
    main()
