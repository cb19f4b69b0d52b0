import os
import re
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor
from musicai.audio import RecordingError

KINDS = ["cqt", "stft"]


@pytest.fixture
def paths(make_music, tmp_path) -> list[Path]:
    """Three files of different lengths."""
    files = [tmp_path / f"{i}.wav" for i in range(3)]
    for seed, file in enumerate(files):
        soundfile.write(file, make_music(22050, seed=seed, seconds=1 + seed), 22050)
    return files


@pytest.mark.parametrize("kind", KINDS)
def test_each_recording_gives_a_piece(paths, kind):
    pieces = ChromaExtractor(kind=kind).transform(paths)
    assert isinstance(pieces, list)
    assert [piece.shape for piece in pieces] == [(11, 12), (22, 12), (33, 12)]
    for piece in pieces:
        assert piece.dtype == np.float32
        assert (piece.max(axis=1) == 1).all()
        assert piece.min() >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_chroma_does_not_depend_on_n_jobs(paths, kind):
    serial = ChromaExtractor(kind=kind).transform(paths * 4)
    for n_jobs in (2, -1):
        parallel = ChromaExtractor(kind=kind, n_jobs=n_jobs).transform(paths * 4)
        for one, other in zip(serial, parallel, strict=True):
            np.testing.assert_array_equal(one, other)


def test_every_kind_of_recording_gives_the_same_chroma(paths):
    samples, rate = soundfile.read(paths[0])
    stereo = np.stack([samples, samples], axis=1)
    recordings = [
        paths[0],
        str(paths[0]),
        os.fsencode(paths[0]),
        samples,
        (samples, rate),
        (stereo, rate),
        soundfile.read(paths[0], dtype="int16")[0],
    ]
    first, *others = ChromaExtractor().transform(recordings)
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-4)


@pytest.mark.parametrize("collection", [tuple, lambda x: np.array(x, dtype=object)])
def test_every_type_of_collection_is_accepted(paths, collection):
    assert len(ChromaExtractor().fit(collection(paths)).transform(collection(paths))) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", [1, 100, 2047, 2048])
def test_even_the_shortest_recordings_have_frames(kind, n_samples):
    (piece,) = ChromaExtractor(kind=kind).transform([np.full(n_samples, 0.5)])
    assert piece.shape == (1 + n_samples // 2048, 12)
    assert np.isfinite(piece).all()
    if n_samples > 1:  # "cqt" resamples a single sample to silence
        assert (piece.max(axis=1) == 1).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", [1, 50000])
def test_chroma_of_silence_is_all_zeros(kind, n_samples):
    (piece,) = ChromaExtractor(kind=kind).transform([np.zeros(n_samples)])
    assert piece.shape == (1 + n_samples // 2048, 12)
    assert not piece.any()


@pytest.mark.parametrize("kind", KINDS)
def test_chroma_of_a_pause_is_zero(make_music, kind):
    music = make_music(22050)
    music[40000:110000] = 0
    (piece,) = ChromaExtractor(kind=kind).transform([music])
    assert not piece[24:50].any()
    assert (piece[:20].max(axis=1) == 1).all()
    assert (piece[54:].max(axis=1) == 1).all()


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(
    "recording", ["song.wav", b"song.wav", Path("song.wav"), np.zeros(9), (np.zeros(9), 22050)]
)
def test_a_single_recording_is_rejected(method, recording):
    with pytest.raises(TypeError, match=r"pass \[(x|\(samples, sr\))\]"):
        getattr(ChromaExtractor(), method)(recording)


@pytest.mark.parametrize("X", [np.zeros((4, 12)), None, 7, {"a": 1}, (x for x in "ab")])
def test_unsupported_types_of_input_are_rejected(X):
    with pytest.raises(TypeError, match="expected a list of recordings"):
        ChromaExtractor().transform(X)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("kind", "mfcc"),
        ("kind", None),
        ("sr", 0),
        ("sr", np.nan),
        ("sr", "22050"),
        ("sr", True),
        ("hop_length", 0),
        ("hop_length", 512.0),
        ("hop_length", np.nan),
        ("n_fft", 2047),
        ("n_fft", -2),
        ("norm", 0),
        ("norm", -np.inf),
        ("norm", np.nan),
        ("norm", "max"),
        ("tuning", np.nan),
        ("tuning", "A440"),
        ("on_error", "ignore"),
        ("verbose", "loud"),
        ("n_jobs", "all"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform", "inverse_transform"])
def test_errors_name_invalid_parameters(parameter, value, method):
    extractor = ChromaExtractor(**{parameter: value})  # the constructor does not validate
    X = [np.ones((3, 12))] if method == "inverse_transform" else [np.zeros(9)]
    with pytest.raises(ValueError, match=f"{parameter} must be .*, got {re.escape(repr(value))}"):
        getattr(extractor, method)(X)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_errors_name_the_recording(paths, n_jobs):
    extractor = ChromaExtractor(n_jobs=n_jobs)
    with pytest.raises(RecordingError, match=r"gone\.wav: there is no such file"):
        extractor.transform([*paths, "gone.wav"])
    with pytest.raises(RecordingError, match="recording 3: .*NaN"):
        extractor.transform([*paths, np.array([np.nan])])


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_unusable_recordings_give_empty_pieces(paths, n_jobs):
    extractor = ChromaExtractor(on_error="warn", n_jobs=n_jobs)
    with pytest.warns(UserWarning, match="left out") as caught:
        pieces = extractor.transform([paths[0], "gone.wav", paths[1], None, paths[2]])
    assert [len(piece) for piece in pieces] == [11, 0, 22, 0, 33]
    assert all(piece.shape[1] == 12 and piece.dtype == np.float32 for piece in pieces)
    assert ["gone.wav" in str(w.message) for w in caught] == [True, False]
    assert "recording 3" in str(caught[1].message)
    assert caught[0].filename == __file__


def test_processes_give_the_same_chroma_as_threads(paths):
    expected = ChromaExtractor().transform(paths)
    with joblib.parallel_config(backend="loky", n_jobs=2), warnings.catch_warnings():
        warnings.simplefilter("default")
        pieces = ChromaExtractor().transform(paths)
        with pytest.raises(RecordingError, match=r"gone\.wav"):
            ChromaExtractor().transform([*paths, "gone.wav"])
    for one, other in zip(expected, pieces, strict=True):
        np.testing.assert_array_equal(one, other)


class Collector(BaseEstimator):
    """Estimator that stores its input, for the last step of a pipeline."""

    def fit(self, X, y=None):
        self.pieces_ = X
        return self


def test_pipelines_pass_lists_to_the_next_step(paths):
    pipeline = make_pipeline(ChromaExtractor(), Collector()).fit(paths, [0, 1, 2])
    assert [len(piece) for piece in pipeline[-1].pieces_] == [11, 22, 33]


def test_feature_names_match_librosa(librosa):
    names = ChromaExtractor().get_feature_names_out()
    assert names.dtype == object
    assert list(names) == list(librosa.midi_to_note(range(12), octave=False, unicode=False))


def test_frame_rate_follows_from_the_parameters():
    assert ChromaExtractor(sr=44100, hop_length=512).frame_rate == 44100 / 512


def test_a_notebook_shows_an_analysis_as_a_table():
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    analyses = ChromaExtractor().analyze([tone, np.zeros(0, np.float32) + 0, tone[:11025]][::2])
    shown = analyses[0]._repr_html_()
    assert "<tr><th>frames</th><td>11, 1.0 s</td></tr>" in shown
    assert "tempo" not in shown
