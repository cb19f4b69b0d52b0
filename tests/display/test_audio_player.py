import io
import os
import re
import sys
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from musicai.audio import RecordingError
from musicai.display import AudioPlayer

RATE = 22050
TONE = 0.3 * np.sin(2 * np.pi * 440 / RATE * np.arange(2 * RATE))


class Elements(HTMLParser):
    """Parser that collects the elements and texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def sound(player):
    """Decode the audio in a player's HTML."""
    page = Elements(player._repr_html_())
    assert not page.open
    ((_, audio),) = [element for element in page.found if element[0] == "audio"]
    assert "controls" in audio
    media_type, data = re.fullmatch(r"data:([a-z/]+);base64,(.+)", audio["src"]).groups()
    assert media_type == player.media_type
    return soundfile.read(io.BytesIO(b64decode(data)))


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize(("rate", "kind"), [(22050, "mpeg"), (48000, "mpeg"), (10000, "ogg")])
def test_samples_are_encoded_as_mp3_or_ogg(n_channels, rate, kind):
    samples = TONE if n_channels == 1 else np.stack([TONE, np.zeros_like(TONE)], axis=1)
    player = AudioPlayer(samples, rate)
    assert player.media_type == f"audio/{kind}"
    decoded, native_rate = sound(player)
    assert native_rate == rate
    assert decoded.shape[1:] == samples.shape[1:]
    assert len(decoded) == pytest.approx(len(TONE), abs=3000)  # MP3 pads audio to whole frames
    left = decoded if n_channels == 1 else decoded[:, 0]
    spectrum = np.abs(np.fft.rfft(left))
    assert spectrum.argmax() * rate / len(left) == pytest.approx(440 * rate / RATE, rel=0.01)
    assert np.std(left) == pytest.approx(np.std(TONE), rel=0.1)


def test_audio_is_compressed():
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 20 * RATE)
    assert len(AudioPlayer(noise, RATE).to_html()) < 2 * len(noise) / 2  # under half of 16-bit PCM


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_files_that_browsers_play_are_embedded_unchanged(tmp_path, suffix):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, TONE, RATE)
    for name in (path, str(path), bytes(path)):
        player = AudioPlayer(name)
        assert player.data == path.read_bytes()
        assert sound(player)[1] == RATE


@pytest.mark.parametrize(("name", "seconds"), [("long.wav", 60), ("tone.aiff", 2)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_that_browsers_do_not_play_are_converted(tmp_path, name, seconds):
    stereo = np.resize(np.repeat(TONE[:, None], 2, axis=1), (seconds * RATE, 2))
    soundfile.write(tmp_path / name, stereo, RATE)
    player = AudioPlayer(tmp_path / name)
    assert player.media_type == "audio/mpeg"
    decoded, rate = sound(player)
    assert len(decoded) / rate == pytest.approx(seconds, abs=0.2)
    assert decoded.shape[1:] == (2,)
    assert len(player.data) < (tmp_path / name).stat().st_size / 4


@pytest.mark.filterwarnings("ignore:.* the header gives 0.0 s but the file holds 2.0 s")
def test_a_recording_with_an_unfinished_header_is_converted(tmp_path):
    """Browsers would play nothing, because the header gives a length of zero."""
    soundfile.write(tmp_path / "tone.wav", TONE, RATE)
    data = bytearray((tmp_path / "tone.wav").read_bytes())
    data[40:44] = bytes(4)
    (tmp_path / "tone.wav").write_bytes(data)
    decoded, rate = sound(AudioPlayer(tmp_path / "tone.wav"))
    assert len(decoded) / rate == pytest.approx(2, abs=0.2)


def test_files_beyond_full_scale_are_clipped(tmp_path):
    soundfile.write(tmp_path / "loud.aiff", 9 * TONE, RATE, subtype="FLOAT")
    decoded, _ = sound(AudioPlayer(tmp_path / "loud.aiff"))
    assert 0.9 < np.abs(decoded).max() < 1.3


def test_the_media_type_is_detected_from_the_content_of_a_file(tmp_path):
    soundfile.write(tmp_path / "tone.mp3", TONE, RATE, format="WAV")
    player = AudioPlayer(tmp_path / "tone.mp3")
    assert player.media_type == "audio/wav"
    assert sound(player)[1] == RATE


def test_files_wrongly_named_m4a_are_rejected(tmp_path):
    (tmp_path / "text.m4a").write_text("no audio, whatever its name")
    (tmp_path / "empty.m4a").touch()
    os.mkfifo(tmp_path / "pipe.m4a")
    for name in ("text.m4a", "empty.m4a", "pipe.m4a", "a\0b.m4a"):
        with pytest.raises(RecordingError, match="m4a: "):
            AudioPlayer(str(tmp_path / name))


def test_titles_are_shown_as_plain_text():
    title = '<script>alert("1 & 2")</script>'
    page = Elements(AudioPlayer(TONE, RATE, title=title).to_html())
    assert {tag for tag, _ in page.found} == {"figure", "figcaption", "audio"}
    assert "".join(page.texts) == title
    assert page.found[-1][1]["aria-label"] == title
    assert Elements(AudioPlayer(TONE, RATE).to_html()).texts == []
    AudioPlayer(TONE, RATE, title="a \udcff").to_html().encode()
    for other in (3, b"A4"):
        with pytest.raises(TypeError, match="title must be text or None"):
            AudioPlayer(TONE, RATE, title=other)


def test_repr_shows_title_media_type_and_size():
    assert repr(AudioPlayer(TONE, RATE, title="A4")) == "AudioPlayer('A4', audio/mpeg, 0.0 MB)"


def test_errors_describe_the_input(tmp_path):
    with pytest.raises(ValueError, match=r"audio has shape \(40, 12\); expected samples"):
        AudioPlayer(np.zeros((40, 12)), RATE)
    with pytest.raises(ValueError, match=r"audio: samples peak at 3"):
        AudioPlayer(10 * TONE, RATE)
    with pytest.raises(ValueError, match="audio: samples are not an array of numbers"):
        AudioPlayer((TONE, RATE), RATE)
    with pytest.raises(ValueError, match=r"integers \(int16\).*: pass audio / 32768$"):
        AudioPlayer(np.zeros(RATE, dtype=np.int16), RATE)
    with pytest.raises(ValueError, match=r"pass sr, such as extractor\.sr or mosaic\.s"):
        AudioPlayer(TONE)
    soundfile.write(tmp_path / "tone.wav", TONE, RATE)
    with pytest.raises(ValueError, match="sr=44100 is given for a file, which has"):
        AudioPlayer(tmp_path / "tone.wav", 44100)
    for rate in (0, 22050.5, "22050", np.nan):
        with pytest.raises(ValueError, match="sr must be a whole number of hertz"):
            AudioPlayer(TONE, rate)
    with pytest.raises(RecordingError, match=r"no\.wav: there is no such file"):
        AudioPlayer(tmp_path / "no.wav")
    with pytest.raises(RecordingError, match=r"no\.m4a: there is no such file"):
        AudioPlayer(tmp_path / "no.m4a")
    (tmp_path / "text.mp3").write_text("no audio")
    with pytest.raises(RecordingError, match=r"text\.mp3"):
        AudioPlayer(tmp_path / "text.mp3")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_files_with_names_that_are_not_unicode_are_accepted(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.aiff")
    with open(path, "wb") as file:
        soundfile.write(file, TONE, RATE, format="AIFF")
    player = AudioPlayer(path)
    decoded, native_rate = sound(player)
    assert native_rate == RATE
    assert len(decoded) >= len(TONE)
