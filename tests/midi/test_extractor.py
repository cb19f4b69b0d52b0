"""The extractor follows the conventions of scikit-learn's transformers."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from musicai import LSTMComposer, PianoRollExtractor
from musicai.midi import MidiError, write_midi

from .conftest import SIXTEENTHS


@pytest.fixture
def paths(tmp_path, make_roll) -> list[Path]:
    """Return six files of different lengths."""
    files = [tmp_path / f"{i}.mid" for i in range(6)]
    for seed, file in enumerate(files):
        write_midi(
            file,
            PianoRollExtractor().inverse_transform(
                make_roll(10 + seed, seed, density=0.1), timing=SIXTEENTHS
            ),
        )
    return files


def test_any_collection_of_paths_or_music_gives_a_piece_for_each_file(paths, make_roll):
    kinds = [list(paths), tuple(map(str, paths)), np.array(list(map(str, paths)))]
    music = [
        PianoRollExtractor().inverse_transform(make_roll(4), timing=SIXTEENTHS),
        bytes(paths[0]),
    ]
    for X in [*kinds, np.array([*paths], dtype=object)]:
        pieces = PianoRollExtractor().fit(X).transform(X)
        assert isinstance(pieces, list)
        assert [piece.shape for piece in pieces] == [(10 + i, 88) for i in range(6)]
        assert all(piece.dtype == np.float32 for piece in pieces)
    assert [len(piece) for piece in PianoRollExtractor().transform(music)] == [4, 10]


def test_the_result_does_not_depend_on_n_jobs(paths):
    serial = PianoRollExtractor().transform(paths)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        parallel = PianoRollExtractor(n_jobs=2).transform(paths)
        with pytest.raises(MidiError, match=r"gone\.mid"):
            PianoRollExtractor(n_jobs=2).transform([*paths, "gone.mid"])
    for one, other in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize("file", ["song.mid", b"song.mid", Path("song.mid"), "music"])
def test_a_single_file_is_refused(make_midi, method, file):
    file = make_midi((60, 0, 1)) if file == "music" else file
    with pytest.raises(TypeError, match=r"pass \[x\]"):
        getattr(PianoRollExtractor(), method)(file)


@pytest.mark.parametrize("X", [np.zeros((4, 88)), np.zeros(5), None, 7, (x for x in "ab")])
def test_values_other_than_collections_of_files_are_refused(X):
    with pytest.raises(TypeError, match="a list of MIDI files is expected"):
        PianoRollExtractor().transform(X)


@pytest.mark.parametrize("on_error", ["raise", "warn"])
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_items_of_wrong_types_are_refused_even_with_on_error_warn(paths, on_error, method):
    extractor = PianoRollExtractor(on_error=on_error)
    with pytest.raises(TypeError, match=r"X\[1\] is of type NoneType, where a path .* is expected"):
        getattr(extractor, method)([paths[0], None])


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("steps_per_beat", 0),
        ("steps_per_beat", -4),
        ("steps_per_beat", np.nan),
        ("steps_per_beat", "4"),
        ("steps_per_beat", 1001),
        ("frame_rate", 0),
        ("frame_rate", np.inf),
        ("frame_rate", True),
        ("n_jobs", 0),
        ("on_error", "ignore"),
        ("verbose", "loud"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform", "inverse_transform"])
def test_errors_name_invalid_parameters(parameter, value, method):
    extractor = PianoRollExtractor(**{parameter: value})  # the constructor checks nothing
    X = np.ones((3, 88)) if method == "inverse_transform" else ["song.mid"]
    with pytest.raises(ValueError, match=f"{parameter} must be .*, got {re.escape(repr(value))}"):
        getattr(extractor, method)(X)


def test_on_error_warn_returns_empty_pieces_for_unusable_files(paths):
    extractor = PianoRollExtractor(on_error="warn")
    with pytest.warns(UserWarning, match="left out") as caught:
        pieces = extractor.transform([paths[0], "gone.mid", paths[1], "gone too.mid"])
    assert [piece.shape for piece in pieces] == [(10, 88), (0, 88), (11, 88), (0, 88)]
    assert pieces[1].dtype == np.float32
    assert "gone.mid: there is no such file" in str(caught[0].message)
    assert "gone too.mid" in str(caught[1].message)
    assert caught[0].filename == __file__


def test_features_are_named_after_piano_keys():
    names = PianoRollExtractor().get_feature_names_out()
    assert names.dtype == object
    assert [names[i] for i in (0, 1, 2, 3, 39, 87)] == ["A0", "A#0", "B0", "C1", "C4", "C8"]


def test_grid_search_scores_pipelines_on_midi_files(paths):
    pipe = make_pipeline(PianoRollExtractor(), LSTMComposer(hidden_size=8, max_iter=1))
    grid = {"pianorollextractor__steps_per_beat": [2, 4]}
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(paths)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_composed_pieces_can_be_written_to_files(paths, tmp_path):
    pipe = make_pipeline(
        PianoRollExtractor(), LSTMComposer(hidden_size=8, max_iter=1, random_state=0)
    ).fit(paths)
    piece = pipe[-1].sample(30, key="G", random_state=0)
    write_midi(tmp_path / "new.mid", pipe[0].inverse_transform(piece, timing=SIXTEENTHS))
    np.testing.assert_array_equal(pipe[0].transform([tmp_path / "new.mid"])[0], piece)
