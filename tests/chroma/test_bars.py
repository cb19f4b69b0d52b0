"""Bars and clarity of synthetic music with known bars."""

import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.chroma import Beats
from musicai.chroma._bars import find_bars

SR = 22050


def tone(pitches, seconds, decay):
    time = np.arange(int(seconds * SR)) / SR
    waves = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time) for pitch in pitches]
    attack = np.minimum(time / 0.005, 1)
    return sum(waves) * attack * np.exp(-decay * time)


def oom_pah(beats_per_bar, n_bars, *, period=0.55, pickup=0):
    """Synthesize bass notes on downbeats and soft chords on the other beats, one root per bar."""
    roots = np.random.default_rng(0).choice([0, 5, 7, 9, 2], n_bars + 1)
    n_beats = pickup + n_bars * beats_per_bar
    samples = np.zeros(int((n_beats + 1) * period * SR))
    for beat in range(n_beats):
        bar, place = divmod(beat - pickup, beats_per_bar)
        root = int(roots[bar])
        if place == 0:
            sound = tone([36 + root], period, 3)
        else:
            sound = 0.3 * tone([60 + root, 64 + root, 67 + root], period, 8)
        first = int(beat * period * SR) + SR // 4
        samples[first : first + len(sound)] += sound
    return (0.2 * samples).astype(np.float32)


@pytest.mark.parametrize("beats_per_bar", [3, 4])
@pytest.mark.parametrize("pickup", [0, 1, 2])
def test_bars_of_accompaniments_are_found(beats_per_bar, pickup):
    music = oom_pah(beats_per_bar, 14, pickup=pickup)
    (analysis,) = ChromaExtractor(sync="beat").analyze([music])
    beats = analysis.beats
    assert beats.tempo == pytest.approx(60 / 0.55, rel=0.02)
    assert beats.beats_per_bar == beats_per_bar
    true = 0.25 + 0.55 * (pickup + beats_per_bar * np.arange(14))
    distances = np.abs(np.subtract.outer(beats.downbeats, true)).min(axis=1)
    assert np.median(distances) < 0.07
    assert beats.downbeat_margin >= 2
    assert analysis.timing.beats_per_bar == beats_per_bar
    assert analysis.timing.downbeat == beats.downbeat


def test_the_downbeat_margin_is_small_without_bars():
    rng = np.random.default_rng(0)
    chroma = rng.random((100, 12))
    halves = np.repeat(chroma, 2, axis=0)
    margins = [
        find_bars(chroma, halves, rng.random((100, 16)), rng.random(100))[2] for _ in range(20)
    ]
    assert np.mean(np.array(margins) < 2) > 0.8


@pytest.mark.parametrize("n_beats", [2, 5, 11])
def test_bars_are_not_estimated_from_few_beats(n_beats):
    chroma = np.eye(12)[:n_beats]
    halves = np.repeat(chroma, 2, axis=0)
    found = find_bars(chroma, halves, np.ones((n_beats, 16)), np.ones(n_beats))
    assert found == (4, 0, 0.0)


def test_the_downbeat_margin_of_constant_music_is_zero():
    assert find_bars(np.ones((40, 12)), np.ones((80, 12)), np.ones((40, 16)), np.ones(40))[2] == 0


def test_harmony_changes_between_beats_lower_the_downbeat_margin():
    rng = np.random.default_rng(0)
    chroma = np.repeat(rng.random((25, 12)), 4, axis=0)
    onsets, bass = np.ones((100, 16)), np.tile([1.0, 0, 0, 0], 25)
    on_beats = np.repeat(chroma, 2, axis=0)
    meter, downbeat, margin = find_bars(chroma, on_beats, onsets, bass)
    assert (meter, downbeat) == (4, 0)
    assert margin > 2
    assert find_bars(chroma, np.roll(on_beats, 1, axis=0), onsets, bass)[2] < 0


def test_the_timing_omits_an_unreliable_downbeat():
    clicks = np.zeros(20 * SR, np.float32)
    clicks[SR // 2 :: SR // 2] = 1
    (analysis,) = ChromaExtractor(sync="beat").analyze([clicks])
    assert analysis.beats.downbeat_margin < 2
    assert analysis.timing.downbeat is None


def test_clicks_have_a_clearer_pulse_than_noise():
    clicks = np.zeros(30 * SR, np.float32)
    clicks[SR // 4 :: SR // 2] = 1
    noise = np.random.default_rng(0).standard_normal(30 * SR).astype(np.float32)
    machine, rain = ChromaExtractor(sync="beat").analyze([clicks, noise])
    assert machine.clarity > 0.9
    assert rain.clarity < 0.4
    assert machine.clarity == machine.beats.clarity.mean()
    assert (np.abs(machine.beats.clarity) <= 1 + 1e-9).all()


def test_clarity_falls_if_the_pulse_stops():
    rng = np.random.default_rng(0)
    clicks = 0.001 * rng.standard_normal(60 * SR).astype(np.float32)
    clicks[SR // 4 : 30 * SR : SR // 2] = 1
    clicks[30 * SR + rng.choice(30 * SR, 60, replace=False)] = 1
    (analysis,) = ChromaExtractor(sync="beat").analyze([clicks])
    times, clarity = analysis.beats.times, analysis.beats.clarity
    assert clarity[times < 27].mean() > clarity[times > 33].mean() + 0.4


def test_downbeats_are_one_bar_apart():
    times = np.cumsum(np.linspace(0.4, 0.6, 20))
    beats = Beats(times, np.ones(20), beats_per_bar=3, downbeat=2, downbeat_margin=1.0)
    np.testing.assert_array_equal(beats.downbeats, times[2::3])
    assert beats.tempo == pytest.approx(120, rel=0.02)
