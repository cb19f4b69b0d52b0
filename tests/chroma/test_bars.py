"""Bars and clarity of music whose bars are known."""

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


def oom_pah(beats_per_bar, n_bars, *, period=0.55, pick_up=0):
    """Play a bass note on each downbeat and a soft chord on the other beats; harmony by bars."""
    roots = np.random.default_rng(0).choice([0, 5, 7, 9, 2], n_bars + 1)
    n_beats = pick_up + n_bars * beats_per_bar
    samples = np.zeros(int((n_beats + 1) * period * SR))
    for beat in range(n_beats):
        bar, place = divmod(beat - pick_up, beats_per_bar)
        root = int(roots[bar])
        if place == 0:
            sound = tone([36 + root], period, 3)
        else:
            sound = 0.3 * tone([60 + root, 64 + root, 67 + root], period, 8)
        first = int(beat * period * SR) + SR // 4
        samples[first : first + len(sound)] += sound
    return (0.2 * samples).astype(np.float32)


@pytest.mark.parametrize("beats_per_bar", [3, 4])
@pytest.mark.parametrize("pick_up", [0, 1, 2])
def test_bars_of_accompaniments(beats_per_bar, pick_up):
    music = oom_pah(beats_per_bar, 14, pick_up=pick_up)
    (analysis,) = ChromaExtractor(sync="beat").analyze([music])
    beats = analysis.beats
    assert beats.tempo == pytest.approx(60 / 0.55, rel=0.02)
    assert beats.beats_per_bar == beats_per_bar
    true = 0.25 + 0.55 * (pick_up + beats_per_bar * np.arange(14))
    distances = np.abs(np.subtract.outer(beats.downbeats, true)).min(axis=1)
    assert np.median(distances) < 0.07
    assert beats.downbeat_margin >= 2
    assert analysis.timing.beats_per_bar == beats_per_bar
    assert analysis.timing.downbeat == beats.downbeat


def test_without_bars_the_margin_says_so():
    rng = np.random.default_rng(0)
    chroma = rng.random((100, 12))
    halves = np.repeat(chroma, 2, axis=0)
    margins = [
        find_bars(chroma, halves, rng.random((100, 16)), rng.random(100))[2] for _ in range(20)
    ]
    assert np.mean(np.array(margins) < 2) > 0.8


@pytest.mark.parametrize("n_beats", [2, 5, 11])
def test_few_beats_have_no_bars(n_beats):
    chroma = np.eye(12)[:n_beats]
    halves = np.repeat(chroma, 2, axis=0)
    found = find_bars(chroma, halves, np.ones((n_beats, 16)), np.ones(n_beats))
    assert found == (4, 0, 0.0)


def test_what_never_changes_has_no_bars():
    assert find_bars(np.ones((40, 12)), np.ones((80, 12)), np.ones((40, 16)), np.ones(40))[2] == 0


def test_bars_are_not_sure_where_harmony_changes_between_beats():
    rng = np.random.default_rng(0)
    chroma = np.repeat(rng.random((25, 12)), 4, axis=0)
    onsets, bass = np.ones((100, 16)), np.tile([1.0, 0, 0, 0], 25)
    on_beats = np.repeat(chroma, 2, axis=0)
    meter, downbeat, margin = find_bars(chroma, on_beats, onsets, bass)
    assert (meter, downbeat) == (4, 0)
    assert margin > 2
    assert find_bars(chroma, np.roll(on_beats, 1, axis=0), onsets, bass)[2] < 0


def test_an_unsure_downbeat_is_not_in_the_timing():
    clicks = np.zeros(20 * SR, np.float32)
    clicks[SR // 2 :: SR // 2] = 1
    (analysis,) = ChromaExtractor(sync="beat").analyze([clicks])
    assert analysis.beats.downbeat_margin < 2
    assert analysis.timing.downbeat is None


def test_a_machine_is_clearer_than_noise():
    clicks = np.zeros(30 * SR, np.float32)
    clicks[SR // 4 :: SR // 2] = 1
    noise = np.random.default_rng(0).standard_normal(30 * SR).astype(np.float32)
    machine, rain = ChromaExtractor(sync="beat").analyze([clicks, noise])
    assert machine.clarity > 0.9
    assert rain.clarity < 0.4
    assert machine.clarity == machine.beats.clarity.mean()
    assert (np.abs(machine.beats.clarity) <= 1 + 1e-9).all()


def test_clarity_falls_where_the_pulse_is_lost():
    rng = np.random.default_rng(0)
    clicks = 0.001 * rng.standard_normal(60 * SR).astype(np.float32)
    clicks[SR // 4 : 30 * SR : SR // 2] = 1
    clicks[30 * SR + rng.choice(30 * SR, 60, replace=False)] = 1
    (analysis,) = ChromaExtractor(sync="beat").analyze([clicks])
    times, clarity = analysis.beats.times, analysis.beats.clarity
    assert clarity[times < 27].mean() > clarity[times > 33].mean() + 0.4


def test_downbeats_are_every_few_beats():
    times = np.cumsum(np.linspace(0.4, 0.6, 20))
    beats = Beats(times, np.ones(20), beats_per_bar=3, downbeat=2, downbeat_margin=1.0)
    np.testing.assert_array_equal(beats.downbeats, times[2::3])
    assert beats.tempo == pytest.approx(120, rel=0.02)
