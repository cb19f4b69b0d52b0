"""Tests of the README and the docs: their code runs, and their links and figures are valid."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib import pyplot

import musicai
from musicai import PianoRollExtractor
from musicai.midi import write_midi

ROOT = Path(musicai.__file__).parents[1]
DOCS = ROOT / "docs"
BENCHMARKS = DOCS / "benchmarks"
BUILT = (DOCS / "_build", DOCS / "gallery", DOCS / "api" / "generated")
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if not any(map(path.is_relative_to, BUILT))]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITH_CODE = [path for path in DOCUMENTS if CODE.search(path.read_text(encoding="utf-8"))]
FENCED = re.compile(r"^(`{3,})[^`]*?^\1\s*$", re.MULTILINE | re.DOTALL)


def name_of(document):
    return str(document.relative_to(ROOT))


CHORDS = {"judging.md": 46, "tuning.md": 12}
"""Number of chords, of 2 s each, in a recording, for pages that need more than five."""


@pytest.fixture
def recordings(tmp_path, monkeypatch, request):
    """Put recordings in two styles and a few MIDI files into the current directory."""
    monkeypatch.chdir(tmp_path)
    n_chords = CHORDS.get(request.getfixturevalue("document").name, 5)
    rng = np.random.RandomState(0)
    seconds = np.arange(2 * 22050) / 22050
    struck = np.exp(-4 * (seconds % 0.5))  # four attacks per chord: 120 beats per minute
    for style in ("folk", "jazz"):
        (tmp_path / "recordings" / style).mkdir(parents=True)
        for number in range(4):
            tones = 220 * 2 ** (rng.randint(12, size=(n_chords, 3)) / 12)
            chords = [np.sin(2 * np.pi * chord[:, None] * seconds).sum(0) for chord in tones]
            path = tmp_path / "recordings" / style / f"{number}.wav"
            soundfile.write(path, 0.2 * np.concatenate([struck * chord for chord in chords]), 22050)
    (tmp_path / "midi").mkdir()
    for number in range(4):
        roll = np.eye(88, dtype=np.float32)[30 + number + np.arange(24) % 12]
        extractor = PianoRollExtractor()
        music = extractor.inverse_transform(roll, timing=extractor.timing.at_tempo(90))
        write_midi(tmp_path / "midi" / f"{number}.mid", music)


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_CODE, ids=name_of)
@pytest.mark.usefixtures("recordings")
def test_code_blocks_in_documents_run(document):
    text = document.read_text(encoding="utf-8")
    namespace = {}
    for block in CODE.findall(text):
        exec(compile(block, str(document), "exec"), namespace)
    for played in re.findall(r"^```{audio} (\S+)\n:run:", text, re.MULTILINE):
        assert Path(played).is_file(), f"{played} is to be played, and no code writes it"


NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    namespace = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs"), "outputs are made when the site is built"
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(notebook), "exec"), namespace)
    pyplot.close("all")


def test_the_readme_the_quickstart_and_other_pages_have_code():
    assert {"README.md", "docs/quickstart.md"} <= set(map(name_of, WITH_CODE))
    assert len(WITH_CODE) >= 7


def anchor_of(heading):
    """Return the anchor that GitHub and MyST give to a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def sections(document):
    """Return a dict from the anchor of each heading of a page to the text below the heading."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    _, *parts = re.split(r"^#+ (.+?)\s*$", text, flags=re.MULTILINE)
    return dict(zip(map(anchor_of, parts[::2]), parts[1::2], strict=True))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_targets_of_internal_links_exist(document):
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), target
        assert not anchor or anchor in sections(file), f"{target}: no such heading"


def figures(text):
    """Return the decimal numbers of a text that are too long to coincide by chance."""
    found = re.findall(r"(?<![\w.])\d*\.\d+(?![\w.])", text)
    return {number for number in found if len(number.lstrip("0")) > 3}


@pytest.mark.parametrize(
    "document", [page for page in DOCUMENTS[1:] if BENCHMARKS not in page.parents], ids=name_of
)
def test_our_benchmark_figures_appear_only_in_the_readme_and_the_benchmark_pages(document):
    tables = "".join(page.read_text(encoding="utf-8") for page in BENCHMARKS.glob("*.md"))
    ours = figures(" ".join(re.findall(r"\*\*(.+?)\*\*", tables)))
    assert len(ours) > 10
    again = ours & figures(document.read_text(encoding="utf-8"))
    assert not again, "link to docs/benchmarks/, whose figures are measured anew"


NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])")


def test_figures_in_the_readme_appear_in_the_pages_that_it_links_to():
    text = FENCED.sub("", (ROOT / "README.md").read_text(encoding="utf-8"))
    n_figures = 0
    for block in re.split(r"\n\n|\n(?=[|-])", text):
        found = set()
        for page, anchor in re.findall(r"\]\((docs/[\w/]+\.md)#?([^)]*)\)", block):
            by_anchor = sections(ROOT / page)
            source = by_anchor[anchor] if anchor else " ".join(by_anchor.values())
            found |= {*NUMBER.findall(source)}
        shown = {*NUMBER.findall(re.sub(r"\]\([^)]*\)", "]", block))}
        assert shown <= found, f"{shown - found} in {block!r}"
        n_figures += len(shown)
    assert n_figures > 20


@pytest.mark.parametrize("document", [ROOT / "README.md", *PAGES], ids=name_of)
def test_pages_are_not_too_long(document):
    n_lines = len(document.read_text(encoding="utf-8").splitlines())
    assert n_lines <= (120 if document.name == "README.md" else 250)


def test_every_page_can_be_reached_from_the_index():
    found, to_read = set(), [DOCS / "index.md"]
    while to_read:
        page = to_read.pop()
        found.add(page)
        text = page.read_text(encoding="utf-8")
        for tree in re.findall(r"^```{toctree}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for entry in re.findall(r"^[\w/-]+$", tree, re.MULTILINE):
                child = (page.parent / f"{entry}.md").resolve()
                if child.with_suffix(".ipynb").is_file():
                    continue
                if entry.startswith("gallery/"):
                    assert (ROOT / "examples" / f"{Path(entry).name}.py").is_file()
                else:
                    assert child.is_file(), f"{name_of(page)} lists {entry}"
                    to_read += {child} - found
    assert found == set(PAGES)


def test_the_gallery_lists_every_example():
    listed = re.findall(r"^gallery/(\w+)$", (DOCS / "gallery.md").read_text(), re.MULTILINE)
    examples = [path.stem for path in (ROOT / "examples").glob("[!_]*.py")]
    assert sorted(listed) == sorted(examples)
