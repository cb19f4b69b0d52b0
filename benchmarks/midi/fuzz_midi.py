"""Fuzzing of ``PianoRollExtractor`` and ``synthesize`` with damaged MIDI files.

Damaged files must be read or refused, without crashes, hangs or invalid results. The kinds of
damage, the limits and the table are the same as in ``benchmarks/audio/fuzz.py``. Pass MIDI files,
or none to use chorales of music21 written by musicai, and generated music with all kinds of MIDI
events::

    python -m benchmarks.midi.fuzz_midi --count 5000 --jobs 2
    python -m benchmarks.midi.fuzz_midi music/*.mid --seed 1 --keep failures
    python -m benchmarks.midi.fuzz_midi --promises

With ``--promises``, only lengths, counts, units and channel states are damaged (`promises.py`).
Each damaged file is read on a grid of beats and on a grid of seconds, and its first 20 seconds are
synthesized. A file counts as "read" if it gives binary rolls with 88 keys and finite sound, and as
"refused" if it raises ``MidiError`` with the name of the file.
"""

import os
import resource
import sys
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.audio import fuzz
from benchmarks.audio.fuzz import OUTCOMES, Verdict
from benchmarks.midi.promises import PROMISES

SECONDS = 8
"""Length in seconds of the music that is damaged; playing it takes most of the time."""


def serve(connection: Connection) -> None:
    """Read and play files whose names arrive over a connection; runs in a separate process."""
    import pretty_midi

    from musicai import PianoRollExtractor
    from musicai.midi import synthesize

    extractors = [PianoRollExtractor(), PianoRollExtractor(frame_rate=10)]
    scale = extractors[1].inverse_transform(np.eye(88)[40:52])
    list(synthesize(scale))
    assert isinstance(scale, pretty_midi.PrettyMIDI)
    fuzz.limit_memory()
    # Hide the messages of Rust panics on standard error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while path := connection.recv():
        start = time.perf_counter()
        verdicts = [judge_roll(extractor, path) for extractor in extractors]
        verdicts.append(judge_sound(path))
        worst = max(verdicts, key=lambda verdict: OUTCOMES.index(verdict.outcome))
        seconds = time.perf_counter() - start
        megabytes = fuzz.peak_megabytes(resource.RUSAGE_SELF)
        connection.send(worst._replace(megabytes=megabytes, seconds=seconds))


def judge_roll(extractor, path: str) -> Verdict:
    from musicai.midi import MidiError

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            (roll,) = extractor.transform([path])
        except MidiError as error:
            return refusal(error, path)
        except Exception as error:
            return Verdict("error", detail=f"{type(error).__name__}: {error}")
    said = [str(warning.message) for warning in caught]
    if any(not text.startswith(f"{path}: ") for text in said) or len(said) > 1:
        return Verdict("error", detail=f"warnings: {said}")
    if roll.ndim != 2 or roll.shape[1] != 88 or not len(roll) or roll.dtype != np.float32:
        return Verdict("values", detail=f"shape {roll.shape}, type {roll.dtype}")
    if not np.isin(roll, (0, 1)).all():
        return Verdict("values", detail="neither 0 nor 1")
    return Verdict("read", warned=bool(said), detail="".join(said))


def judge_sound(path: str) -> Verdict:
    from musicai.midi import MidiError, synthesize

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # judged by `judge_roll`
            block = next(synthesize(path))
    except MidiError as error:
        return refusal(error, path)
    except BaseException as error:
        return Verdict("error", detail=f"{type(error).__name__}: {error}")
    if block.ndim != 1 or block.dtype != np.float32 or not np.isfinite(block).all():
        return Verdict("values", detail=f"sound of shape {block.shape}, type {block.dtype}")
    return Verdict("read")


def refusal(error: Exception, path: str) -> Verdict:
    return Verdict("refused" if str(error).startswith(f"{path}: ") else "error", detail=str(error))


def make_sources(folder: Path) -> list[Path]:
    """Write the beginnings of chorales, and a file with all kinds of events."""
    import pretty_midi
    from pretty_midi import ControlChange, KeySignature, Lyric, Note, PitchBend, TimeSignature

    from musicai.datasets import load_chorales
    from musicai.midi import read_midi, write_midi

    rng = np.random.default_rng(0)
    midi = pretty_midi.PrettyMIDI(initial_tempo=100)
    for program, is_drum in ((0, False), (48, False), (0, True)):
        player = pretty_midi.Instrument(program, is_drum=is_drum, name="player")
        for start in np.arange(0, SECONDS, 0.25):
            pitch = int(rng.integers(30, 90))
            player.notes.append(Note(int(rng.integers(1, 128)), pitch, start, start + rng.random()))
            player.control_changes.append(ControlChange(64, int(rng.integers(128)), start))
        player.pitch_bends = [PitchBend(1000 * i, i) for i in range(8)]
        midi.instruments.append(player)
    midi.lyrics = [Lyric("la", i) for i in range(20)]
    midi.key_signature_changes = [KeySignature(i, i) for i in range(12)]
    midi.time_signature_changes = [TimeSignature(3, 4, 2), TimeSignature(6, 8, 5)]
    write_midi(folder / "everything.mid", midi)
    paths = [folder / "everything.mid"]
    for chorale in load_chorales(5, kind="midi").recordings:
        midi = read_midi(chorale)
        midi.crop(0, SECONDS)
        paths.append(folder / Path(chorale).name)
        write_midi(paths[-1], midi)
    return paths


if __name__ == "__main__":
    sys.exit(fuzz.main(__doc__, serve, make_sources, promises=PROMISES))
