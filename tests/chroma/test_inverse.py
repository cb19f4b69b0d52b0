import numpy as np
import pytest

from musicai import ChromaExtractor, Timing
from musicai.chroma._sync import frames_between, median_chroma
from musicai.theory.timing_argument import as_timing

SETTINGS = [
    {},
    {"kind": "stft"},
    {"kind": "cqt", "sr": 16000, "hop_length": 1600},
    {"kind": "stft", "sr": 44100, "n_fft": 2048, "hop_length": 512},
]


def similarity(piece: np.ndarray, other: np.ndarray) -> float:
    """Return the mean correlation of corresponding frames."""
    a, b = (chroma - chroma.mean(axis=1, keepdims=True) for chroma in (piece, other))
    return np.mean(np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


def chords(n_frames: int, frames_per_chord: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    piece = np.zeros((n_frames, 12), dtype=np.float32)
    for start in range(0, n_frames, frames_per_chord):
        notes = rng.choice(12, 3, replace=False)
        piece[start : start + frames_per_chord, notes] = [1, rng.uniform(0.4, 1), 0.5]
    return piece


def dense(n_frames: int, frames_per_chord: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    frames = rng.uniform(0.3, 1, (n_frames // frames_per_chord, 12)).astype(np.float32)
    return np.repeat(frames / frames.max(axis=1, keepdims=True), frames_per_chord, axis=0)


@pytest.mark.parametrize("parameters", SETTINGS)
def test_analysis_of_synthesized_chroma_resembles_the_original(make_music, parameters):
    extractor = ChromaExtractor(**parameters)
    (real,) = extractor.transform([(make_music(22050), 22050)])
    held = 8 if extractor.hop_length == 512 else 2
    pieces = [real, chords(64, held), chords(64, 8), dense(64, 8)]
    analyzed = extractor.transform(extractor.inverse_transform(pieces))
    for piece, again in zip(pieces, analyzed, strict=True):
        assert again.shape == piece.shape
        assert similarity(piece, again) > 0.95


@pytest.mark.parametrize("parameters", SETTINGS)
def test_synthesis_keeps_the_number_of_frames(parameters):
    extractor = ChromaExtractor(**parameters)
    pieces = [chords(n_frames, 1) for n_frames in (1, 2, 3, 17)]
    analyzed = extractor.transform(extractor.inverse_transform(pieces))
    assert [len(piece) for piece in analyzed] == [1, 2, 3, 17]
    assert analyzed[0][0].argmax() == pieces[0][0].argmax()


def test_audio_is_returned_in_the_same_kind_of_collection_as_the_pieces():
    extractor = ChromaExtractor()
    piece = chords(5, 2)
    alone = extractor.inverse_transform(piece)
    assert alone.shape == (4.5 * 2048,)
    assert alone.dtype == np.float32
    in_list = extractor.inverse_transform([piece, piece[:2]])
    assert isinstance(in_list, list)
    np.testing.assert_array_equal(in_list[0], alone)
    stacked = extractor.inverse_transform(np.stack([piece, piece]))
    assert stacked.shape == (2, 4.5 * 2048)


def test_a_piece_without_frames_gives_no_samples():
    audio = ChromaExtractor().inverse_transform([np.zeros((0, 12)), chords(3, 1)])
    assert [len(samples) for samples in audio] == [0, 2.5 * 2048]


def test_negative_values_count_as_zero():
    piece = chords(5, 2)
    negative = np.where(piece == 0, -0.2, piece)
    for kind in ("cqt", "stft"):
        extractor = ChromaExtractor(kind=kind)
        np.testing.assert_array_equal(
            extractor.inverse_transform(negative), extractor.inverse_transform(piece)
        )


@pytest.mark.parametrize("X", [np.ones((5, 11)), [np.ones((5, 88))], np.full((5, 12), np.nan)])
def test_pieces_that_are_not_chroma_are_rejected(X):
    with pytest.raises(ValueError, match="12|NaN"):
        ChromaExtractor().inverse_transform(X)


@pytest.mark.parametrize("parameters", [{}, {"sr": 16000, "hop_length": 1600}, {"n_fft": 8192}])
def test_fitted_amplitudes_reproduce_constant_q_chroma(make_music, parameters):
    extractor = ChromaExtractor(**parameters)
    (real,) = extractor.transform([(make_music(22050), 22050)])
    pieces = [real, dense(64, 4), 0.001 * dense(64, 4)]
    analyzed = extractor.transform(extractor.inverse_transform(pieces))
    for piece, again in zip(pieces, analyzed, strict=True):
        assert similarity(piece, again) > 0.99


def test_beat_synchronous_chroma_is_reproduced():
    piece, borders = dense(20, 1), np.cumsum(np.random.default_rng(0).uniform(0.4, 0.6, 21))
    timing = Timing.from_beats(borders)
    audio = ChromaExtractor(sync="beat").inverse_transform(piece, timing=timing)
    (frames,) = ChromaExtractor().transform([audio])
    parts = frames_between(borders - borders[0], 22050 / 2048, len(frames))
    assert similarity(piece, median_chroma(frames, parts)) > 0.98


@pytest.mark.parametrize(
    ("X", "advice"),
    [
        (np.ones((5, 88)), r"X has 88 .* where 12 are .*PianoRollExtractor\(\)\.inverse_transform"),
        ([np.ones((5, 12)), np.ones((12, 5))], r"X\[1\] has 5 .* did you mean X\[1\]\.T\?"),
    ],
)
def test_errors_advise_on_pieces_that_are_not_chroma(X, advice):
    with pytest.raises(ValueError, match=advice):
        ChromaExtractor().inverse_transform(X)


@pytest.mark.parametrize("hop_length", [512, 2048, 4096])
def test_the_default_timing_is_that_of_the_extractor(hop_length):
    extractor = ChromaExtractor(hop_length=hop_length)
    for options in ({}, {"timing": extractor}, {"timing": 22050 / hop_length}):
        audio = extractor.inverse_transform(chords(30, 3), **options)
        assert len(audio) == 29.5 * hop_length


@pytest.mark.parametrize(
    "timing", [3.3, 9.7, 50, Timing.from_rate(10)[3:], Timing.from_borders(np.arange(13) ** 1.2)]
)
@pytest.mark.parametrize("kind", ["cqt", "stft"])
def test_audio_lasts_as_long_as_its_timing(timing, kind):
    audio = ChromaExtractor(kind=kind).inverse_transform(chords(12, 3), timing=timing)
    assert len(audio) == int(round(as_timing(timing).duration(12) * 22050, 6))


def test_frames_sound_at_their_centers():
    """Check a frame rate that differs from the extractor's, and a part of a piece."""
    (frames,) = ChromaExtractor(hop_length=64).transform(
        [ChromaExtractor().inverse_transform(dense(40, 4), timing=Timing.from_rate(9.7))]
    )
    centers = np.rint(Timing.from_rate(9.7).centers(40) * 22050 / 64).astype(int)
    assert similarity(frames[centers], dense(40, 4)) > 0.98
    part = Timing.from_rate(9.7)[12:]
    (frames,) = ChromaExtractor(hop_length=64).transform(
        [ChromaExtractor().inverse_transform(dense(40, 4)[12:], timing=part)]
    )
    centers = np.rint((part.centers(28) - part.borders(28)[0]) * 22050 / 64).astype(int)
    assert similarity(frames[centers], dense(40, 4)[12:]) > 0.98
