"""Tests of the built packages: links in the description, and contents."""

import importlib.util
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).parents[1]


def test_relative_links_of_the_readme_become_links_to_the_repository():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = hook.with_absolute_links(text, "https://example.org/musicai", "v1.0")
    targets = re.findall(r"\]\(([^)]+)\)", shown)
    assert all(re.match(r"https://|#", target) for target in targets)
    assert "(https://example.org/musicai/blob/v1.0/docs/quickstart.md)" in shown
    assert "(https://example.org/musicai/raw/v1.0/docs/images/progression.png)" in shown


def build(target, source, out):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


@pytest.mark.slow
def test_a_wheel_can_be_built_from_the_source_distribution(tmp_path):
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    wheel = build("wheel", source, tmp_path / "wheel")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"musicai/py.typed", "musicai/cli/page.js", "musicai/__main__.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "examples/"))]
