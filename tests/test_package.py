"""What holds for the package as a whole."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import musicai

PACKAGE = Path(musicai.__file__).parent

# Music walks one way, from recording to sound; no room knows of those after it.
OUTPUT = {"musicai.render", "musicai.mosaic"}
NEVER_IMPORTS = {
    "audio": {"torch", "sklearn", "musicai.chroma", "musicai.midi", "musicai.composer", *OUTPUT},
    "chroma": {"torch", "musicai.midi", "musicai.composer", *OUTPUT},
    "midi": {"torch", "musicai.chroma", "musicai.composer", *OUTPUT},
    "composer": {
        "librosa",
        "soundfile",
        "musicai.audio",
        "musicai.chroma",
        "musicai.midi",
        *OUTPUT,
    },
    "render": {"torch", "musicai.composer", "musicai.mosaic"},
    "mosaic": {"torch", "musicai.composer", "musicai.midi", "musicai.render"},
    "metrics": {"torch", "musicai.composer", "musicai.audio", *OUTPUT},
    "datasets": {"torch", "musicai.composer", *OUTPUT},
    "display": {"torch", "musicai.composer", *OUTPUT},
}


def imported_by(path):
    """Absolute names of all modules that a file imports, at any depth of its code."""
    parents = path.relative_to(PACKAGE.parent).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level + 1] if node.level else ()
            yield ".".join([*start, *([node.module] if node.module else [])])


@pytest.mark.parametrize("room", NEVER_IMPORTS)
def test_rooms_do_not_import_what_they_must_not_know(room):
    files = list((PACKAGE / room).glob("*.py"))
    assert files
    for path in files:
        for name in imported_by(path):
            for forbidden in NEVER_IMPORTS[room]:
                assert not f"{name}.".startswith(f"{forbidden}."), f"{path.name} imports {name}"


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
