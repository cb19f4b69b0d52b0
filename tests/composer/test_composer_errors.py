import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from musicai import LSTMComposer

PIECE = np.random.RandomState(0).random_sample((20, 12)).astype(np.float32)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("song.wav", TypeError, r"path, 'song.wav'.*ChromaExtractor\(\)\.transform\(\[path"),
        (["song.wav"], TypeError, r"path, 'song.wav'"),
        ([], ValueError, "empty list: expected at least one piece"),
        ([PIECE, PIECE[:, :5]], ValueError, r"X\[1\] has 5 features per frame where 12"),
        ([PIECE, PIECE * np.nan], ValueError, r"X\[1\] contains NaN"),
        ([PIECE, PIECE + np.inf], ValueError, r"X\[1\] contains infinity"),
        (PIECE[0], ValueError, r"X has shape \(12,\)\. Reshape your data"),
        ([PIECE[:1]], ValueError, "too few frames to train on.*got 1 "),
        ([PIECE[:0], PIECE[:0]], ValueError, r"too few frames to train on.*got 0 .* in 2 piece"),
    ],
)
def test_unusable_pieces_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        LSTMComposer(max_iter=1).fit(X)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a"], r"y holds 1 style labels for 2 piece\(s\): expected a label for each piece"),
        ("a", r"y holds one style label for 2 piece"),
        ([["a", "b"], ["c", "d"]], r"y\[0\] holds 2 style labels: expected one for the piece"),
        (["a", 1], "style labels must all be of one kind.*int, str"),
    ],
)
def test_unusable_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        LSTMComposer(max_iter=1).fit([PIECE, PIECE], y)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("hidden_size", 0),
        ("hidden_size", 2.5),
        ("hidden_size", 10**30),
        ("n_layers", 10**30),
        ("n_layers", True),
        ("dropout", 1.0),
        ("emission", "poisson"),
        ("emission", ["auto"]),
        ("key_invariant", "yes"),
        ("max_time", 0),
        ("learning_rate", -1),
        ("learning_rate", float("nan")),
        ("batch_size", "16"),
        ("max_iter", 0),
        ("early_stopping", "yes"),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
        ("tol", -1e-9),
        ("verbose", -1),
        ("device", "gpu"),
        ("random_state", "seed"),
        ("checkpoint", 3),
        ("checkpoint", ""),
    ],
)
def test_unusable_parameters_are_refused(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter}|{value}"):
        LSTMComposer(**{"max_iter": 1, parameter: value}).fit([PIECE, PIECE])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_frames": 0}, "n_frames must be an integer of at least 1, got 0"),
        ({"n_frames": 2.0}, "n_frames must be an integer of at least 1, got 2.0"),
        ({"n_pieces": 0}, "n_pieces must be"),
        ({"temperature": 0}, r"temperature must be a number from 0\.0001 to 10000, got 0"),
        ({"temperature": 1e300}, r"temperature must be .* to 10000, got 1e\+300"),
        ({"style": "polka"}, r"unknown style 'polka': known styles are \['folk', 'jazz'\]"),
        ({"style": ("folk",)}, "unknown style"),
        ({"prime": PIECE[:, :4]}, "prime has 4 features per frame where 12 are expected"),
        ({"prime": [PIECE, PIECE[:, :4]]}, r"prime\[1\] has 4 features per frame"),
        ({"prime": PIECE + 1}, "prime holds values from 1.* models only values from 0 to 1"),
        ({"prime": [PIECE] * 2, "n_pieces": 3}, "numbers of pieces differ .n_pieces 3, prime 2."),
        ({"prime": "song.wav"}, "prime contains a path"),
        ({"random_state": "x"}, "random_state must be an int from 0"),
    ],
)
def test_unusable_arguments_of_sample_are_refused(fitted, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        fitted.sample(**{"n_frames": 3, **arguments})


def test_a_composer_without_styles_refuses_a_style(chroma):
    composer = LSTMComposer(hidden_size=4, max_iter=1).fit(chroma)
    with pytest.raises(ValueError, match="unknown style 'folk': no styles were given"):
        composer.sample(3, style="folk")


def test_scoring_with_an_unknown_style_warns_and_uses_no_style(fitted, chroma):
    with pytest.warns(UserWarning, match="unknown style 'polka'.*no style"):
        score = fitted.score(chroma[:1], ["polka"])
    assert score == fitted.score(chroma[:1])
    with pytest.raises(ValueError, match="style labels must be hashable"):
        fitted.score(chroma[:2], [{"folk", "jazz"}, "folk"])


def test_values_outside_the_range_of_the_emission_are_refused(fitted, chroma, rolls):
    with pytest.raises(ValueError, match="models only values from 0 to 1"):
        fitted.predict(chroma[0] * 2)
    with pytest.raises(ValueError, match="bernoulli emission models only 0 and 1"):
        LSTMComposer(emission="bernoulli").fit(chroma)
    with pytest.raises(ValueError, match="independent"):
        LSTMComposer(emission="independent").fit([p * 3 for p in chroma])
    with pytest.raises(ValueError, match="12 features"):
        fitted.predict(rolls[0])


def test_methods_of_an_unfitted_composer_raise_an_error():
    composer = LSTMComposer()
    for call in (composer.predict, composer.score, composer.score_samples):
        with pytest.raises(NotFittedError):
            call([PIECE])
    with pytest.raises(NotFittedError):
        composer.sample(3)


def test_scoring_pieces_without_frames_is_refused(fitted):
    with pytest.raises(ValueError, match="no frames to score"):
        fitted.score([np.zeros((0, 12))])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_warnings_point_to_the_file_that_calls_musicai(chroma):
    composer = LSTMComposer(hidden_size=4, max_iter=1, device="cuda", random_state=0)
    calls = [
        lambda: composer.fit(chroma),
        lambda: composer.partial_fit(chroma),
        lambda: composer.predict(chroma),
        lambda: composer.score(chroma),
        lambda: composer.score_samples(chroma),
        lambda: composer.sample(2, prime=chroma[0]),
        lambda: composer.next_frames(chroma[0]),
    ]
    for call in calls:
        with pytest.warns(UserWarning, match="there is no CUDA GPU") as caught:
            call()
        assert [warning.filename for warning in caught] == [__file__]
    composer.set_params(device="cpu")
    with pytest.warns(UserWarning, match="unknown style 'waltz'") as caught:
        composer.fit(chroma, X_val=chroma[:1], y_val=["waltz"])
    assert [warning.filename for warning in caught] == [__file__]
