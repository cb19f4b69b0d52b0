import numpy as np

from musicai import LSTMComposer


def test_samples_have_the_requested_shapes_and_are_float32(fitted, chroma):
    alone = fitted.sample(7)
    assert alone.shape == (7, 12)
    assert alone.dtype == np.float32
    several = fitted.sample(7, n_pieces=3)
    assert isinstance(several, list)
    assert [piece.shape for piece in several] == [(7, 12)] * 3
    assert len(fitted.sample(7, n_pieces=1)) == 1
    assert len(fitted.sample(7, prime=chroma[:2])) == 2
    assert fitted.sample(7, prime=chroma[0]).shape == (7, 12)


def test_the_same_seed_gives_the_same_piece(fitted):
    np.testing.assert_array_equal(
        fitted.sample(20, random_state=1), fitted.sample(20, random_state=1)
    )
    assert (fitted.sample(20, random_state=1) != fitted.sample(20, random_state=2)).any()
    np.testing.assert_array_equal(fitted.sample(20), fitted.sample(20, random_state=0))


def test_pieces_of_one_call_differ(fitted):
    one, other = fitted.sample(20, n_pieces=2)
    assert (one != other).any()


def test_every_sampled_frame_peaks_at_1_only_if_every_training_frame_does(fitted, chroma):
    piece = fitted.sample(100, temperature=1.5, random_state=0)
    assert ((piece == 1).sum(axis=1) == 1).all()
    assert piece.min() >= 0
    quiet = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit([p / 2 for p in chroma])
    assert (quiet.sample(50).max(1) < 1).any()


def test_the_mean_of_frames_sampled_after_a_prime_is_close_to_the_prediction(fitted, chroma):
    prime = chroma[0][:25]
    following = fitted.sample(1, n_pieces=400, prime=prime, random_state=0)
    expected = fitted.predict(prime)[-1]
    assert np.abs(np.mean(following, 0)[0] - expected).mean() < 0.2


def test_continuing_a_sample_equals_sampling_it_at_once(rolls):
    composer = LSTMComposer(hidden_size=16, max_iter=2, random_state=0).fit(rolls)
    rng = np.random.RandomState(5)
    first = composer.sample(30, random_state=rng)
    then = composer.sample(10, prime=first, random_state=rng)
    at_once = composer.sample(40, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(np.concatenate([first, then]), at_once)


def test_primes_may_differ_in_length(fitted, chroma):
    empty = np.zeros((0, 12), np.float32)
    pieces = fitted.sample(5, prime=[chroma[0][:3], empty, chroma[1]], random_state=0)
    assert [piece.shape for piece in pieces] == [(5, 12)] * 3


def test_long_samples_keep_changing(fitted):
    piece = fitted.sample(500, random_state=0)
    late = piece[-100:]
    assert np.abs(np.diff(late, axis=0)).mean() > 0.01


def test_silent_frames_of_chroma_are_never_sampled(chroma):
    silence = np.zeros((40, 12), np.float32)
    composer = LSTMComposer(hidden_size=8, max_iter=30, random_state=0, early_stopping=False)
    composer.fit([np.concatenate([silence, piece]) for piece in chroma])
    for piece in (composer.sample(60), composer.sample(60, prime=silence)):
        assert (piece.max(1) == 1).all()
        assert len(set(piece.argmax(1))) > 1


def test_one_prime_applies_to_all_pieces(fitted, chroma):
    together = fitted.sample(4, n_pieces=3, prime=chroma[0], random_state=0)
    apart = fitted.sample(4, prime=[chroma[0]] * 3, random_state=0)
    np.testing.assert_allclose(together, apart, atol=0.01)


def test_a_prime_may_be_a_reversed_view(fitted, chroma):
    backwards = chroma[0][::-1]
    np.testing.assert_array_equal(
        fitted.sample(3, prime=backwards), fitted.sample(3, prime=backwards.copy())
    )


def test_sampled_real_values_have_about_the_spread_of_the_data():
    """Features that keep returning to their means are sampled with about the right spread."""
    rng = np.random.default_rng(0)
    pieces = []
    for _ in range(12):
        noise = rng.standard_normal((300, 4))
        piece = np.zeros((300, 4))
        for t in range(1, 300):
            piece[t] = 0.95 * piece[t - 1] + noise[t]
        pieces.append(20 * piece - 100)
    composer = LSTMComposer(hidden_size=32, max_iter=15, random_state=0).fit(pieces)
    assert composer.emission_ == "gaussian"
    composed = np.concatenate(composer.sample(1000, n_pieces=4, random_state=0))
    ratio = composed.std(axis=0) / np.concatenate(pieces).std(axis=0)
    assert np.all((ratio > 0.5) & (ratio < 2))
