"""Laws of the beat corpus and of the search by beats."""

from itertools import pairwise

import numpy as np
import pytest

from musicai.mosaic._beat_corpus import UNKNOWN, make_beat_corpus
from musicai.mosaic._beat_search import find_beats
from musicai.mosaic._beat_tracks import BeatTrack
from musicai.mosaic._targets import Target


def track(seed, tempo=120.0, n_beats=40, clarity=0.8, downbeat=0, beats_per_bar=4):
    rng = np.random.default_rng(seed)
    return BeatTrack(
        beats=1 + np.arange(n_beats + 1) * 60 / tempo,
        chroma=rng.random((n_beats, 2, 12)).astype(np.float16),
        levels=rng.normal(0, 1, (n_beats, 2)).astype(np.float16),
        timbre=rng.normal(0, 1, (n_beats, 2, 13)).astype(np.float16),
        clarity=np.full(n_beats, clarity, np.float16),
        beats_per_bar=beats_per_bar,
        downbeat=downbeat,
        tuning=0.0,
    )


def target_of(corpus, rows, tempo=120.0, places=UNKNOWN):
    return Target(
        corpus.shapes[rows],
        np.arange(len(rows) + 1) * 60 / tempo,
        np.full(len(rows), places, np.int16),
    )


def find(target, corpus, *, join_cost=0.25, clarity=0.5, longest=10.0):
    turns = {"turns": np.zeros(len(target.shapes), int), "groups": np.ones((1, 99), bool)}
    limits = {"join_cost": join_cost, "clarity": clarity, "longest": longest}
    return find_beats(target, corpus, **turns, **limits)


def rows_of(runs):
    return [run.row + i for run in runs for i in range(run.n_frames)]


def test_a_piece_made_of_recorded_beats_is_played_with_these_beats():
    corpus = make_beat_corpus([track(i) for i in range(5)], tempo=120)
    rows = np.concatenate([np.arange(50, 58), np.arange(10, 18), np.arange(170, 178)])
    runs = find(target_of(corpus, rows), corpus)
    assert rows_of(runs) == rows.tolist()
    assert [run.frame for run in runs] == [0, 8, 16]


def test_runs_cover_the_piece_and_each_run_stays_in_one_track():
    corpus = make_beat_corpus([track(i, n_beats=17 + i) for i in range(4)], tempo=120)
    rng = np.random.default_rng(0)
    target = target_of(corpus, rng.integers(0, len(corpus.recording), 60))
    runs = find(target, corpus)
    assert [run.frame for run in runs] == np.cumsum([0, *[r.n_frames for r in runs]])[:-1].tolist()
    assert sum(run.n_frames for run in runs) == 60
    for run in runs:
        assert corpus.track(run.row) == corpus.track(run.row + run.n_frames - 1)


def test_recordings_at_the_tempo_of_the_piece_are_preferred():
    tracks = [track(0, tempo=120), track(0, tempo=95), track(0, tempo=60.5), track(0, tempo=240)]
    corpus = make_beat_corpus(tracks, tempo=120)
    assert set(corpus.recording) == {0, 1, 2, 3}  # some of them at other metrical levels
    np.testing.assert_allclose(corpus.usual, 0.5, rtol=0.3)
    runs = find(target_of(corpus, np.arange(5, 15)), corpus, longest=100)
    assert {int(corpus.recording[run.row]) for run in runs} == {0}


@pytest.mark.parametrize(("tempo", "n_halves"), [(60, 4), (120, 2), (240, 1), (30, 8)])
def test_recordings_are_played_at_the_metrical_level_nearest_to_the_tempo(tempo, n_halves):
    one = track(3, downbeat=1)
    corpus = make_beat_corpus([one], tempo=tempo)
    np.testing.assert_allclose(corpus.usual, 60 / tempo, rtol=1e-5)
    seconds = corpus.seconds(0, len(corpus.recording))
    np.testing.assert_allclose(np.diff(seconds), 60 / tempo)
    offset = (seconds[0] - one.beats[0]) / 0.5
    assert offset == (1 if n_halves > 2 else 0)  # rows of several beats begin at the downbeat
    assert len(corpus.recording) == (80 - 2 * offset) // n_halves


def test_a_tempo_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"tempo of 500 .* can be played at 20 to 364"):
        make_beat_corpus([track(0)], tempo=500)


def test_recordings_with_a_clear_pulse_are_preferred():
    corpus = make_beat_corpus([track(0, clarity=0.1), track(0, clarity=0.9)], tempo=120)
    target = target_of(corpus, np.arange(5, 15))
    assert {int(corpus.recording[run.row]) for run in find(target, corpus)} == {1}


def test_joins_often_keep_the_place_in_the_bar():
    tracks = [track(i, downbeat=i % 4, n_beats=80) for i in range(6)]
    corpus = make_beat_corpus(tracks, tempo=120)
    rng = np.random.default_rng(1)
    target = target_of(corpus, rng.integers(0, len(corpus.recording), 80))
    runs = find(target, corpus)
    places = corpus.places % 4
    kept = [
        places[after.row] == (places[before.row + before.n_frames - 1] + 1) % 4
        for before, after in pairwise(runs)
    ]
    assert np.mean(kept) > 0.4  # by chance, a quarter of joins would keep it


def test_most_beats_of_a_piece_keep_their_place_in_the_bar():
    corpus = make_beat_corpus([track(i, n_beats=100) for i in range(4)], tempo=120)
    rng = np.random.default_rng(2)
    rows = rng.integers(0, len(corpus.recording), 80)
    target = target_of(corpus, rows)._replace(places=corpus.places[np.arange(2, 82)])
    found = rows_of(find(target, corpus))
    assert np.mean(corpus.places[found] == target.places) > 0.6


@pytest.mark.parametrize("longest", [2.0, 4.0])
def test_no_recording_plays_longer_than_the_limit(longest):
    corpus = make_beat_corpus([track(i) for i in range(3)], tempo=120)
    found = rows_of(find(target_of(corpus, np.arange(40)), corpus, longest=longest))
    changes = np.flatnonzero(np.diff(corpus.recording[found]))
    in_a_row = np.diff(np.concatenate([[-1], changes, [len(found) - 1]]))
    assert in_a_row.max() * 0.5 <= longest


def test_a_shorter_time_limit_makes_the_path_use_more_recordings():
    corpus = make_beat_corpus([track(i) for i in range(10)], tempo=120)
    rng = np.random.default_rng(3)
    target = target_of(corpus, rng.integers(0, len(corpus.recording), 40))
    used = [
        len(set(corpus.recording[rows_of(find(target, corpus, join_cost=1.0, longest=longest))]))
        for longest in (30.0, 3.0)
    ]
    assert used[0] < used[1]


def test_beats_in_a_fade_are_not_played():
    fading = track(0)
    fading.levels[20:] = -60
    corpus = make_beat_corpus([fading, track(1)], tempo=120)
    found = rows_of(find(target_of(corpus, np.arange(20, 40)), corpus))
    assert not set(found) & set(range(20, 40))


def test_a_recording_is_transposed_to_the_key_of_the_piece():
    one = track(0)
    moved = one._replace(chroma=np.roll(one.chroma, 2, axis=2))
    wanted = make_beat_corpus([moved], tempo=120)
    corpus = make_beat_corpus([one], tempo=120, transpose=2)
    (run,) = find(target_of(wanted, np.arange(4, 12)), corpus)
    track_number = corpus.track(run.row)
    assert corpus.semitones[track_number] == 2
    # Faster playback raises the pitch and shortens the beats. Time scaling later restores only
    # the length of the beats.
    np.testing.assert_allclose(corpus.periods[run.row], 0.5 / 2 ** (2 / 12), rtol=1e-5)


def test_transposed_tracks_have_rolled_chroma_and_cost_more():
    one = track(0)
    corpus = make_beat_corpus([one], tempo=120, transpose=1)
    np.testing.assert_array_equal(corpus.semitones, [-1, 0, 1])
    np.testing.assert_array_equal(corpus.shifts, np.repeat([1, 0, 1], 40))
    below, own, above = corpus.shapes.reshape(3, 40, 2, 12)
    np.testing.assert_allclose(above, np.roll(own, 1, axis=2), atol=1e-6)
    np.testing.assert_allclose(below, np.roll(own, -1, axis=2), atol=1e-6)
    # A recording that matches without transposition is not transposed.
    (run,) = find(target_of(corpus, np.arange(44, 52)), corpus)
    assert run.row == 44


def test_an_empty_piece_has_no_runs():
    corpus = make_beat_corpus([track(0)], tempo=120)
    assert find(target_of(corpus, np.arange(0)), corpus) == []


def test_a_longer_piece_can_be_played_with_a_recording_of_three_beats():
    corpus = make_beat_corpus([track(0, n_beats=3)], tempo=120)
    assert len(rows_of(find(target_of(corpus, np.arange(3).repeat(5)), corpus))) == 15
