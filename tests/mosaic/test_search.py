import itertools

import numpy as np
import pytest

from musicai.mosaic._corpus import make_corpus
from musicai.mosaic._search import find_path
from musicai.theory.shapes import unit_shapes


def corpus_of(*lengths, seed=0, transpose=0, quiet=0.0, spread=0.0):
    """Return a corpus of random frames.

    A share `quiet` of the frames is inaudible. The levels of the other frames span `spread` dB.
    """
    rng = np.random.default_rng(seed)
    chroma = [rng.random((n, 12), dtype=np.float32) for n in lengths]
    levels = [rng.uniform(-20 - spread, -20, n).astype(np.float32) for n in lengths]
    for level in levels:
        level[: int(quiet * len(level))] = -80
        rng.shuffle(level)
    return together(chroma, levels, transpose=transpose)


def together(chroma, levels, transpose=0):
    n = len(chroma)
    return make_corpus(
        chroma,
        levels,
        np.zeros(n),
        transpose=transpose,
        frame_rate=1.0,
        played=np.ones(n, bool),
    )


def find(shapes, corpus, **limits):
    """Find the path when any recording may be played at any time."""
    turns = {"turns": np.zeros(len(shapes), int), "groups": np.ones((1, 99), bool)}
    return find_path(shapes, corpus, **turns, **limits)


def piece(n_frames, seed=1):
    return unit_shapes(np.random.default_rng(seed).random((n_frames, 12)).astype(np.float32))


def rows_of(runs):
    return np.concatenate([np.arange(run.row, run.row + run.n_frames) for run in runs])


def worth(shapes, corpus, rows, join_cost):
    track = np.searchsorted(corpus.firsts, rows, side="right")
    joined = (np.diff(rows) != 1) | (np.diff(track) != 0)
    at_joins = np.flatnonzero(joined)
    costs = np.sum(corpus.at_joins[rows[at_joins]] + corpus.at_joins[rows[at_joins + 1]])
    return float(np.sum(corpus.shapes[rows] * shapes) - join_cost * len(at_joins) - costs)


@pytest.mark.parametrize("join_cost", [0.0, 0.2, 0.7, 5.0])
@pytest.mark.parametrize("quiet", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(4))
def test_no_other_path_is_better(join_cost, quiet, seed):
    corpus, shapes = corpus_of(4, 3, seed=seed, quiet=quiet, spread=20), piece(4, seed=seed)
    runs = find(shapes, corpus, join_cost=join_cost, longest=99)
    every = itertools.product(np.flatnonzero(corpus.audible), repeat=len(shapes))
    best = max(worth(shapes, corpus, np.array(rows), join_cost) for rows in every)
    assert worth(shapes, corpus, rows_of(runs), join_cost) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("n_frames", [1, 2, 63, 64, 65, 200])
def test_runs_cover_the_piece_and_each_run_stays_in_one_track(n_frames):
    corpus = corpus_of(30, 0, 80, 5, transpose=1)
    runs = find(piece(n_frames), corpus, join_cost=0.3, longest=20)
    assert [run.frame for run in runs] == [0, *np.cumsum([run.n_frames for run in runs])[:-1]]
    assert sum(run.n_frames for run in runs) == n_frames
    for run in runs:
        assert corpus.track(run.row) == corpus.track(run.row + run.n_frames - 1)


@pytest.mark.parametrize("longest", [1, 5, 12])
def test_no_recording_plays_longer_than_the_limit(longest):
    corpus = corpus_of(60, 60, 60)
    shapes = corpus.shapes[:60]  # the piece is the first recording
    runs = find(shapes, corpus, join_cost=0.5, longest=longest)
    recording = corpus.recording[rows_of(runs)]
    in_a_row = [len(list(group)) for _, group in itertools.groupby(recording)]
    assert max(in_a_row) <= longest


def test_a_short_excursion_to_another_recording_does_not_reset_the_count():
    corpus = corpus_of(60, 60, 60)
    runs = find(corpus.shapes[:60], corpus, join_cost=0.5, longest=20)
    recording = list(corpus.recording[rows_of(runs)])
    # If the count were reset, the path could leave the recording for only one frame in twenty.
    assert recording.count(0) <= 45


def test_the_path_through_a_single_recording_jumps_at_the_limit():
    corpus = corpus_of(200)
    runs = find(corpus.shapes[50:150], corpus, join_cost=0.5, longest=20)
    assert max(run.n_frames for run in runs) <= 20
    gaps = [after.row - (run.row + run.n_frames) for run, after in itertools.pairwise(runs)]
    assert min(map(abs, gaps)) >= 19


def test_a_higher_join_cost_gives_fewer_joins():
    corpus, shapes = corpus_of(300, 300), piece(100)
    joins = [len(find(shapes, corpus, join_cost=cost, longest=99)) for cost in (0.0, 0.5, 1, 2, 9)]
    assert joins == sorted(joins, reverse=True)
    assert joins[0] > 50
    assert joins[-1] == 2  # of the 100 frames, one recording may play 99 in a row


def test_an_empty_piece_has_no_runs():
    assert find(np.zeros((0, 12), np.float32), corpus_of(9), join_cost=1.0, longest=9) == []


def test_a_recording_is_transposed_to_the_key_of_the_piece():
    corpus = corpus_of(100, transpose=2)
    chroma = np.random.default_rng(0).random((100, 12), dtype=np.float32)
    for semitones in (-2, -1, 0, 1, 2):
        wanted = unit_shapes(np.roll(chroma, semitones, axis=1))[40:42]
        (run,) = find(wanted, corpus, join_cost=9.0, longest=99)
        if semitones == 0:
            assert corpus.frame(run.row) == 40
        assert corpus.semitones[corpus.track(run.row)] == semitones


def test_flat_frames_have_zero_shapes_and_quiet_frames_may_not_be_played():
    chroma = np.random.default_rng(0).random((10, 12)).astype(np.float32)
    chroma[3] = 0.7
    levels = np.full(10, -20, dtype=np.float32)
    levels[5] = -80
    corpus = together([chroma], [levels])
    assert np.flatnonzero(~corpus.shapes.any(axis=1)).tolist() == [3]
    assert np.flatnonzero(~corpus.audible).tolist() == [5]


@pytest.mark.parametrize("longest", [1, 4, 50])
@pytest.mark.parametrize("lengths", [(40, 40, 40, 40), (1, 2, 60, 3)])
def test_groups_of_recordings_take_turns(longest, lengths):
    corpus = corpus_of(*lengths, spread=20)
    groups = np.array([[True, False, False, False], [False, True, True, False]])
    turns = np.random.default_rng(2).integers(0, 2, 200)
    limits = {"join_cost": 0.5, "longest": longest}
    runs = find_path(piece(200), corpus, turns=turns, groups=groups, **limits)
    recording = corpus.recording[rows_of(runs)]
    assert groups[turns, recording].all()
    assert sum(run.n_frames for run in runs) == 200


@pytest.mark.parametrize("seed", range(4))
def test_no_other_path_with_the_same_turns_is_better(seed):
    corpus, shapes = corpus_of(3, 2, 2, seed=seed, spread=20), piece(4, seed=seed)
    groups, turns = np.array([[True, False, True], [False, True, False]]), np.array([0, 0, 1, 0])
    limits = {"join_cost": 0.4, "longest": 99}
    runs = find_path(shapes, corpus, turns=turns, groups=groups, **limits)
    every = [np.flatnonzero(groups[turn][corpus.recording]) for turn in turns]
    best = max(worth(shapes, corpus, np.array(rows), 0.4) for rows in itertools.product(*every))
    assert worth(shapes, corpus, rows_of(runs), 0.4) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("lengths", [(1,), (2, 1), (40,), (60, 60), (30, 5, 30), (9, 9, 9, 9)])
@pytest.mark.parametrize("join_cost", [0.0, 0.5, 1000.0])
@pytest.mark.parametrize("longest", [1, 7, 50])
@pytest.mark.parametrize("quiet", [0.0, 0.5, 0.9])
def test_a_long_piece_can_be_played_with_a_few_short_recordings(lengths, join_cost, longest, quiet):
    corpus = corpus_of(*lengths, quiet=quiet)
    runs = find(piece(300), corpus, join_cost=join_cost, longest=longest)
    assert sum(run.n_frames for run in runs) == 300
    assert corpus.audible[rows_of(runs)].all()
    for run in runs:
        assert run.row >= 0
        assert corpus.track(run.row) == corpus.track(run.row + run.n_frames - 1)
    if len(lengths) > 1:
        recording = corpus.recording[rows_of(runs)]
        assert max(len(list(group)) for _, group in itertools.groupby(recording)) <= longest


@pytest.mark.parametrize("longest", [1, 5, 12])
def test_one_recording_may_play_exactly_up_to_the_limit(longest):
    corpus = corpus_of(60, 60, 60)
    runs = find(corpus.shapes[20 : 20 + longest], corpus, join_cost=0.5, longest=longest)
    assert [(run.row, run.n_frames) for run in runs] == [(20, longest)]


def test_the_count_toward_the_limit_begins_at_the_join():
    corpus = corpus_of(60, 60, 60)
    firsts = [5, 70, 130]
    shapes = np.concatenate([corpus.shapes[first : first + 10] for first in firsts])
    runs = find(shapes, corpus, join_cost=0.5, longest=12)
    assert [(run.row, run.n_frames) for run in runs] == [(first, 10) for first in firsts]
