"""Tests on Linux of conditions that occur on Windows and macOS: spawned processes and odd paths.

These tests have not been run on Windows or macOS.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

EXTRACT = """
import sys

import joblib

from musicai import ChromaExtractor

if __name__ == "__main__":
    with joblib.parallel_config(backend=sys.argv[2]):
        pieces = ChromaExtractor(n_jobs=2).transform([sys.argv[1]] * 3)
    assert [len(piece) for piece in pieces] == [33] * 3
    print("done")
"""
COMPOSE = """
import multiprocessing
import sys
from functools import partial

import numpy as np

from musicai import ChromaExtractor, LSTMComposer

def compose(composer, seed):
    return composer.sample(8, random_state=seed)

if __name__ == "__main__":
    pieces = ChromaExtractor().transform([sys.argv[1]])
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(pieces)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (spawned,) = pool.map(partial(compose, composer), [1])
    assert np.array_equal(spawned, compose(composer, 1))
    print("done")
"""


@pytest.fixture
def song(tmp_path):
    """A recording whose path has a space and letters from two alphabets."""
    folder = tmp_path / "my music \u00e9\u6f22"
    folder.mkdir()
    path = folder / "a song.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(22050 * 3) / 10), 22050)
    return path


def run(code, folder, song, *arguments, before=()):
    """Run code as a script in a separate folder."""
    script = folder / "my script.py"
    script.write_text(code)
    command = [*before, sys.executable, str(script), str(song), *arguments]
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_chroma_is_extracted_in_parallel_processes(tmp_path, song, backend):
    done = run(EXTRACT, tmp_path, song, backend)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.slow
def test_a_composer_can_be_sent_to_spawned_processes(tmp_path, song):
    done = run(COMPOSE, tmp_path, song)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.slow
def test_analysis_works_without_shared_memory(tmp_path, song):
    """A container may have no /dev/shm."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    if subprocess.run(["unshare", "--mount", "umount", "-l", "/dev/shm"]).returncode:
        pytest.skip("/dev/shm cannot be taken away here")
    hide = ["unshare", "--mount", "sh", "-c", 'umount -l /dev/shm && "$@"', "sh"]
    done = run(EXTRACT, tmp_path, song, "loky", before=hide)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.skipif(os.name != "posix", reason="names of files are Unicode there")
def test_file_names_need_not_be_unicode(tmp_path, song):
    from musicai import ChromaExtractor
    from musicai.datasets import load_recordings

    odd = os.fsdecode(b"\xff\xfe.wav")
    try:
        shutil.copy(song, tmp_path / odd)
    except OSError:
        pytest.skip("this file system takes no such names")
    data = load_recordings(tmp_path)
    assert len(data.recordings) == 2
    pieces = ChromaExtractor().transform(data.recordings)
    np.testing.assert_array_equal(*pieces)
    assert all(title.isprintable() for title in data.titles)
