"""Edit lists, compared with the segments and the audio of the same mosaic."""

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor, MosaicSynthesizer, Timing

RATE = 22050


def chords(seed, n_chords=16):
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    attack = rng.standard_normal(len(time)) * np.exp(-time / 0.01)
    return np.concatenate(
        [
            0.1 * sum(np.sin(2 * np.pi * root * third * time) for third in (1, 5 / 4, 3 / 2))
            + 0.05 * attack
            for root in 220 * 2 ** (rng.integers(0, 12, n_chords) / 12)
        ]
    ).astype(np.float32)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    paths = [tmp_path_factory.mktemp("music") / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, chords(number, 28), RATE, "FLOAT")
    return paths


@pytest.fixture(scope="module")
def mosaics(recordings):
    """Return two mosaics: one by frames and one by beats."""
    extractors = (ChromaExtractor(), ChromaExtractor(sync="half-beat"))
    return [MosaicSynthesizer(each, shaping=0, sr=RATE).fit(recordings) for each in extractors]


@pytest.fixture(scope="module")
def piece():
    return ChromaExtractor().transform([chords(9)])[0]


def test_clips_match_segments_and_include_their_fades(mosaics, piece, recordings):
    for mosaic in mosaics:
        edits = mosaic.edit_list(piece, timing=ChromaExtractor())
        segments = mosaic.segments(piece, timing=ChromaExtractor())
        assert len(edits.clips) == len(segments) > 2
        for clip, segment in zip(edits.clips, segments, strict=True):
            assert (clip.recording, clip.gain) == (segment.recording, segment.gain)
            assert clip.path == str(recordings[clip.recording])
            assert clip.times[0] <= segment.start + 0.1
            assert clip.times[-1] >= segment.end - 0.1
            middle = (segment.start + segment.end) / 2
            source = np.interp(middle, clip.times, clip.source_times)
            near = (segment.source_start + segment.source_end) / 2
            assert source == pytest.approx(near, abs=0.03)
        assert edits.seconds == mosaic.transform(piece, timing=ChromaExtractor()).shape[0] / RATE
        assert edits.clips[-1].times[-1] == pytest.approx(edits.seconds)
        assert edits.clips[-1].fade_out == pytest.approx(min(0.4, np.ptp(edits.clips[-1].times)))


def test_the_clips_of_a_mosaic_by_frames_add_up_to_its_audio(mosaics, piece):
    mosaic = mosaics[0]
    audio = mosaic.transform(piece)
    edits = mosaic.edit_list(piece)
    played = np.zeros(len(audio))
    for clip in edits.clips:
        samples, _ = soundfile.read(clip.path)
        first, source = round(clip.times[0] * RATE), round(clip.source_times[0] * RATE)
        sound = samples[source : source + round(np.ptp(clip.times) * RATE)]
        sound = sound * 10 ** (clip.gain / 20)
        for end, seconds in ((1, clip.fade_in), (-1, clip.fade_out)):
            ramp = np.linspace(0, np.pi / 2, round(seconds * RATE))
            sound[::end][: len(ramp)] *= np.sin(ramp)
        played[first : first + len(sound)] += sound
    alone = np.ones(len(audio), bool)
    for clip in edits.clips:
        for seconds, reach in ((clip.times[0], clip.fade_in), (clip.times[-1], -clip.fade_out)):
            some = sorted([round(seconds * RATE), round((seconds + reach) * RATE)])
            alone[max(0, some[0] - 1) : some[1] + 1] = False
    gain = audio[alone] @ played[alone] / (played[alone] @ played[alone])
    np.testing.assert_allclose(audio[alone], gain * played[alone], atol=1e-3)


def test_the_edit_list_has_the_timing_and_tempo_of_the_mosaic(mosaics, piece):
    frames, beats = mosaics
    assert frames.edit_list(piece).timing == ChromaExtractor().timing
    assert frames.edit_list(piece).tempo is None
    steady = beats.edit_list(piece, timing=10)
    assert (steady.timing, steady.tempo) == (Timing.from_rate(10), beats.tempo_)
    half_beats = Timing.from_tempo(None, frames_per_beat=2, downbeat=1)
    some, others = beats.edit_list([piece[:16]] * 2, timing=[half_beats, 10])
    assert (some.timing, some.tempo) == (half_beats.at_tempo(beats.tempo_), None)
    assert others.tempo == beats.tempo_
    assert beats.edit_list(piece, timing=half_beats, tempo=110).timing.tempo == 110


def test_the_volume_envelope_is_zero_where_the_piece_is_silent(mosaics, piece):
    for mosaic in mosaics:
        assert mosaic.edit_list(piece, timing=ChromaExtractor()).levels.shape == (0, 2)
        quiet = piece.copy()
        quiet[20:24] = quiet[:2] = 0
        edits = mosaic.edit_list(quiet, timing=ChromaExtractor())
        rate = ChromaExtractor().frame_rate
        levels = np.interp(np.arange(len(piece)) / rate, *edits.levels.T)
        np.testing.assert_array_equal(levels, quiet.any(axis=1))
        nothing = mosaic.edit_list(piece[:0].reshape(0, 12)[None])
        assert nothing[0].clips == []


def test_recordings_in_memory_have_no_path(piece):
    mosaic = MosaicSynthesizer(sr=RATE).fit([(chords(0), RATE)])
    assert {clip.path for clip in mosaic.edit_list(piece).clips} == {None}
