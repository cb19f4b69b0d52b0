import numpy as np
import pytest

from musicai.metrics import dynamics, flux, frame_correlation, harmonic_change, persistence


@pytest.fixture
def pieces():
    rng = np.random.default_rng(0)
    return [rng.random((n, 12), dtype=np.float32) for n in (5, 9, 1)]


def test_flux_of_a_collection_pools_the_steps_of_its_pieces(pieces):
    steps = np.concatenate([np.abs(np.diff(piece, axis=0)) for piece in pieces])
    assert flux(pieces) == pytest.approx(steps.mean())


def test_flux_ignores_the_border_between_pieces():
    still = [np.zeros((4, 3)), np.ones((4, 3))]
    assert flux(still) == 0


def test_flux_is_proportional_to_loudness(pieces):
    assert flux(0.5 * pieces[0]) == pytest.approx(0.5 * flux(pieces[0]))


def test_flux_needs_two_frames():
    with pytest.raises(ValueError, match=r"at least 2 frames.*longest has 1"):
        flux([np.ones((1, 12)), np.ones((1, 12))])


def test_correlation_with_itself_is_one_at_any_loudness_and_offset(pieces):
    assert frame_correlation(pieces, pieces) == pytest.approx(1)
    assert frame_correlation(pieces[0], 3 * pieces[0] + 0.25) == pytest.approx(1)


def test_correlation_is_the_mean_of_numpy_correlations_of_frames(pieces):
    rng = np.random.default_rng(1)
    piece, other = pieces[0], rng.random(pieces[0].shape)
    expected = [np.corrcoef(x, y)[0, 1] for x, y in zip(piece, other, strict=True)]
    assert frame_correlation(piece, other) == pytest.approx(np.mean(expected))


def test_silence_correlates_only_with_silence():
    silence = np.full((2, 12), 0.1)
    sound = np.eye(12)[:2]
    assert frame_correlation(silence, 0 * silence) == 1
    assert frame_correlation(silence, sound) == 0


def test_correlation_needs_the_same_shapes(pieces):
    with pytest.raises(ValueError, match=r"X has \(5, 12\) and Y has \(9, 12\)"):
        frame_correlation(pieces[0], pieces[1])
    with pytest.raises(ValueError, match="at least one frame"):
        frame_correlation([np.ones((0, 12))], [np.ones((0, 12))])


def test_harmonic_change_is_smaller_between_related_notes():
    c, *others = np.eye(12)[[0, 7, 4, 2, 6]]
    fifth, third, second, tritone = (harmonic_change(np.stack([c, other])) for other in others)
    assert fifth < third < second < tritone
    assert tritone == pytest.approx(8**0.5)


def test_frozen_music_has_zero_change_and_full_persistence(frozen):
    assert harmonic_change(frozen) == flux(frozen) == 0
    assert persistence(frozen) == 1


def test_shuffled_frames_change_more_and_persist_less(music, shuffled):
    assert harmonic_change(shuffled) > 2 * harmonic_change(music)
    assert persistence(shuffled) < 0.5 * persistence(music)


def test_persistence_is_the_share_of_loudest_pitch_classes_that_stay_loudest():
    c_major, f_major, c = np.zeros((3, 12))
    c_major[[0, 4, 7]] = f_major[[5, 9, 0]] = c[0] = 1
    assert persistence(np.stack([c_major, c_major])) == 1
    assert persistence(np.stack([c_major, f_major])) == pytest.approx(1 / 3)
    assert persistence(np.stack([c_major, c])) == persistence(np.stack([c, c_major]))
    assert persistence(np.stack([c, c_major])) == pytest.approx(1 / 3)


def test_steps_across_silence_or_between_pieces_do_not_count():
    notes = np.eye(12)
    pieces = [np.stack([notes[0], notes[0], np.zeros(12), notes[6]]), notes[[3, 3]]]
    assert persistence(pieces) == 1
    assert harmonic_change(pieces) == 0
    with pytest.raises(ValueError, match="two sounding frames in succession"):
        persistence(np.stack([notes[0], np.zeros(12), notes[6]]))


def test_dynamics_is_the_mean_deviation_of_levels():
    thin, full = np.eye(12)[:1], np.ones((1, 12))
    piece = np.repeat([*thin, *full, *full, *full], 5, axis=0)
    full_level = 10 * np.log10(12)
    mean = 0.75 * full_level
    expected = (mean + 3 * (full_level - mean)) / 4
    assert dynamics(piece, n_frames=5) == pytest.approx(expected)


def test_dynamics_of_constant_fullness_is_zero(frozen):
    notes = np.eye(12)[np.random.default_rng(0).integers(12, size=400)]
    assert dynamics(notes) == dynamics(frozen) == 0
    assert dynamics(np.float32(0.1) * notes.astype(np.float32)) == 0


def test_dynamics_of_one_note_and_then_all_notes_is_half_the_difference_of_levels():
    extremes = np.repeat([*np.eye(12)[:1], *np.ones((1, 12))], 11, axis=0)
    assert dynamics(extremes) == pytest.approx(10 * np.log10(12) / 2)
    assert dynamics(extremes) < 5.4


def test_shuffled_frames_and_noise_have_low_dynamics(music, shuffled, noise):
    assert dynamics(shuffled) < 0.75 * dynamics(music)
    assert dynamics(noise) < 0.5 * dynamics(music)


def test_dynamics_skips_silence(music):
    piece = music[0][:220]
    silent = np.insert(piece, np.repeat(np.arange(0, 220, 11), 5), 0, axis=0)
    assert dynamics(silent, n_frames=16) == pytest.approx(dynamics(piece, n_frames=11))
    with pytest.raises(ValueError, match="dynamics needs a piece with sound in two windows"):
        dynamics(piece[:21])
    with pytest.raises(ValueError, match="n_frames must be an integer of at least 1"):
        dynamics(piece, n_frames=0)
