"""Pieces follow requested chord progressions."""

from itertools import islice

import numpy as np
import pytest

from musicai import LSTMComposer, Timing
from musicai.render import chord_chart, recognize_chords
from musicai.theory.chord_symbols import number_of, quality_and_root, read_symbol
from musicai.theory.keys import pitch_classes
from musicai.theory.vocabulary import QUALITIES

BEATS = Timing.from_tempo(60, beats_per_bar=4)
PROGRESSION = "C | Am | F G | C"


def songs(n_songs=24, seed=0):
    """Return noisy chroma of chord sequences in random major keys, two beats per chord."""
    rng = np.random.RandomState(seed)
    known = [read_symbol(symbol) for symbol in ("C", "F", "G", "Am", "Dm", "Em")]
    pieces = []
    for number, key in enumerate(rng.randint(12, size=n_songs)):
        chords = np.repeat(rng.choice(known, 16 + number % 3), 2)
        frames = np.roll([frame_of(number) for number in chords], key, axis=1)
        frames = np.clip(frames * rng.uniform(0.5, 1, frames.shape), 0.15 * rng.rand(1), 1)
        pieces.append((frames / frames.max(axis=1, keepdims=True)).astype(np.float32))
    return pieces


def frame_of(number):
    quality, root = quality_and_root(number)
    return np.isin(np.arange(12), [(root + tone) % 12 for tone in QUALITIES[quality].tones])


@pytest.fixture(scope="module")
def composer():
    composer = LSTMComposer(hidden_size=48, batch_size=4, max_iter=25, random_state=0)
    return composer.fit(songs(), timing=BEATS)


def share_of(piece, asked, timing=BEATS):
    """Return the share of frames in which the requested chords are recognized."""
    names = np.repeat([read_symbol(symbol) for symbol, _ in asked], [n for _, n in asked])
    found = np.full(len(piece), -1)
    for chord in recognize_chords(piece, timing=timing):
        start, stop = timing.frames_at([chord.start, chord.end])
        found[start:stop] = number_of(chord)
    return np.mean(found == np.resize(names, len(piece)))


@pytest.mark.parametrize("n_pieces", [1, 5, 64])
def test_requested_chords_are_recognized(composer, n_pieces):
    asked = [("C", 4), ("Am", 4), ("F", 2), ("G", 2), ("C", 4)]
    pieces = composer.sample(64, chords=PROGRESSION, n_pieces=n_pieces, random_state=0)
    assert np.mean([share_of(piece, asked) for piece in pieces]) > 0.9
    free = composer.sample(64, key="C", n_pieces=n_pieces, random_state=0)
    assert np.mean([share_of(piece, asked) for piece in free]) < 0.5


def test_notations_of_the_same_progression_give_the_same_piece(composer):
    pairs = [("C", 4), ("Am", 4), ("F", 2), ("G", 2), ("C", 4)]
    timed = recognize_chords(
        np.repeat([frame_of(read_symbol(symbol)) for symbol, _ in pairs], [4, 4, 2, 2, 4], axis=0)
        + 0.0,
        timing=BEATS,
    )
    pieces = [
        composer.sample(40, chords=chords, random_state=3)
        for chords in (PROGRESSION, "C:maj | A:min | F / G / | C", pairs)
    ]
    pieces.append(composer.sample(40, chords=timed, random_state=3))
    for piece in pieces[1:]:
        np.testing.assert_array_equal(piece, pieces[0])


def test_a_chord_chart_can_be_passed_as_a_progression(composer):
    first = composer.sample(32, chords=PROGRESSION, random_state=1)
    chart = chord_chart(first, timing=BEATS)
    again = composer.sample(32, chords=chart, random_state=2)
    found = [recognize_chords(piece, timing=BEATS) for piece in (first, again)]
    assert share_of(again, [(c.label, round(c.end - c.start)) for c in found[0]]) > 0.8


def test_transposed_chords_give_the_transposed_piece(composer):
    piece = composer.sample(32, chords="C | Am | Dm G | C", random_state=4)
    up = composer.sample(32, chords="D | Bm | Em A | D", random_state=4)
    np.testing.assert_array_equal(np.roll(piece, 2, axis=1), up)


@pytest.mark.parametrize("n_pieces", [None, 3])
def test_a_progression_without_any_chord_has_no_effect(composer, n_pieces):
    asked = composer.sample(20, chords="* | N", n_pieces=n_pieces, random_state=5)
    np.testing.assert_array_equal(asked, composer.sample(20, n_pieces=n_pieces, random_state=5))


def test_any_chord_may_sound_in_a_bar_without_a_requested_chord(composer):
    pieces = composer.sample(64, chords="C | *", n_pieces=8, random_state=6)
    bars = np.array(pieces).reshape(8, 8, 2, 4, 12)
    asked, free = (bars[:, :, i].reshape(-1, 12) for i in (0, 1))
    tones = frame_of(read_symbol("C"))
    assert asked[:, tones].mean() > asked[:, ~tones].mean() + 0.5
    assert free[:, tones].mean() < asked[:, tones].mean() - 0.1


def test_pieces_with_chords_sampled_together_equal_those_sampled_alone(composer):
    chords = [PROGRESSION, None, "F | *", [("G7", 5), ("C", 3)]]
    seeds = [1, 2, 3, 4]
    together = composer.sample(24, chords=chords, random_state=seeds)
    for piece, asked, seed in zip(together, chords, seeds, strict=True):
        np.testing.assert_array_equal(piece, composer.sample(24, chords=asked, random_state=seed))


def test_stream_and_sample_give_the_same_frames_for_the_same_chords(composer):
    stream = composer.stream(chords=PROGRESSION, random_state=7)
    np.testing.assert_array_equal(
        list(islice(stream, 40)), composer.sample(40, chords=PROGRESSION, random_state=7)
    )


def test_chords_after_a_prime_are_not_transposed(composer):
    prime = composer.sample(16, chords="C | F | G | C", temperature=0.8, random_state=8)
    new = composer.sample(16, prime=prime, chords="F | G | Am | C", random_state=9)
    assert share_of(new, [("F", 4), ("G", 4), ("Am", 4), ("C", 4)]) > 0.8


def test_piano_rolls_follow_chords():
    rng = np.random.RandomState(0)
    rolls = []
    for song in songs():
        roll = np.zeros((len(song), 88), np.float32)
        for octave in (15, 27):  # from C2 and from C3
            roll[:, octave : octave + 12] = song > 0.4
        rolls.append(roll * (rng.rand(*roll.shape) < 0.9).astype(np.float32))
    composer = LSTMComposer(hidden_size=48, batch_size=4, max_iter=25, random_state=0)
    composer.fit(rolls, timing=BEATS)
    piece = composer.sample(64, chords="F | C | G Am | F", random_state=0)
    assert set(np.unique(piece)) <= {0, 1}
    asked = [("F", 4), ("C", 4), ("G", 2), ("Am", 2), ("F", 4)]
    assert share_of(pitch_classes(piece), asked) > 0.8


def test_chords_need_chroma_or_piano_rolls(chroma):
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0)
    composer.fit([piece[:, :5] for piece in chroma])
    with pytest.raises(ValueError, match="chords needs a composer of chroma or piano rolls"):
        composer.sample(4, chords="C")


def test_a_progression_in_bars_needs_timing_and_enough_frames(composer, chroma):
    untimed = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(chroma)
    with pytest.raises(ValueError, match="timing of the frames is unknown: fit with timing"):
        untimed.sample(4, chords="C")
    assert untimed.sample(4, chords=[("C", 2)]).shape == (4, 12)
    with pytest.raises(ValueError, match="lasts 12 frames but n_frames is 8"):
        composer.sample(8, chords="C | F | G")
    with pytest.raises(ValueError, match=r"chords\[1\] has 'H' in bar 1"):
        composer.sample(8, chords=["C", "H"])
    with pytest.raises(ValueError, match=r"the numbers of pieces differ \(n_pieces 3, chords 2\)"):
        composer.sample(8, n_pieces=3, chords=["C", "F"])
    with pytest.raises(ValueError, match="stream composes one piece"):
        composer.stream(chords=["C", "F"])


def test_bars_have_the_meter_of_the_style():
    timings = [Timing.from_tempo(60, beats_per_bar=n) for n in (3, 4)] * 6
    composer = LSTMComposer(hidden_size=16, max_iter=1, random_state=0)
    composer.fit(songs(12), ["waltz", "pop"] * 6, timing=timings)
    with pytest.raises(ValueError, match="lasts 6 frames"):
        composer.sample(5, chords="C | F", style="waltz")
    with pytest.raises(ValueError, match="lasts 8 frames"):
        composer.sample(5, chords="C | F", style="pop")


def test_next_chords_are_those_that_follow_in_the_training_pieces():
    turn = np.array([frame_of(read_symbol(symbol)) for symbol in ("C", "F", "G", "Am")])
    song = np.repeat(np.tile(turn, (4, 1)), 4, axis=0).astype(np.float32)
    timing = Timing.from_tempo(120)
    composer = LSTMComposer(hidden_size=48, max_iter=80, random_state=0)
    composer.fit([song[start:] for start in range(12)], timing=timing)
    chords, probabilities = composer.next_chords(song[:18], n_best=2, random_state=0)
    assert chords[0].label == "F"  # the piece ends after two of four beats of C
    assert probabilities[0] > 0.7
    assert 0.5 <= chords[0].start <= 1.5 <= chords[0].end  # the other two beats of C last 1 s
    assert 0 < probabilities.sum() <= 1
    (alone,) = composer.next_chords([song[:18]], n_best=2, random_state=0)
    assert alone[0] == chords


def test_next_chords_need_chroma_and_timing(chroma):
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0)
    with pytest.raises(ValueError, match="fitted without timing"):
        composer.fit(chroma).next_chords(chroma[0])
    composer.fit([piece[:, :5] for piece in chroma], timing=10)
    with pytest.raises(ValueError, match="next_chords needs a composer of chroma or piano rolls"):
        composer.next_chords(chroma[0][:, :5])


@pytest.mark.filterwarnings("ignore:prime is far")  # the prime is sampled, not real music
def test_a_gap_can_be_filled_with_requested_chords(composer):
    song = composer.sample(24, chords="C | F | G | C | F | G", random_state=0)
    new = composer.sample(
        8, prime=song[:16], then=song[16:], chords="Am | Dm", key="C", random_state=1
    )
    assert share_of(new, [("Am", 4), ("Dm", 4)]) > 0.8


def test_a_piece_ends_on_the_last_chord_of_its_progression(composer):
    pieces = composer.sample(27, chords="C | Am | F", ending=True, n_pieces=32, random_state=0)
    asked = [("C", 4), ("Am", 4), ("F", 4)] * 2 + [("F", 3)]
    assert np.mean([share_of(piece, asked) for piece in pieces]) > 0.75
    assert np.mean([share_of(piece[-3:], [("F", 3)]) for piece in pieces]) > 0.6


def test_pieces_with_chords_and_endings_sampled_together_equal_those_sampled_alone(composer):
    chords, seeds = ["C | F | G", None, "Am | E"], [1, 2, 3]
    together = composer.sample(21, chords=chords, ending=True, random_state=seeds)
    for piece, asked, seed in zip(together, chords, seeds, strict=True):
        alone = composer.sample(21, chords=asked, ending=True, random_state=seed)
        np.testing.assert_array_equal(piece, alone)


def test_a_stream_that_is_ended_follows_chords_like_a_sample(composer):
    stream = composer.stream(chords="C | Am | F", random_state=7)
    stream.end(20)
    stream.end(150)  # 150 frames before the end, all cues are still 0
    ended = composer.sample(150, chords="C | Am | F", ending=True, random_state=7)
    # Only `sample` chooses among many endings, which differ in their last 48 frames.
    np.testing.assert_array_equal(list(stream)[:102], ended[:102])
    stream = composer.stream(chords="C | Am | F", random_state=8)
    before = list(islice(stream, 29))
    stream.end(15)
    rest = list(stream)
    assert len(rest) == 15
    asked = [("Am", 3), ("F", 12)]
    assert share_of(np.array([*before, *rest])[29:], asked) > 0.7
