"""Agreement of all renderings of a piece on one grid.

    python -m benchmarks.render.one_grid [--pieces 12] [--frames 6] [--bars 16] [--passes 100]
    python -m benchmarks.render.one_grid --minuets

Composers are trained on rule-based songs and waltzes from ``make_songs``, once on half-beats and
once on frames; with ``--minuets``, on half-beats of minuets from music21's corpus. Each of their
pieces is rendered at three tempi (pieces of frames have one speed, but are notated at three tempi):
as audio of a band and of a mosaic, MIDI, MusicXML, a chart and a Reaper session. mido reads the
MIDI files, as does symusic if it is installed. music21 reads MusicXML, and librosa's beat tracker
finds the beats of audio. Sessions and charts are read as text. The script prints:

- agree: number of renderings with the same first downbeat, tempo, number of bars, and chord on
  every beat as the MIDI file;
- on sixteenths: share of the onsets in MIDI that lie on sixteenths;
- in 3/4: number of renderings of pieces in the style of waltzes or minuets that have three beats
  per bar;
- band, mosaic: share of the beats found in the audio that are within 30 ms of a beat of the grid.
  librosa's tracker starts at the true tempo. Its delay is subtracted first: either its median delay
  for clicks on that grid, or its median delay for the same audio, because it finds soft attacks
  late. For minuets, both shares are also given for the training recordings and their scores' grids;
- drums: RMS level of the band's drums relative to its chords, in dB;
- chords: share of beats on which `recognize_chords` finds the chord of the chart, in the audio cut
  at these beats and in the piece itself. There are four rows: all beats of composed pieces; the
  beats whose chord is clear, because the chroma of the piece correlates with it by `CLEAR` more
  than with any other triad; and eight pieces each of plain chords from `chords_to_chroma`, and
  sampled over the same chords;
- sessions: number of items, positions, speeds, fades, tempo maps, regions and MIDI messages that
  other parsers read differently from the mosaic's edit list and the MIDI file (see `sessions`), if
  ``rppxml`` and ``reaproj`` are installed;
- kept: number of pieces whose bars 1 to 8 are exactly the same in chart, score and MIDI if the
  music from bar 9 on is composed anew.

Needs ``pip install ".[midi,score]"`` and librosa.
"""

import argparse
import contextlib
import io
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import librosa
import mido
import music21
import numpy as np

from benchmarks.common.music import print_table
from benchmarks.render.minuets import make_minuets
from benchmarks.render.sessions import disagreements
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.datasets import make_songs
from musicai.midi import synthesize, write_midi
from musicai.render import (
    chord_chart,
    chords_to_chroma,
    chroma_to_audio,
    chroma_to_midi,
    recognize_chords,
    to_musicxml,
    write_session,
)
from musicai.theory.shapes import unit_shapes

TEMPI = (84.0, 100.0, 120.0)
STYLES = ("pop", "waltz")
TEMPERATURE = 0.9  # as for `musicai compose`
NEAR = 0.03
CLEAR = 0.2
PROGRESSION = "C | Am | F | G | C | G | Am | F | Am | Dm | G | C | F | C | G | C"
SR = 22050
_NOTES = {name: i for i, name in enumerate("C.D.EF.G.A.B") if name != "."}


class Reading(NamedTuple):
    """A rendering as another program reads it; beats count from the first bar line."""

    first_downbeat: float  # seconds
    tempo: float
    meter: int
    n_bars: int
    chords: tuple[frozenset[int], ...]


def read_midi(data: bytes) -> Reading:
    """Read the part "Chords" of a MIDI file by mido."""
    file = mido.MidiFile(file=io.BytesIO(data))
    meters, tempi, last = [], [], 0
    notes: list[tuple[int, int, int]] = []
    for track in file.tracks:
        tick, begun = 0, {}
        for message in track:
            tick += message.time
            if message.type == "time_signature":
                meters.append((tick, message.numerator, message.denominator))
            elif message.type == "set_tempo":
                tempi.append(mido.tempo2bpm(message.tempo))
            elif message.type == "text":
                last = max(last, tick)
            elif message.type == "note_on" and message.velocity and track.name == "Chords":
                begun[message.note] = tick
            elif message.type in ("note_on", "note_off") and message.note in begun:
                notes.append((begun.pop(message.note), tick, message.note))
    return _of_notes(notes, meters, tempi, last, file.ticks_per_beat)


def read_by_symusic(path: Path) -> Reading:
    import symusic

    score = symusic.Score(str(path))
    (chords,) = [track for track in score.tracks if track.name == "Chords"]
    notes = [(note.time, note.end, note.pitch) for note in chords.notes]
    meters = [(each.time, each.numerator, each.denominator) for each in score.time_signatures]
    last = max(note.end for track in score.tracks for note in track.notes)
    return _of_notes(notes, meters, [t.qpm for t in score.tempos], last, score.ticks_per_quarter)


def _of_notes(notes: Any, meters: Any, tempi: Any, last: int, resolution: int) -> Reading:
    first, beats_per_bar, _ = max(meters)
    n_beats = int(np.ceil((last - first) / resolution - 0.1))
    places = [first + beat * resolution for beat in range(n_beats)]
    chords = tuple(
        frozenset(pitch % 12 for start, end, pitch in notes if start <= place < end)
        for place in places
    )
    tempo = float(np.mean(tempi))
    seconds = first / resolution * 60 / tempo
    return Reading(seconds, tempo, beats_per_bar, -(-n_beats // beats_per_bar), chords)


def read_score(text: str, n_beats: int) -> Reading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = music21.converter.parse(text, format="musicxml", forceSource=True)
    upper = score.parts[0].flatten()
    tempo = float(upper.getElementsByClass("MetronomeMark").first().number)
    meter = upper.getElementsByClass("TimeSignature").first().numerator
    symbols = [
        (int(each.offset), frozenset(pitch.pitchClass for pitch in each.pitches))
        for each in upper.getElementsByClass("Harmony")
    ]
    late = symbols[0][0]  # rests before a pickup
    first = meter if late else 0
    chords = [
        [chord for start, chord in symbols if start <= first + beat][-1] for beat in range(n_beats)
    ]
    n_bars = len(score.parts[0].getElementsByClass("Measure")) - bool(late)
    return Reading((first - late) * 60 / tempo, tempo, meter, n_bars, tuple(chords))


def read_chart(text: str, n_beats: int) -> Reading:
    head, *lines = [line for line in text.splitlines() if line]
    tempo, meter = (
        int(each) for each in re.search(r"(\d+) beats a minute, (\d+)/4", head).groups()
    )
    pickup = len(lines[0].partition("|")[0].split())
    chords: list[frozenset[int]] = []
    bars = [bar.split() for line in lines for bar in line.partition("|")[2].split("|")[:-1]]
    for bar in bars:
        for place in bar * meter if len(bar) == 1 and bar != ["%"] else bar:
            if place == "%":
                chords += chords[-meter:]
            else:
                chords.append(chords[-1] if place == "/" else _triad(place))
    return Reading(pickup * 60 / tempo, tempo, meter, len(bars), tuple(chords[:n_beats]))


def read_session(text: str, n_beats: int) -> Reading:
    tempi = [line.split()[1:] for line in text.splitlines() if line.strip().startswith("PT ")]
    first, tempo, meter = float(tempi[-1][0]), float(tempi[-1][1]), int(tempi[-1][3]) % 65536
    regions = re.findall(r'MARKER \d+ ([\d.]+) "?([^"]*)"? 1', text)
    starts = [(float(seconds), _triad(name)) for seconds, name in regions if name]
    end = max(float(seconds) for seconds, _ in regions)
    places = first + np.arange(n_beats) * 60 / tempo
    chords = tuple([c for start, c in starts if start <= place + 1e-3][-1] for place in places)
    n_bars = int(np.ceil((end - first) * tempo / 60 / meter - 0.1 / meter))
    return Reading(first, tempo, meter, n_bars, chords)


def _triad(label: str) -> frozenset[int]:
    if label == "N.C.":
        return frozenset()
    root = _NOTES[label[0]] + label.count("#") - label.count("b")
    third = 3 if label.endswith("m") else 4
    return frozenset((root + tone) % 12 for tone in (0, third, 7))


def agree(one: Reading, other: Reading) -> dict[str, bool]:
    """Compare two readings; scores and charts round the tempo to whole beats per minute."""
    return {
        "downbeat": abs(one.first_downbeat - other.first_downbeat) < 0.02,
        "tempo": abs(one.tempo - other.tempo) < 0.51 and one.meter == other.meter,
        "bars": one.n_bars == other.n_bars,
        "chords": one.chords == other.chords,
    }


def on_sixteenths(data: bytes) -> np.ndarray:
    """Return for each onset whether it lies on a sixteenth."""
    file = mido.MidiFile(file=io.BytesIO(data))
    found = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.append(tick * 4 % file.ticks_per_beat == 0)
    return np.array(found)


def share_on_grid(sound: np.ndarray, tempo: float, first: float) -> tuple[float, float]:
    """Return two shares of the tracker's beats that are within `NEAR` of a beat of the grid.

    For the first share, its median delay for clicks is subtracted; for the second, its median delay
    for this sound.
    """
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    grid = np.arange(first, len(mono) / SR, 60 / tempo)
    clicks = librosa.clicks(times=grid, sr=SR, length=len(mono))
    off = _off_grid(mono, tempo, first)
    delays = np.median(_off_grid(clicks, tempo, first)), np.median(off)
    with_clicks, with_sound = (float(np.mean(np.abs(off - delay) < NEAR)) for delay in delays)
    return with_clicks, with_sound


def _off_grid(mono: np.ndarray, tempo: float, first: float) -> np.ndarray:
    """Return the delay in seconds of each of the tracker's beats after the nearest beat."""
    _, beats = librosa.beat.beat_track(y=mono, sr=SR, hop_length=128, bpm=tempo, units="time")
    places = (np.asarray(beats) - first) * tempo / 60
    return np.asarray((places - np.rint(places)) * 60 / tempo)


def chords_in_sound(sound: np.ndarray, midi: Reading) -> np.ndarray:
    """Return, for each beat, whether the chord recognized in a sound is that of the chart."""
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    beats = midi.first_downbeat + np.arange(len(midi.chords)) * 60 / midi.tempo
    extractor = ChromaExtractor(sync="beat", tracker=lambda samples, sr: beats, sr=SR)
    (analysis,) = extractor.analyze([mono])
    return chords_in_chroma(analysis.chroma, analysis.timing, midi)


def chords_in_chroma(chroma: np.ndarray, timing: Any, midi: Reading) -> np.ndarray:
    """Return for each beat whether the chord recognized at its middle is that of the chart."""
    found = recognize_chords(chroma, timing=timing)
    starts = [chord.start for chord in found]
    middles = midi.first_downbeat + (np.arange(len(midi.chords)) + 0.5) * 60 / midi.tempo
    there = [found[i] for i in np.searchsorted(starts, middles, side="right") - 1]
    pairs = zip(there, midi.chords, strict=True)
    return np.array([set(chord.pitch_classes) == tones for chord, tones in pairs])


def clear_chords(piece: np.ndarray, timing: Any, midi: Reading) -> np.ndarray:
    """Return for each beat whether its chord is clear in the chroma of a piece."""
    triads = [
        frozenset((root + tone) % 12 for tone in tones)
        for root in range(12)
        for tones in ((0, 3, 7), (0, 4, 7))
    ]
    shapes = unit_shapes(np.array([[float(i in tones) for i in range(12)] for tones in triads]))
    first = round(midi.first_downbeat * midi.tempo / 60 * timing.frames_per_beat)
    found = []
    for beat, chord in enumerate(midi.chords):
        frames = slice(*(first + round(i * timing.frames_per_beat) for i in (beat, beat + 1)))
        (shape,) = unit_shapes(np.sqrt(np.maximum(piece[frames].mean(axis=0), 0))[np.newaxis])
        fits = dict(zip(triads, shapes @ shape, strict=True))
        own = fits.pop(chord, -1.0)
        found.append(own > max(fits.values()) + CLEAR)
    return np.array(found)


def level_of_drums(midi: Any) -> float:
    """Return how many decibels the drums of a band are above its chords."""
    levels = {}
    for part in midi.instruments:
        alone = type(midi)(resolution=midi.resolution)
        alone.instruments.append(part)
        sound = np.concatenate(list(synthesize(alone, sr=SR)))
        levels["drums" if part.is_drum else part.name] = np.sqrt(np.mean(sound**2))
    return 20 * np.log10(levels["drums"] / levels["Chords"])


def written(midi: Any) -> bytes:
    file = io.BytesIO()
    write_midi(file, midi)
    return file.getvalue()


def readings(
    piece: np.ndarray, options: dict[str, Any], mosaic: Any, folder: Path
) -> Iterator[tuple[str, Reading]]:
    """Yield the name and the reading of each rendering, the MIDI file first."""
    data = written(chroma_to_midi(piece, instruments="band", **options))
    midi = read_midi(data)
    n_beats = len(midi.chords)
    yield "MIDI", midi
    try:
        (folder / "a.mid").write_bytes(data)
        yield "symusic", read_by_symusic(folder / "a.mid")
    except ImportError:
        pass
    yield "MusicXML", read_score(to_musicxml(piece, **options), n_beats)
    yield "chart", read_chart(chord_chart(piece, **options), n_beats)
    write_session(piece, folder / "a.rpp", mosaic=mosaic, **options)
    yield "session", read_session((folder / "a.rpp").read_text(), n_beats)


def is_kept(
    composer: LSTMComposer, piece: np.ndarray, style: str, options: dict[str, Any], kept: int
) -> bool:
    """Return whether bars 1 to 8 stay in chart, score and MIDI when the rest is composed anew."""
    both = []
    for seed in (1, 2):
        begin, n_more = piece[:kept], len(piece) - kept
        rest = composer.sample(n_more, prime=begin, style=style, random_state=seed)
        whole = np.concatenate([begin, rest])
        chart = chord_chart(whole, **options)
        bars = [bar for line in chart.splitlines() for bar in line.split("|")[1:-1]][:8]
        parts = ElementTree.fromstring(to_musicxml(whole, **options)).findall("part")
        measures = [part.findall("measure")[:8] for part in parts]
        texts = [ElementTree.tostring(each).strip() for part in measures for each in part]
        midi = chroma_to_midi(whole, instruments="band", **options)
        line = 8 * midi.time_signature_changes[-1].numerator * midi.resolution
        notes = [
            (midi.time_to_tick(note.start), midi.time_to_tick(note.end), note.pitch, note.velocity)
            for part in midi.instruments
            for note in part.notes
            if midi.time_to_tick(note.start) < line
        ]
        both.append((chart.splitlines()[0], bars, texts, notes))
    return both[0] == both[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=12, help="by beats (default: 12)")
    parser.add_argument("--frames", type=int, default=6, help="by frames (default: 6)")
    parser.add_argument("--bars", type=int, default=16, help="of each piece (default: 16)")
    parser.add_argument("--songs", type=int, default=24, help="to learn (default: 24)")
    parser.add_argument("--passes", type=int, default=100, help="of training (default: 100)")
    parser.add_argument("--minuets", action="store_true", help="learn minuets, by half-beats")
    arguments = parser.parse_args()
    rows = []
    if arguments.minuets:
        with tempfile.TemporaryDirectory() as folder:
            minuets = make_minuets(Path(folder))
            shares = [
                share_on_grid(librosa.load(file, sr=SR)[0], tempo, first)
                for _, file, tempo, first in minuets
            ]
            print_shares("recordings, on the grids of their scores", shares)
            recordings = [minuet.recording for minuet in minuets]
            styles = ["minuet"] * len(recordings)
            rows += _rows(recordings, styles, "half-beat", arguments.pieces, arguments)
    else:
        songs = make_songs(arguments.songs, styles=list(STYLES), sr=SR)
        for sync, n_pieces in (("half-beat", arguments.pieces), (None, arguments.frames)):
            if n_pieces:
                rows += _rows(songs.recordings, songs.target, sync, n_pieces, arguments)
    print_table(["pieces", "rendering", "downbeat", "tempo", "bars", "chords"], rows)


class Found(NamedTuple):
    """Measurements of the pieces of one kind."""

    agreements: dict[str, list[dict[str, bool]]]
    sixteenths: list[bool]
    threes: list[bool]
    kept: list[bool]
    band: list[tuple[float, float]]
    mosaic: list[tuple[float, float]]
    drums: list[float]
    chords: list[np.ndarray]
    """Whether each beat's chord is found in piece, band and mosaic, and is clear: (n_beats, 4)."""
    sessions: list[tuple[int, list[str]]]
    """For each session, the number of items, and what other parsers read differently."""


def _rows(
    recordings: list[Path], styles: list[str], sync: str | None, n_pieces: int, arguments: Any
) -> list[list[str]]:
    """Compare pieces of one kind, print its shares, and return rows of the table."""
    memory = str(Path(tempfile.gettempdir(), "musicai-one-grid"))
    extractor = ChromaExtractor(sync=sync, memory=memory)
    analyses = extractor.analyze(recordings)
    composer = LSTMComposer(max_iter=arguments.passes, random_state=0)
    timings = [analysis.timing for analysis in analyses]
    composer.fit([analysis.chroma for analysis in analyses], styles, timing=timings)
    mosaic = MosaicSynthesizer(extractor, sr=SR).fit(recordings, styles)
    found = Found({}, [], [], [], [], [], [], [], [])
    for i in range(n_pieces):
        style = styles[i % len(styles)]
        timing = composer.timing_of(style)
        for tempo in TEMPI:
            clock = {"timing": timing.at_tempo(tempo)} if sync else {"timing": timing}
            clock |= {} if sync else {"notated_tempo": tempo}
            per_beat = timing.frames_per_beat or timing.frame_rate * 60 / tempo
            per_bar = (timing.beats_per_bar or 4) * per_beat
            n_frames = round(arguments.bars * per_bar)
            piece = composer.sample(n_frames, style=style, temperature=TEMPERATURE, random_state=i)
            _compare(piece, clock, mosaic, style, found)
            if tempo == TEMPI[1]:
                # At a constant rate, the last frame may extend past the bar line, so keep it.
                kept = int(np.ceil(8 * per_bar)) + (sync is None)
                found.kept.append(is_kept(composer, piece, style, clock, kept))
    kind = "beats" if sync else "frames"
    print(
        f"{kind}: on sixteenths {np.mean(found.sixteenths):.3f} of {len(found.sixteenths)} onsets"
    )
    print(f"{kind}: kept {sum(found.kept)} of {len(found.kept)}")
    n_items = sum(n for n, _ in found.sessions)
    wrong = [what for _, each in found.sessions for what in each]
    print(f"{kind}: {len(found.sessions)} sessions, {n_items} items, {len(wrong)} wrong {wrong}")
    if sync:
        print(f"{kind}: in 3/4 {sum(found.threes)} of {len(found.threes)} renderings in three")
        print_shares(f"{kind}: on the grid, band", found.band)
        print_shares(f"{kind}: on the grid, mosaic", found.mosaic)
        there = np.concatenate(found.chords)
        is_clear = there[:, 3]
        for what, some in (("chords", there), (f"clear {is_clear.mean():.3f}", there[is_clear])):
            shares = zip(("piece", "band", "mosaic"), some[:, :3].mean(axis=0), strict=True)
            print(f"{kind}: {what}, " + ", ".join(f"{name} {each:.3f}" for name, each in shares))
        for what, is_sampled in (("plain chords", False), ("sampled over chords", True)):
            shares = _given_chords(composer, mosaic, styles, is_sampled=is_sampled)
            print(f"{kind}: {what}, piece {shares[0]:.3f}, mosaic {shares[1]:.3f}")
        print(f"{kind}: drums {np.mean(found.drums):+.1f} dB, at most {max(found.drums):+.1f}")
    return [
        [kind, what, *(f"{sum(each[key] for each in some)} of {len(some)}" for key in some[0])]
        for what, some in found.agreements.items()
    ]


def _given_chords(
    composer: LSTMComposer, mosaic: Any, styles: list[str], *, is_sampled: bool
) -> np.ndarray:
    """Return the shares of beats with the chart's chord, in pieces over given chords and mosaics.

    The pieces are plain chords, or sampled by the composer over these chords.
    """
    shares = []
    for i in range(8):
        style = styles[i % len(styles)]
        clock = {"timing": composer.timing_of(style).at_tempo(TEMPI[1])}
        piece = chords_to_chroma(PROGRESSION, random_state=i, **clock)
        if is_sampled:
            options = {"style": style, "temperature": TEMPERATURE, "random_state": i}
            piece = composer.sample(len(piece), chords=PROGRESSION, **options)
        piece = np.roll(piece, 5 * i, axis=1)
        midi = read_midi(written(chroma_to_midi(piece, instruments="band", **clock)))
        alone = chords_in_chroma(piece, clock["timing"], midi).mean()
        sound = mosaic.transform(piece, style=style, **clock)
        shares.append((alone, chords_in_sound(sound, midi).mean()))
    return np.mean(shares, axis=0)


def print_shares(what: str, shares: list[tuple[float, float]]) -> None:
    """Print the mean of both shares of `share_on_grid`."""
    with_clicks, with_sound = np.mean(shares, axis=0)
    print(f"{what}: {with_clicks:.3f}, less its delay {with_sound:.3f}")


def _read_back(
    session: Path, piece: np.ndarray, clock: dict[str, Any], mosaic: Any
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of items of a session and what other parsers read differently."""
    edits = mosaic.edit_list(piece, timing=clock["timing"])
    midi = written(chroma_to_midi(piece, instruments="band", **clock))
    with contextlib.suppress(ImportError):
        yield len(edits.clips), disagreements(session, edits, midi)


def _compare(
    piece: np.ndarray, clock: dict[str, Any], mosaic: Any, style: str, found: Found
) -> None:
    """Render a piece in all ways and count what agrees."""
    with tempfile.TemporaryDirectory() as folder:
        (_, reading), *others = readings(piece, clock, mosaic, Path(folder))
        found.sessions.extend(_read_back(Path(folder, "a.rpp"), piece, clock, mosaic))
    for what, other in others:
        found.agreements.setdefault(what, []).append(agree(reading, other))
    music = chroma_to_midi(piece, instruments="band", **clock)
    found.sixteenths.extend(on_sixteenths(written(music)))
    if not clock["timing"].has_beats:
        return
    if style in ("waltz", "minuet"):
        found.threes.append(reading.meter == 3)
    tempo, first = clock["timing"].tempo, reading.first_downbeat
    band = chroma_to_audio(piece, instruments="band", sr=SR, **clock)
    found.band.append(share_on_grid(band, tempo, first))
    sound = mosaic.transform(piece, style=style, **clock)
    found.mosaic.append(share_on_grid(sound, tempo, first))
    if tempo == TEMPI[1]:
        found.drums.append(level_of_drums(music))
        there = [
            chords_in_chroma(piece, clock["timing"], reading),
            *(chords_in_sound(each, reading) for each in (band, sound)),
            clear_chords(piece, clock["timing"], reading),
        ]
        found.chords.append(np.stack(there, axis=1))


if __name__ == "__main__":
    main()
