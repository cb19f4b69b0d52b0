"""What holds for the package as a whole."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import musicai

PACKAGE = Path(musicai.__file__).parent

# Music walks one way, from recording to sound; no room knows of those after it, nor of those that
# stand beside the way to bring music, measure it and show it.
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
}


def imported_by(code, path):
    """Absolute names of all that a file imports, at any depth of its code."""
    parents = path.relative_to(PACKAGE.parent).parts[:-1]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level + 1] if node.level else ()
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)  # may be modules too


@pytest.mark.parametrize("room", NEVER_IMPORTS)
def test_rooms_do_not_import_what_they_must_not_know(room):
    files = list((PACKAGE / room).glob("*.py"))
    assert files
    for path in files:
        for name in imported_by(path.read_text(), path):
            for forbidden in NEVER_IMPORTS[room]:
                assert not f"{name}.".startswith(f"{forbidden}."), f"{path.name} imports {name}"


def test_imports_are_found_in_all_their_forms():
    forms = "import a.b\nfrom .. import c\nfrom ..d import e\nfrom . import f\nfrom g import h\n"
    found = set(imported_by(forms, PACKAGE / "room" / "file.py"))
    assert found >= {"a.b", "musicai.c", "musicai.d", "musicai.room.f", "g"}


def test_every_room_is_watched():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(NEVER_IMPORTS)


@pytest.mark.parametrize(
    "name", ["ChromaExtractor", "LSTMComposer", "MosaicSynthesizer", "PianoRollExtractor"]
)
def test_examples_of_public_classes(name):
    public = getattr(musicai, name)
    assert public.__module__ == "musicai"
    # doctest's own search stops at classes that say they live elsewhere
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = finder.find(public, name, module=False, globs={})
    assert any(test.examples for test in tests)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_import_is_lazy():
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


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'LSTMComposr'"):
        musicai.LSTMComposr  # noqa: B018
