"""Which test proves which requirement: read from the marks of the tests, never typed in."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "docs" / "validation" / "requirements.toml"
DOCUMENT = ROOT / "docs" / "validation" / "README.md"
HEAD = """# Requirements and the tests that prove them

Made by `make validation` from `requirements.toml` and from the marks
`@pytest.mark.requirement("...")` of the tests; a test fails while it is out of date. The texts
are short paraphrases: the sources themselves are what counts.

{proved} of {total} requirements have a test.

| requirement | asks | answered by | proved by |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked, where it is written, and which feature answers it."""

    id: str
    source: str
    asks: str
    feature: str


def requirements() -> list[Requirement]:
    """Return the requirements in the order of their file."""
    with REQUIREMENTS.open("rb") as handle:
        return [Requirement(**row) for row in tomllib.load(handle)["requirement"]]


def marks() -> dict[str, list[str]]:
    """Return the tests of each requirement as ``path::name``, sorted.

    A mark may stand on a test or, as `pytestmark`, on a whole module.
    """
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for requirement, name in _of_module(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(requirement, set()).add(f"{path.relative_to(ROOT)}::{name}")
    return {requirement: sorted(tests) for requirement, tests in found.items()}


def _of_module(module: ast.Module) -> Iterator[tuple[str, str]]:
    tests = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            yield from ((r, test.name) for r in _named(node.value) for test in tests)
    for test in tests:
        for decorator in test.decorator_list:
            yield from ((requirement, test.name) for requirement in _named(decorator))


def _named(expression: ast.expr) -> Iterator[str]:
    """Yield the requirements that an expression of marks names."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def document() -> str:
    """Return the matrix as it should stand in the documents."""
    known, found = requirements(), marks()
    proved = sum(requirement.id in found for requirement in known)
    lines = [_row(requirement, found.get(requirement.id, [])) for requirement in known]
    return HEAD.format(proved=proved, total=len(known)) + "\n".join(lines) + "\n"


def _row(requirement: Requirement, tests: list[str]) -> str:
    proof = "<br>".join(f"`{test}`" for test in tests) or "**no test yet**"
    return f"| {requirement.source} | {requirement.asks} | {requirement.feature} | {proof} |"
