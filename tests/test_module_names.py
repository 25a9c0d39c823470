"""What one module asks of another by name is there: the types of Django's classes hide it."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("mldtrial", "segmentation", "analytics")
SETTINGS = "mldtrial.settings"
"""Loaded by name of the environment; asking for one here would load another one beside it."""
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (*NAMED, *COMPREHENSIONS, ast.Lambda)


def sources() -> list[Path]:
    """Return the files of the project, without migrations."""
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def missing_names(tree: ast.Module, at_home: tuple[str, ...] = PACKAGES) -> list[str]:
    """Return what is asked of modules of the project by name, and is not in them."""
    return sorted(set(_missing(tree, {}, at_home)))


def _missing(
    scope: ast.AST, outer: dict[str, ModuleType], at_home: tuple[str, ...]
) -> Iterator[str]:
    inside = list(_inside(scope))
    own = {name: module for node in inside for name, module in _modules(node, at_home)}
    other = {name for node in inside for name in _bound(node)} | _arguments(scope)
    known = {name: module for name, module in outer.items() if name not in other} | own
    for node in inside:
        if isinstance(node, SCOPES):
            yield from _missing(node, known, at_home)
        elif isinstance(node, ast.ImportFrom) and _is_at_home(node, at_home):
            module = importlib.import_module(node.module or "")
            names = (alias.name for alias in node.names if not _has(module, alias.name))
            yield from (f"{module.__name__}.{name}" for name in names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = known.get(node.value.id)
            if module is not None and not _has(module, node.attr):
                yield f"{module.__name__}.{node.attr}"


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what belongs to a scope: inner scopes themselves, and nothing of their inside."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, SCOPES):
            yield from _inside(child)


def _is_at_home(node: ast.ImportFrom, at_home: tuple[str, ...]) -> bool:
    named = node.module or ""
    return named.split(".")[0] in at_home and not named.startswith(SETTINGS)


def _modules(node: ast.AST, at_home: tuple[str, ...]) -> Iterator[tuple[str, ModuleType]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname and alias.name.split(".")[0] in at_home:
                yield alias.asname, importlib.import_module(alias.name)
    elif isinstance(node, ast.ImportFrom) and _is_at_home(node, at_home):
        for alias in node.names:
            found = getattr(importlib.import_module(node.module or ""), alias.name, None)
            if isinstance(found, ModuleType):
                yield alias.asname or alias.name, found


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, NAMED) or (isinstance(node, ast.ExceptHandler) and node.name):
        yield node.name


def _arguments(scope: ast.AST) -> set[str]:
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return set()
    return {node.arg for node in ast.walk(scope.args) if isinstance(node, ast.arg)}


def _has(module: ModuleType, name: str) -> bool:
    if hasattr(module, name):
        return True
    try:
        importlib.import_module(f"{module.__name__}.{name}")
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_module_asks_of_another_by_name_is_there(package: str):
    missing = {
        str(path.relative_to(ROOT)): names
        for path in sources()
        if path.is_relative_to(ROOT / package)
        and (names := missing_names(ast.parse(path.read_text())))
    }
    assert missing == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from os import path\ndef ask():\n    return path.nowhere", ["posixpath.nowhere"]),
        ("from os import path\ndef ask():\n    return path.join", []),
        ("from os import path\ndef ask(path):\n    return path.nowhere", []),
        ("from os import path\nask = [path.nowhere for path in ()]", []),
        ("def ask():\n    from os import path\n    return path.nowhere", ["posixpath.nowhere"]),
        ("def ask():\n    from os import nowhere", ["os.nowhere"]),
        ("import os.path as ways\nways.nowhere", ["posixpath.nowhere"]),
        ("from os import path\nclass Ask:\n    at = path.nowhere", ["posixpath.nowhere"]),
    ],
)
def test_a_name_that_is_not_there_is_found_and_one_of_its_own_is_left_alone(
    code: str, found: list[str]
):
    assert missing_names(ast.parse(code), at_home=("os",)) == found
