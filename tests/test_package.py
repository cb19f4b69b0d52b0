"""Tests of the package as a whole: imports, examples and extras."""

import ast
import doctest
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import musicai
from musicai.base.extras import PACKAGES

PACKAGE = Path(musicai.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}

# The subpackages ("rooms") are stages on the path from recording to score. A stage imports no later
# stage, and no subpackage that loads, measures or displays music.
OUTPUT = {"musicai.render", "musicai.mosaic"}
BESIDE = {"musicai.datasets", "musicai.metrics", "musicai.display"}
NEVER_IMPORTS = {
    "audio": {
        "torch",
        "sklearn",
        "musicai.chroma",
        "musicai.midi",
        "musicai.composer",
        *OUTPUT,
        *BESIDE,
    },
    "chroma": {"torch", "musicai.midi", "musicai.composer", *OUTPUT, *BESIDE},
    "midi": {"torch", "musicai.chroma", "musicai.composer", *OUTPUT, *BESIDE},
    "composer": {
        "librosa",
        "soundfile",
        "musicai.audio",
        "musicai.chroma",
        "musicai.midi",
        *OUTPUT,
        *BESIDE,
    },
    "render": {"torch", "musicai.composer", "musicai.mosaic", *BESIDE},
    "mosaic": {"torch", "musicai.composer", "musicai.midi", "musicai.render", *BESIDE},
    "metrics": {
        "torch",
        "musicai.composer",
        "musicai.audio",
        "musicai.datasets",
        "musicai.display",
        *OUTPUT,
    },
    "datasets": {"torch", "musicai.composer", "musicai.metrics", "musicai.display", *OUTPUT},
    "display": {"torch", "musicai.composer", "musicai.datasets", *OUTPUT},
    "cli": set(),
}

# Subpackages of tools that every other subpackage may import.
SHARED = ("base", "files", "theory")


def imported_by(tree, path):
    """Yield the absolute names of all imports in a file, including those inside functions."""
    parents = path.relative_to(PACKAGE.parent).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level + 1] if node.level else ()
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)  # may be modules, too


def needed_by(module):
    """Return the modules of musicai that a module imports, even if only for annotations."""
    path = MODULES[module]
    return MODULES.keys() & set(imported_by(ast.parse(path.read_text()), path))


def check_imports(path, never):
    for name in imported_by(ast.parse(path.read_text()), path):
        for forbidden in never:
            assert not f"{name}.".startswith(f"{forbidden}."), f"{path.name} imports {name}"


@pytest.mark.parametrize("room", NEVER_IMPORTS)
def test_packages_do_not_import_later_stages(room):
    files = list((PACKAGE / room).glob("*.py"))
    assert files
    for path in files:
        check_imports(path, NEVER_IMPORTS[room])


@pytest.mark.parametrize("room", SHARED)
def test_shared_packages_import_no_other_packages(room):
    files = list((PACKAGE / room).glob("*.py"))
    assert files
    never = {"torch", "librosa", "soundfile", *(f"musicai.{name}" for name in NEVER_IMPORTS)}
    for path in files:
        check_imports(path, never)


@pytest.mark.parametrize("room", [*NEVER_IMPORTS, *SHARED])
def test_no_package_imports_private_names_of_another(room):
    for path in (PACKAGE / room).glob("*.py"):
        for name in imported_by(ast.parse(path.read_text()), path):
            package, _, inside = name.partition(".")
            if package == "musicai" and inside.partition(".")[0] not in (room, "_version"):
                private = [part for part in inside.split(".") if part.startswith("_")]
                assert not private, f"{path.name} imports {name}"


def test_no_module_imports_the_command_line_interface():
    for module, path in MODULES.items():
        if not module.startswith(("musicai.cli", "musicai.__main__")):
            check_imports(path, {"musicai.cli"})


def test_imports_have_no_cycles():
    # static_order raises an error that names the modules of a cycle.
    order = list(
        TopologicalSorter({module: needed_by(module) for module in MODULES}).static_order()
    )
    assert order.index("musicai.audio") < order.index("musicai.chroma")


def test_all_forms_of_import_statements_are_found():
    forms = "import a.b\nfrom .. import c\nfrom ..d import e\nfrom . import f\nfrom g import h\n"
    found = set(imported_by(ast.parse(forms), PACKAGE / "room" / "file.py"))
    assert found >= {"a.b", "musicai.c", "musicai.d", "musicai.room.f", "g"}


def test_imports_of_every_package_are_checked():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {*NEVER_IMPORTS, *SHARED}


def test_all_code_is_in_a_subpackage():
    assert {path.name for path in PACKAGE.glob("*.py")} == {
        "__init__.py",
        "__main__.py",
        "_version.py",
    }


@pytest.mark.parametrize(
    "name",
    ["ChromaExtractor", "LSTMComposer", "MosaicSynthesizer", "PianoRollExtractor", "Timing"],
)
def test_docstring_examples_of_public_classes_run(name):
    public = getattr(musicai, name)
    assert public.__module__ == "musicai"
    # doctest's own search skips classes whose __module__ names a different module
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = finder.find(public, name, module=False, globs={})
    assert any(test.examples for test in tests)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_importing_musicai_does_not_import_slow_packages():
    code = (
        "import sys, musicai; "
        "assert not {'torch', 'librosa', 'sklearn'} & sys.modules.keys(); "
        "assert {'ChromaExtractor', 'LSTMComposer'} <= set(dir(musicai)); "
        "from musicai import ChromaExtractor; "
        "assert 'torch' not in sys.modules; "
        "from musicai import PianoRollExtractor; "
        "assert not {'torch', 'pretty_midi', 'mido', 'midirenderer'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_attributes_of_musicai_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'LSTMComposr'"):
        musicai.LSTMComposr  # noqa: B018


@pytest.mark.parametrize("extra", PACKAGES)
def test_packages_of_an_extra_match_pyproject(extra):
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    listed = {Requirement(line).name for line in project["optional-dependencies"][extra]}
    assert set(PACKAGES[extra]) == listed
