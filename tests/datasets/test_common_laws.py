"""Laws of the bunches that all loaders return."""

import numpy as np
import pytest
import soundfile

from musicai.datasets import (
    load_chorales,
    load_midi,
    load_piano_rolls,
    load_recordings,
    make_progressions,
    make_songs,
)

from .conftest import sha256_of


@pytest.fixture
def load(tmp_path, write_rolls):
    """Loaders by name, with their arguments bound."""
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8000)
    (tmp_path / "a.mid").touch()
    write_rolls(tmp_path / "a.mat")
    return {
        "load_chorales": lambda: load_chorales(1, kind="roll", folder=tmp_path),
        "load_midi": lambda: load_midi(tmp_path),
        "load_piano_rolls": lambda: load_piano_rolls(
            tmp_path, sha256=sha256_of(tmp_path / "a.mat")
        ),
        "load_recordings": lambda: load_recordings(tmp_path),
        "make_progressions": lambda: make_progressions(6, n_bars=1, random_state=0),
        "make_songs": lambda: make_songs(6, kind="midi", folder=tmp_path),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("load_chorales", "load_midi", "load_piano_rolls", "load_recordings"),
        *("make_progressions", "make_songs"),
    ],
)
def test_bunches_have_consistent_fields_and_a_description(load, name):
    data = load[name]()
    n = len(data["recordings" if "recordings" in data else "data"])
    assert n > 0
    assert data.target is None or len(data.target) == n
    assert data.target_names == sorted(set(data.target or ()))
    title, underline, *text = data.DESCR.splitlines()
    assert underline == "=" * len(title)
    assert f"License: {data.license}." in text
    assert f"Source: {data.source}" in data.DESCR
    assert all(isinstance(data[key], str) and data[key] for key in ("license", "source"))
    assert dir(data) == sorted(data)  # no field hides an attribute of dict
    assert not set(data) & set(dir(dict))
