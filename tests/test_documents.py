"""Run the code of README and docs as a reader would: from top to bottom, in one session."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

import musicai
from musicai import PianoRollExtractor
from musicai.midi import write_midi

ROOT = Path(musicai.__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """In the current directory, short recordings in two styles, and some MIDI files."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    seconds = np.arange(2 * 22050) / 22050
    for style in ("folk", "jazz"):
        (tmp_path / "recordings" / style).mkdir(parents=True)
        for number in range(4):
            tones = 220 * 2 ** (rng.randint(12, size=(3, 3)) / 12)
            chords = [np.sin(2 * np.pi * chord[:, None] * seconds).sum(0) for chord in tones]
            path = tmp_path / "recordings" / style / f"{number}.wav"
            soundfile.write(path, 0.2 * np.concatenate(chords), 22050)
    (tmp_path / "midi").mkdir()
    for number in range(4):
        roll = np.eye(88, dtype=np.float32)[30 + number + np.arange(24) % 12]
        write_midi(
            tmp_path / "midi" / f"{number}.mid", PianoRollExtractor().inverse_transform(roll)
        )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
@pytest.mark.usefixtures("recordings")
def test_code_blocks_run(document):
    blocks = re.findall(r"^```python\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    namespace = {}
    for block in blocks:
        exec(compile(block, str(document), "exec"), namespace)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target.partition("#")[0]).exists(), target
