"""Estimators in files of skops: what has to be trusted, and what is refused."""

import os
import pathlib
import pickle
import sys

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
    return MosaicSynthesizer(ChromaExtractor(sr=8000), sampling_rate=8000).fit(TONES)


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
    of_files = MosaicSynthesizer(ChromaExtractor(sr=8000), sampling_rate=8000).fit(paths)
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
    "nothing": lambda s: put(s, "weights_", None),
    "no weights": lambda s: put(s, "weights_", {}),
    "a missing weight": lambda s: without(s, "weights_", "emission.exit"),
    "one more": lambda s: put(s, "weights_", {**s["weights_"], "lstm.weight_hh_l7": HUGE}),
    "a huge hidden size": lambda s: put(s, "weights_", "lstm.weight_hh_l0", HUGE),
    "many styles": lambda s: put(s, "weights_", "style", HUGE.T),
    "a wrong shape": lambda s: put(s, "weights_", "key", np.zeros((13, 15), np.float32)),
    "a wrong type": lambda s: put(s, "weights_", "key", np.zeros((13, 16))),
    "NaN": lambda s: put(s, "weights_", "key", np.full((13, 16), np.nan, np.float32)),
    "infinity": lambda s: put(s, "weights_", "key", np.full((13, 16), np.inf, np.float32)),
    "too large": lambda s: put(s, "weights_", "key", np.full((13, 16), 1e30, np.float32)),
    "text": lambda s: put(s, "weights_", "key", "weights"),
    "masked": lambda s: put(s, "weights_", "key", np.ma.masked_all((13, 16), np.float32)),
    "a huge width": lambda s: put(s, "n_features_in_", 2**60),
    "no width": lambda s: put(s, "n_features_in_", 0),
    "a width of text": lambda s: put(s, "n_features_in_", "12"),
    "another emission": lambda s: put(s, "emission_", "gaussian"),
    "an emission of its own": lambda s: put(s, "emission_", "os.system"),
    "an emission that is none": lambda s: put(s, "emission_", ["logistic"]),
    "keys of no kind": lambda s: put(s, "transpose_", 2),
    "one style more": lambda s: put(s, "styles_", np.array(["a", "b", "c"], object)),
    "a style twice": lambda s: put(s, "styles_", np.array(["a", "a"], object)),
    "styles that are lists": lambda s: put(s, "styles_", np.array([["a"], {"b": 1}], object)),
    "no characters": lambda s: put(
        s, "_characters", (np.empty((0, 24), np.float32), np.empty(0, int))
    ),
    "characters of no style": lambda s: put(
        s, "_characters", (s["_characters"][0], s["_characters"][1] + 7)
    ),
    "nothing to divide by": lambda s: put(s, "weights_", "scaling", np.zeros((2, 24), np.float32)),
    "a moment too many": lambda s: put(
        s, "_optimizer_state", "moments", {"99.step": np.zeros((), np.float32)}
    ),
    "moments of another shape": lambda s: put(
        s, "_optimizer_state", "moments", "0.exp_avg", np.zeros(3, np.float32)
    ),
    "no optimizer": lambda s: put(s, "_optimizer_state", {}),
    "losses of text": lambda s: put(s, "loss_curve_", ["a"]),
    "no epochs": lambda s: put(s, "n_iter_", -1),
    "a method": lambda s: {**s, "sample": "text"},
    "no loss curve": lambda s: without(s, "loss_curve_"),
}
OF_MOSAIC = {
    "no recordings": lambda s: put(s, "sources_", []),
    "one more": lambda s: put(s, "sources_", [*s["sources_"], s["sources_"][0]]),
    "a recording of text": lambda s: put(s, "sources_", [("text", None, None)] * 2),
    "a recording that is none": lambda s: put(s, "sources_", ["abc", "abd"]),
    "chroma of another width": lambda s: put(s, "chroma_", [np.ones((5, 3), np.float16)] * 2),
    "NaN": lambda s: put(s, "chroma_", [each * np.float16(np.nan) for each in s["chroma_"]]),
    "silence": lambda s: put(s, "chroma_", [each * np.float16(0) for each in s["chroma_"]]),
    "levels of another length": lambda s: put(s, "levels_", [s["levels_"][0][:-1]] * 2),
    "a tuning far off": lambda s: put(s, "tunings_", [1e9, 0.0]),
    "another extractor": lambda s: put(s, "extractor_", PianoRollExtractor()),
    "an extractor that cannot work": lambda s: put(s, "extractor_", ChromaExtractor(sr=-1)),
}
OF_MARKOV = {
    "no states": lambda s: put(s, "start_", np.empty(0)),
    "moves to nowhere": lambda s: put(s, "transitions_", np.zeros((4, 4))),
    "another shape": lambda s: put(s, "transitions_", np.ones((4, 2)) / 2),
    "frames that are NaN": lambda s: put(s, "prototypes_", s["prototypes_"] * np.float32(np.nan)),
    "one style more": lambda s: put(s, "styles_", np.array(["a", "b", "c"], object)),
    "a huge width": lambda s: put(s, "n_features_in_", 2**60),
    "no prototypes": lambda s: without(s, "prototypes_"),
}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (name, change)
        for name, changes in (
            ("composer", OF_COMPOSER),
            ("mosaic", OF_MOSAIC),
            ("markov", OF_MARKOV),
        )
        for change in changes.items()
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_was_not_learned_is_refused(request, monkeypatch, name, change):
    estimator = request.getfixturevalue(name)
    state = change[1](estimator.__getstate__())
    with pytest.raises(ValueError, match="this file holds a .* that cannot be used") as caught:
        open_state(monkeypatch, estimator, state)
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


@pytest.mark.skipif(sys.platform != "linux", reason="counts what the system tells of memory")
def test_a_claim_takes_no_memory(composer, monkeypatch):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for change in ("a huge hidden size", "many styles", "a huge width", "one more"):
        with pytest.raises(ValueError, match="cannot be used"):
            open_state(monkeypatch, composer, OF_COMPOSER[change](composer.__getstate__()))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
