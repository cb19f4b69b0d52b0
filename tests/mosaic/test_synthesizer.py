import io
import itertools
import os
import pickle

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.audio import RecordingError
from musicai.metrics import frame_correlation
from musicai.theory.timing_argument import as_timing

RATE = 22050


def chords(roots, seconds=0.5, seed=0, detune=0.0):
    """A recording: a major triad on each root, with some breath."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    played = [
        sum(
            np.sin(2 * np.pi * 220 * 2 ** ((root + third + detune - 9) / 12) * time)
            for third in (0, 4, 7)
        )
        for root in roots
    ]
    sound = np.concatenate(played)
    return (0.1 * sound + 0.002 * rng.standard_normal(len(sound))).astype(np.float32)


@pytest.fixture(scope="module")
def recordings():
    rng = np.random.default_rng(3)
    return [chords(rng.permutation(12).repeat(2), seed=i) for i in range(3)]


@pytest.fixture(scope="module")
def mosaic(recordings):
    return MosaicSynthesizer(sr=RATE).fit(recordings)


@pytest.fixture(scope="module")
def piece():
    rng = np.random.default_rng(9)
    return ChromaExtractor().transform([chords(rng.permutation(12).repeat(2), seed=9)])[0]


def heard(audio, rate=RATE):
    return ChromaExtractor().transform([(audio, rate)])[0]


def test_the_piece_is_heard_in_it(mosaic, recordings, piece):
    audio = mosaic.transform(piece)
    again = heard(audio)
    assert again.shape == piece.shape
    assert frame_correlation(again, piece) > 0.9
    plain = clone(mosaic).set_params(shaping=0).fit([(each, RATE) for each in recordings])
    assert frame_correlation(heard(plain.transform(piece)), piece) > 0.6


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_as_long_as_the_piece(recordings, piece, rate, n_frames):
    mosaic = MosaicSynthesizer(sr=rate, shaping=0).fit(recordings)
    audio = mosaic.transform(piece[:n_frames])
    assert audio.dtype == np.float32
    assert len(heard(audio, rate)) == n_frames
    assert len(audio) == int((n_frames - 0.5) * 2048 * rate / 22050)


def test_the_same_twice(mosaic, piece):
    np.testing.assert_array_equal(mosaic.transform(piece), mosaic.transform(piece))


def test_answers_in_kind(mosaic, piece):
    alone = mosaic.transform(piece)
    several = mosaic.transform([piece, piece[:5], piece[:0]])
    assert isinstance(several, list)
    np.testing.assert_array_equal(several[0], alone)
    assert len(several[2]) == 0
    assert [len(each) > 0 for each in mosaic.segments([piece, piece[:0]])] == [True, False]


def test_segments_tell_what_is_played(mosaic, piece, recordings):
    segments = mosaic.segments(piece)
    assert segments[0].start == 0
    for before, after in itertools.pairwise(segments):
        assert before.end == after.start
    assert segments[-1].end * RATE == pytest.approx(len(mosaic.transform(piece)))
    for segment in segments:
        assert 0 <= segment.recording < len(recordings)
        length = len(recordings[segment.recording]) / RATE
        assert -0.1 <= segment.source_start <= length
        assert segment.semitones == 0
        assert -12 <= segment.gain <= 12


def test_no_recording_is_replayed(recordings):
    mosaic = MosaicSynthesizer(max_segment=2.0, sr=RATE).fit(recordings)
    itself = ChromaExtractor().transform(recordings[:1])[0]
    for name, group in itertools.groupby(mosaic.segments(itself), lambda each: each.recording):
        group = list(group)
        assert group[-1].end - group[0].start <= 2.0, name


@pytest.mark.parametrize("join_cost", [1.6, 1000.0])
@pytest.mark.parametrize("n_others", [0, 1])
@pytest.mark.parametrize("max_segment", [1.0, 10.0])
def test_what_is_hardly_audible_is_never_played(join_cost, n_others, max_segment):
    with_gaps = chords([0] * 16)
    for second in (1, 3, 4, 6):
        with_gaps[second * RATE : int((second + 0.3) * RATE)] *= 1e-4  # -80 dB
    others = [chords([6] * 8, seed=1)] * n_others
    mosaic = MosaicSynthesizer(join_cost=join_cost, max_segment=max_segment, sr=RATE, shaping=0)
    mosaic.fit([with_gaps, *others])
    wanted = ChromaExtractor().transform([chords([0] * 16)])[0]
    hop = 2048 / RATE
    for segment in mosaic.segments(wanted):
        if segment.recording == 0:
            end = segment.source_start + segment.end - segment.start
            for gap in (1, 3, 4, 6):  # a frame on the border holds some of what sounds
                assert end <= gap + 1.01 * hop or segment.source_start >= gap + 0.3 - 1.01 * hop


def test_recordings_may_all_be_very_quiet(piece):
    audio = MosaicSynthesizer(sr=RATE).fit([1e-6 * chords([0, 4, 5, 2])]).transform(piece)
    assert np.isfinite(audio).all()
    assert audio.any()


def test_silence_stays_silence(mosaic, piece):
    quiet = piece.copy()
    quiet[20:60] = 0
    audio = mosaic.transform(quiet)
    assert not audio[21 * 2048 : 59 * 2048].any()
    assert not mosaic.transform(np.zeros((10, 12))).any()


def test_scale_and_negative_values_do_not_matter(mosaic, piece):
    expected = mosaic.segments(piece)
    assert mosaic.segments(100 * piece) == expected
    sunken = np.where(piece == 0, -1, piece)
    assert mosaic.segments(sunken) == expected


def test_loud_and_quiet_recordings_are_made_alike(recordings, piece):
    scaled = [recordings[0], 0.3 * recordings[1], 0.1 * recordings[2]]
    mosaic = MosaicSynthesizer(sr=RATE, shaping=0).fit(scaled)
    audio = mosaic.transform(piece)
    level = np.sqrt(np.mean(audio[: len(audio) // RATE * RATE].reshape(-1, RATE) ** 2, axis=1))
    assert {segment.recording for segment in mosaic.segments(piece)} == {0, 1, 2}
    assert level.max() / level.min() < 2


def test_recordings_keep_their_dynamics():
    """One gain for all of a recording, so that what was softer in it stays softer."""
    rng = np.random.default_rng(5)
    softer = np.repeat([1.0, 0.5, 1.0, 0.5], 3 * RATE)  # every three seconds
    both = [softer * chords(rng.permutation(12).repeat(2), seed=i) for i in range(2)]
    mosaic = MosaicSynthesizer(max_segment=60, shaping=0, sr=RATE).fit([both[0], 0.05 * both[1]])
    wanted = heard(both[1])
    segments = mosaic.segments(wanted)
    gains = {segment.recording: {} for segment in segments}
    for segment in segments:
        gains[segment.recording][segment.gain] = True
    assert {recording: len(found) for recording, found in gains.items()} == {1: 1}
    audio = mosaic.transform(wanted)
    levels = [audio[int((3 * i + 0.5) * RATE) :][: 2 * RATE].std() for i in range(4)]
    np.testing.assert_allclose(np.divide(levels[1::2], levels[::2]), 0.5, rtol=0.1)


def test_shaping_changes_no_levels():
    time = np.arange(8 * RATE) / RATE
    cluster = sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * time + k * k) for k in range(12))
    one, many = np.eye(12)[:1], 1.0 - np.eye(12)[:1]
    piece = np.repeat(np.concatenate([many, one, many, one]), 20, axis=0)
    audio = MosaicSynthesizer(sr=RATE).fit([0.05 * cluster]).transform(piece)
    parts = np.array_split(audio, 4)
    levels = [10 * np.log10(np.mean(part[RATE // 2 : -RATE // 2] ** 2)) for part in parts]
    assert np.ptp(levels) < 3


def test_joins_rather_lead_to_usual_passages():
    major, other = chords([0, 5] * 8), chords([3, 10] * 8, seed=1)
    mosaic = MosaicSynthesizer(sr=RATE)
    mosaic.fit([np.concatenate([0.05 * major, major]), other])
    wanted = heard(np.concatenate([other[: 4 * RATE], 0.05 * major[: 4 * RATE]]))
    first, *others = mosaic.segments(wanted)
    assert first.recording == 1
    assert {segment.recording for segment in others} == {0}
    assert min(segment.source_start for segment in others) > 7.9


def test_all_mosaics_are_equally_loud(recordings, stereo_recordings):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    rng = np.random.default_rng(11)
    quiet = [0.01 * each for each in recordings]
    for collection in (recordings, quiet, stereo_recordings):
        mosaic = MosaicSynthesizer(sr=RATE).fit(collection)
        for n_chords in (4, 12):
            wanted = heard(chords(rng.permutation(12)[:n_chords].repeat(2)))
            found = meter.integrated_loudness(mosaic.transform(wanted).astype(float))
            assert found == pytest.approx(-18, abs=0.2)


STYLES = ["folk", "jazz", None]


@pytest.fixture(scope="module")
def mosaic_of_styles(recordings):
    return MosaicSynthesizer(sr=RATE).fit(recordings, STYLES)


def seconds_of(segments, n=3):
    """Return for how long each recording is played."""
    seconds = np.zeros(n)
    for segment in segments:
        seconds[segment.recording] += segment.end - segment.start
    return seconds


def test_a_style_is_played_by_its_own_recordings(mosaic_of_styles, mosaic, piece):
    assert mosaic_of_styles.styles_.tolist() == ["folk", "jazz"]
    for number, style in enumerate(["folk", "jazz"]):
        segments = mosaic_of_styles.segments(piece, style=style)
        assert {segment.recording for segment in segments} == {number}
        assert mosaic_of_styles.segments(piece, style={style: 2}) == segments
    np.testing.assert_array_equal(mosaic_of_styles.transform(piece), mosaic.transform(piece))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("n_times", [1, 5])
def test_styles_are_blended_by_shares_of_time(mosaic_of_styles, piece, share, n_times):
    long = np.tile(piece, (n_times, 1))
    found = mosaic_of_styles.segments(long, style={"jazz": share, "folk": 1 - share})
    folk, jazz, other = seconds_of(found)
    assert other == 0
    assert jazz / (folk + jazz) == pytest.approx(share, abs=0.03 / n_times)
    (listed,) = mosaic_of_styles.segments([long], style={"jazz": share, "folk": 1 - share})
    assert listed == found


def test_no_style_in_a_blend_is_any_recording(mosaic_of_styles, piece):
    found = mosaic_of_styles.segments(np.tile(piece, (4, 1)), style={"jazz": 0.5, None: 0.5})
    assert (seconds_of(found) > 0).all()


def test_wrong_styles(mosaic, mosaic_of_styles, recordings, piece):
    for play in (mosaic_of_styles.transform, mosaic_of_styles.segments):
        with pytest.raises(ValueError, match=r"unknown style 'rock': known styles are \['folk'"):
            play(piece, style="rock")
    with pytest.raises(ValueError, match="unknown style 'folk': no styles were given to fit"):
        mosaic.transform(piece, style="folk")
    with pytest.raises(ValueError, match="weights must be numbers of at least 0"):
        mosaic_of_styles.transform(piece, style={"folk": -1})
    with pytest.raises(ValueError, match="y holds 2 style labels for 3 piece"):
        MosaicSynthesizer().fit(recordings, ["folk", "jazz"])
    silent = MosaicSynthesizer(sr=RATE).fit([recordings[0], np.zeros(RATE)], ["folk", "calm"])
    with pytest.raises(ValueError, match="no recording of the style 'calm' can be played: nothing"):
        silent.transform(piece, style={"folk": 1, "calm": 1})


@pytest.mark.parametrize("n_frames", [1, 7, 60, 100])
@pytest.mark.parametrize("channels", [1, 2])
def test_mosaics_die_away_wherever_a_piece_is_cut(recordings, piece, n_frames, channels):
    mosaic = MosaicSynthesizer(channels=channels, sr=RATE).fit(recordings)
    audio = mosaic.transform(piece[:n_frames])
    loudest = np.abs(audio).max()
    assert np.abs(audio[-RATE // 1000 :]).max() < 0.1 * loudest
    if n_frames > 10:
        tenths = [audio[-i * RATE // 10 :][: RATE // 10].std() for i in (1, 3, 6)]
        assert tenths[0] < 0.5 * tenths[1] < 0.6 * tenths[2]
        assert np.abs(audio[-RATE // 200 :]).max() < 0.02 * loudest


def test_transposition_finds_what_is_in_another_key():
    mosaic = MosaicSynthesizer(transpose=2, sr=RATE).fit([chords([0] * 8)])
    wanted = ChromaExtractor().transform([chords([2] * 8)])[0][:30]
    assert {segment.semitones for segment in mosaic.segments(wanted)} == {2.0}
    assert frame_correlation(heard(mosaic.transform(wanted)), wanted) > 0.9


def test_recordings_out_of_tune_are_tuned():
    mosaic = MosaicSynthesizer(sr=RATE, shaping=0).fit([chords([0] * 8, detune=0.3)])
    (semitones,) = {segment.semitones for segment in mosaic.segments(np.eye(12)[:5])}
    assert semitones == pytest.approx(-0.3, abs=0.05)
    audio = mosaic.transform(ChromaExtractor().transform([chords([0] * 8)])[0])
    spectrum = np.abs(np.fft.rfft(audio[: 3 * RATE] * np.hanning(3 * RATE)))
    loudest = 12 * np.log2(spectrum.argmax() / 3 / 440)
    assert abs(loudest - round(loudest)) < 0.06


@pytest.mark.parametrize(
    "timing",
    [
        Timing.from_tempo(86),
        Timing.from_beats(3 + np.arange(14) * 0.7),
        Timing.from_borders(np.arange(14) ** 1.3),
        Timing.from_rate(3),
        3,
        ChromaExtractor(hop_length=4096),
    ],
)
def test_lasts_as_long_as_its_timing(mosaic, piece, timing):
    beats = piece[::10]
    audio = mosaic.transform(beats, timing=timing)
    assert len(audio) == int(as_timing(timing).duration(13) * RATE)
    (listed,) = mosaic.transform([beats], timing=[timing])
    np.testing.assert_array_equal(listed, audio)
    assert mosaic.segments(beats, timing=timing)[-1].end == len(audio) / RATE


def test_any_tempo_is_played(recordings, piece):
    """Beats whose borders lie on frames' centers, and all others."""
    mosaic = MosaicSynthesizer(sr=8000).fit(recordings)
    for tempo in (60 * 22050 / 2048 / 8, 60 * 22050 / 2048 / 7, 90, 97.3):
        timing = Timing.from_tempo(tempo)
        audio = mosaic.transform(piece[:5], timing=timing)
        assert len(audio) == pytest.approx(timing.duration(5) * 8000, abs=1)


def test_frames_of_any_length_are_played_when_they_should(mosaic):
    rng = np.random.default_rng(5)
    borders = np.concatenate([[0.3], 0.3 + np.cumsum(rng.uniform(0.5, 1.5, 12))])
    beats = ChromaExtractor().transform([chords(rng.permutation(12))])[0][2::5][:12]
    expected = [
        beats[np.searchsorted(borders - 0.3, t * 2048 / 22050, side="right") - 1]
        for t in range(int((borders[-1] - 0.3) * 22050 / 2048))
    ]
    played = [segment.start for segment in mosaic.segments(np.array(expected))]
    for timing in (Timing.from_beats(borders), Timing.from_borders(borders)):
        found = [segment.start for segment in mosaic.segments(beats, timing=timing)]
        np.testing.assert_allclose(found[: len(played)], played)


@pytest.fixture(scope="module")
def stereo_recordings(recordings):
    """Recordings that move from left to right, with what is on one side only."""
    places = [np.linspace(0, 1, len(each), dtype=np.float32) for each in recordings]
    return [
        (np.stack([place * each, (1 - place) * each], axis=1), RATE)
        for place, each in zip(places, recordings, strict=True)
    ]


def test_stereo_recordings_are_played_in_stereo(stereo_recordings, piece, tmp_path):
    mosaic = MosaicSynthesizer(sr=RATE).fit(stereo_recordings)
    audio = mosaic.transform(piece)
    assert audio.shape == (len(audio), 2)
    assert frame_correlation(heard(audio), piece) > 0.9
    turned = [(samples[:, ::-1], rate) for samples, rate in stereo_recordings]
    of_turned = MosaicSynthesizer(sr=RATE).fit(turned)
    np.testing.assert_array_equal(of_turned.transform(piece), audio[:, ::-1])
    assert of_turned.segments(piece) == mosaic.segments(piece)
    assert mosaic.transform([piece, piece[:0]])[1].shape == (0, 2)
    mosaic.transform(piece, tmp_path / "a.flac")
    written, _ = soundfile.read(tmp_path / "a.flac", dtype="float32")
    np.testing.assert_allclose(written, audio, atol=2**-15)


def test_what_is_on_one_side_stays_there(recordings, piece):
    left = [(np.stack([each, 0 * each], axis=1), RATE) for each in recordings]
    audio = MosaicSynthesizer(sr=RATE).fit(left).transform(piece)
    assert audio[:, 0].any()
    assert not audio[:, 1].any()


def test_channels(recordings, stereo_recordings, piece, tmp_path):
    soundfile.write(tmp_path / "stereo.wav", *stereo_recordings[0])
    mosaic = MosaicSynthesizer(sr=RATE).fit([*recordings[1:], tmp_path / "stereo.wav"])
    assert mosaic.transform(piece).shape[1:] == (2,)
    mono = mosaic.set_params(channels=1).transform(piece)
    assert mono.ndim == 1
    of_mono = MosaicSynthesizer(channels=2, sr=RATE).fit(recordings)
    audio = of_mono.transform(piece)
    np.testing.assert_array_equal(audio[:, 0], audio[:, 1])
    surround = (np.stack(5 * [recordings[0]], axis=1), RATE)
    assert MosaicSynthesizer(sr=RATE).fit([surround]).transform(piece).ndim == 1


def test_nothing_is_written_if_anything_cannot_be(mosaic, piece, tmp_path):
    for pieces, files, message in [
        ([piece, piece[:0]], ["a.wav", "b.wav"], "has no frames"),
        ([piece, piece], ["a.wav", "b.xyz"], "no suffix of an audio format"),
        ([piece, piece], ["a.wav", "nowhere/b.wav"], "there is no folder"),
    ]:
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            mosaic.transform(pieces, [tmp_path / file for file in files])
    assert not list(tmp_path.iterdir())


def test_recordings_in_memory_are_copied(recordings, piece):
    mine = [each.copy() for each in recordings]
    mosaic = MosaicSynthesizer(sr=RATE).fit(mine)
    expected = mosaic.transform(piece[:20])
    for each in mine:
        each[:] = 0
    np.testing.assert_array_equal(mosaic.transform(piece[:20]), expected)


@pytest.mark.parametrize("kind", ["cqt", "stft"])
def test_chroma_of_any_scale(recordings, piece, kind):
    extractor = ChromaExtractor(kind=kind, norm=None, n_fft=16384)
    with np.errstate(all="raise"):
        mosaic = MosaicSynthesizer(extractor, sr=RATE).fit([9 * r for r in recordings])
    wanted = extractor.transform([chords([0, 4, 5, 2], seconds=1)])[0]
    assert np.isfinite(mosaic.transform(wanted)).all()
    assert mosaic.segments(piece * np.float32(3e38)) == mosaic.segments(piece)


@pytest.mark.parametrize("seconds", [0.02, 0.2])
def test_recordings_of_a_few_frames(piece, seconds):
    few = [chords([root], seconds=seconds) for root in (0, 5)]
    for recordings in (few, few[:1], [np.zeros(22050), *few]):
        audio = MosaicSynthesizer(sr=RATE).fit(recordings).transform(piece)
        assert np.isfinite(audio).all()
        assert len(heard(audio)) == len(piece)


def test_a_recording_is_not_written_over(recordings, piece, tmp_path):
    soundfile.write(tmp_path / "own.wav", recordings[0], RATE)
    mosaic = MosaicSynthesizer(sr=RATE).fit([tmp_path / "own.wav"])
    with pytest.raises(ValueError, match=r"own\.wav: the mosaic plays this recording"):
        mosaic.transform(piece[:9], tmp_path / "own.wav")


def test_files_are_read_again(recordings, piece, tmp_path, monkeypatch):
    for i, recording in enumerate(recordings):
        soundfile.write(tmp_path / f"{i}.wav", recording, RATE, "FLOAT")
    monkeypatch.chdir(tmp_path)
    mosaic = MosaicSynthesizer(sr=RATE).fit(["0.wav", "1.wav", "2.wav"])
    expected = MosaicSynthesizer(sr=RATE).fit(recordings).transform(piece)
    monkeypatch.chdir("/")
    np.testing.assert_allclose(mosaic.transform(piece), expected, atol=1e-6)
    restored = pickle.loads(pickle.dumps(mosaic))
    np.testing.assert_array_equal(restored.transform(piece), mosaic.transform(piece))
    assert len(pickle.dumps(mosaic)) < 50_000

    soundfile.write(tmp_path / "1.wav", recordings[0], RATE, "FLOAT")
    with pytest.raises(RecordingError, match=r"1\.wav: the file has changed since the mosaic was"):
        mosaic.transform(piece)
    os.unlink(tmp_path / "1.wav")
    with pytest.raises(RecordingError, match=r"1\.wav: the recording cannot be read any more"):
        mosaic.transform(piece)


def test_a_file_that_changes_while_it_is_analyzed(recordings, tmp_path, monkeypatch, piece):
    path = tmp_path / "song.wav"
    soundfile.write(path, recordings[0], RATE)
    analyze = ChromaExtractor.analyze

    def slowly(extractor, X):
        found = analyze(extractor, X)
        soundfile.write(path, recordings[1], RATE)
        os.utime(path, ns=(0, 10**15))  # as if some time had gone by
        return found

    monkeypatch.setattr(ChromaExtractor, "analyze", slowly)
    mosaic = MosaicSynthesizer(sr=RATE).fit([path])
    with pytest.raises(RecordingError, match=r"song\.wav: the file has changed"):
        mosaic.transform(piece)


def test_recordings_that_cannot_be_used_are_left_out(recordings, piece, tmp_path):
    (tmp_path / "broken.mp3").write_bytes(b"no audio")
    collection = [tmp_path / "broken.mp3", tmp_path / "none.wav", recordings[0]]
    mosaic = MosaicSynthesizer(ChromaExtractor(on_error="warn"), sr=RATE)
    with pytest.warns(UserWarning, match="left out"):
        mosaic.fit(collection)
    assert {segment.recording for segment in mosaic.segments(piece)} == {2}
    with pytest.raises(RecordingError, match="broken"):
        MosaicSynthesizer().fit(collection)


def test_written_to_files(mosaic, piece, tmp_path):
    expected = mosaic.transform(piece)
    assert mosaic.transform(piece, tmp_path / "a.flac") is None
    read, rate = soundfile.read(tmp_path / "a.flac", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(read, expected, atol=2**-15)
    buffers = [io.BytesIO(), io.BytesIO()]
    mosaic.transform([piece, piece[:9]], buffers, format="wav")
    assert all(buffer.getvalue()[:4] == b"RIFF" for buffer in buffers)
    with pytest.raises(TypeError, match="file is .* pass a list with one for each"):
        mosaic.transform([piece, piece], tmp_path / "b.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]


def test_analyses_are_kept_by_the_extractor(recordings, tmp_path):
    soundfile.write(tmp_path / "a.wav", recordings[0], RATE)
    extractor = ChromaExtractor(memory=tmp_path / "index")
    for _ in range(2):
        mosaic = MosaicSynthesizer(extractor).fit([tmp_path / "a.wav"])
    assert len(mosaic.transform(np.eye(12), timing=Timing.from_tempo(240))) == 3 * 44100
    assert any((tmp_path / "index").rglob("*.pkl"))


def test_sound_does_not_become_data_frames(mosaic):
    for transform in (None, "default"):
        assert clone(mosaic).set_output(transform=transform).sr == RATE
    for transform in ("pandas", "nonsense"):
        with pytest.raises(ValueError, match=f"transform must be 'default', .* got '{transform}'"):
            clone(mosaic).set_output(transform=transform)


def test_persists_with_joblib(mosaic, piece, tmp_path):
    joblib.dump(mosaic, tmp_path / "mosaic.joblib")
    restored = joblib.load(tmp_path / "mosaic.joblib")
    np.testing.assert_array_equal(restored.transform(piece[:20]), mosaic.transform(piece[:20]))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"extractor": "cqt"}, "extractor must be a ChromaExtractor or None, got 'cqt'"),
        ({"join_cost": -1}, "join_cost must be a number from 0 to 1000"),
        ({"max_segment": 0}, "max_segment must be a number of seconds of at least 1"),
        ({"transpose": 1.5}, "transpose must be an integer from 0 to 6"),
        ({"shaping": None}, "shaping must be a number of decibels"),
        ({"channels": 3}, "channels must be 1, 2 or None, got 3"),
        ({"root": 3}, "root must be a folder or None, got 3"),
        ({"sr": 100}, "sr must be an integer of hertz"),
    ],
)
def test_impossible_parameters(recordings, parameters, message):
    with pytest.raises(ValueError, match=message):
        MosaicSynthesizer(**parameters).fit(recordings)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("a.wav", TypeError, r"pass \[x\]"),
        ([], ValueError, "empty list"),
        ([np.zeros(RATE)], ValueError, "nothing sounds in any recording"),
        ([np.full(RATE, np.nan)], RecordingError, "NaN"),
    ],
)
def test_impossible_recordings(X, error, message):
    with pytest.raises(error, match=message):
        MosaicSynthesizer().fit(X)


def test_impossible_pieces(mosaic):
    with pytest.raises(ValueError, match="88 features per frame where 12 are expected"):
        mosaic.transform(np.zeros((5, 88)))
    with pytest.raises(ValueError, match="NaN"):
        mosaic.transform(np.full((5, 12), np.nan))
    with pytest.raises(ValueError, match="timing has 4 frames but X has 5"):
        mosaic.transform(np.ones((5, 12)), timing=Timing.from_beats(np.arange(5)))
    with pytest.raises(NotFittedError):
        MosaicSynthesizer().transform(np.ones((5, 12)))


def test_a_collection_shorter_than_the_limit(piece):
    audio = MosaicSynthesizer(sr=RATE).fit([chords([0, 5], seconds=0.3)]).transform(piece)
    assert audio.any()
    assert len(heard(audio)) == len(piece)


def test_an_extractor_that_returns_data_frames_changes_nothing(mosaic, piece, recordings):
    extractor = ChromaExtractor().set_output(transform="pandas")
    framed = MosaicSynthesizer(extractor, sr=RATE).fit(recordings)
    np.testing.assert_array_equal(framed.transform(piece), mosaic.transform(piece))
