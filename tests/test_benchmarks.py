"""Checks of the benchmarks that do not run them: imports and docstrings."""

import ast
import importlib
from pathlib import Path

import pytest

from benchmarks.library import mutation

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path for path in FOLDER.glob("*/*.py") if path.name != "__init__.py")
OURS = ("musicai", "benchmarks")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_modules_and_names_that_benchmarks_import_exist(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in (
            "musicai",
            "benchmarks",
        ):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_files_listed_for_mutation_testing_exist():
    assert all((mutation.ROOT / "musicai" / f"{name}.py").is_file() for name in mutation.MODULES)
    assert all((mutation.ROOT / name).exists() for name in mutation.TESTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_benchmark_documents_its_command(path):
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text
    name = f"benchmarks.{path.parent.name}.{path.stem}"
    assert 'if __name__ == "__main__":' not in path.read_text() or f"python -m {name}" in text
