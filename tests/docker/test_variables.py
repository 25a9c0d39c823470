"""Every variable of the table of settings is read, and reaches the containers."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
IMAGE = (ROOT / "docker" / "Dockerfile").read_text()
READERS = (
    *(ROOT / "mldtrial" / "settings").glob("*.py"),
    *(ROOT / "mldtrial" / "embedded").rglob("*.py"),
    ROOT / "docker" / "entrypoint.py",
    ROOT / "tests" / "conftest.py",
)
ASIDE = {
    "MLDTRIAL_PORT": "of one machine: the compose file publishes the port of its web server",
    "DATABASE_OWNER_URL": "of one machine: the service `migrate` has it as its DATABASE_URL",
    "MLDTRIAL_TEST_DATA": "of the test suite, which does not run in a container",
}
"""What the containers need not be given, and why."""
OF_THE_FRAMEWORK = {"DJANGO_SETTINGS_MODULE"}
OF_THE_SYSTEM = {"XDG_RUNTIME_DIR"}


def in_the_table() -> set[str]:
    section = OPERATIONS.split("### Settings", 1)[1].split("\n### ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}


def read_in(path: Path) -> set[str]:
    """Return the variables that a module names where it reads the environment."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _reads(node.func):
            names.append(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            names.append(node.slice)
    found = {
        node.value if isinstance(node, ast.Constant) else constants.get(ast.unparse(node))
        for node in names
    }
    return {name for name in found if name}


def _reads(function: ast.expr) -> bool:
    return ast.unparse(function) in ("given", "os.environ.get", "os.environ.setdefault")


READ = set().union(*(read_in(path) for path in READERS)) - OF_THE_SYSTEM


def test_the_table_and_the_readers_are_found():
    assert {"EMAIL_HOST", "DATABASE_URL", "MLDTRIAL_TEST_DATA"} <= in_the_table() & READ


def test_every_variable_of_the_table_is_read():
    assert in_the_table() - READ - OF_THE_FRAMEWORK == set()


def test_every_variable_that_is_read_stands_in_the_table():
    assert READ - in_the_table() == set()


def test_every_variable_of_the_table_reaches_the_containers():
    passed = set(COMPOSE["x-application"]["environment"])
    built_in = set(
        re.findall(r"^(?:ENV|   )\s*([A-Z_]+)=", IMAGE.split("\nFROM ")[-1], re.MULTILINE)
    )
    assert in_the_table() - passed - built_in == set(ASIDE)


@pytest.mark.parametrize("module", ["local", "production"])
def test_variables_that_are_passed_empty_have_their_defaults(module: str, tmp_path: Path):
    optional = {
        name: ""
        for name, value in COMPOSE["x-application"]["environment"].items()
        if re.fullmatch(r"\$\{\w+:-\}", value)
    }
    assert optional
    show = (
        f"from mldtrial.settings import {module} as s; "
        "print(s.EMAIL_PORT, s.EMAIL_BACKEND, s.DEFAULT_FROM_EMAIL, s.UPLOAD_MAX_BYTES, "
        "s.LOGGING['root']['level'], s.SECRET_KEY_FALLBACKS, s.OIDC_NAME)"
    )
    base = {"MLDTRIAL_DATA": str(tmp_path), "DJANGO_SECRET_KEY": "only-for-this-test"}
    shown = [
        subprocess.run(
            [sys.executable, "-c", show],
            env={**base, **given},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for given in ({}, optional)
    ]
    assert shown[0] == shown[1]
    assert shown[0].startswith("587 django.core.mail.backends.console.EmailBackend ")
