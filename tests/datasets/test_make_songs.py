"""Laws of rule-based songs rendered with a soundfont."""

import numpy as np
import pretty_midi
import pytest
import soundfile

from musicai import ChromaExtractor
from musicai.datasets import make_songs
from musicai.render import recognize_chords
from musicai.theory.vocabulary import QUALITIES

STYLES = ["baroque", "blues", "jazz", "modal", "pop", "waltz"]
RATE = 16000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def songs(home):
    return make_songs(12, kind="midi", folder=home)


@pytest.fixture(scope="module")
def played(home):
    return make_songs(4, styles=["pop", "waltz"], folder=home, sr=RATE, random_state=3)


def test_there_is_an_entry_for_each_song_and_files_are_named_after_styles(songs):
    assert songs.target_names == STYLES
    assert songs.target == STYLES * 2
    for name in ("recordings", "tempi", "beats_per_bar", "chords", "key_names", "titles"):
        assert len(songs[name]) == 12
    assert [path.name for path in songs.recordings[4:6]] == ["pop-0-004.mid", "waltz-0-005.mid"]
    assert songs.titles[5] == f"waltz 6 in {songs.key_names[5]}"


def test_files_have_the_stated_tempo_meter_and_length(songs):
    for path, tempo, beats, chords in zip(
        songs.recordings, songs.tempi, songs.beats_per_bar, songs.chords, strict=True
    ):
        midi = pretty_midi.PrettyMIDI(str(path))
        _, (written,) = midi.get_tempo_changes()
        assert written == pytest.approx(tempo, rel=1e-4)
        (meter,) = midi.time_signature_changes
        assert (meter.numerator, meter.denominator, meter.time) == (beats, 4, 0)
        last = max(note.end for player in midi.instruments for note in player.notes)
        assert last == pytest.approx(24 * beats * 60 / tempo, abs=0.3)
        assert chords[-1].end == pytest.approx(24 * beats * 60 / tempo)


def test_notes_begin_on_quarters_of_beats_and_drums_play_in_every_bar_except_in_baroque(songs):
    for path, style, tempo, beats in zip(
        songs.recordings, songs.target, songs.tempi, songs.beats_per_bar, strict=True
    ):
        midi = pretty_midi.PrettyMIDI(str(path))
        starts = np.array([note.start for p in midi.instruments for note in p.notes]) * tempo / 60
        np.testing.assert_allclose(starts * 4, np.rint(starts * 4), atol=0.02)
        drummers = [player for player in midi.instruments if player.is_drum]
        assert len(drummers) == (style != "baroque")
        for drummer in drummers:
            bars = {int(note.start * tempo / 60 / beats + 0.01) for note in drummer.notes}
            assert bars == set(range(24))
            kicks = [note.start * tempo / 60 % beats for note in drummer.notes if note.pitch == 36]
            assert min(kicks) == pytest.approx(0, abs=0.01)


def test_the_stated_chords_are_played(songs):
    """The bass starts each chord on its root, and all chord tones sound."""
    for path, chords in zip(songs.recordings, songs.chords, strict=True):
        bass, middle = pretty_midi.PrettyMIDI(str(path)).instruments[:2]
        for chord in chords:
            first = min(bass.notes, key=lambda note: abs(note.start - chord.start))
            assert first.pitch % 12 == chord.root
            inside = {
                note.pitch % 12
                for note in middle.notes
                if chord.start - 0.01 < note.start < chord.end - 0.01
            }
            assert inside == {(chord.root + tone) % 12 for tone in QUALITIES[chord.quality].tones}


def test_recordings_are_stereo_and_fade_out(played):
    for path, tempo, beats in zip(
        played.recordings, played.tempi, played.beats_per_bar, strict=True
    ):
        samples, sr = soundfile.read(path)
        assert sr == RATE
        assert len(samples) / sr == pytest.approx(24 * beats * 60 / tempo + 2, abs=0.1)
        assert 0.6 < np.abs(samples).max() < 0.8
        assert np.abs(samples[-10:]).max() < 1e-3
        left, right = samples.T
        assert 0.01 < np.std(left - right) / np.std(left + right) < 1
        assert min(np.std(part) for part in np.array_split(samples, 10)) > 0.01


def test_tempo_meter_and_most_chord_roots_are_recognized(played):
    analyses = ChromaExtractor(sync="beat").analyze(played.recordings)
    for analysis, tempo, beats in zip(analyses, played.tempi, played.beats_per_bar, strict=True):
        assert analysis.tempo == pytest.approx(tempo, rel=0.01)
        assert analysis.timing.beats_per_bar == beats
    chroma = [analysis.chroma for analysis in analyses]
    recognized = recognize_chords(chroma, timing=[analysis.timing for analysis in analyses])
    for known, found in zip(played.chords, recognized, strict=True):
        roots = [
            [next(c.root for c in chords if c.end > second) for second in np.arange(0.5, 40)]
            for chords in (known, found)
        ]
        assert np.mean(np.equal(*roots)) > 0.7


def test_the_same_seed_gives_the_same_songs(played, home, tmp_path):
    before = [path.stat().st_mtime_ns for path in played.recordings]
    fewer = make_songs(2, styles=["pop", "waltz"], folder=home, sr=RATE, random_state=3)
    assert fewer.recordings == played.recordings[:2]
    assert [path.stat().st_mtime_ns for path in played.recordings] == before
    anew = make_songs(1, styles=["pop"], folder=tmp_path, sr=RATE, random_state=3)
    assert anew.recordings[0].read_bytes() == played.recordings[0].read_bytes()
    other = make_songs(1, styles=["pop"], kind="midi", folder=tmp_path, random_state=4)
    assert other.chords[0] != played.chords[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_songs": 0}, "n_songs must be an integer of at least 1, got 0"),
        ({"styles": ["polka"]}, "styles must be None or a list from"),
        ({"kind": "roll"}, r"kind must be one of \('audio', 'midi'\), got 'roll'"),
        ({"sr": 10}, "sr must be an integer from 1000 to 192000"),
        ({"random_state": None}, "random_state must be an integer from 0 .* got None"),
    ],
)
def test_invalid_values_are_rejected_before_files_are_made(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_songs(**{"folder": tmp_path, **arguments})
    assert list(tmp_path.iterdir()) == []
