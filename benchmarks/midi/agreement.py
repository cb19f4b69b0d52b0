"""Agreement of musicai with FluidSynth and symusic on the notes in MIDI files.

::

    python -m benchmarks.midi.agreement --corpus 300 --odd 4 --jobs 2

The files are of two kinds: scores of music21's corpus, written by music21 and then changed to have
two parts on each channel and pedals in a separate track; and performances with odd events, for each
kind of event in ``odd_files.py``.

- FluidSynth plays a file. The notes that it holds, including by pedals, are compared with the piano
  roll of ``PianoRollExtractor`` (``fluidsynth.py``; needs libfluidsynth).
- symusic reads notes without pedals. They are compared with the roll of the notes of ``read_midi``
  without controllers (``pip install symusic``).

Rolls of the first minute, with 50 frames per second, are compared cell by cell; notes may begin or
end one frame earlier or later. A program that is not installed is left out. Scores are compared a
second time with one channel per part, because parts on the same channel share the note-offs of a
key. That comparison ignores a key after its first note of length 0: music21 writes the note-off of
such a note before its note-on, and other programs let the note sound until the next note-off.
"""

import argparse
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import joblib
import mido
import numpy as np
import pretty_midi

from benchmarks.midi.fluidsynth import Player, library
from benchmarks.midi.odd_files import KINDS, odd_file
from musicai import PianoRollExtractor
from musicai.midi import MidiError, read_midi

try:
    import symusic
except ImportError:
    symusic = None

RATE = 50
SECONDS = 60
PEDAL_OFFSET = 0.2275
"""Offset of pedal events in beats, so that none coincides with the start or end of a note."""

EXTRACTOR = PianoRollExtractor(frame_rate=RATE)


class Verdict(NamedTuple):
    """Numbers of differing cells; None if a program is missing or cannot read the file."""

    fluidsynth: int | None
    symusic: int | None


class Result(NamedTuple):
    """Results for a score."""

    name: str
    shared: Verdict
    apart: Verdict  # one channel per part, without keys after notes of length 0


def roll_of(music) -> np.ndarray:
    return EXTRACTOR.transform([music])[0][: RATE * SECONDS]


def roll_of_notes(notes, n_frames: int) -> np.ndarray:
    """Return the piano roll of notes (start, end, pitch), with times in seconds."""
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes = [
        pretty_midi.Note(80, pitch, start, end) for start, end, pitch in notes
    ]
    midi.text_events.append(pretty_midi.Text("end of piece", n_frames / RATE))
    return roll_of(midi)


def count_differences(one: np.ndarray, other: np.ndarray, excused: np.ndarray) -> int:
    """Count differing cells, allowing notes to begin or end one frame earlier or later."""
    n_frames = min(len(one), len(other))
    one, other = one[:n_frames] > 0, other[:n_frames] > 0
    differ = (one & ~widened(other)) | (other & ~widened(one))
    return int((differ & ~excused[:n_frames]).sum())


def widened(roll: np.ndarray) -> np.ndarray:
    wide = roll.copy()
    wide[1:] |= roll[:-1]
    wide[:-1] |= roll[1:]
    return wide


def judge(path: Path, *, excuse: bool = False) -> Verdict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, keys = roll_of(path), read_midi(path)
    for instrument in keys.instruments:
        instrument.control_changes = []
    excused = after_empty_notes(keys, len(ours)) if excuse else np.zeros(ours.shape, bool)
    return Verdict(by_fluidsynth(path, ours, excused), by_symusic(path, roll_of(keys), excused))


def after_empty_notes(midi: pretty_midi.PrettyMIDI, n_frames: int) -> np.ndarray:
    """Return a mask, (n_frames, 88), of each key's frames from its first note of length 0 on."""
    excused = np.zeros((n_frames, 88), bool)
    for instrument in midi.instruments:
        for note in instrument.notes:
            if note.end == note.start and 21 <= note.pitch <= 108:
                excused[int(note.start * RATE) :, note.pitch - 21] = True
    return excused


def by_fluidsynth(path: Path, ours: np.ndarray, excused: np.ndarray) -> int | None:
    lib = library()
    notes = Player(lib).play(path, len(ours) / RATE) if lib else None
    if not notes:
        return None
    return count_differences(ours, roll_of_notes(notes, len(ours)), excused)


def by_symusic(path: Path, ours: np.ndarray, excused: np.ndarray) -> int | None:
    if symusic is None:
        return None
    try:
        score = symusic.Score(str(path), ttype="second")
    except RuntimeError:
        return None
    players = [track for track in score.tracks if not track.is_drum]
    notes = [(n.time, n.time + n.duration, n.pitch) for track in players for n in track.notes]
    return count_differences(ours, roll_of_notes(notes, len(ours)), excused)


def export(score_path: Path, folder: Path, number: int) -> tuple[Path, Path] | None:
    """Write a score with two parts per channel, and with one part per channel."""
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score = music21.converter.parse(score_path, forceSource=True, storePickle=False)
            score = score.scores[0] if isinstance(score, music21.stream.Opus) else score
            score.write("midi", fp=folder / f"{number}.mid")
            roll_of(folder / f"{number}.mid")
        except (music21.exceptions21.Music21Exception, MidiError, ValueError, IndexError):
            return None
    paths = folder / f"{number}-shared.mid", folder / f"{number}-apart.mid"
    for path, n_sharing in zip(paths, (2, 1), strict=True):
        written = mido.MidiFile(folder / f"{number}.mid", charset="utf-8")
        parts = [track for track in written.tracks if any(m.type == "note_on" for m in track)]
        for i, track in enumerate(parts):
            channel = [c for c in range(16) if c != 9][i // n_sharing % 15]
            for message in track:
                if hasattr(message, "channel"):
                    message.channel = channel
        written.tracks.append(pedal_track(written, number))
        written.save(path)
    return paths


def pedal_track(file: mido.MidiFile, seed: int) -> mido.MidiTrack:
    """Return a track that presses and releases the pedal of all channels at random."""
    rng = np.random.default_rng(seed)
    beats = max(sum(m.time for m in track) for track in file.tracks) / file.ticks_per_beat
    moves = np.flatnonzero(rng.random(int(beats)) < 0.4) + PEDAL_OFFSET
    track, now = mido.MidiTrack(), 0
    for i, beat in enumerate(moves):
        tick = round(beat * file.ticks_per_beat)
        for channel in range(16):
            value = 0 if i % 2 else 127
            message = mido.Message("control_change", control=64, value=value, channel=channel)
            track.append(message.copy(time=tick - now))
            now = tick
    return track


def judge_score(score: Path, number: int) -> Result | None:
    with tempfile.TemporaryDirectory() as folder:
        paths = export(score, Path(folder), number)
        if paths is None:
            return None
        return Result(score.stem, judge(paths[0]), judge(paths[1], excuse=True))


def judge_odd(kind: int, seed: int) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "odd.mid")
        path.write_bytes(odd_file(KINDS[kind], seed))
        return judge(path)


def agreeing(counts: list[int | None]) -> str:
    read = [count for count in counts if count is not None]
    unread = f", {len(counts) - len(read)} not read" if len(read) < len(counts) else ""
    return f"{read.count(0)} of {len(counts)}{unread}"


def print_odd(n_seeds: int, n_jobs: int) -> None:
    print("| odd files | FluidSynth agrees | symusic agrees |")
    print("| --- | --- | --- |")
    cases = [(kind, seed) for kind in range(len(KINDS)) for seed in range(n_seeds)]
    verdicts = joblib.Parallel(n_jobs)(joblib.delayed(judge_odd)(*case) for case in cases)
    for i, kind in enumerate(KINDS):
        columns = zip(*verdicts[i * n_seeds : (i + 1) * n_seeds], strict=True)
        print(f"| {kind.__name__} |", " | ".join(agreeing(list(column)) for column in columns), "|")
    columns = zip(*verdicts, strict=True)
    print("| all |", " | ".join(agreeing(list(column)) for column in columns), "|\n", flush=True)


def print_corpus(n_scores: int, n_jobs: int) -> None:
    from music21.corpus.corpora import CoreCorpus

    scores = sorted(path for path in CoreCorpus().getPaths() if path.suffix != ".rntxt")
    np.random.default_rng(0).shuffle(scores)
    results, tried = [], 0
    with joblib.Parallel(n_jobs) as parallel:
        while len(results) < n_scores and tried < len(scores):
            batch = scores[tried : tried + n_scores - len(results)]
            calls = (joblib.delayed(judge_score)(score, tried + i) for i, score in enumerate(batch))
            results += [result for result in parallel(calls) if result is not None]
            tried += len(batch)
    print(f"{len(results)} scores; {tried - len(results)} others have no notes or fail to export")
    print("| scores | FluidSynth agrees | symusic agrees |")
    print("| --- | --- | --- |")
    for name, verdicts in (
        ("two parts on a channel", [result.shared for result in results]),
        ("one part on a channel, without notes of length 0", [result.apart for result in results]),
    ):
        columns = zip(*verdicts, strict=True)
        print(f"| {name} |", " | ".join(agreeing(list(column)) for column in columns), "|")
    for result in results:
        if any(result.apart):
            print(result)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=int, default=300, metavar="N", help="scores")
    parser.add_argument("--odd", type=int, default=4, metavar="N", help="odd files of each kind")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    arguments = parser.parse_args()
    if library() is None:
        print("libfluidsynth is not installed (apt install libfluidsynth3): skipping it\n")
    if symusic is None:
        print("symusic is not installed (pip install symusic): skipping it\n")
    print_odd(arguments.odd, arguments.jobs)
    print_corpus(arguments.corpus, arguments.jobs)


if __name__ == "__main__":
    main()
