"""Mosaics as Reaper projects."""

import io
import itertools
import os
import shutil

import numpy as np
import pretty_midi
import pytest
import soundfile

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.audio import RecordingError
from musicai.metrics import frame_correlation
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_midi, write_session

from .sessions import parse, play, source_place

RATE = 22050


def recording(seed, tempo=120, seconds=14):
    """Return a stereo recording: a new chord every two beats, and a soft attack on every beat."""
    rng = np.random.default_rng(seed)
    beat = 60 / tempo
    time = np.arange(round(beat * RATE)) / RATE
    sound = []
    for number in range(int(seconds / beat)):
        if number % 2 == 0:
            root = rng.integers(12)
        tones = sum(np.sin(2 * np.pi * 220 * 2 ** ((root + k) / 12) * time) for k in (0, 4, 7))
        attack = rng.standard_normal(len(time)) * np.exp(-time / 0.01)
        sound.append(0.1 * tones * np.exp(-2 * time) + 0.1 * attack)
    return np.concatenate(sound)[:, np.newaxis] * [1.0, 0.6]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session") / "music"
    folder.mkdir()
    for number, tempo in enumerate((120, 118, 122)):
        soundfile.write(folder / f"{number}.wav", recording(number, tempo), RATE, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def by_beats(folder):
    extractor = ChromaExtractor(sync="half-beat")
    return MosaicSynthesizer(extractor, shaping=0, sr=RATE).fit(sorted(folder.glob("*.wav")))


@pytest.fixture(scope="module")
def by_frames(folder):
    mosaic = MosaicSynthesizer(shaping=0, transpose=1, sr=RATE)
    return mosaic.fit(sorted(folder.glob("*.wav")))


@pytest.fixture(scope="module")
def beats():
    (analysis,) = ChromaExtractor(sync="half-beat").analyze([(recording(77), RATE)])
    return analysis.chroma[1:25]


@pytest.fixture(scope="module")
def frames():
    piece = ChromaExtractor().transform([(recording(78, seconds=10), RATE)])[0]
    piece[50:56] = 0
    return piece


UNSTEADY = Timing.from_beats(
    np.cumsum(np.random.default_rng(0).uniform(0.23, 0.27, 25)),
    beats=np.arange(25) / 2,
    frames_per_beat=2,
    beats_per_bar=3,
    downbeat=2,
)
CLOCKS = [
    {"tempo": 110},
    {"timing": Timing.from_tempo(126, frames_per_beat=2, beats_per_bar=3, downbeat=1)},
    {"timing": UNSTEADY},
]


def written(piece, folder, name="song.rpp", **arguments):
    write_session(piece, folder / name, **arguments)
    return parse((folder / name).read_text())


def items_of(project):
    return project.find("TRACK")[0].find("ITEM")


def end_of(item):
    return item.number("POSITION") + item.number("LENGTH")


def loudness(sound):
    """Return the root mean square of every 50 ms of sound."""
    power = np.square(sound.reshape(len(sound), -1)).sum(axis=1)
    return np.sqrt(power[: len(power) // 1102 * 1102].reshape(-1, 1102).mean(axis=1))


def check_items(project, mosaic, duration):
    """Check laws of the items of every mosaic, for example that there are no gaps between them."""
    items = items_of(project)
    assert items[0].number("POSITION") == pytest.approx(0, abs=1e-6)
    assert end_of(items[-1]) == pytest.approx(duration, abs=1e-6)
    for one, other in itertools.pairwise(items):
        overlap = end_of(one) - other.number("POSITION")
        fade = one.numbers("FADEOUT")[1]
        assert other.numbers("FADEIN")[1] == pytest.approx(max(overlap, 0), abs=1e-6)
        # An item that starts with its recording can begin within the fade; the overlap is shorter.
        assert overlap < fade if other.number("SOFFS") == 0 else pytest.approx(overlap) == fade
        assert 0.025 < fade < 0.065
    for item in items:
        length = item.number("LENGTH")
        begin, end = source_place(item, [0, length])
        assert begin == pytest.approx(item.number("SOFFS"), abs=1e-6)
        assert end - begin == pytest.approx(item.number("PLAYRATE") * length, abs=1e-6)
        (source,) = item.find("SOURCE")
        seconds = soundfile.info(source.path).duration
        assert 0 <= begin < end < seconds + 0.06  # a fade can continue beyond the recording's end


def sources_at(project, folder):
    for item in items_of(project):
        (source,) = item.find("SOURCE")
        source.path = os.path.normpath(folder / source.get("FILE")[0])


@pytest.mark.parametrize("clock", CLOCKS)
def test_items_of_a_session_by_beats_are_aligned_with_the_beats(by_beats, beats, folder, clock):
    project = written(beats, folder, mosaic=by_beats, **clock)
    sources_at(project, folder)
    edits = by_beats.edit_list(beats, **clock)
    check_items(project, by_beats, edits.seconds)
    grid = edits.timing.borders(24)[::2]
    grid = grid - grid[0]
    segments = by_beats.segments(beats, **clock)
    assert len(segments) == len(items_of(project)) > 2
    for item, segment in zip(items_of(project), segments, strict=True):
        rate, keeps_pitch, *_ = item.numbers("PLAYRATE")
        assert keeps_pitch
        played = segment.start - item.number("POSITION")
        assert source_place(item, played) == pytest.approx(segment.source_start, abs=1e-3)
        assert np.abs(grid - segment.start).min() < 1e-3
        beats_there = item.number("POSITION") + item.marks[1:-1, 0] / rate
        assert np.all(np.abs(grid[:, np.newaxis] - beats_there).min(axis=0) < 1e-3)


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_session_by_beats_sounds_like_the_mosaic(by_beats, beats, folder, clock):
    project = written(beats, folder, mosaic=by_beats, **clock)
    assert any(item.numbers("PLAYRATE")[2] for item in items_of(project))  # some are transposed
    audio = by_beats.transform(beats, **clock)
    played = play(project, folder, n_samples=len(audio))
    chroma = ChromaExtractor().transform([(audio, RATE), (played, RATE)])
    assert frame_correlation(*chroma) > 0.97
    assert np.corrcoef(loudness(audio), loudness(played))[0, 1] > 0.9


def test_a_session_by_frames_sounds_almost_the_same_as_the_mosaic(by_frames, frames, folder):
    project = written(frames, folder, mosaic=by_frames)
    sources_at(project, folder)
    audio = by_frames.transform(frames)
    check_items(project, by_frames, len(audio) / RATE)
    rates = [item.numbers("PLAYRATE") for item in items_of(project)]
    assert {round(12 * np.log2(rate), 6) for rate, *_ in rates} > {0.0}
    assert not any(keeps_pitch or semitones for _, keeps_pitch, semitones, *_ in rates)
    played = play(project, folder, n_samples=len(audio))
    assert np.corrcoef(audio.ravel(), played.ravel())[0, 1] > 0.99
    assert not played[int(4.75 * RATE) : int(5.05 * RATE)].any()


def bar_lines(project):
    """Return the start times of bars in seconds, up to a minute after the last change of tempo."""
    points = [[float(value) for value in line] for line in project.find("TEMPOENVEX")[0].all("PT")]
    lines, beats, in_bar = [], 0.0, 0.0
    for point, after in itertools.zip_longest(points, points[1:]):
        if len(point) > 3:
            unit, number = divmod(int(point[3]), 1 << 16)
            meter, in_bar = 4 * number / unit, 0.0
        end = point[0] + 60 if after is None else after[0]
        beats = (end - point[0]) * point[1] / 60
        first = -in_bar % meter
        first = 0.0 if meter - first < 1e-3 else first
        places = np.arange(first, beats - 1e-3, meter)
        lines.extend(point[0] + places * 60 / point[1])
        in_bar += beats
    return np.array(lines)


@pytest.mark.parametrize("clock", CLOCKS)
def test_bars_notes_and_chords_equal_those_of_the_other_writers(by_beats, beats, folder, clock):
    project = written(beats, folder, mosaic=by_beats, **clock)
    timing = by_beats.edit_list(beats, **clock).timing
    file = io.BytesIO()
    write_midi(file, chroma_to_midi(beats, timing=timing, instruments="band"))
    file.seek(0)
    midi = pretty_midi.PrettyMIDI(file)
    expected = midi.get_downbeats()
    np.testing.assert_allclose(bar_lines(project)[: len(expected)], expected, atol=1e-3)
    assert project.numbers("PROJOFFS")[1] == (-1 if timing.downbeat else 0)
    tracks = project.find("TRACK")[1:]
    assert [track.get("NAME") for track in tracks] == [[each.name] for each in midi.instruments]
    for track, instrument in zip(tracks, midi.instruments, strict=True):
        (source,) = track.find("ITEM")[0].find("SOURCE")
        assert source.get("HASDATA") == ["1", str(midi.resolution), "QN"]
        ticks = np.cumsum([int(line[0]) for line in source.all("E")])
        starts = [
            (tick, int(line[2], 16), int(line[3], 16))
            for tick, line in zip(ticks, source.all("E"), strict=True)
            if line[1].startswith("9") and line[3] != "00"
        ]
        assert sorted(starts) == sorted(
            (midi.time_to_tick(note.start), note.pitch, note.velocity) for note in instrument.notes
        )
    regions = project.all("MARKER")
    labels = [name for _, _, name, _ in regions[::2]]
    chart = chord_chart(beats, timing=timing).split("\n\n")[1]
    assert set(labels) == set(chart.replace("|", " ").split()) - {"/", "%"}
    ends = [float(seconds) for _, seconds, name, _ in regions[1::2]]
    starts = [float(seconds) for _, seconds, _, _ in regions[::2]]
    assert starts == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(timing.duration(24), abs=1e-3)


def test_a_session_by_beats_has_the_tempo_of_the_mosaic(by_beats, frames, folder):
    project = written(frames, folder, mosaic=by_beats, timing=ChromaExtractor())
    ((_, tempo, *_),) = project.find("TEMPOENVEX")[0].all("PT")
    assert float(tempo) == pytest.approx(by_beats.tempo_, abs=1e-3)
    project = written(frames, folder, mosaic=by_beats, timing=10, notated_tempo=90)
    assert project.number("TEMPO") == pytest.approx(90)


def test_file_names_can_have_quotes(folder, frames, tmp_path):
    names = ["it's.wav", 'a "b" c.wav', "Überbrück 音 <1>.wav", "`'.wav"]
    if os.name == "nt":
        names = ["it's.wav", "Überbrück 音.wav"]
    place = tmp_path / "recordings of 'mine'"
    place.mkdir()
    for name in names:
        shutil.copy(folder / "1.wav", place / name)
    (tmp_path / "session").mkdir()
    for name in names:
        mosaic = MosaicSynthesizer(sr=RATE).fit([place / name])
        project = written(frames[:20], tmp_path / "session", mosaic=mosaic)
        (item, *_) = items_of(project)
        assert item.get("NAME") == [name]
        (path,) = item.find("SOURCE")[0].get("FILE")
        assert path == os.path.join("..", "recordings of 'mine'", name)
        file = io.BytesIO()
        write_session(frames[:20], file, mosaic=mosaic)
        (item, *_) = items_of(parse(file.getvalue().decode()))
        assert item.find("SOURCE")[0].get("FILE") == [os.path.realpath(place / name)]


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids such file names")
@pytest.mark.parametrize("name", ["\"'`.wav", "a\nb.wav"])
def test_file_names_that_cannot_be_quoted_are_refused(folder, frames, tmp_path, name):
    shutil.copy(folder / "1.wav", tmp_path / name)
    mosaic = MosaicSynthesizer(sr=RATE).fit([tmp_path / name])
    with pytest.raises(ValueError, match="a session cannot hold this name; rename the file"):
        write_session(frames[:20], tmp_path / "song.rpp", mosaic=mosaic)
    assert not (tmp_path / "song.rpp").exists()


KINDS = {
    "wav": "WAVE",
    "aiff": "WAVE",
    "flac": "FLAC",
    "ogg": "VORBIS",
    "mp3": "MP3",
    "au": "VIDEO",
}


@pytest.mark.parametrize("format", KINDS)
def test_the_type_of_a_source_is_detected_from_its_content(folder, frames, tmp_path, format):
    samples, sr = soundfile.read(folder / "0.wav")
    soundfile.write(tmp_path / "music", samples, sr, format=format)
    mosaic = MosaicSynthesizer(sr=RATE, channels=1).fit([tmp_path / "music"])
    project = written(frames[:20], tmp_path, mosaic=mosaic)
    for item in items_of(project):
        assert item.find("SOURCE")[0].head == ["SOURCE", KINDS[format]]
        assert item.number("CHANMODE") == 2  # a stereo recording in a mono mosaic is mixed


def test_moved_recordings_are_found_if_root_is_set(folder, frames, tmp_path):
    shutil.copytree(folder, tmp_path / "old")
    mosaic = MosaicSynthesizer(sr=RATE).fit(sorted((tmp_path / "old").glob("*.wav")))
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "song.rpp").write_text("as it was")
    with pytest.raises(RecordingError, match="set root to the folder"):
        write_session(frames, tmp_path / "song.rpp", mosaic=mosaic)
    assert (tmp_path / "song.rpp").read_text() == "as it was"
    project = written(frames, tmp_path, mosaic=mosaic.set_params(root=tmp_path))
    for item in items_of(project):
        (path,) = item.find("SOURCE")[0].get("FILE")
        assert path == os.path.join("new", item.get("NAME")[0])


def test_rendered_audio_is_a_muted_track(by_beats, beats, folder, tmp_path):
    for name in ("song.wav", "song.mp3"):
        by_beats.transform(beats, tmp_path / name, tempo=110)
        arguments = {"mosaic": by_beats, "tempo": 110, "audio": tmp_path / name}
        mosaic, rendered, *_ = written(beats, tmp_path, **arguments).find("TRACK")
        assert mosaic.numbers("MUTESOLO") == [0, 0, 0]
        assert rendered.numbers("MUTESOLO") == [1, 0, 0]
        (item,) = rendered.find("ITEM")
        assert item.find("SOURCE")[0].get("FILE") == [name]
        assert end_of(item) == pytest.approx(12 * 60 / 110, abs=1e-3)
    with pytest.raises(ValueError, match="song.mp3: this is not the audio of the mosaic"):
        write_session(beats, tmp_path / "a.rpp", **arguments | {"tempo": 105})
    with pytest.raises(FileNotFoundError, match="nothing.wav: there is no such file"):
        write_session(beats, tmp_path / "a.rpp", **arguments | {"audio": "nothing.wav"})
    with pytest.raises(TypeError, match="audio is 3 where the path of a file is expected"):
        write_session(beats, tmp_path / "a.rpp", **arguments | {"audio": 3})


def test_several_pieces_can_be_written_and_files_are_reproducible(
    by_beats, beats, folder, tmp_path
):
    files = [tmp_path / "a.rpp", io.BytesIO()]
    write_session([beats, beats[:8]], files, mosaic=by_beats, tempo=110)
    write_session(beats, os.fsencode(tmp_path / "b.rpp"), mosaic=by_beats, tempo=110)
    assert (tmp_path / "a.rpp").read_bytes() == (tmp_path / "b.rpp").read_bytes()
    short = parse(files[1].getvalue().decode())
    assert end_of(items_of(short)[-1]) == pytest.approx(4 * 60 / 110, abs=1e-3)
    assert sorted(os.listdir(tmp_path)) == ["a.rpp", "b.rpp"]


def test_invalid_input_is_refused(by_beats, by_frames, beats, folder, tmp_path):
    file = tmp_path / "song.rpp"
    with pytest.raises(TypeError, match="mosaic is of type ChromaExtractor where a MosaicSynth"):
        write_session(beats, file, mosaic=ChromaExtractor())
    with pytest.raises(ValueError, match=r"'\.mid' is no suffix .*; use \.rpp"):
        write_session(beats, tmp_path / "song.mid", mosaic=by_beats)
    with pytest.raises(ValueError, match=r"X\[1\] has no frames: there is no session to write"):
        write_session([beats, beats[:0]], [file, tmp_path / "b.rpp"], mosaic=by_beats)
    with pytest.raises(TypeError, match="file is None where the file to write is expected"):
        write_session(beats, None, mosaic=by_beats)
    with pytest.raises(ValueError, match="a tempo of 900 beats per minute is out of range"):
        write_session(beats, file, mosaic=by_beats, tempo=900)
    with pytest.raises(ValueError, match="beats have no tempo: pass timing"):
        write_session(beats, file, mosaic=by_frames, timing=Timing.from_tempo(None))
    with pytest.raises(ValueError, match="these are beats"):
        write_session(beats, file, mosaic=by_beats, tempo=110, notated_tempo=90)
    in_memory = MosaicSynthesizer(sr=RATE).fit([(recording(0), RATE)])
    with pytest.raises(ValueError, match="recording 0 of the mosaic is an array of samples.* fit"):
        write_session(beats, file, mosaic=in_memory, timing=10)
    assert not list(tmp_path.iterdir())


def test_the_rpp_package_reads_the_same_blocks_as_our_parser(by_beats, beats, folder):
    rpp = pytest.importorskip("rpp")
    write_session(beats, folder / "song.rpp", mosaic=by_beats, tempo=110)
    text = (folder / "song.rpp").read_text()

    def same(found, block):
        assert [found.tag, *found.attrib] == block.head
        inner = [each for each in found if hasattr(each, "tag")]
        lines = [each for each in found if not hasattr(each, "tag")]
        assert [[each] if isinstance(each, str) else list(each) for each in lines] == block.lines
        for one, other in zip(inner, block.blocks, strict=True):
            same(one, other)

    same(rpp.loads(text), parse(text))
