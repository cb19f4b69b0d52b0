"""The MIDI, score and chart of a piece have the same bars, key, chords and melody."""

import warnings
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from musicai import Timing
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml

pytest.importorskip("pretty_midi")
pytest.importorskip("music21")
TIMINGS = {
    "beats": Timing.from_tempo(96),
    "a waltz by half-beats": Timing.from_tempo(150, frames_per_beat=2, beats_per_bar=3),
    "with a pickup": Timing.from_tempo(96, frames_per_beat=2, downbeat=1),
    "bars not known": Timing.from_tempo(96, frames_per_beat=2, downbeat=None),
    "frames": Timing.from_rate(8),  # frame borders are on beats, so that a piece can be cut there
}


def music(n_frames, seed=0):
    """Return triads that change at random, with a melody and noise."""
    rng = np.random.default_rng(seed)
    roots = np.repeat(rng.integers(0, 12, n_frames), rng.integers(1, 9, n_frames))[:n_frames]
    piece = 0.3 * rng.random((n_frames, 12))
    for tone in (0, rng.integers(3, 5), 7):
        piece[np.arange(n_frames), (roots + tone) % 12] += 0.6
    piece[np.arange(n_frames), rng.integers(0, 12, n_frames)] += 0.5
    return piece * np.repeat(rng.uniform(0.5, 1, n_frames), 4)[:n_frames, None]


def beats_of(midi):
    """Return the notes of each part: (start, end, pitch, velocity), with times in beats."""
    ticks = midi.time_to_tick
    return [
        sorted(
            (ticks(n.start) / midi.resolution, ticks(n.end) / midi.resolution, n.pitch, n.velocity)
            for n in part.notes
        )
        for part in midi.instruments
    ]


def bars_of(chart):
    """Return the pickup and the bars of a chart, as text."""
    lines = [line for line in chart.splitlines() if "|" in line]
    first = lines[0].partition("|")[0].split()
    return first, [bar for line in lines for bar in line.partition("|")[2].split("|")[:-1]]


def chords_of(chart, beats_per_bar):
    """Return the chord on each beat of a chart."""
    chords, bars = bars_of(chart)
    for bar in bars:
        places = bar.split()
        if places == ["%"]:
            chords += chords[-beats_per_bar:]
        else:
            chords += places * beats_per_bar if len(places) == 1 else places
    return [
        chord if chord != "/" else next(c for c in chords[i::-1] if c != "/")
        for i, chord in enumerate(chords)
    ]


def measures_of(musicxml):
    tree = ElementTree.fromstring(musicxml)
    return [
        [ElementTree.tostring(measure).strip() for measure in part.findall("measure")]
        for part in tree.findall("part")
    ]


def read(musicxml):
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about its own code
        return converter.parse(musicxml, format="musicxml", forceSource=True)


@pytest.mark.parametrize("name", TIMINGS)
@pytest.mark.parametrize("seed", range(2))
def test_later_music_does_not_change_earlier_bars(name, seed):
    timing = TIMINGS[name]
    beats_per_bar = timing.beats_per_bar or 4
    per_beat = timing.frames_per_beat or 4  # at the default notated tempo, 120 beats per minute
    pieces = [music(round(16 * beats_per_bar * per_beat), seed) for _ in range(2)]
    pickup = len(bars_of(chord_chart(pieces[0], timing=timing))[0])
    kept = (8 * beats_per_bar + pickup) * per_beat
    # At a fixed rate, frames begin half a frame before their centers, so one more frame is kept.
    kept = round(kept) + (not timing.has_beats)
    pieces[1][kept:] = 2 * music(len(pieces[1]), seed + 100)[kept:]

    charts = [chord_chart(piece, timing=timing) for piece in pieces]
    assert charts[0] != charts[1]
    assert charts[0].splitlines()[:2] == charts[1].splitlines()[:2]
    (first, bars), (other, others) = map(bars_of, charts)
    assert first == other
    assert bars[:8] == others[:8]
    for grid in (2, 4):
        scores = [measures_of(to_musicxml(piece, timing=timing, grid=grid)) for piece in pieces]
        for part, changed in zip(*scores, strict=True):
            n_bars = 8 + (pickup > 0)
            assert part[:n_bars] == changed[:n_bars]
    for instruments in ("chords", "pads", "band"):
        midis = [chroma_to_midi(piece, timing=timing, instruments=instruments) for piece in pieces]
        for notes, changed in zip(*map(beats_of, midis), strict=True):
            both = [[n for n in part if n[0] < 8 * beats_per_bar] for part in (notes, changed)]
            if instruments == "pads":  # pads are held over bar lines
                both = [sorted((start, *n) for start, _, *n in part) for part in both]
            assert both[0] == both[1]
            assert len(both[0])


@pytest.mark.parametrize("name", TIMINGS)
def test_chords_and_melody_are_the_same_in_midi_score_and_chart(name):
    timing = TIMINGS[name]
    beats_per_bar = timing.beats_per_bar or 4
    piece = music(200, 7)
    melody, chords, bass, *_ = beats_of(chroma_to_midi(piece, timing=timing, instruments="band"))
    score = read(to_musicxml(piece, timing=timing))
    chart = chord_chart(piece, timing=timing)
    late = -len(bars_of(chart)[0]) % beats_per_bar

    symbols = {
        round(s.offset) - late: s.pitches
        for s in score.parts[0].flatten().getElementsByClass("Harmony")
    }
    sounding = None
    names = chords_of(chart, beats_per_bar)
    end = max(note[1] for note in chords)
    for beat in range(int(end)):
        sounding = symbols.get(beat, sounding)
        on_paper = {pitch.pitchClass for pitch in sounding}
        played = {n[2] % 12 for n in chords if n[0] <= beat < n[1]}
        assert played == on_paper
        assert [n[2] % 12 for n in bass if n[0] <= beat < n[1]] == [sounding[0].pitchClass]
        root = read_root(names[beat])
        assert on_paper == {
            root,
            (root + (3 if names[beat].endswith("m") else 4)) % 12,
            (root + 7) % 12,
        }

    written = [
        (float(n.offset) - late, n.pitch.midi)
        for n in score.parts[0].flatten().stripTies().notes
        if n.quarterLength > 0
    ]
    assert written == [(start, pitch) for start, _, pitch, _ in melody]


def read_root(label):
    root = "C D EF G A B".index(label[0])
    return (root + label.count("#") - label.count("b")) % 12


def test_notes_begin_on_the_grid_of_the_notated_tempo():
    for tempo in (None, 90, 133):
        for instruments in ("chords", "pads", "band"):
            midi = chroma_to_midi(
                music(300), timing=10.77, notated_tempo=tempo, instruments=instruments
            )
            starts = np.array([note[0] for part in beats_of(midi) for note in part])
            np.testing.assert_array_equal(4 * starts % 1, 0)


def test_no_note_of_the_melody_is_held_over_a_bar_line():
    midi = chroma_to_midi(music(200), timing=TIMINGS["beats"], instruments="band")
    for start, end, *_ in beats_of(midi)[0]:
        assert start // 4 == (end - 1e-9) // 4


@pytest.mark.parametrize(
    ("beats_per_bar", "kicks", "snares"),
    [(4, [0, 2], [1, 3]), (3, [0], [1, 2]), (2, [0], [1]), (5, [0, 3], [1, 2, 4]), (1, [0], [])],
)
def test_drums_play_the_meter(beats_per_bar, kicks, snares):
    timing = Timing.from_tempo(96, beats_per_bar=beats_per_bar, downbeat=beats_per_bar - 1)
    piece = music(40)
    piece[-5:] = 0
    midi = chroma_to_midi(piece, timing=timing, instruments="band")
    (drums,) = [part for part in midi.instruments if part.is_drum]
    *_, notes = beats_of(midi)
    assert min(note[0] for note in notes) == beats_per_bar - 1  # not in the pickup
    assert max(note[0] for note in notes) < 35  # not in silence
    assert drums.program == (40 if beats_per_bar in (3, 5) else 0)  # brushes for groups of three
    for pitch, beats in ((36, kicks), (38, snares)):
        found = {round(n[0] + 1) % beats_per_bar for n in notes if n[2] == pitch}
        assert found == set(beats)
    harmony = midi.instruments[1].notes
    assert np.mean([n.velocity for n in drums.notes]) < np.mean([n.velocity for n in harmony])


def test_drums_need_a_pulse_and_can_be_left_out():
    def drums(**options):
        midi = chroma_to_midi(music(40), instruments="band", **options)
        return sum(part.is_drum for part in midi.instruments)

    assert drums(timing=TIMINGS["beats"]) == 1
    assert drums(timing=TIMINGS["beats"], drums=False) == 0
    assert drums(timing=10) == 0
    pytest.importorskip("midirenderer")
    sounds = [
        chroma_to_audio(music(8), instruments="band", timing=TIMINGS["beats"], drums=drums)
        for drums in (True, False)
    ]
    assert not np.array_equal(*sounds)


def test_melody_and_bass_are_accented_on_downbeats():
    piece = music(64)
    piece /= piece.max(axis=1, keepdims=True)
    midi = chroma_to_midi(piece, timing=TIMINGS["beats"], instruments="band")
    for part in beats_of(midi)[:3:2]:  # melody and bass
        loud = {n[3] for n in part if n[0] % 4 == 0}
        quiet = {n[3] for n in part if n[0] % 4 == 2}
        assert min(loud) > max(quiet)


@pytest.mark.parametrize("write", [chord_chart, to_musicxml, chroma_to_midi])
def test_a_given_key_is_used(write):
    piece, timing = music(40), TIMINGS["beats"]

    def key(result):
        if hasattr(result, "key_signature_changes"):
            return result.key_signature_changes[0].key_number
        return result

    assert key(write(piece, timing=timing, key="Eb")) != key(write(piece, timing=timing, key="B"))
    several = write([piece, piece], timing=timing, key=["Eb", None])
    assert [key(each) for each in several] == [
        key(write(piece, timing=timing, key=name)) for name in ("Eb", None)
    ]
    assert key(write([piece], timing=timing, key="Eb")[0]) == key(several[0])
    with pytest.raises(ValueError, match="key must be the name of a major or minor key"):
        write(piece, timing=timing, key="H")


def test_the_chart_names_the_key():
    assert chord_chart(music(40), timing=TIMINGS["beats"], key="f#").startswith("F# minor")


def test_chords_of_a_recording_do_not_depend_on_later_bars():
    """Cutting off the end of a recording with wavering beats does not change earlier bars."""
    rng = np.random.default_rng(0)
    seconds = np.cumsum(rng.uniform(0.45, 0.55, 65))
    piece = music(64, 3)
    whole = chord_chart(piece, timing=Timing.from_beats(seconds))
    part = chord_chart(piece[:48], timing=Timing.from_beats(seconds)[:48])
    n_bars = [len(bars_of(chart)[1]) for chart in (whole, part)]
    assert n_bars[0] > n_bars[1]
    assert bars_of(whole)[1][: n_bars[1] - 1] == bars_of(part)[1][:-1]


def test_midi_and_chart_have_the_same_pickup_and_meter():
    for beats_per_bar in (2, 3, 4, 6):
        for downbeat in range(beats_per_bar):
            timing = Timing.from_tempo(96, beats_per_bar=beats_per_bar, downbeat=downbeat)
            midi = chroma_to_midi(music(40), timing=timing)
            chart = chord_chart(music(40), timing=timing)
            changes = midi.time_signature_changes
            assert (changes[-1].numerator, changes[-1].denominator) == (beats_per_bar, 4)
            assert changes[-1].time == pytest.approx(downbeat * 60 / 96, abs=1e-3)
            assert len(changes) == 1 + (downbeat > 0)
            assert len(bars_of(chart)[0]) == downbeat
            for before, after in pairwise(changes):
                assert before.numerator / before.denominator == (after.time * 96 / 60) / 4
