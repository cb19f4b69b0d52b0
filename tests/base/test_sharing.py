"""Estimators in skops files: which types users must trust, and which states are rejected."""

import copy
import os
import pathlib
import pickle
import tracemalloc

import joblib
import numpy as np
import pytest
import skops.io
import soundfile
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException

from musicai import (
    ChromaExtractor,
    LSTMComposer,
    MosaicSynthesizer,
    PianoRollExtractor,
    __version__,
)
from musicai.metrics import IndependentBaseline, MarkovBaseline, PersistenceBaseline

PIECES = [np.random.RandomState(i).random_sample((30, 12)).astype(np.float32) for i in range(4)]
TONES = [(np.sin(np.arange(16000) * pitch).astype(np.float32), 8000) for pitch in (0.3, 0.4)]
EXTRACTOR = ["musicai.ChromaExtractor"]
COMPOSER = ["musicai.LSTMComposer"]


def small(**options):
    return LSTMComposer(**{"hidden_size": 4, "max_iter": 1, "random_state": 0, **options})


@pytest.fixture(scope="module")
def composer():
    return small().partial_fit(PIECES, ["folk", "jazz"] * 2)


@pytest.fixture(scope="module")
def mosaic():
    return MosaicSynthesizer(ChromaExtractor(sr=8000), sr=8000).fit(TONES, ["folk", "jazz"])


@pytest.fixture(scope="module")
def markov():
    return MarkovBaseline(4, random_state=0).fit(PIECES, ["folk", "jazz"] * 2)


@pytest.fixture(scope="module")
def independent():
    return IndependentBaseline(n_levels=4).fit(PIECES)


@pytest.fixture(scope="module")
def persistence():
    return PersistenceBaseline(n_levels=4).fit(PIECES)


def through_skops(estimator, trusted):
    data = skops.io.dumps(estimator)
    assert skops.io.get_untrusted_types(data=data) == trusted
    return skops.io.loads(data, trusted=trusted)


@pytest.mark.parametrize(
    ("estimator", "trusted"),
    [
        (ChromaExtractor(kind="stft", memory="cache"), EXTRACTOR),
        (ChromaExtractor(memory=pathlib.Path("cache")), EXTRACTOR),
        (PianoRollExtractor(steps_per_beat=2), ["musicai.PianoRollExtractor"]),
        (small(checkpoint=pathlib.Path("fit.npz"), device="cuda"), COMPOSER),
        (small(hidden_size=np.int64(3), learning_rate=np.float32(0.1)), COMPOSER),
        (MosaicSynthesizer(ChromaExtractor(sr=8000)), [*EXTRACTOR, "musicai.MosaicSynthesizer"]),
        (make_pipeline(ChromaExtractor(), small()), [*EXTRACTOR, *COMPOSER]),
    ],
)
def test_parameters_survive_skops(estimator, trusted):
    again = through_skops(estimator, trusted)
    assert str(again.get_params()) == str(estimator.get_params()).replace(
        "PosixPath('cache')", "'cache'"
    ).replace("PosixPath('fit.npz')", "'fit.npz'")


@pytest.mark.parametrize("labels", [["a", "b"], [1, 2], [0.5, 1.5], [True, False]])
def test_style_labels_of_plain_types_survive_skops(labels):
    fitted = small().fit(PIECES, labels * 2)
    again = through_skops(fitted, COMPOSER)
    assert again.styles_.tolist() == fitted.styles_.tolist()
    piece = again.sample(5, style=labels[0], random_state=0)
    np.testing.assert_array_equal(piece, fitted.sample(5, style=labels[0], random_state=0))


def test_a_random_state_continues_after_loading():
    fitted = small(random_state=np.random.RandomState(3)).fit(PIECES)
    again = through_skops(fitted, COMPOSER)
    for _ in range(2):
        np.testing.assert_array_equal(again.sample(5), fitted.sample(5))


def test_training_continues_after_loading(composer):
    one = pickle.loads(pickle.dumps(composer)).partial_fit(PIECES)
    other = through_skops(composer, COMPOSER).partial_fit(PIECES)
    np.testing.assert_array_equal(one.weights_["style"], other.weights_["style"])


def test_a_pipeline_survives_skops(tmp_path):
    pipe = make_pipeline(ChromaExtractor(sr=8000), small()).fit(TONES)
    skops.io.dump(pipe, tmp_path / "pipe.skops")
    again = skops.io.load(
        tmp_path / "pipe.skops", trusted=["musicai.ChromaExtractor", "musicai.LSTMComposer"]
    )
    assert again.score(TONES) == pipe.score(TONES)


def test_mosaics_of_files_and_samples_survive_skops(mosaic, tmp_path):
    for i, (samples, rate) in enumerate(TONES):
        soundfile.write(tmp_path / f"{i}.wav", 0.5 * samples, rate)
    paths = sorted(tmp_path.glob("*.wav"))
    of_files = MosaicSynthesizer(ChromaExtractor(sr=8000), sr=8000).fit(paths)
    piece = ChromaExtractor(sr=8000).transform(TONES)[0]
    for fitted in (mosaic, of_files):
        again = through_skops(fitted, [*EXTRACTOR, "musicai.MosaicSynthesizer"])
        np.testing.assert_array_equal(again.transform(piece), fitted.transform(piece))


@pytest.mark.parametrize("kind", [MarkovBaseline, IndependentBaseline, PersistenceBaseline])
def test_baselines_survive_skops(kind):
    fitted = kind(4).fit(PIECES) if kind is MarkovBaseline else kind(n_levels=4).fit(PIECES)
    again = through_skops(fitted, [f"musicai.metrics.{kind.__name__}"])
    for name, value in vars(fitted).items():
        np.testing.assert_array_equal(value, getattr(again, name))


def test_files_with_untrusted_types_are_rejected(composer):
    data = skops.io.dumps(make_pipeline(FunctionTransformer(os.system), composer))
    assert set(skops.io.get_untrusted_types(data=data)) > set(COMPOSER)
    with pytest.raises(UntrustedTypesFoundException, match="system"):
        skops.io.loads(data, trusted=COMPOSER)


# Validation of states.

ESTIMATORS = ["composer", "mosaic", "markov", "independent", "persistence"]


@pytest.fixture
def state(request):
    """Type of an estimator and a copy of its state."""
    estimator = request.getfixturevalue(request.param)
    return type(estimator), copy.copy(estimator.__getstate__())


def open_state(kind, state):
    """Create an estimator from a state, as loading a file does."""
    estimator = kind.__new__(kind)
    estimator.__setstate__(state)
    return estimator


def refuse(kind, state, reason=""):
    with pytest.raises(
        ValueError, match=rf"this state of {kind.__name__} cannot be used \(.*{reason}.*\); \w+"
    ) as caught:
        open_state(kind, state)
    assert len(str(caught.value)) < 1000
    return caught.value


def fitted(state):
    """Return the names of the fitted attributes."""
    return [name for name in state if name.endswith("_") and not name.startswith("_")]


def arrays_in(state):
    """Yield each fitted array, and a function that returns the state with a replacement for it."""
    for name in fitted(state):
        value = state[name]
        if isinstance(value, np.ndarray):
            yield value, lambda other, name=name: {**state, name: other}
        elif isinstance(value, dict):
            for key in value:
                yield (
                    value[key],
                    lambda other, name=name, key=key: {
                        **state,
                        name: {**state[name], key: other},
                    },
                )
        elif isinstance(value, list) and isinstance(value[0], np.ndarray):
            yield value[0], lambda other, name=name: {**state, name: [other, *state[name][1:]]}


@pytest.mark.parametrize("state", ESTIMATORS, indirect=True)
def test_missing_or_mistyped_attributes_are_rejected(state):
    kind, state = state
    names = fitted(state)
    assert "n_features_in_" in names or "chroma_" in names
    for name in names:
        for other in ("text", {}, [None]):
            refuse(kind, {**state, name: other})
        if name != MARKS[kind]:  # without this attribute, the estimator is not fitted
            refuse(kind, {key: value for key, value in state.items() if key != name}, name)


MARKS = {
    LSTMComposer: "weights_",
    MosaicSynthesizer: "sources_",
    MarkovBaseline: "transitions_",
    IndependentBaseline: "mass_",
    PersistenceBaseline: "mass_",
}


@pytest.mark.parametrize("state", ESTIMATORS, indirect=True)
def test_arrays_of_wrong_shapes_or_types_are_rejected(state):
    kind, state = state
    n_arrays = 0
    for array, put in arrays_in(state):
        n_arrays += 1
        refuse(kind, put(np.stack([array, array])))
        refuse(kind, put(array.astype("U9")))
        if array.ndim:
            refuse(kind, put(array[:-1]))
        if array.dtype != object:
            refuse(kind, put(array.astype(np.float64 if array.dtype != float else np.float32)))
            nonsense = np.nan if array.dtype.kind == "f" else -1
            refuse(kind, put(np.full_like(array, nonsense)))
            refuse(kind, put(np.ma.masked_all_like(array)))
    assert n_arrays >= 1


HUGE = np.empty((0, 2**40), np.float32)
HALF = ChromaExtractor.__new__(ChromaExtractor)  # like a file without a state
CHANGES = {
    "no width": ("composer", {"n_features_in_": 0}, ""),
    "a method": ("composer", {"sample": "text"}, "'sample'"),
    "a method of scikit-learn": ("composer", {"set_fit_request": "text"}, "'set_fit_request'"),
    "a style twice": ("markov", {"styles_": np.array(["a", "a"], object)}, "duplicate"),
    "styles that are lists": ("markov", {"styles_": np.array([["a"], {}], object)}, "unhashable"),
    "a huge width": ("markov", {"n_features_in_": 2**60}, "prototypes_"),
    "no states": ("markov", {"start_": np.empty(0)}, "start_"),
    "a tuning far off": ("mosaic", {"tunings_": np.array([1e9, 0])}, "from -12 to 12"),
    "half a recording": ("mosaic", {"sources_": [("text",), ("text",)]}, "missing"),
    "a style that no recording has": ("mosaic", {"styles_": np.array(["a", "b", "c"], object)}, ""),
    "no time of a file": ("mosaic", {"sources_": [(b"a.wav", 5, None, bytes(32))] * 2}, "SHA-256"),
    "half a digest": ("mosaic", {"sources_": [(b"a.wav", 5, 6, bytes(16))] * 2}, "SHA-256"),
    "text for samples": ("mosaic", {"sources_": [(("text", 5), None, None, None)] * 2}, "samples"),
    "half an extractor": ("mosaic", {"extractor": HALF}, "AttributeError"),
    "another extractor": ("mosaic", {"extractor_": PianoRollExtractor()}, ""),
    "a tempo without beats": ("mosaic", {"tempo_": 120.0}, "do not agree"),
    "an impossible extractor": ("mosaic", {"extractor_": ChromaExtractor(sr=-1)}, "sr must be"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_inconsistent_states_are_rejected(request, change):
    name, changes, reason = CHANGES[change]
    estimator = request.getfixturevalue(name)
    refuse(type(estimator), {**estimator.__getstate__(), **changes}, reason)


@pytest.mark.parametrize("state", ESTIMATORS, indirect=True)
def test_valid_states_are_accepted(state):
    open_state(*state)


@pytest.mark.parametrize("state", [None, (), [1], "text", {1: 2}])
def test_states_that_are_not_from_musicai_are_rejected(state):
    refuse(MarkovBaseline, state)


def test_missing_parameters_get_their_defaults(composer):
    state = composer.__getstate__()
    del state["checkpoint"]
    assert open_state(LSTMComposer, state).checkpoint is None


@pytest.mark.parametrize("version", ["999.0", "nonsense", 7])
def test_files_from_newer_versions_give_a_warning(mosaic, markov, version):
    for estimator in (mosaic, markov, ChromaExtractor(), PianoRollExtractor()):
        state = {**estimator.__getstate__(), "_musicai_version": version}
        with pytest.warns(UserWarning, match=f"saved by musicai {version} and is opened by"):
            open_state(type(estimator), state)


def test_another_build_of_this_version_is_not_newer(markov):
    state = markov.__getstate__()
    assert state["_musicai_version"] == __version__
    open_state(MarkovBaseline, {**state, "_musicai_version": f"{__version__}+local"})


def test_valid_states_from_older_versions_are_accepted(markov):
    state = {**markov.__getstate__(), "_musicai_version": "0.0.1"}
    assert open_state(MarkovBaseline, state).sample(3).shape == (3, 12)
    del state["styles_"]
    error = refuse(MarkovBaseline, state, "styles_")
    assert f"musicai 0.0.1 wrote it, and this is {__version__}: open it with" in str(error)


def test_memory_mapped_weights_are_accepted(composer, tmp_path):
    joblib.dump(composer, tmp_path / "composer.joblib")
    mapped = joblib.load(tmp_path / "composer.joblib", mmap_mode="r")
    assert isinstance(mapped.weights_["style"], np.memmap)
    np.testing.assert_array_equal(
        mapped.sample(5, random_state=0), composer.sample(5, random_state=0)
    )


def test_errors_about_long_values_are_short_and_keep_their_cause(markov):
    state = markov.__getstate__()
    error = refuse(MarkovBaseline, {**state, "styles_": 10**5 * "x"}, "styles_ is str 'xxx")
    assert isinstance(error.__cause__, ValueError)


class Fitted(ChromaExtractor):
    def fit(self, X, y=None):
        raise AssertionError("opening must not fit")


def test_loading_a_mosaic_does_not_fit_its_extractor():
    mosaic = MosaicSynthesizer(Fitted(sr=8000), sr=8000).fit(TONES)
    assert copy.deepcopy(mosaic).extractor_.sr == 8000


@pytest.mark.parametrize("change", [{"extractor": "x"}, {"extractor__sr": -1}, {"join_cost": -1}])
def test_parameters_of_a_mosaic_are_validated_on_use(mosaic, change):
    changed = copy.deepcopy(mosaic).set_params(**change)
    again = copy.deepcopy(changed)
    assert str(again.get_params()) == str(changed.get_params())
    piece = np.eye(12)[[0, 4, 7] * 5]
    if "extractor__sr" in change:  # used only by the next fit
        again.segments(piece)
        match = "sr must be a number of hertz"
    else:
        (name,) = change
        match = f"{name} must be"
        with pytest.raises(ValueError, match=match):
            again.segments(piece)
    with pytest.raises(ValueError, match=match):
        again.fit(TONES)


@pytest.mark.parametrize(
    "change",
    [
        {"weights_": {"lstm.weight_hh_l0": HUGE}},
        {"weights_": {"style": HUGE.T}},
        {"n_features_in_": 2**32},
    ],
)
def test_invalid_sizes_are_rejected_before_memory_is_allocated(composer, change):
    state = composer.__getstate__()
    for name, value in change.items():
        state[name] = {**state[name], **value} if isinstance(value, dict) else value
    tracemalloc.start()
    try:
        refuse(LSTMComposer, state)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
