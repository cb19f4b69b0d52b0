"""Laws of both extractors as scikit-learn transformers of files."""

import pickle

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

import musicai
from musicai import ChromaExtractor, PianoRollExtractor
from musicai.audio import write_audio
from musicai.midi import write_midi

SETTINGS = {
    ChromaExtractor: {"kind": "stft", "norm": 2, "sr": 11025},
    PianoRollExtractor: {"on_error": "warn", "steps_per_beat": 2},
}
N_FRAMES = [4, 5, 6]


@pytest.fixture(params=SETTINGS)
def extractor(request):
    return request.param()


@pytest.fixture
def paths(extractor, tmp_path):
    """Paths of files of different lengths."""
    rng = np.random.default_rng(0)
    names = [str(tmp_path / f"{n}.wav") for n in N_FRAMES]
    for n_frames, name in zip(N_FRAMES, names, strict=True):
        if isinstance(extractor, ChromaExtractor):
            write_audio(name, rng.uniform(-0.1, 0.1, n_frames * 2048 - 1), 22050)
        else:  # a MIDI file; its suffix does not matter
            roll = np.eye(88)[rng.integers(88, size=n_frames)]
            write_midi(
                name, extractor.inverse_transform(roll, timing=extractor.timing.at_tempo(90))
            )
    return names


def test_every_type_of_list_is_accepted(extractor, paths):
    pandas = pytest.importorskip("pandas")
    for X in (paths, tuple(paths), np.array(paths), np.array(paths, object), pandas.Series(paths)):
        pieces = extractor.fit(X).transform(X)
        assert type(pieces) is list
        assert [len(piece) for piece in pieces] == N_FRAMES
        assert all(piece.dtype == np.float32 for piece in pieces)


@pytest.mark.parametrize("X", [[], (), np.array([], dtype=object)])
def test_empty_lists_are_rejected(extractor, X):
    for method in (extractor.fit, extractor.transform):
        with pytest.raises(ValueError, match="X is an empty list: expected at least one"):
            method(X)


@pytest.mark.parametrize("verbose", [0, 1])
def test_progress_goes_to_standard_error(extractor, paths, capsys, verbose):
    extractor.set_params(verbose=verbose).transform(paths)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("3/3" in err) == bool(verbose)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_checks_pass(extractor):
    estimator_checks.check_estimator(extractor)


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
)
def test_scikit_learn_checks_that_need_no_matrix_pass(extractor, check):
    check(type(extractor).__name__, extractor)


def test_scikit_learn_tags_and_the_public_module_are_correct(extractor):
    tags = extractor.__sklearn_tags__()
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert not tags.requires_fit
    check_is_fitted(extractor)
    assert type(extractor).__module__ == "musicai"
    assert getattr(musicai, type(extractor).__name__) is type(extractor)


def test_copies_give_equal_results(extractor, paths, tmp_path):
    settings = SETTINGS[type(extractor)]
    extractor.set_params(**settings)
    (expected,) = extractor.transform(paths[:1])
    joblib.dump(extractor, tmp_path / "extractor.joblib")
    copies = [
        clone(extractor),
        pickle.loads(pickle.dumps(extractor)),
        joblib.load(tmp_path / "extractor.joblib"),
        clone(extractor).fit(paths),
    ]
    parameters = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    for copy in copies:
        assert copy.get_params() == extractor.get_params()
        assert repr(copy) == f"{type(extractor).__name__}({parameters})"
        np.testing.assert_array_equal(copy.transform(paths[:1])[0], expected)
        assert not hasattr(copy, "n_features_in_")


def test_parameters_survive_skops(extractor):
    skops = pytest.importorskip("skops.io")
    dumped = skops.dumps(extractor.set_params(**SETTINGS[type(extractor)]))
    loaded = skops.loads(dumped, trusted=skops.get_untrusted_types(data=dumped))
    assert loaded.get_params() == extractor.get_params()


def as_frames(pandas, extractor, pieces):
    names = extractor.get_feature_names_out()
    return [pandas.DataFrame(piece, columns=names) for piece in pieces]


def test_pandas_output_is_a_list_of_data_frames(extractor, paths):
    pandas = pytest.importorskip("pandas")
    expected = as_frames(pandas, extractor, extractor.transform(paths))
    with sklearn.config_context(transform_output="pandas"):
        within = extractor.fit_transform(paths)
    chosen = extractor.set_output(transform="pandas")
    copies = [clone(chosen), pickle.loads(pickle.dumps(chosen)), chosen.set_output()]
    pipe = make_pipeline(extractor, "passthrough").set_output(transform="pandas")
    outputs = [within, pipe.fit_transform(paths), *(copy.transform(paths) for copy in copies)]
    for frames in outputs:
        assert type(frames) is list
        for one, other in zip(expected, frames, strict=True):
            pandas.testing.assert_frame_equal(one, other)


def test_default_output_overrides_the_scikit_learn_configuration(extractor, paths):
    pytest.importorskip("pandas")
    with sklearn.config_context(transform_output="pandas"):
        pieces = extractor.set_output(transform="default").transform(paths)
    assert all(isinstance(piece, np.ndarray) for piece in pieces)


def test_unsupported_output_containers_are_rejected(extractor, paths):
    with pytest.raises(ValueError, match=r"transform must be 'default' .*, got 'polars'"):
        extractor.set_output(transform="polars")
    with (
        sklearn.config_context(transform_output="polars"),
        pytest.raises(ValueError, match=r"transform_output must be 'default' .*, got 'polars'"),
    ):
        extractor.transform(paths)
