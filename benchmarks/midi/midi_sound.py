"""Synthesis of MIDI in passages, compared with whole pieces: differences, memory and speed.

``synthesize`` plays 20 seconds at a time and sums overlapping sound. The benchmark compares it with
the same music played in one passage, as ``midirenderer`` does by default::

    python -m benchmarks.midi.midi_sound
    python -m benchmarks.midi.midi_sound music/*.mid --minutes 60

Without files, the music is chorales for piano and for strings. The script prints two tables:

- for each file, the level of the difference between both methods relative to the music, in
  decibels, and the largest difference of a sample
- for longer music (the files repeated one after the other), the seconds until the first and the
  last block are computed, and the increase of peak memory; each method runs in a separate process
"""

import argparse
import copy
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.common.usage import peak_megabytes
from musicai.datasets import load_chorales
from musicai.midi import read_midi
from musicai.midi._passages import PASSAGE
from musicai.midi._synthesis import play
from musicai.midi.rendering import RATE, load_soundfont

ALL = 64 * 10**9  # samples, more than any music has
STRINGS = (40, 41, 42, 43)


def sound_of(midi, n_samples):
    return np.concatenate(list(play(midi, load_soundfont(None), n_samples=n_samples)))


def decibels(part, whole):
    return 10 * np.log10(np.mean(part**2, dtype=float) / np.mean(whole**2, dtype=float))


def for_strings(midi):
    midi = copy.deepcopy(midi)
    for player, program in zip(midi.instruments, STRINGS, strict=False):
        player.program = program
    return midi


def print_differences(music):
    print("| music | s | level of the difference, dB | largest difference | peak |")
    print("|---|---|---|---|---|")
    for name, midi in music.items():
        sound, whole = sound_of(midi, PASSAGE), sound_of(midi, ALL)
        difference = sound - whole
        print(
            f"| {name} | {len(whole) / RATE:.0f} | {decibels(difference, whole):.1f} | "
            f"{np.abs(difference).max():.5f} | {np.abs(whole).max():.3f} |"
        )


def in_a_row(paths, minutes):
    """Concatenate files, repeatedly, to at least the given number of minutes."""
    pieces = [read_midi(path) for path in paths]
    music, end = copy.deepcopy(pieces[0]), 0.0
    notes = music.instruments[0].notes
    music.instruments[1:] = []
    notes.clear()
    while end < 60 * minutes:
        for piece in pieces:
            for player in piece.instruments:
                for note in player.notes:
                    moved = copy.copy(note)
                    moved.start, moved.end = note.start + end, note.end + end
                    notes.append(moved)
            end += piece.get_end_time()
    return music


def measure(paths, minutes, at_once):
    """Play music in this process, and print times and memory."""
    soundfont = load_soundfont(None)
    list(play(read_midi(paths[0]), soundfont))
    music = in_a_row(paths, minutes)
    before = peak_megabytes()
    start = time.perf_counter()
    first = None
    for _ in play(music, soundfont, n_samples=ALL if at_once else PASSAGE):
        first = first or time.perf_counter() - start
    seconds = time.perf_counter() - start
    way = "in one passage" if at_once else "in passages of 20 s"
    megabytes = peak_megabytes() - before
    print(f"| {way} | {minutes:g} | {first:.2f} | {seconds:.1f} | {megabytes:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a MIDI file")
    parser.add_argument("--minutes", type=float, default=20, help="default: %(default)s")
    parser.add_argument("--way", choices=["passages", "at once"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    paths = arguments.files or load_chorales(6, kind="midi").recordings
    if arguments.way:
        measure(paths, arguments.minutes, arguments.way == "at once")
        return
    music = {path.stem: read_midi(path) for path in paths}
    if not arguments.files:
        strings = {f"{name}, strings": for_strings(midi) for name, midi in music.items()}
        music.update(strings)
    print_differences(music)
    print("\n| way | minutes of music | s until the first block | s in total | MB |")
    print("|---|---|---|---|---|", flush=True)
    for way in ("passages", "at once"):
        options = ["--minutes", str(arguments.minutes), "--way", way]
        subprocess.run([sys.executable, __file__, *map(str, paths), *options], check=True)


if __name__ == "__main__":
    main()
