"""Laws of writers: files are written whole or not at all, and are reproducible."""

import subprocess
import sys

import numpy as np
import pytest

from musicai import MosaicSynthesizer, PianoRollExtractor
from musicai.audio import write_audio
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml

PREPARED = """
import resource, signal, sys, tempfile
import numpy as np
from tests.files.test_writers import WRITERS
name, file, limit, temporary = sys.argv[1:]
WRITERS[name](file)  # the first call may also write other files, such as caches
tempfile.tempdir = temporary
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    WRITERS[name](file)
except (OSError, ValueError) as error:
    print(type(error).__name__, error)
else:
    print("written")
"""


def chords():
    piece = np.zeros((60, 12))
    piece[:30, [0, 4, 7]] = piece[30:, [2, 5, 9]] = 1
    return piece


def mosaic(file):
    time = np.arange(3 * 22050) / 22050
    recording = sum(np.sin(2 * np.pi * frequency * time) for frequency in (262, 330, 392))
    MosaicSynthesizer(sr=22050).fit([0.1 * recording]).transform(chords(), file)


WRITERS = {
    "write_audio": lambda file: write_audio(file, np.zeros(50000), 22050),
    "chroma_to_audio": lambda file: chroma_to_audio(chords(), file, timing=10),
    "chroma_to_midi": lambda file: chroma_to_midi(np.tile(chords(), (40, 1)), file, timing=10),
    "to_musicxml": lambda file: to_musicxml(chords(), file, timing=10),
    "chord_chart": lambda file: chord_chart(np.tile(chords(), (40, 1)), file, timing=10),
    "write_midi": lambda file: write_midi(
        file, PianoRollExtractor(frame_rate=8).inverse_transform(np.eye(88).repeat(9, axis=0))
    ),
    "MosaicSynthesizer.transform": mosaic,
}
SUFFIXES = {
    "chroma_to_midi": "mid",
    "write_midi": "mid",
    "to_musicxml": "xml",
    "chord_chart": "txt",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of the size of files")
@pytest.mark.parametrize("name", WRITERS)
def test_the_old_file_is_kept_if_the_disk_is_full(name, tmp_path):
    folder, temporary = tmp_path / "folder", tmp_path / "temporary"
    folder.mkdir(), temporary.mkdir()
    path = folder / f"a.{SUFFIXES.get(name, 'wav')}"
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        PREPARED,
        name,
        str(path),
        "200",
        str(temporary),
    ]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    (told,) = ended.stdout.splitlines()
    assert "too large" in told.lower() or "could not be written" in told, told
    assert ended.stderr == ""
    assert [path.name for path in folder.iterdir()] == [path.name]
    assert path.stat().st_size > 200  # the file of the first call
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_writing_twice_gives_the_same_bytes(name, tmp_path):
    paths = [tmp_path / f"{i}.{SUFFIXES.get(name, 'wav')}" for i in range(2)]
    for path in paths:
        WRITERS[name](path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
