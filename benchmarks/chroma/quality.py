"""Accuracy of chroma on rendered chorales, compared with librosa, by mean average precision.

A soundfont renders four-part chorales by Bach (music21's corpus) with random instruments and tempos
from a fixed seed, with and without a drum kit on the beats. The files, mono FLAC at 22050 Hz like
those of the demo, are rendered once and stay in the cache folder::

    python -m benchmarks.chroma.quality [--first 0] [--chorales 24] [--seed 0] [--cache DIR]

- mAP: in every frame, the twelve pitch classes are ranked by chroma. Average precision is the mean,
  over the sounding pitch classes, of the share of sounding ones among those ranked at least as
  high. It is 1 if all sounding pitch classes rank above all others. It is averaged over the frames
  of a recording, then over recordings. A pitch class sounds if a note of the score, from onset to
  offset, covers the center of the frame. Frames without notes (rests and the end) do not count.
- mAP of beats: the same for medians of the frames between two beats. A pitch class sounds in a beat
  if its notes fill at least a third of it (with half, pairs of eighth notes would be ambiguous).
  Beats without notes do not count. Beats are those of the score, or estimated: by librosa's
  beat_track for librosa's chroma, and by ``ChromaExtractor(sync="beat")`` for musicai's.
- speed: seconds of audio per second of processor time, from file to chroma; ratio: speed over that
  of librosa's chroma_cqt. All extractors run in turns in one process, after a warm-up.

All chroma is at 22050 Hz with a frame every 2048 samples. It needs ``pip install ".[midi,score]"``.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import pretty_midi
import soundfile
from joblib import Parallel, delayed
from sklearn.metrics import label_ranking_average_precision_score
from threadpoolctl import threadpool_limits

from benchmarks.common.playing import play
from musicai import ChromaExtractor
from musicai.audio import write_audio
from musicai.datasets import load_chorales

SR = 22050
HOP = 2048
RECIPE = 2  # in the names of cached files; increment it if the rendering changes
SUSTAINED = [16, 19, 21, 40, 41, 42, 48, 49, 52, 56, 57, 60, 61, 65, 68, 69, 70, 71, 73, 75, 79]
PLUCKED = [0, 1, 4, 6, 11, 24, 25, 26, 46]  # or struck; General MIDI programs, from 0
KICK, SNARE, HI_HAT = 36, 38, 42
LEAST_OF_BEAT = 1 / 3


class Performance(NamedTuple):
    """Recording with its notes and beats."""

    path: Path
    notes: np.ndarray  # columns: start and end in seconds, pitch class
    beats: np.ndarray  # seconds


def perform(score: Path, seed: int, drums: bool, cache: Path) -> Performance:
    """Render a score with random instruments and tempo, unless it is cached."""
    number = int(score.name.split("-")[0])  # in Riemenschneider's collection
    rng = np.random.default_rng([seed, number])
    midi = pretty_midi.PrettyMIDI(str(score))
    pool = rng.permutation(SUSTAINED if rng.random() < 2 / 3 else SUSTAINED + PLUCKED)
    if rng.random() < 1 / 2:
        pool[:] = rng.choice(SUSTAINED + PLUCKED)  # one instrument for all parts
    beat = rng.uniform(0.5, 0.8)
    stretch = beat / midi.tick_to_time(midi.resolution)
    for part, program in zip(midi.instruments, np.resize(pool, len(midi.instruments)), strict=True):
        part.program = int(program)
        velocity = int(rng.integers(70, 101))
        for note in part.notes:
            note.start, note.end, note.velocity = note.start * stretch, note.end * stretch, velocity
    notes = [(n.start, n.end, n.pitch % 12) for part in midi.instruments for n in part.notes]
    beats = np.arange(0, midi.get_end_time() + beat / 2, beat)
    if drums:
        midi.instruments.append(_drum_kit(beats, beat))
    path = cache / f"{RECIPE}-{seed}-{number:03d}-{'drums' if drums else 'clean'}.flac"
    if not path.exists():
        write_audio(path, play(midi.instruments, SR), SR)
    return Performance(path, np.array(notes), beats)


def _drum_kit(beats: np.ndarray, beat: float) -> pretty_midi.Instrument:
    kit = pretty_midi.Instrument(0, is_drum=True)
    for i, start in enumerate(beats[:-1]):
        hits = [
            (SNARE if i % 2 else KICK, 127, start),
            (HI_HAT, 100, start),
            (HI_HAT, 80, start + beat / 2),
        ]
        kit.notes += [
            pretty_midi.Note(velocity=velocity, pitch=pitch, start=at, end=at + 0.1)
            for pitch, velocity, at in hits
        ]
    return kit


def from_librosa(extract: Callable[..., np.ndarray]) -> Callable[[Path], np.ndarray]:
    def chroma_of_file(path: Path) -> np.ndarray:
        samples, _ = librosa.load(path, sr=SR)
        return extract(y=samples, sr=SR, hop_length=HOP).T

    return chroma_of_file


def from_musicai(kind: str) -> Callable[[Path], np.ndarray]:
    extractor = ChromaExtractor(kind=kind, sr=SR, hop_length=HOP)
    return lambda path: extractor.transform([path])[0]


EXTRACTORS = {
    "librosa chroma_cqt": from_librosa(librosa.feature.chroma_cqt),
    "librosa chroma_cens": from_librosa(librosa.feature.chroma_cens),
    "librosa chroma_stft": from_librosa(librosa.feature.chroma_stft),
    **{f"musicai {kind}": from_musicai(kind) for kind in ("cqt", "stft", "cens")},
}


def sounding(notes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the seconds that each pitch class sounds between edges, shape (n_edges - 1, 12)."""
    seconds = np.zeros((len(edges) - 1, 12))
    for start, end, pitch_class in notes:
        overlap = np.minimum(end, edges[1:]) - np.maximum(start, edges[:-1])
        seconds[:, int(pitch_class)] += np.maximum(overlap, 0)
    return seconds


def frame_precision(chroma: np.ndarray, performance: Performance) -> float:
    times = np.arange(len(chroma)) * HOP / SR
    notes = performance.notes
    truth = np.zeros(chroma.shape, bool)
    for start, end, pitch_class in notes:
        truth[(times >= start) & (times < end), int(pitch_class)] = True
    return mean_precision(truth, chroma)


class Synchronous(NamedTuple):
    """Beat-synchronous chroma."""

    chroma: np.ndarray
    beats: np.ndarray  # seconds; one more than frames


def medians(chroma: np.ndarray, beats: np.ndarray) -> Synchronous:
    beats = beats[beats * SR / HOP < len(chroma) - 1]
    firsts = np.ceil(beats * SR / HOP).astype(int)
    intervals = np.split(chroma, firsts)[1:-1]
    return Synchronous(np.array([np.median(frames, axis=0) for frames in intervals]), beats)


def beat_precision(piece: Synchronous, performance: Performance) -> float:
    seconds = sounding(performance.notes, piece.beats)
    least = LEAST_OF_BEAT * np.diff(piece.beats)[:, np.newaxis]
    return mean_precision(seconds >= least, piece.chroma)


def mean_precision(truth: np.ndarray, chroma: np.ndarray) -> float:
    sounding_frames = truth.any(axis=1)
    return label_ranking_average_precision_score(truth[sounding_frames], chroma[sounding_frames])


def estimated_beats(name: str, path: Path, chroma: np.ndarray) -> Synchronous:
    library, kind = name.split(" ")
    if library == "librosa":
        samples, _ = librosa.load(path, sr=SR)
        return medians(chroma, librosa.beat.beat_track(y=samples, sr=SR, units="time")[1])
    (found,) = ChromaExtractor(kind=kind, sr=SR, hop_length=HOP, sync="beat").analyze([path])
    if not found.timing.has_beats:
        raise SystemExit(f"{path}: no beats were found; the recording is too short")
    # The frames before the first beat and after the last are not beats.
    return Synchronous(found.chroma[1:-1], found.timing[1:-1].borders())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", type=int, default=0, help="chorales to skip (default: 0)")
    parser.add_argument("--chorales", type=int, default=24, help="number of chorales (default: 24)")
    parser.add_argument("--seed", type=int, default=0, help="seed of instruments and tempos")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "musicai-chroma-quality",
        help="folder for the recordings (default: in the temporary folder)",
    )
    parser.add_argument("--jobs", type=int, default=1, help="number of rendering processes")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    n_scores = arguments.first + arguments.chorales
    scores = load_chorales(n_scores, kind="midi").recordings[arguments.first :]
    versions = ("clean", "drums")
    music = {
        version: Parallel(n_jobs=arguments.jobs)(
            delayed(perform)(score, arguments.seed, version == "drums", arguments.cache)
            for score in scores
        )
        for version in versions
    }
    with threadpool_limits(1):
        measure(music)


def measure(music: dict[str, list[Performance]]) -> None:
    """Measure all extractors and print the table."""
    for extract in EXTRACTORS.values():
        extract(music["clean"][0].path)  # warm-up
    chroma: dict[tuple[str, str], list[np.ndarray]] = {}
    seconds = dict.fromkeys(EXTRACTORS, 0.0)
    for version, performances in music.items():
        for performance in performances:
            for name, extract in EXTRACTORS.items():
                start = time.process_time()
                piece = extract(performance.path)
                seconds[name] += time.process_time() - start
                chroma.setdefault((name, version), []).append(piece)
    length = sum(soundfile.info(p.path).duration for played in music.values() for p in played)

    columns = ("chroma", "clean", "drums", "beats", "beats, drums")
    columns += ("estimated beats", "estimated beats, drums", "speed", "ratio")
    print("| " + " | ".join(columns) + " |\n" + "| --- " * len(columns) + "|")
    for name in EXTRACTORS:
        pairs = [list(zip(chroma[name, version], music[version], strict=True)) for version in music]
        cells = [np.mean([frame_precision(c, p) for c, p in pair]) for pair in pairs]
        cells += [
            np.mean([beat_precision(medians(c, p.beats), p) for c, p in pair]) for pair in pairs
        ]
        cells += [
            np.mean([beat_precision(estimated_beats(name, p.path, c), p) for c, p in pair])
            for pair in pairs
        ]
        figures = " | ".join(f"{cell:.3f}" for cell in cells)
        ratio = seconds["librosa chroma_cqt"] / seconds[name]
        print(f"| {name} | {figures} | {length / seconds[name]:.0f}x | {ratio:.1f} |")
    print(f"\n{len(music['clean'])} chorales, {length / 60:.0f} minutes of audio")


if __name__ == "__main__":
    main()
