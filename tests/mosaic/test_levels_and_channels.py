import numpy as np
import pytest
import soundfile

from musicai import MosaicSynthesizer
from musicai.metrics import frame_correlation

from .conftest import RATE, analyzed, chords


def test_very_quiet_recordings_are_played(piece):
    audio = MosaicSynthesizer(sr=RATE).fit([1e-6 * chords([0, 4, 5, 2])]).transform(piece)
    assert np.isfinite(audio).all()
    assert audio.any()


def test_silent_frames_are_played_as_silence(mosaic, piece):
    quiet = piece.copy()
    quiet[20:60] = 0
    audio = mosaic.transform(quiet)
    assert not audio[21 * 2048 : 59 * 2048].any()
    assert not mosaic.transform(np.zeros((10, 12))).any()


def test_loud_and_quiet_recordings_are_equally_loud_in_a_mosaic(recordings, piece):
    scaled = [recordings[0], 0.3 * recordings[1], 0.1 * recordings[2]]
    mosaic = MosaicSynthesizer(sr=RATE, shaping=0).fit(scaled)
    audio = mosaic.transform(piece)
    level = np.sqrt(np.mean(audio[: len(audio) // RATE * RATE].reshape(-1, RATE) ** 2, axis=1))
    assert {segment.recording for segment in mosaic.segments(piece)} == {0, 1, 2}
    assert level.max() / level.min() < 2


def test_recordings_keep_their_dynamics():
    """All segments of a recording have the same gain, so softer parts stay softer."""
    rng = np.random.default_rng(5)
    softer = np.repeat([1.0, 0.5, 1.0, 0.5], 3 * RATE)  # changes every three seconds
    both = [softer * chords(rng.permutation(12).repeat(2), seed=i) for i in range(2)]
    mosaic = MosaicSynthesizer(max_segment=60, shaping=0, sr=RATE).fit([both[0], 0.05 * both[1]])
    wanted = analyzed(both[1])
    segments = mosaic.segments(wanted)
    gains = {segment.recording: {} for segment in segments}
    for segment in segments:
        gains[segment.recording][segment.gain] = True
    assert {recording: len(found) for recording, found in gains.items()} == {1: 1}
    audio = mosaic.transform(wanted)
    levels = [audio[int((3 * i + 0.5) * RATE) :][: 2 * RATE].std() for i in range(4)]
    np.testing.assert_allclose(np.divide(levels[1::2], levels[::2]), 0.5, rtol=0.1)


def test_shaping_keeps_the_level_of_each_part():
    time = np.arange(8 * RATE) / RATE
    cluster = sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * time + k * k) for k in range(12))
    one, many = np.eye(12)[:1], 1.0 - np.eye(12)[:1]
    piece = np.repeat(np.concatenate([many, one, many, one]), 20, axis=0)
    audio = MosaicSynthesizer(sr=RATE).fit([0.05 * cluster]).transform(piece)
    parts = np.array_split(audio, 4)
    levels = [10 * np.log10(np.mean(part[RATE // 2 : -RATE // 2] ** 2)) for part in parts]
    assert np.ptp(levels) < 3


def test_all_mosaics_are_equally_loud(recordings, stereo_recordings):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    rng = np.random.default_rng(11)
    quiet = [0.01 * each for each in recordings]
    for collection in (recordings, quiet, stereo_recordings):
        mosaic = MosaicSynthesizer(sr=RATE).fit(collection)
        for n_chords in (4, 12):
            wanted = analyzed(chords(rng.permutation(12)[:n_chords].repeat(2)))
            found = meter.integrated_loudness(mosaic.transform(wanted).astype(float))
            assert found == pytest.approx(-18, abs=0.2)


@pytest.mark.parametrize("n_frames", [1, 7, 60, 100])
@pytest.mark.parametrize("channels", [1, 2])
def test_mosaics_fade_out_wherever_a_piece_ends(recordings, piece, n_frames, channels):
    mosaic = MosaicSynthesizer(channels=channels, sr=RATE).fit(recordings)
    audio = mosaic.transform(piece[:n_frames])
    loudest = np.abs(audio).max()
    assert np.abs(audio[-RATE // 1000 :]).max() < 0.1 * loudest
    if n_frames > 10:
        tenths = [audio[-i * RATE // 10 :][: RATE // 10].std() for i in (1, 3, 6)]
        assert tenths[0] < 0.5 * tenths[1] < 0.6 * tenths[2]
        assert np.abs(audio[-RATE // 200 :]).max() < 0.02 * loudest


@pytest.fixture(scope="module")
def stereo_recordings(recordings):
    """Return stereo recordings whose sound moves from right to left."""
    places = [np.linspace(0, 1, len(each), dtype=np.float32) for each in recordings]
    return [
        (np.stack([place * each, (1 - place) * each], axis=1), RATE)
        for place, each in zip(places, recordings, strict=True)
    ]


def test_stereo_recordings_make_stereo_mosaics(stereo_recordings, piece, tmp_path):
    mosaic = MosaicSynthesizer(sr=RATE).fit(stereo_recordings)
    audio = mosaic.transform(piece)
    assert audio.shape == (len(audio), 2)
    assert frame_correlation(analyzed(audio), piece) > 0.9
    turned = [(samples[:, ::-1], rate) for samples, rate in stereo_recordings]
    of_turned = MosaicSynthesizer(sr=RATE).fit(turned)
    np.testing.assert_array_equal(of_turned.transform(piece), audio[:, ::-1])
    assert of_turned.segments(piece) == mosaic.segments(piece)
    assert mosaic.transform([piece, piece[:0]])[1].shape == (0, 2)
    mosaic.transform(piece, tmp_path / "a.flac")
    written, _ = soundfile.read(tmp_path / "a.flac", dtype="float32")
    np.testing.assert_allclose(written, audio, atol=2**-15)


def test_sound_on_one_side_stays_there(recordings, piece):
    left = [(np.stack([each, 0 * each], axis=1), RATE) for each in recordings]
    audio = MosaicSynthesizer(sr=RATE).fit(left).transform(piece)
    assert audio[:, 0].any()
    assert not audio[:, 1].any()


def test_the_number_of_channels_can_be_set(recordings, stereo_recordings, piece, tmp_path):
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
