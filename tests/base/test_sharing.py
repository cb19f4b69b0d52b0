"""Estimators in files of skops: what has to be trusted, and what is refused."""

import copy
import os
import pathlib
import pickle
import traceback
import tracemalloc

import joblib
import numpy as np
import pytest
import skops.io
import soundfile
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException
from torch.utils._python_dispatch import TorchDispatchMode

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
    return MosaicSynthesizer(ChromaExtractor(sr=8000), sr=8000).fit(TONES)


@pytest.fixture(scope="module")
def markov():
    return MarkovBaseline(4, random_state=0).fit(PIECES, ["folk", "jazz"] * 2)


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
def test_parameters_come_back(estimator, trusted):
    again = through_skops(estimator, trusted)
    assert str(again.get_params()) == str(estimator.get_params()).replace(
        "PosixPath('cache')", "'cache'"
    ).replace("PosixPath('fit.npz')", "'fit.npz'")


@pytest.mark.parametrize("labels", [["a", "b"], [1, 2], [0.5, 1.5], [True, False]])
def test_styles_of_any_plain_kind(labels):
    fitted = small().fit(PIECES, labels * 2)
    again = through_skops(fitted, COMPOSER)
    assert again.styles_.tolist() == fitted.styles_.tolist()
    piece = again.sample(5, style=labels[0], random_state=0)
    np.testing.assert_array_equal(piece, fitted.sample(5, style=labels[0], random_state=0))


def test_a_random_state_goes_on_where_it_was():
    fitted = small(random_state=np.random.RandomState(3)).fit(PIECES)
    again = through_skops(fitted, COMPOSER)
    for _ in range(2):
        np.testing.assert_array_equal(again.sample(5), fitted.sample(5))


def test_training_goes_on_where_it_was(composer):
    one = pickle.loads(pickle.dumps(composer)).partial_fit(PIECES)
    other = through_skops(composer, COMPOSER).partial_fit(PIECES)
    np.testing.assert_array_equal(one.weights_["style"], other.weights_["style"])


def test_pipeline(tmp_path):
    pipe = make_pipeline(ChromaExtractor(sr=8000), small()).fit(TONES)
    skops.io.dump(pipe, tmp_path / "pipe.skops")
    again = skops.io.load(
        tmp_path / "pipe.skops", trusted=["musicai.ChromaExtractor", "musicai.LSTMComposer"]
    )
    assert again.score(TONES) == pipe.score(TONES)


def test_mosaic_of_files_and_of_samples(mosaic, tmp_path):
    for i, (samples, rate) in enumerate(TONES):
        soundfile.write(tmp_path / f"{i}.wav", 0.5 * samples, rate)
    paths = sorted(tmp_path.glob("*.wav"))
    of_files = MosaicSynthesizer(ChromaExtractor(sr=8000), sr=8000).fit(paths)
    piece = ChromaExtractor(sr=8000).transform(TONES)[0]
    for fitted in (mosaic, of_files):
        again = through_skops(fitted, [*EXTRACTOR, "musicai.MosaicSynthesizer"])
        np.testing.assert_array_equal(again.transform(piece), fitted.transform(piece))


@pytest.mark.parametrize("kind", [MarkovBaseline, IndependentBaseline, PersistenceBaseline])
def test_baselines(kind):
    fitted = kind(4).fit(PIECES) if kind is MarkovBaseline else kind(n_levels=4).fit(PIECES)
    again = through_skops(fitted, [f"musicai.metrics.{kind.__name__}"])
    for name, value in vars(fitted).items():
        np.testing.assert_array_equal(value, getattr(again, name))


def test_what_asks_for_more_is_refused(composer):
    data = skops.io.dumps(make_pipeline(FunctionTransformer(os.system), composer))
    assert set(skops.io.get_untrusted_types(data=data)) > set(COMPOSER)
    with pytest.raises(UntrustedTypesFoundException, match="system"):
        skops.io.loads(data, trusted=COMPOSER)


# What a file may say in place of what an estimator has learned.

HUGE = np.empty((0, 2**40), np.float32)


def put(state, *where):
    """Return a copy of nested dictionaries with the last of `where` at the place of the others."""
    *names, value = where
    if not names:
        return value
    return {**state, names[0]: put(state[names[0]], *names[1:], value)}


def without(state, *names):
    *above, last = names
    inner = state
    for name in above:
        inner = inner[name]
    return put(state, *above, {key: value for key, value in inner.items() if key != last})


def open_state(monkeypatch, estimator, state):
    """Open a file in which `estimator` has another state."""
    with monkeypatch.context() as patched:
        patched.setattr(type(estimator), "__getstate__", lambda self: state)
        data = skops.io.dumps(estimator)
    names = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("musicai.") for name in names)
    return skops.io.loads(data, trusted=names)


OF_COMPOSER = {
    "nothing": (
        lambda s: put(s, "weights_", None),
        "weights_ must be a dict",
    ),
    "no weights": (
        lambda s: put(s, "weights_", {}),
        "something is missing, 'style'",
    ),
    "a missing weight": (
        lambda s: without(s, "weights_", "emission.exit"),
        "weights_ must be complete",
    ),
    "one more": (
        lambda s: put(s, "weights_", {**s["weights_"], "lstm.weight_hh_l7": HUGE}),
        "weights_ must be complete",
    ),
    "a huge hidden size": (
        lambda s: put(s, "weights_", "lstm.weight_hh_l0", HUGE),
        "hidden size must be above 0",
    ),
    "many styles": (
        lambda s: put(s, "weights_", "style", HUGE.T),
        "styles_ must be 1099511627775 labels",
    ),
    "a wrong shape": (
        lambda s: put(s, "weights_", "key", np.zeros((13, 15), np.float32)),
        r"weights_\['key'\] is float32 of shape \(13, 15\)",
    ),
    "a wrong type": (
        lambda s: put(s, "weights_", "key", np.zeros((13, 16))),
        r"weights_\['key'\] is float64",
    ),
    "NaN": (
        lambda s: put(s, "weights_", "key", np.full((13, 16), np.nan, np.float32)),
        r"weights_\['key'\] has values that are not finite",
    ),
    "infinity": (
        lambda s: put(s, "weights_", "key", np.full((13, 16), np.inf, np.float32)),
        r"weights_\['key'\] has values that are not finite",
    ),
    "text": (
        lambda s: put(s, "weights_", "key", "weights"),
        r"weights_\['key'\] is of type str",
    ),
    "masked": (
        lambda s: put(s, "weights_", "key", np.ma.masked_all((13, 16), np.float32)),
        r"weights_\['key'\] is of type MaskedArray",
    ),
    "no width": (
        lambda s: put(s, "n_features_in_", 0),
        "n_features_in_ must be an integer of at least 1, got 0",
    ),
    "a width of text": (
        lambda s: put(s, "n_features_in_", "12"),
        "n_features_in_ must be an integer of at least 1, got '12'",
    ),
    "another emission": (
        lambda s: put(s, "emission_", "gaussian"),
        "weights_ must be complete",
    ),
    "an emission of its own": (
        lambda s: put(s, "emission_", "os.system"),
        "emission_ must be an emission",
    ),
    "an emission that is none": (
        lambda s: put(s, "emission_", ["logistic"]),
        "unhashable",
    ),
    "keys of no kind": (
        lambda s: put(s, "transpose_", 2),
        "transpose_ must be True or False",
    ),
    "one style more": (
        lambda s: put(s, "styles_", np.array(["a", "b", "c"], object)),
        "styles_ must be 2 labels",
    ),
    "a style twice": (
        lambda s: put(s, "styles_", np.array(["a", "a"], object)),
        "styles_ has a label twice",
    ),
    "styles that are lists": (
        lambda s: put(s, "styles_", np.array([["a"], {"b": 1}], object)),
        "styles_ has labels that are None or not hashable",
    ),
    "no characters": (
        lambda s: put(s, "_characters", (np.empty((0, 24), np.float32), np.empty(0, int))),
        r"_characters is float32 of shape \(0, 24\)",
    ),
    "characters of no style": (
        lambda s: put(s, "_characters", (s["_characters"][0], s["_characters"][1] + 7)),
        "_characters has values from 8 to 9",
    ),
    "nothing to divide by": (
        lambda s: put(s, "weights_", "scaling", np.zeros((2, 24), np.float32)),
        r"weights_\['scaling'\] must be above 0",
    ),
    "a moment too many": (
        lambda s: put(s, "_optimizer_state", "moments", {"99.step": np.zeros((), np.float32)}),
        r"moments must be complete, got \[99\]",
    ),
    "moments of another shape": (
        lambda s: put(s, "_optimizer_state", "moments", "0.exp_avg", np.zeros(3, np.float32)),
        r"moment 0.exp_avg is float32 of shape \(3,\)",
    ),
    "no optimizer": (
        lambda s: put(s, "_optimizer_state", {}),
        "something is missing, 'n_steps'",
    ),
    "losses of text": (
        lambda s: put(s, "loss_curve_", ["a"]),
        "loss_curve_ must be a list of numbers",
    ),
    "no epochs": (
        lambda s: put(s, "n_iter_", -1),
        "n_iter_ must be a count",
    ),
    "a method": (
        lambda s: {**s, "sample": "text"},
        "'sample' stands in it where no value belongs",
    ),
    "no loss curve": (
        lambda s: without(s, "loss_curve_"),
        "something is missing, .*'loss_curve_'",
    ),
    "an infinite moment": (
        lambda s: put(
            s, "_optimizer_state", "moments", "0.exp_avg", np.full((3, 16), np.inf, np.float32)
        ),
        r"moment 0.exp_avg has values that are not finite",
    ),
    "a square below zero": (
        lambda s: put(
            s, "_optimizer_state", "moments", "0.exp_avg_sq", np.full((3, 16), -1, np.float32)
        ),
        r"moment 0.exp_avg_sq has values from -1",
    ),
    "names of other features": (
        lambda s: {**s, "feature_names_in_": np.array(["a"], object)},
        "feature_names_in_ must be a name for each feature",
    ),
    "names that are none": (
        lambda s: {**s, "feature_names_in_": np.arange(12)},
        "feature_names_in_ must be a name for each feature",
    ),
    "a best score of text": (
        lambda s: put(s, "best_validation_score_", "best"),
        "best_validation_score_ must be a number or None",
    ),
    "a method of scikit-learn": (
        lambda s: {**s, "set_fit_request": "text"},
        "'set_fit_request' stands in it",
    ),
    "a huge width": (
        lambda s: put(s, "n_features_in_", 2**32),
        r"weights_\['character'\] is float32 of shape \(25, 16\)",
    ),
    "a huge row before keys": (
        lambda s: put(
            without(s, "weights_", "key"), "weights_", "style", np.empty((0, 2**33), np.float32)
        ),
        r"styles_ must be -1 labels",
    ),
}
OF_MOSAIC = {
    "no recordings": (
        lambda s: put(s, "sources_", []),
        r"recordings must be as many of each, got \[0, 2, 2, 2\]",
    ),
    "one more": (
        lambda s: put(s, "sources_", [*s["sources_"], s["sources_"][0]]),
        r"recordings must be as many of each, got \[3, 2, 2, 2\]",
    ),
    "a recording of text": (
        lambda s: put(s, "sources_", [("text", None, None)] * 2),
        "too many values to unpack",
    ),
    "chroma of another width": (
        lambda s: put(s, "chroma_", [np.ones((5, 3), np.float16)] * 2),
        r"chroma_\[0\] is float16 of shape \(5, 3\)",
    ),
    "NaN": (
        lambda s: put(s, "chroma_", [each * np.float16(np.nan) for each in s["chroma_"]]),
        r"chroma_\[0\] has values that are not finite",
    ),
    "silence": (
        lambda s: put(s, "chroma_", [each * np.float16(0) for each in s["chroma_"]]),
        "chroma_ must be music",
    ),
    "levels of another length": (
        lambda s: put(s, "levels_", [s["levels_"][0][:-1]] * 2),
        r"chroma_\[0\] is float16 of shape \(8, 12\)",
    ),
    "a tuning far off": (
        lambda s: put(s, "tunings_", [1e9, 0.0]),
        "tuning must be a number of semitones from -12 to 12",
    ),
    "another extractor": (
        lambda s: put(s, "extractor_", PianoRollExtractor()),
        "extractor_ must be a ChromaExtractor",
    ),
    "an extractor that cannot work": (
        lambda s: put(s, "extractor_", ChromaExtractor(sr=-1)),
        "sr must be a number of hertz",
    ),
}
OF_MARKOV = {
    "no states": (
        lambda s: put(s, "start_", np.empty(0)),
        r"prototypes_ is float32 of shape \(4, 12\)",
    ),
    "moves to nowhere": (
        lambda s: put(s, "transitions_", np.zeros((4, 4))),
        "transitions_ holds probabilities that do not sum to one",
    ),
    "frames that are NaN": (
        lambda s: put(s, "prototypes_", s["prototypes_"] * np.float32(np.nan)),
        "prototypes_ has values that are not finite",
    ),
    "one style more": (
        lambda s: put(s, "styles_", np.array(["a", "b", "c"], object)),
        r"style_starts_ is float64 of shape \(2, 4\)",
    ),
    "a huge width": (
        lambda s: put(s, "n_features_in_", 2**60),
        "transpose_ must be False",
    ),
    "no prototypes": (
        lambda s: without(s, "prototypes_"),
        "something is missing, .*'prototypes_'",
    ),
}


CHANGES = {"composer": OF_COMPOSER, "mosaic": OF_MOSAIC, "markov": OF_MARKOV}


@pytest.mark.parametrize(
    ("name", "change"),
    [(name, change) for name, changes in CHANGES.items() for change in changes],
)
def test_what_was_not_learned_is_refused(request, monkeypatch, name, change):
    estimator = request.getfixturevalue(name)
    changed, reason = CHANGES[name][change]
    kind = type(estimator).__name__
    with pytest.raises(
        ValueError, match=rf"this state of {kind} cannot be used \({reason}"
    ) as caught:
        open_state(monkeypatch, estimator, changed(estimator.__getstate__()))
    assert len(str(caught.value)) < 1000


def test_an_untouched_state_is_not_refused(composer, mosaic, markov, monkeypatch):
    for estimator in (composer, mosaic, markov):
        open_state(monkeypatch, estimator, estimator.__getstate__())


def test_missing_parameters_are_those_of_a_new_one(composer, monkeypatch):
    state = without(composer.__getstate__(), "checkpoint")
    assert open_state(monkeypatch, composer, state).checkpoint is None


@pytest.mark.parametrize("version", ["999.0", "nonsense", 7])
def test_a_newer_version_warns(mosaic, markov, monkeypatch, version):
    for estimator in (mosaic, markov, ChromaExtractor(), PianoRollExtractor()):
        state = {**estimator.__getstate__(), "_musicai_version": version}
        with pytest.warns(UserWarning, match=f"saved by musicai {version} and is opened by"):
            open_state(monkeypatch, estimator, state)


def test_another_build_of_this_version_is_not_newer(markov, monkeypatch):
    open_state(
        monkeypatch, markov, {**markov.__getstate__(), "_musicai_version": f"{__version__}+local"}
    )


def test_an_older_version_is_silent(markov, monkeypatch):
    state = markov.__getstate__()
    assert state["_musicai_version"] == __version__
    for older in ({**state, "_musicai_version": "0.0.1"}, without(state, "_musicai_version")):
        assert open_state(monkeypatch, markov, older).sample(3).shape == (3, 12)


def test_mapped_weights_are_weights(composer, tmp_path):
    joblib.dump(composer, tmp_path / "composer.joblib")
    mapped = joblib.load(tmp_path / "composer.joblib", mmap_mode="r")
    assert isinstance(mapped.weights_["style"], np.memmap)
    np.testing.assert_array_equal(
        mapped.sample(5, random_state=0), composer.sample(5, random_state=0)
    )


def test_the_error_has_its_cause(composer, monkeypatch):
    state = composer.__getstate__()
    with pytest.raises(ValueError, match="loss_curve_") as caught:
        open_state(monkeypatch, composer, without(state, "loss_curve_"))
    assert isinstance(caught.value.__cause__, AttributeError)
    # Nobody has to read what a stranger has written at length.
    long = put(state, "_optimizer_state", "moments", {"0." + 10**5 * "x": 1})
    with pytest.raises(ValueError, match="moment 0.xxx") as caught:
        open_state(monkeypatch, composer, long)
    assert len("".join(traceback.format_exception(caught.value))) < 10**4


class Subclass(LSTMComposer):
    measure = float  # of the author's own, who may replace it

    def __init__(self, hidden_size=4, max_iter=1, random_state=0):
        super().__init__(hidden_size=hidden_size, max_iter=max_iter, random_state=random_state)


def test_a_subclass_may_replace_what_is_its_own():
    composer = Subclass().fit(PIECES)
    composer.measure = int
    again = copy.deepcopy(composer)
    assert again.measure is int
    np.testing.assert_array_equal(again.sample(5), composer.sample(5))


class Fitted(ChromaExtractor):
    def fit(self, X, y=None):
        raise AssertionError("what is opened does not learn")


def test_a_mosaic_opens_without_fitting_its_extractor():
    mosaic = MosaicSynthesizer(Fitted(sr=8000), sr=8000).fit(TONES)
    assert copy.deepcopy(mosaic).extractor_.sr == 8000


@pytest.mark.parametrize("change", [{"extractor": "x"}, {"extractor__sr": -1}, {"join_cost": -1}])
def test_parameters_of_a_mosaic_are_checked_at_use(mosaic, change):
    changed = copy.deepcopy(mosaic).set_params(**change)
    again = copy.deepcopy(changed)
    assert str(again.get_params()) == str(changed.get_params())
    piece = np.eye(12)[[0, 4, 7] * 5]
    if "extractor__sr" in change:  # of the one to fit with, the next time
        again.stretches(piece)
        match = "sr must be a number of hertz"
    else:
        (name,) = change
        match = f"{name} must be"
        with pytest.raises(ValueError, match=match):
            again.stretches(piece)
    with pytest.raises(ValueError, match=match):
        again.fit(TONES)


class Devices(TorchDispatchMode):
    """Takes down where tensors are made."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(str((kwargs or {}).get("device")))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "change",
    ["a huge hidden size", "many styles", "a huge width", "one more", "a huge row before keys"],
)
def test_a_claim_takes_no_memory(composer, change):
    changed, reason = OF_COMPOSER[change]
    state = changed(composer.__getstate__())
    tracemalloc.start()
    try:
        with Devices() as devices, pytest.raises(ValueError, match=reason):
            LSTMComposer.__new__(LSTMComposer).__setstate__(state)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
    # Tensors on "meta" have a shape and no memory.
    assert devices.names <= {"meta", "None"}
