import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from musicai import LSTMComposer

ORDER = "a sequence model's result for a frame depends, by design, on the frames before it"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [LSTMComposer(hidden_size=8)],
    expected_failed_checks=lambda estimator: {
        "check_methods_sample_order_invariance": ORDER,
        "check_methods_subset_invariance": ORDER,
    },
)
def test_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


def test_the_composer_is_not_tagged_as_non_deterministic():
    assert not LSTMComposer().__sklearn_tags__().non_deterministic


@pytest.mark.parametrize("method", ["predict", "score_samples"])
def test_results_have_the_same_form_as_the_input(fitted, chroma, method):
    call = getattr(fitted, method)
    alone = call(chroma[0])
    assert isinstance(alone, np.ndarray)
    assert len(alone) == len(chroma[0])
    as_list = call(chroma)
    assert isinstance(as_list, list)
    assert [len(result) for result in as_list] == [len(piece) for piece in chroma]
    as_objects = np.empty(len(chroma), dtype=object)
    as_objects[:] = chroma
    assert call(as_objects).shape == (len(chroma),)
    equally_long = np.stack([piece[:20] for piece in chroma])
    assert call(equally_long).shape[:2] == (len(chroma), 20)
    np.testing.assert_allclose(call(tuple(chroma))[0], as_list[0])


@pytest.mark.parametrize("method", ["predict", "score_samples"])
def test_results_for_a_piece_do_not_depend_on_other_pieces_or_their_order(fitted, chroma, method):
    call = getattr(fitted, method)
    together = call(chroma)
    for piece, result in zip(chroma, together, strict=True):
        np.testing.assert_allclose(call(piece), result, atol=2e-5)
    for one, other in zip(call(chroma[::-1])[::-1], together, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("method", ["predict", "score_samples"])
def test_results_do_not_depend_on_later_frames(fitted, chroma, method):
    whole = getattr(fitted, method)(chroma[0])
    start = getattr(fitted, method)(chroma[0][:15])
    np.testing.assert_allclose(start, whole[:15], atol=2e-5)


def test_pieces_without_frames_have_empty_results_and_no_other_effect(fitted, chroma, styles):
    empty = np.zeros((0, 12), np.float32)
    with_gaps = [empty, chroma[0], empty]
    assert [len(p) for p in fitted.predict(with_gaps)] == [0, len(chroma[0]), 0]
    assert fitted.score(with_gaps) == pytest.approx(fitted.score([chroma[0]]))
    gappy = LSTMComposer(hidden_size=24, max_iter=4, random_state=0)
    gappy.fit([empty, *chroma, empty], ["folk", *styles, "jazz"])
    assert gappy.score(chroma) == fitted.score(chroma)


def test_score_is_the_mean_over_frames(fitted, chroma):
    per_frame = np.concatenate(fitted.score_samples(chroma))
    assert fitted.score(chroma) == pytest.approx(per_frame.mean(), abs=1e-5)


def test_clone_keeps_the_parameters(fitted):
    assert clone(fitted).get_params() == fitted.get_params()
    assert "hidden_size=24" in repr(fitted)


def test_feature_names_are_kept():
    frames = pd.DataFrame(np.random.RandomState(0).normal(size=(30, 2)), columns=["a", "b"])
    composer = LSTMComposer(hidden_size=4, max_iter=1, random_state=0).fit([frames, frames])
    assert composer.feature_names_in_.tolist() == ["a", "b"]
    assert composer.predict([frames])[0].shape == (30, 2)


def test_a_single_piece_may_have_a_label_for_each_frame(chroma):
    piece = chroma[0]
    labels = ["slow"] * 20 + ["fast"] * (len(piece) - 20)
    composer = LSTMComposer(hidden_size=4, max_iter=1, random_state=0).fit(piece, labels)
    assert composer.styles_.tolist() == ["fast", "slow"]
    assert np.isfinite(composer.score(piece, labels))


def test_missing_labels_stand_for_no_style(chroma):
    labels = pd.Series(["folk", None, "folk", float("nan"), "jazz", "jazz", None, "folk"])
    composer = LSTMComposer(hidden_size=4, max_iter=1, random_state=0).fit(chroma, labels)
    assert composer.styles_.tolist() == ["folk", "jazz"]
    assert np.isfinite(composer.score(chroma, labels))
