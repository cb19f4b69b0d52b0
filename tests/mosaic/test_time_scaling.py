import numpy as np
import pytest

from musicai.mosaic._time_scaling import stretch

RATE = 22050
BEATS = np.arange(1, 24) * 0.4 * RATE


@pytest.fixture(scope="module")
def sound():
    """Return two low tones, one on each channel, with a click on each beat."""
    rng = np.random.default_rng(0)
    time = np.arange(10 * RATE) / RATE
    left = 0.2 * np.sin(2 * np.pi * 110 * time) + 0.01 * rng.standard_normal(len(time))
    right = 0.2 * np.sin(2 * np.pi * 165 * time)
    for beat in np.rint(BEATS).astype(int):
        left[beat : beat + 60] += np.exp(-np.arange(60) / 15)
        right[beat : beat + 60] += np.exp(-np.arange(60) / 15)
    return np.stack([left, right], axis=1).astype(np.float32)


def reader(sound):
    def read(first, last):
        padded = np.zeros((last - first, sound.shape[1]), np.float32)
        begin, end = max(first, 0), min(last, len(sound))
        if begin < end:
            padded[begin - first : end - first] = sound[begin:end]
        return padded

    return read


def stretched(sound, target, start, stop, source=BEATS):
    return np.concatenate(
        list(stretch(reader(sound), source, target, start=start, stop=stop, sr=RATE))
    )


@pytest.mark.parametrize("start", [0, 1, 5000])
def test_sound_at_its_own_tempo_is_unchanged(sound, start):
    played = stretched(sound, BEATS, start, 9 * RATE)
    np.testing.assert_allclose(played, sound[start : 9 * RATE], atol=1e-6)
    moved = stretched(sound, BEATS + 300, start + 300, 9 * RATE)
    np.testing.assert_allclose(moved, sound[start : 9 * RATE - 300], atol=1e-6)


@pytest.mark.parametrize("factor", [0.7, 0.93, 1.02, 1.4])
def test_attacks_fall_on_the_target_beats(sound, factor):
    target = factor * BEATS
    played = stretched(sound, target, 0, round(target[-1]))
    assert len(played) == round(target[-1])
    for beat in np.rint(target[1:-1]).astype(int):
        near = np.abs(played[beat - 2000 : beat + 2000, 0])
        assert abs(near.argmax() - 2000) <= 0.004 * RATE


def test_stretching_keeps_the_pitch(sound):
    tone = sound.copy()
    tone[:, 0] = np.sin(2 * np.pi * 440 * np.arange(len(sound)) / RATE)
    played = stretched(tone, 1.2 * BEATS, RATE, 5 * RATE)[:, 0]
    spectrum = np.abs(np.fft.rfft(played * np.hanning(len(played))))
    assert spectrum.argmax() * RATE / len(played) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(played**2)) == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_channels_are_stretched_alike(sound):
    same = np.repeat(sound[:, :1], 2, axis=1)
    played = stretched(same, 1.1 * BEATS, 0, 9 * RATE)
    np.testing.assert_array_equal(played[:, 0], played[:, 1])
    turned = stretched(sound[:, ::-1], 1.1 * BEATS, 0, 9 * RATE)
    np.testing.assert_allclose(
        turned[:, ::-1], stretched(sound, 1.1 * BEATS, 0, 9 * RATE), atol=1e-6
    )


def test_attacks_fall_on_target_beats_of_unequal_length(sound):
    rng = np.random.default_rng(1)
    target = np.cumsum(rng.uniform(0.32, 0.5, len(BEATS))) * RATE
    played = stretched(sound, target, 0, round(target[-1]))
    for beat in np.rint(target[1:-1]).astype(int):
        near = np.abs(played[beat - 2000 : beat + 2000, 0])
        assert abs(near.argmax() - 2000) <= 0.004 * RATE


def test_reading_a_sound_in_parts_does_not_change_it(sound):
    long = np.tile(sound, (3, 1))
    beats = np.concatenate([BEATS + i * len(sound) for i in range(3)])
    asked = []
    read = reader(long)

    def watched(first, last):
        asked.append(last - first)
        return read(first, last)

    blocks = list(stretch(watched, beats, beats, start=0, stop=len(long), sr=RATE))
    assert len(asked) > 3
    assert max(asked) < 8 * RATE
    np.testing.assert_allclose(np.concatenate(blocks), long, atol=1e-6)


def test_silence_stays_silent(sound):
    assert not stretched(np.zeros_like(sound), 1.3 * BEATS, 0, 5 * RATE).any()


def test_sound_before_the_first_and_after_the_last_beat_keeps_its_speed(sound):
    few = BEATS[5:7]
    played = stretched(sound, few * 1.0, 0, 9 * RATE, source=few)
    np.testing.assert_allclose(played, sound[: 9 * RATE], atol=1e-6)
