"""Pipelines of extractor and composer, as users of scikit-learn build them."""

import pickle

import joblib
import numpy as np
import pytest
import soundfile
from sklearn import config_context
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from musicai import ChromaExtractor, LSTMComposer, Timing

RATE = 8000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Return paths and styles of twelve short recordings of rising and of falling triads."""
    folder = tmp_path_factory.mktemp("recordings")
    seconds = np.arange(RATE // 2) / RATE
    paths, styles = [], []
    for i in range(12):
        style, direction = ("up", 2) if i % 2 else ("down", -2)
        tones = [[i + direction * step + interval for interval in (0, 4, 7)] for step in range(6)]
        sound = np.concatenate(
            [sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * seconds) for k in t) for t in tones]
        )
        path = folder / f"{style}{i}.wav"
        soundfile.write(path, 0.2 * sound, RATE)
        paths.append(str(path))
        styles.append(style)
    return paths, styles


def small(**changes):
    return LSTMComposer(**{"hidden_size": 8, "max_iter": 2, "random_state": 0, **changes})


def pipeline(**changes):
    return make_pipeline(ChromaExtractor(sr=RATE, hop_length=1024), small(**changes))


def test_a_pipeline_fitted_to_paths_composes_the_same_piece_after_loading(recordings, tmp_path):
    paths, styles = recordings
    pipe = pipeline().fit(paths, styles)
    pieces = pipe[0].transform(paths)
    assert [len(p) for p in pipe.predict(paths)] == [len(p) for p in pieces]
    assert [len(s) for s in pipe.score_samples(paths)] == [len(p) for p in pieces]
    assert np.isfinite(pipe.score(paths, styles))
    music = pipe[-1].sample(12, prime=pieces[0], style="up", random_state=7)
    (audio,) = pipe[0].inverse_transform([music])
    assert audio.std() > 0.01
    joblib.dump(pipe, tmp_path / "pipe.joblib")
    opened = joblib.load(tmp_path / "pipe.joblib")
    np.testing.assert_array_equal(
        opened[-1].sample(12, prime=pieces[0], style="up", random_state=7), music
    )
    assert opened.score(paths, styles) == pipe.score(paths, styles)


def test_labels_passed_to_a_pipeline_become_styles(recordings):
    pipe = pipeline().fit(*recordings)
    assert pipe[-1].styles_.tolist() == ["down", "up"]


@pytest.mark.slow  # it starts processes
def test_grid_search_can_tune_extractor_and_composer(recordings):
    grid = {
        "chromaextractor__kind": ["cqt", "stft"],
        "lstmcomposer__hidden_size": [4, 8],
    }
    search = GridSearchCV(pipeline(), grid, cv=2, n_jobs=2, error_score="raise")
    search.fit(*recordings)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.predict(recordings[0][:2])) == 2


def test_a_pipeline_can_be_cross_validated(recordings):
    folds = KFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(pipeline(), *recordings, cv=folds, error_score="raise")
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()


def test_paths_can_be_split_by_style(recordings):
    paths, styles = recordings
    train, test, train_styles, test_styles = train_test_split(
        paths, styles, stratify=styles, test_size=4, random_state=0
    )
    assert sorted(test_styles) == ["down", "down", "up", "up"]
    assert np.isfinite(pipeline().fit(train, train_styles).score(test, test_styles))


def test_training_on_data_frames_gives_the_same_scores(recordings):
    paths, styles = recordings
    expected = pipeline().fit(paths, styles).score(paths, styles)
    with config_context(transform_output="pandas"):
        assert pipeline().fit(paths, styles).score(paths, styles) == expected
    pipe = pipeline().set_output(transform="pandas").fit(paths, styles)
    assert pipe.score(paths, styles) == expected
    assert [*pipe[0].transform(paths)[0].columns] == [*pipe[0].get_feature_names_out()]


def test_labels_stay_aligned_if_an_unreadable_recording_is_skipped(recordings, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not music")
    paths, styles = recordings
    pipe = pipeline()
    pipe[0].set_params(on_error="warn")
    with pytest.warns(UserWarning, match=r"broken\.wav"):
        pipe.fit([str(broken), *paths], ["up", *styles])
    reference = pipeline().fit(paths, styles)
    assert pipe.score(paths, styles) == reference.score(paths, styles)


def test_a_pipeline_can_be_displayed():
    assert "LSTMComposer(hidden_size=8" in repr(pipeline())
    assert isinstance(pipeline(), Pipeline)
    assert "ChromaExtractor" in pipeline()._repr_html_()


def test_a_composer_saved_without_its_pipeline_keeps_its_timing(recordings, tmp_path):
    paths, _ = recordings
    extractor = ChromaExtractor(sync="half-beat", tracker=lambda samples, sr: np.arange(0, 3, 0.5))
    pipe = make_pipeline(extractor, small())
    composer = pipe.fit(paths)[-1]
    joblib.dump(composer, tmp_path / "composer.joblib")
    timing = joblib.load(tmp_path / "composer.joblib").timing
    analyses = extractor.analyze(paths)
    stated = small().fit([each.chroma for each in analyses], timing=analyses)
    assert timing == stated.timing
    assert timing.tempo == pytest.approx(120)

    frames = pipeline()
    assert frames.fit(paths)[-1].timing == frames[0].timing


def test_extracted_pieces_have_a_timing_but_arrays_made_from_them_do_not(recordings):
    extractor = ChromaExtractor()
    (piece,) = extractor.transform(recordings[0][:1])
    (opened,) = pickle.loads(pickle.dumps([piece]))
    for same in (piece, opened):
        assert same.timing == extractor.timing
    for other in (piece[4:], 2 * piece, piece.copy(), piece.T):
        assert other.timing is None
    composer = small().fit([piece[4:]])
    with pytest.raises(ValueError, match="fitted without timing"):
        composer.timing_of()
    assert composer.fit([piece], timing=2.0).timing == Timing.from_rate(2.0)
    assert type(composer.sample(3)) is np.ndarray
