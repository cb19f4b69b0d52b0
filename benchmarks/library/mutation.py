"""Mutation testing of the core with mutmut: the share of small code changes that tests detect.

::

    pip install mutmut==3.8.1
    OMP_NUM_THREADS=1 python -m benchmarks.library.mutation --each 60

The script copies the repository to a temporary folder, makes one small change at a time in the
modules below (a flipped sign, a changed number, a missing argument), and runs the tests of `TESTS`
that execute the changed line. It prints mutants that no test detects as diffs, and a table with one
row per module:

- mutants: number of possible mutants; words: mutants that only change the text of an error or
  warning, which are not tried
- tried: number of other mutants, `--each` of them drawn at random with `--seed` (0 tries all)
- killed: a test failed or timed out; survived: all tests passed; untested: no test executes it

A mutant of `files/writing` may write to unintended paths, and as root could replace a device such
as /dev/null, so this module is left out for root. mutmut skips decorated functions, such as context
managers. Not every survivor is a gap in the tests: some mutants do not change behavior.
"""

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = (
    "base/pieces",
    "theory/keys",
    "theory/shapes",
    "theory/timing",
    "theory/borders",
    "files/writing",
    "composer/_checks",
    "composer/_data",
    "composer/_bernoulli",
    "composer/_logistic",
    "composer/_inference",
    "chroma/_tuning",
    "chroma/_frames",
    "mosaic/_search",
    "metrics/_harmony",
    "metrics/_overlap",
    "metrics/_memorization",
    "midi/_rolls",
)
TESTS = (
    "tests/base/test_pieces.py",
    "tests/theory",
    "tests/files/test_writing.py",
    "tests/composer/test_key_invariance.py",
    "tests/composer/test_data.py",
    "tests/composer/test_emissions.py",
    "tests/composer/test_draws.py",
    "tests/composer/test_inference.py",
    "tests/chroma/test_tuning.py",
    "tests/chroma/test_frames.py",
    "tests/chroma/test_stft.py",
    "tests/mosaic/test_search.py",
    "tests/metrics/test_harmony.py",
    "tests/metrics/test_overlap.py",
    "tests/metrics/test_memorization.py",
    "tests/metrics/test_common_laws.py",
    "tests/midi/test_rolls.py",
)
COPIED = ("musicai", "tests", "examples", "benchmarks", "docs", "README.md", "CHANGELOG.md")
SETTINGS = """
[tool.mutmut]
source_paths = ["musicai"]
only_mutate = {modules}
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
use_setproctitle = false
"""
UNSAFE = "files/writing"
SURVIVED, UNTESTED = 0, 33
"""Exit codes of mutmut; any other code means that a test detected the mutant."""


def copy_to(folder: Path, modules: list[str]) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "_build")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    settings = SETTINGS.format(
        modules=json.dumps([f"musicai/{module}.py" for module in modules]),
        copied=json.dumps(COPIED[1:]),
        tests=json.dumps(TESTS),
    )
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + settings)


def mutmut(folder: Path, *names: str) -> None:
    """Make the mutants and test the named ones, one process at a time."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with open(folder / "log", "ab") as log:
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=False)


def exit_codes(folder: Path, module: str) -> dict[str, int | None]:
    text = (folder / "mutants" / "musicai" / f"{module}.py.meta").read_text()
    return json.loads(text)["exit_code_by_key"]


class WithoutWords(ast.NodeTransformer):
    """Transformer that empties the messages of errors and warnings."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Empty the message of an error."""
        return _without_strings(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Empty the message of a warning."""
        if ast.unparse(node.func) == "warnings.warn":
            return _without_strings(node)
        return self.generic_visit(node)


def _without_strings(node: ast.AST) -> ast.AST:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            part.value = ""
    return node


def functions(folder: Path, module: str) -> dict[str, ast.AST]:
    """Return the original and mutated versions of every function by name."""
    tree = ast.parse((folder / "mutants" / "musicai" / f"{module}.py").read_text())
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def original(name: str) -> str:
    return f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"


def changes_words_only(forms: dict[str, ast.AST], name: str) -> bool:
    one, other = (
        ast.dump(ast.Module(WithoutWords().visit(ast.parse(ast.unparse(form))).body[0].body, []))
        for form in (forms[original(name)], forms[name])
    )
    return one == other


def difference(forms: dict[str, ast.AST], name: str) -> str:
    before, after = (ast.unparse(forms[each]).splitlines() for each in (original(name), name))
    lines = difflib.unified_diff(before[1:], after[1:], lineterm="", n=0)
    return "\n".join(line for line in lines if line[:2] not in ("--", "++", "@@"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as composer/_data")
    parser.add_argument("--each", type=int, default=60, metavar="N", help="default: 60; 0: all")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="working folder to keep")
    arguments = parser.parse_args()
    modules = arguments.modules or list(MODULES)
    if os.geteuid() == 0 and UNSAFE in modules:
        print(f"skipping {UNSAFE}: as root, its mutants could replace system files")
        modules.remove(UNSAFE)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        copy_to(folder, modules)
        mutmut(folder, "none")
        rng, chosen, counts = random.Random(arguments.seed), {}, defaultdict(Counter)
        for module in modules:
            forms, names = functions(folder, module), list(exit_codes(folder, module))
            telling = [k for k in names if not changes_words_only(forms, k.rpartition(".")[2])]
            rng.shuffle(telling)
            chosen[module] = telling[: arguments.each or None]
            counts[module] = Counter(mutants=len(names), words=len(names) - len(telling))
        mutmut(folder, *(name for names in chosen.values() for name in names))
        for module, names in chosen.items():
            forms, codes = functions(folder, module), exit_codes(folder, module)
            for name in names:
                if codes[name] is None:
                    sys.exit(f"mutmut did not try {name}; see its output in {folder / 'log'}")
                what = {SURVIVED: "survived", UNTESTED: "untested"}.get(codes[name], "killed")
                counts[module].update(["tried", what])
                if what != "killed":
                    print(f"\n{what}: {name}\n{difference(forms, name.rpartition('.')[2])}")
    columns = ("mutants", "words", "tried", "killed", "survived", "untested")
    print(f"\n| module | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    total = sum(counts.values(), Counter())
    for module, found in [*counts.items(), ("all", total)]:
        print(f"| {module} | {' | '.join(str(found[column]) for column in columns)} |")


if __name__ == "__main__":
    main()
