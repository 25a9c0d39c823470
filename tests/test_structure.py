"""The shape of the project: what may depend on what."""

import subprocess
import sys

import pytest
from django.db.migrations.loader import MigrationLoader

LIGHT = [
    "segmentation.imaging",
    "segmentation.phantom",
    "segmentation.tus",
    "segmentation.inference.base",
    "analytics.stats",
    "analytics.figures",
    "analytics.reports",
]
UNWANTED = {"django", "celery", "torch"}
ORDER = ["accounts", "audit", "trial", "segmentation", "analytics"]


@pytest.mark.parametrize("package", LIGHT)
def test_pure_code_loads_alone(package: str):
    code = f"""
import importlib, pkgutil, sys
top = importlib.import_module({package!r})
for found in pkgutil.walk_packages(getattr(top, "__path__", []), {package + "."!r}):
    importlib.import_module(found.name)
sys.exit(", ".join({UNWANTED!r} & set(sys.modules)) or 0)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_migrations_depend_one_way():
    nodes = MigrationLoader(connection=None).graph.node_map.values()
    edges = {(node.key[0], parent.key[0]) for node in nodes for parent in node.parents}
    backward = {
        (app, needs)
        for app, needs in edges
        if {app, needs} <= set(ORDER) and ORDER.index(needs) > ORDER.index(app)
    }
    assert backward == set()
