"""Laws of rule-based music."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import ChromaExtractor
from musicai.base.pieces import PITCH_CLASSES
from musicai.datasets import make_progressions
from musicai.datasets._parts import Note
from musicai.datasets._sounding import sound
from musicai.datasets._styles import STYLES, read_progression
from musicai.metrics import flux, frame_entropy, scale_consistency, triad_fit
from musicai.render import Chord, recognize_chords
from musicai.theory.keys import key_scores
from musicai.theory.spelling import key_name
from musicai.theory.vocabulary import QUALITIES


@pytest.fixture(scope="module")
def music():
    return make_progressions(30, random_state=0)


def named_at(chords, moments):
    """Return the root and the mode, "maj" or "min", of the chord that sounds at each moment."""
    ends = [chord.end for chord in chords[:-1]]
    return [
        (chords[i].root, "maj" if 4 in QUALITIES[chords[i].quality].tones else "min")
        for i in np.searchsorted(ends, moments, side="right")
    ]


def test_pieces_have_the_format_of_extracted_chroma(music):
    assert music.timing == ChromaExtractor().timing
    for piece in music.data:
        assert piece.dtype == np.float32
        assert piece.shape[1] == 12
        assert piece.min() >= 0
        np.testing.assert_array_equal(piece.max(axis=1), 1)


@given(
    st.integers(1, 6),
    st.integers(1, 30),
    st.floats(20, 300),
    st.lists(st.sampled_from(sorted(STYLES)), min_size=1, unique=True),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_there_is_an_entry_for_each_piece_and_chords_fill_the_piece(
    n_pieces, n_bars, tempo, styles, seed
):
    music = make_progressions(
        n_pieces, n_bars=n_bars, tempo=tempo, styles=styles, random_state=seed
    )
    for name in ("data", "target", "chords", "key_names", "tempi", "titles"):
        assert len(music[name]) == n_pieces
    assert music.target == [styles[i % len(styles)] for i in range(n_pieces)]
    assert music.target_names == sorted(styles)
    for piece, chords, style in zip(music.data, music.chords, music.target, strict=True):
        seconds = n_bars * STYLES[style].beats * 60 / tempo
        assert len(piece) == np.ceil(seconds * music.timing.frame_rate)
        assert chords[0].start == 0
        assert chords[-1].end == pytest.approx(seconds)
        for chord, following in pairwise(chords):
            assert chord.start < chord.end == following.start
            assert (chord.root, chord.quality) != (following.root, following.quality)


def test_the_same_seed_gives_the_same_music(music):
    again = make_progressions(30, random_state=np.random.RandomState(0))
    fewer, others = make_progressions(7, random_state=0), make_progressions(7, random_state=1)
    for i, piece in enumerate(music.data):
        np.testing.assert_array_equal(piece, again.data[i])
        if i < 7:
            np.testing.assert_array_equal(piece, fewer.data[i])
            assert not np.array_equal(piece, others.data[i])
    assert fewer.chords == music.chords[:7]


@pytest.mark.parametrize("seed", [0, None])
def test_the_global_random_state_is_not_used(seed):
    before = np.random.get_state()[1:3]
    made = make_progressions(1, random_state=seed)
    after = np.random.get_state()[1:3]
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1] == after[1]
    assert (made.tempi == make_progressions(1, random_state=seed).tempi).all() == (seed == 0)


def test_the_window_of_a_frame_is_symmetric():
    """A note one frame before the center counts as much as a note one frame after it."""

    class WithoutNoise(np.random.RandomState):
        def gamma(self, shape, scale, size):
            return np.zeros(size)

    notes = [Note(2, 2.25, pitch=0, loudness=1), Note(4, 4.25, pitch=6, loudness=1)]
    piece = sound([notes, [], []], tonic=0, n_frames=8, frames_per_beat=1, rng=WithoutNoise(seed=0))
    np.testing.assert_allclose(piece[3, [0, 6]], 1, rtol=1e-6)


def test_recognized_chords_mostly_agree_with_the_known_chords(music):
    recognized = recognize_chords(music.data, timing=music)
    agreement = [
        np.mean([a == b for a, b in zip(*both, strict=True)])
        for piece, known, found in zip(music.data, music.chords, recognized, strict=True)
        if (
            both := [
                named_at(
                    [c for c in chords if c.root is not None], music.timing.centers(len(piece))
                )
                for chords in (known, found)
            ]
        )
    ]
    assert np.mean(agreement) > 0.65  # as triads, although half the styles use sevenths
    pop = [share for share, style in zip(agreement, music.target, strict=True) if style == "pop"]
    assert np.mean(pop) > 0.9


def test_chord_labels_agree_with_roots_qualities_and_key(music):
    names = {(c.root, c.quality, c.label) for chords in music.chords for c in chords}
    assert all(isinstance(chord, Chord) for chord in music.chords[0])
    for root, quality, label in names:
        assert label.endswith(QUALITIES[quality].suffix)
        assert (PITCH_CLASSES.index(label[0]) - root) % 12 in (11, 0, 1)
    data = make_progressions(4, styles=["pop"], key="Bb", random_state=0)
    assert not any("#" in chord.label for chords in data.chords for chord in chords)


def test_a_given_key_is_used_and_most_keys_agree_with_estimates(music):
    for key in ("C", "F#", "Bb"):
        data = make_progressions(4, styles=["pop", "baroque"], key=key, random_state=0)
        assert all(chords[-1].label in (key, f"{key}m") for chords in data.chords)
    keys = [key_name(int(key_scores(piece.sum(axis=0)).argmax())) for piece in music.data]
    assert np.mean([a == b for a, b in zip(keys, music.key_names, strict=True)]) > 0.6


def test_tempo_can_be_a_number_or_a_range():
    assert set(make_progressions(3, tempo=96, random_state=0).tempi) == {96}
    tempi = make_progressions(40, n_bars=1, tempo=(60, 90), random_state=0).tempi
    assert tempi.min() >= 60
    assert tempi.max() <= 90
    assert np.ptp(tempi) > 20


def test_metrics_of_the_chroma_are_in_the_range_of_real_music(music):
    # Each comment gives the means for two collections of real music, and the mean for noise.
    assert 2.2 < frame_entropy(music.data) < 3.1  # 2.3 and 3.0 bits; 3.5 bits
    assert 0.7 < scale_consistency(music.data) < 0.9  # 0.7 and 0.86; 0.6
    assert 0.7 < triad_fit(music.data) < 0.85  # 0.7 and 0.82; 0.5
    assert 0.05 < flux(music.data) < 0.13  # 0.06 and 0.13; 0.2


def test_styles_differ_in_harmony(music):
    """Styles differ in their share of sevenths and in their harmonic rhythm."""
    sevenths, rate = {}, {}
    for chords, style, tempo in zip(music.chords, music.target, music.tempi, strict=True):
        sevenths.setdefault(style, []).extend("7" in chord.quality for chord in chords)
        beats = chords[-1].end * tempo / 60
        rate.setdefault(style, []).append(len(chords) / beats)
    share = {style: np.mean(values) for style, values in sevenths.items()}
    assert share["jazz"] > 0.9
    assert share["blues"] > 0.9
    assert share["pop"] == 0
    assert np.mean(rate["baroque"]) > 1.5 * np.mean(rate["pop"])
    assert np.mean(rate["jazz"]) > 1.2 * np.mean(rate["blues"])


@pytest.mark.parametrize("style", STYLES)
def test_progressions_fill_whole_bars(style):
    beats = STYLES[style].beats
    for mode in STYLES[style].modes:
        home = read_progression(mode.home, beats)
        assert [chord.root for chord in home] == [0]
        assert mode.minor == (3 in home[0].tones)
        for text in mode.progressions:
            chords = read_progression(text, beats)
            assert chords[-1].end == beats * len(text.split())
            assert all(one.end == two.start for one, two in pairwise(chords))


def test_progressions_can_be_synthesized_and_pickled():
    music = make_progressions(2, n_bars=2, tempo=180, random_state=0)
    audio = ChromaExtractor().inverse_transform(music.data)
    assert [len(samples) for samples in audio] == [2048 * (len(p) - 0.5) for p in music.data]
    pickled = pickle.dumps(music)
    assert pickle.loads(pickled).chords == music.chords
    assert b"musicai.render" in pickled  # the public module of Chord, which will not move


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_pieces": 0}, "n_pieces must be an integer of at least 1, got 0"),
        ({"n_bars": 1.5}, "n_bars must be an integer of at least 1"),
        ({"styles": ["pop", "polka"]}, r"styles must be None or a list from .*'polka'"),
        ({"styles": []}, "styles must be None or a list"),
        ({"styles": "pop"}, "styles must be None or a list"),
        ({"key": "H"}, "key must be a tonic, one of .* got 'H'"),
        ({"key": "A minor"}, "the style chooses the mode.*, got 'A minor'"),
        ({"tempo": (120, 90)}, r"or a tuple \(lowest, highest\), got \(120, 90\)"),
        ({"tempo": 0}, "tempo must be a number of beats per minute from 4"),
    ],
)
def test_invalid_parameters_are_rejected(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_progressions(**parameters)
