from itertools import pairwise

import numpy as np
import pytest

from musicai import Timing
from musicai.render._cells import cells_of
from musicai.render._harmony import find_harmonies
from musicai.render._timeline import Timeline
from musicai.render._voicing import Register, lead_voices
from musicai.theory.shapes import unit_shapes

from .conftest import TIMING


def harmonies_of(piece, grid=None, **parameters):
    timeline = Timeline.of(TIMING, len(piece), notated_tempo=None)
    cells = cells_of(piece, timeline, grid)
    return find_harmonies(cells.shapes, cells.silence, **parameters)


def test_chord_changes_are_found(cadence):
    found = harmonies_of(cadence)
    assert [each.start for each in found if each.tones == ()] == [80]
    starts = {each.start for each in found}
    assert {0, 20, 40, 60, 80} <= starts
    assert len(starts) < 10
    for each in found[:-1]:
        root = [0, 5, 7, 0][each.start // 20]
        assert {root, (root + 4) % 12, (root + 7) % 12} <= set(each.tones)
        assert each.loudness.max() == 1


def test_harmonies_have_no_gaps_and_at_most_four_tones(wild):
    for grid in (None, 1, 4):
        found = harmonies_of(wild, grid)
        assert found[0].start == 0
        for before, after in pairwise(found):
            assert before.end == after.start
        assert all(len(each.tones) <= 4 for each in found)


def test_a_higher_price_makes_fewer_chords_that_fit_less_well(wild):
    counts, fits = [], []
    for price in (0.0, 0.03, 0.1, 1.0):
        found = harmonies_of(wild, price=price)
        chords = np.concatenate([np.tile(h.loudness, (h.end - h.start, 1)) for h in found])
        counts.append(len(found))
        fits.append(np.einsum("td,td->t", unit_shapes(wild), unit_shapes(chords)).mean())
    assert counts == sorted(counts, reverse=True)
    assert fits == sorted(fits, reverse=True)
    assert counts[0] > 2 * counts[-1]


def test_the_loudness_of_chord_tones_maximizes_correlation(wild):
    """No other loudness of a chord's tones correlates better with its frames."""
    rng = np.random.default_rng(0)
    shapes = unit_shapes(wild[:30])
    (chord,) = find_harmonies(shapes, np.zeros(30), price=100.0)
    best = (shapes @ unit_shapes(chord.loudness)).sum()
    for _ in range(200):
        other = chord.loudness * rng.uniform(0.7, 1.3, 12)
        assert (shapes @ unit_shapes(other)).sum() <= best + 1e-9


REGISTER = Register(48, 76)


def test_voices_do_not_cross_and_stay_in_their_register():
    rng = np.random.default_rng(1)
    chords = [tuple(rng.permutation(12)[: rng.integers(1, 5)]) for _ in range(60)] + [()]
    voicings = lead_voices(chords, [0] * 61, REGISTER)
    for chord, voicing in zip(chords, voicings, strict=True):
        assert sorted(note % 12 for note in voicing) == sorted(chord)
        assert list(voicing) == sorted(voicing)
        assert all(REGISTER.lowest <= note <= REGISTER.highest for note in voicing)


def test_voices_move_little(song):
    roots = [0, 5, 7, 9, 2, 7, 0, 4, 9, 2, 7, 0]
    chords = [(root, (root + 4) % 12, (root + 7) % 12) for root in roots]
    voicings = np.array(lead_voices(chords, roots, REGISTER))
    assert np.abs(np.diff(voicings, axis=0)).mean() < 3
    assert lead_voices([(0, 4, 7)] * 3, [0] * 3, REGISTER) == [(60, 64, 67)] * 3


def test_a_rest_does_not_change_the_voicings_around_it():
    with_rest = lead_voices([(0, 4, 7), (), (0, 5, 9)], [0, 0, 5], REGISTER)
    without = lead_voices([(0, 4, 7), (0, 5, 9)], [0, 5], REGISTER)
    assert with_rest == [without[0], (), without[1]]
    assert lead_voices([(), ()], [0, 0], REGISTER) == [(), ()]


@pytest.mark.parametrize("frame_rate", [2.0, 10.0, 43.07, 200.0])
def test_cells_consist_of_whole_frames_and_have_limited_lengths(frame_rate):
    seconds = np.arange(301) / frame_rate
    timing = Timing.from_borders(seconds)
    timeline = Timeline.of(timing, 300, notated_tempo=None)
    cells = timeline.seconds_at(timeline.cells(None))
    assert cells[0] == 0
    assert cells[-1] == seconds[-1]
    assert np.diff(cells[:-1]).min() >= min(1 / frame_rate, 0.05) - 1e-9
    assert np.diff(cells).max() <= max(1 / frame_rate, 0.17) + 1e-9
    assert np.abs(cells[:, None] - seconds).min(axis=1).max() < 1e-9


def test_totals_of_cells_add_up_to_the_totals_of_the_piece(wild):
    seconds = np.cumsum(np.concatenate([[0], np.random.default_rng(0).random(len(wild))]))
    seconds[5] = seconds[4]  # a frame without length
    timeline = Timeline.of(Timing.from_beats(seconds), len(wild), notated_tempo=None)
    for grid in (None, 1, 3):
        totals = timeline.totals(wild, timeline.seconds_at(timeline.cells(grid)))
        expected = (wild * np.diff(seconds)[:, None]).sum(axis=0)
        np.testing.assert_allclose(totals.sum(axis=0), expected)
