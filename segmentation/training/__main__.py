"""``python -m segmentation.training``: from nothing to a registered model folder, step by step."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from segmentation.training import cases

STEPS = ("cases", "plan", "train", "export")


def main() -> None:
    """Run one step, or all of them, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.training")
    parser.add_argument("step", choices=(*STEPS, "all"))
    parser.add_argument("--work", type=Path, required=True, help="folder for everything made")
    parser.add_argument("--patients", type=int, default=44, help="three cases are drawn of each")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, help="end training early after this time")
    parser.add_argument("--start", type=Path, help="model folder to begin with; else from nothing")
    parser.add_argument("--keep-every", type=int, help="epochs after which weights are kept beside")
    parser.add_argument(
        "--without-t2w",
        type=_share,
        metavar="SHARE",
        help="of the samples, those that are learnt from T1w alone (none)",
    )
    parser.add_argument("--kept", type=int, metavar="EPOCHS", help="export what was kept then")
    parser.add_argument("--out", type=Path, help="folder of the finished model")
    options = parser.parse_args()
    if options.step == "all":
        for step in STEPS:
            _as_child(step, options.work)
        return
    _run(options)


def _as_child(step: str, work: Path) -> None:
    from segmentation.training.steps import environment

    arguments = [step if argument == "all" else argument for argument in sys.argv[1:]]
    subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "segmentation.training", *arguments],
        check=True,
        env=environment(os.environ, work, augmenters=0 if step == "train" else 1),
    )


def _run(options: argparse.Namespace) -> None:
    if options.step == "cases":
        folder = options.work / "raw" / cases.DATASET_NAME
        cases.write_dataset(folder, patients=options.patients, workers=options.threads)
        return
    if options.step == "export":
        from segmentation.training.export import export_model

        share = options.without_t2w
        export_model(options.work, options.out, kept=options.kept, without_t2w=share)
        return
    from segmentation.training import trainer

    if options.step == "plan":
        trainer.plan_and_preprocess(options.work)
    else:
        trainer.train(
            options.work,
            epochs=options.epochs,
            threads=options.threads,
            minutes=options.minutes,
            start=options.start,
            keep_every=options.keep_every,
            without_t2w=options.without_t2w or 0.0,
        )


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1")
    return share


if __name__ == "__main__":
    main()
