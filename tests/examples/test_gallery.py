"""Run the examples without arguments, and check the files that they say they wrote."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib import pyplot

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if not path.name.startswith("_"))
FLAT = [path for path in SCRIPTS if not re.search("argparse|argv", path.read_text())]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, without displaying figures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    figures = pyplot.get_fignums()
    yield tmp_path
    for number in set(pyplot.get_fignums()) - set(figures):
        pyplot.close(number)


@pytest.mark.slow
@pytest.mark.parametrize("path", FLAT, ids=lambda path: path.stem)
def test_each_example_writes_the_files_that_it_names(path, folder, capsys):
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    written = {folder / name for name in re.findall(r"out/\w+\.\w+", printed)}
    by_suffix = {
        each: [file for file in written if file.suffix == each] for each in (".png", ".wav")
    }
    assert all(by_suffix.values()), printed
    for file in by_suffix[".wav"]:
        samples, _ = soundfile.read(file)
        assert np.sqrt(np.mean(samples**2)) > 0.01, file
    for file in by_suffix[".png"]:
        picture = pyplot.imread(file)
        assert min(picture.shape[:2]) > 300, file
        assert np.ptp(picture[..., :3]) == 1, file  # from black to white
    assert all(file.stat().st_size > 1000 for file in written)
    results = (".png", ".wav", ".html", ".skops")
    left = {file for file in (folder / "out").iterdir() if file.suffix in results}
    assert left == written


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_example_is_tested_and_in_the_gallery(path):
    assert path in FLAT or list(Path(__file__).parents[1].glob(f"*/test_{path.stem}.py"))
    assert f"examples/{path.name}" in (EXAMPLES.parent / "docs" / "gallery.md").read_text()


@pytest.mark.parametrize("path", FLAT, ids=lambda path: path.stem)
def test_each_example_has_a_title_and_a_command(path):
    lines = path.read_text().splitlines()
    assert lines[0] == '"""'
    assert lines[2] == "=" * len(lines[1])  # sphinx-gallery needs a title
    assert f"    python examples/{path.name}" in lines
    assert len(lines) <= 125
