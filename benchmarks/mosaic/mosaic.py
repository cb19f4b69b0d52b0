"""Mosaics of recordings: similarity to a piece, and audible artifacts.

    OMP_NUM_THREADS=1 python -m benchmarks.mosaic.mosaic [FILE ...] [--minutes 100] [--clips 24]

Without files, the script uses the chorales. Two of every three recordings, the longest first, are
material for mosaics, up to `--minutes`; the others are held out. The mosaics play the chroma of
30-second clips of held-out recordings. The alternatives are mosaics without shaping and with
transposition; the most similar frame for every frame (unit selection without a join cost); the most
similar unit of 4 frames; and a bank of sines, which bounds the similarity from above but does not
sound like recordings.

Mosaics are mono, so that they can be compared with sines. The script prints

- the mean Pearson correlation of frames of the piece with frames of the mosaic, joins per second,
  and the longest passage of one recording in seconds;
- the Frechet distance between Gaussians fitted to log-mel spectra (64 bands, 93 ms) of mosaics and
  recordings of equal loudness; other recordings give the best possible value;
- the range of levels of 0.4 seconds: from the 10th to the 95th percentile, in dB;
- jumps at joins: of the level (23 ms frames, dB), of the log-mel spectrum (mean rise of a band,
  dB), and of the waveform (the largest second difference, relative to the root mean square of the
  waveform), each the largest in the 0.15 seconds around a join; and the step of the level from the
  second before a join to the second after it (dB). They are compared with those at as many random
  times inside recordings;
- the times of fitting and playing, the size of the fitted mosaic, and the memory for writing 2 and
  20 minutes of music to a file.
"""

import argparse
import copy
import io
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

import joblib
import librosa
import numpy as np

from benchmarks.common.music import find_recordings
from musicai import ChromaExtractor, MosaicSynthesizer
from musicai.audio import read_excerpt
from musicai.metrics import frame_correlation, frechet_distance
from musicai.mosaic._corpus import make_corpus
from musicai.mosaic._playing import finish, play_segments
from musicai.mosaic._search import Run
from musicai.mosaic._segments import as_segments
from musicai.mosaic._sources import Source
from musicai.theory.shapes import unit_shapes

RATE = 44100
CLIP_SECONDS = 30
NEAR = 0.15  # seconds around a join
SHORT = 1024  # samples, 23 ms
QUANTILES = (0.5, 0.9, 1.0)
MOSAIC = "**mosaic**"


def hold_out(pieces, frame_rate, minutes):
    """Return the indices of recordings with about `minutes` of material, and of held-out ones."""
    longest_first = sorted(range(len(pieces)), key=lambda i: -len(pieces[i]))
    total = 0.0
    played, held = [], []
    for turn, i in enumerate(longest_first):
        if total < minutes and turn % 3 != 2:
            played.append(i)
            total += len(pieces[i]) / frame_rate / 60
        else:
            held.append(i)
    return played, held


def cut(pieces, held, n_clips, n_frames):
    """Return clips spread over the held-out recordings: (recording, first frame)."""
    rng = np.random.RandomState(0)
    long_enough = [i for i in held if len(pieces[i]) > n_frames]
    clips = []
    for k in range(n_clips):
        i = long_enough[k % len(long_enough)]
        clips.append((i, rng.randint(len(pieces[i]) - n_frames)))
    return clips


class NearestUnits:
    """Unit selection without a join cost: every unit of frames is the most similar one."""

    def __init__(self, mosaic, n_frames):
        self.mosaic = mosaic
        self.n_frames = n_frames

    def transform(self, pieces):
        """Return the audio of each piece."""
        return [np.concatenate(list(self._play(piece))) for piece in pieces]

    def segments(self, pieces):
        """Return the segments of each piece."""
        corpus = make_corpus(
            self.mosaic.chroma_,
            self.mosaic.levels_,
            self.mosaic.tunings_,
            transpose=0,
            frame_rate=self.mosaic.extractor_.frame_rate,
            played=np.ones(len(self.mosaic.chroma_), bool),
        )
        rate = self.mosaic.extractor_.frame_rate
        return [
            as_segments(
                self._runs(piece, corpus),
                corpus,
                timing=self.mosaic.extractor_.timing,
                end=(len(piece) - 0.5) / rate,
            )
            for piece in pieces
        ]

    def _play(self, piece):
        played = play_segments(
            self.segments([piece])[0],
            [Source(*source) for source in self.mosaic.sources_],
            sr=self.mosaic.sr,
            channels=1,
        )
        return finish(
            piece,
            played,
            extractor=self.mosaic.extractor_,
            shaping=self.mosaic.shaping,
            sr=self.mosaic.sr,
        )

    def _runs(self, piece, corpus):
        shapes = unit_shapes(piece)
        runs = []
        for first in range(0, len(shapes), self.n_frames):
            unit = shapes[first : first + self.n_frames]
            n = len(unit)
            similarity = np.zeros(len(corpus.shapes) - n + 1, dtype=np.float32)
            for k in range(n):
                similarity += corpus.shapes[k : len(corpus.shapes) - n + 1 + k] @ unit[k]
            for border in corpus.firsts[1:-1]:  # a unit lies in one recording
                similarity[max(0, border - n + 1) : border] = -np.inf
            runs.append(Run(first, n, int(similarity.argmax())))
        return runs


def in_a_row(segments):
    """Return the longest time for which one recording plays, in seconds."""
    longest = start = 0.0
    for before, after in zip([None, *segments], segments, strict=False):
        if before is None or before.recording != after.recording:
            start = after.start
        longest = max(longest, after.end - start)
    return longest


def log_mel(audio):
    """Return non-silent log-mel frames of audio, scaled to a common loudness."""
    audio = audio * (0.1 / max(1e-9, float(np.sqrt(np.mean(np.square(audio))))))
    mel = librosa.feature.melspectrogram(
        y=audio, sr=RATE, n_fft=4096, hop_length=4096, n_mels=64, fmax=10000
    )
    decibels = 10 * np.log10(np.maximum(mel, 1e-6)).T
    return decibels[decibels.max(axis=1) > -50]


def excerpt(recording, start):
    """Return an excerpt of a recording with the length of a clip."""
    return read_excerpt(recording, start, CLIP_SECONDS * RATE, sr=RATE)


def jumps(audio, times):
    """Return the largest jumps of level, spectrum and waveform around given times."""
    power = np.mean(audio[: len(audio) // SHORT * SHORT].reshape(-1, SHORT) ** 2, axis=1)
    level = np.abs(np.diff(10 * np.log10(power + 1e-7)))
    mel = librosa.feature.melspectrogram(
        y=audio, sr=RATE, n_fft=2 * SHORT, hop_length=SHORT, n_mels=40
    )
    decibels = 10 * np.log10(mel + 1e-4)
    rise = np.maximum(np.diff(decibels, axis=1), 0).mean(axis=0)
    bend = np.abs(np.diff(audio, n=2))
    found = []
    for time in times:
        frames = slice(
            max(0, int((time - NEAR / 2) * RATE / SHORT)), int((time + NEAR / 2) * RATE / SHORT) + 1
        )
        samples = slice(frames.start * SHORT, frames.stop * SHORT)
        if level[frames].size and bend[samples].size:
            loudness = np.sqrt(np.mean(audio[samples] ** 2)) + 1e-6
            around = [audio[max(0, int((time + k) * RATE)) :][:RATE] for k in (-1, 0)]
            step = np.abs(np.diff([10 * np.log10(np.mean(part**2) + 1e-7) for part in around]))
            jump = level[frames].max(), rise[frames].max(), bend[samples].max() / loudness
            found.append((*jump, step[0]))
    return np.array(found)


def level_range(audio):
    """Return the difference of the 95th and 10th percentiles of 0.4-second levels, in decibels."""
    length = int(0.4 * RATE)
    power = np.mean(audio[: len(audio) // length * length].reshape(-1, length) ** 2, axis=1)
    soft, loud = np.percentile(10 * np.log10(power + 1e-9), [10, 95])
    return loud - soft


MEASURE = """
import sys, time
import joblib
from benchmarks.common.usage import peak_megabytes

mosaic, piece = joblib.load(sys.argv[1])
started = time.perf_counter()
mosaic.transform(piece, sys.argv[2])
print(peak_megabytes(), time.perf_counter() - started)
"""


def memory(mosaic, piece, minutes):
    """Return the peak memory (MB) of a process that writes `minutes` of music, and its time (s)."""
    n_frames = round(minutes * 60 * mosaic.extractor_.frame_rate)
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump((mosaic, np.resize(piece, (n_frames, 12))), f"{folder}/job.joblib")
        printed = subprocess.run(
            [sys.executable, "-c", MEASURE, f"{folder}/job.joblib", f"{folder}/a.wav"],
            check=True, capture_output=True, text=True, cwd=Path(__file__).parent,
        )  # fmt: skip
    return [float(figure) for figure in printed.stdout.split()]


def make_players(mosaic, transpositions):
    """Return the fitted mosaic and its fitted alternatives by name."""

    def changed(**parameters):
        return copy.deepcopy(mosaic).set_params(**parameters)

    return {
        MOSAIC: mosaic,
        "mosaic, shaping=0": changed(shaping=0),
        **{f"mosaic, transpose={k}": changed(transpose=k) for k in transpositions},
        "each frame the most similar, shaping=0": NearestUnits(changed(shaping=0), 1),
        "units of 4 frames, shaping=0": NearestUnits(changed(shaping=0), 4),
    }


def print_players(players, wanted, others, extractor, reference):
    """Print the similarity of each player to the pieces; return the jumps at its joins."""
    print(
        "\n| played by | correlation | joins a second | seconds in a row | Frechet distance "
        f"| range of levels, dB | CPU seconds per clip |\n|{' --- |' * 7}"
    )
    at_joins = {}
    for name, player in players.items():
        started = process_time()
        audio = player.transform(wanted)
        seconds = (process_time() - started) / len(wanted)
        segments = player.segments(wanted)
        joins = [[segment.start for segment in each[1:]] for each in segments]
        at_joins[name] = np.concatenate([jumps(*both) for both in zip(audio, joins, strict=True)])
        report(
            name, audio, wanted, extractor, reference, seconds,
            f"{np.mean([len(each) for each in joins]) / CLIP_SECONDS:.2f}",
            f"{max(map(in_a_row, segments)):.1f}",
        )  # fmt: skip
    started = process_time()
    sines = [
        librosa.resample(audio, orig_sr=extractor.sr, target_sr=RATE)
        for audio in extractor.inverse_transform(wanted)
    ]
    seconds = (process_time() - started) / len(wanted)
    report("bank of sines", sines, wanted, extractor, reference, seconds, "", "")
    print(
        f"| the held-out recordings themselves | 1 | | | {distance(others, reference):.1f} | "
        f"{np.mean([level_range(each) for each in others]):.1f} | |"
    )
    return at_joins


def print_jumps(at_joins, own, rng):
    """Print the jumps at joins, and at as many random times in recordings."""
    print(
        "\n| largest jumps: median, 9 of 10, all | of level, dB | of spectrum, dB | of waveform | "
        "step of level, dB |\n| --- | --- | --- | --- | --- |"
    )
    n_each = len(at_joins[MOSAIC]) // len(own) + 1
    moments = [rng.uniform(1, CLIP_SECONDS - 1, n_each) for _ in own]
    inside = np.concatenate([jumps(*both) for both in zip(own, moments, strict=True)])
    for name, found in {**at_joins, "inside recordings": inside}.items():
        quantiles = np.quantile(found, QUANTILES, axis=0)
        cells = [" / ".join(f"{value:.2f}" for value in column) for column in quantiles.T]
        print(f"| {name} ({len(found)}) | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", metavar="FILE_OR_FOLDER", nargs="*", type=Path)
    parser.add_argument(
        "--minutes", type=float, default=100, help="of material to play with (%(default)s)"
    )
    parser.add_argument("--clips", type=int, default=24, help="number of clips (%(default)s)")
    parser.add_argument("--transpose", type=int, nargs="*", default=[2], metavar="K")
    arguments = parser.parse_args()
    recordings = find_recordings(arguments.paths, n_chorales=150)
    extractor = ChromaExtractor()
    pieces = extractor.transform(recordings)
    played, held = hold_out(pieces, extractor.frame_rate, arguments.minutes)
    n_frames = round(CLIP_SECONDS * extractor.frame_rate)
    clips = cut(pieces, held, arguments.clips, n_frames)
    wanted = [pieces[i][first : first + n_frames] for i, first in clips]

    started = perf_counter()
    mosaic = MosaicSynthesizer(channels=1).fit([recordings[i] for i in played])
    took = perf_counter() - started
    buffer = io.BytesIO()
    joblib.dump(mosaic, buffer)
    hours = sum(map(len, mosaic.chroma_)) / extractor.frame_rate / 3600
    print(
        f"{60 * hours:.0f} minutes of {len(played)} recordings to play with, {len(wanted)} clips "
        f"of {len(held)} others to play\n"
        f"fit: {took / hours:.1f} s and {buffer.tell() / 1e6 / hours:.2f} MB per hour of recordings"
    )

    rng = np.random.RandomState(1)
    own = [
        excerpt(recordings[i], rng.uniform(0, len(pieces[i]) / extractor.frame_rate - CLIP_SECONDS))
        for i in rng.choice(played, 4 * len(wanted))
        if len(pieces[i]) > n_frames
    ]
    others = [excerpt(recordings[i], first / extractor.frame_rate) for i, first in clips]
    reference = np.concatenate([log_mel(audio) for audio in own])
    players = make_players(mosaic, arguments.transpose)
    at_joins = print_players(players, wanted, others, extractor, reference)
    print_jumps(at_joins, own, rng)

    print("\n| minutes written to a file | peak memory, MB | seconds |\n| --- | --- | --- |")
    for minutes in (2, 20):
        peak, seconds = memory(mosaic, wanted[0], minutes)
        print(f"| {minutes} | {peak:.0f} | {seconds:.1f} |")


def report(name, audio, wanted, extractor, reference, seconds, *cells):
    """Print a row of the table: similarity to the piece and to the recordings."""
    heard = extractor.transform([(each, RATE) for each in audio])
    near = np.mean([frame_correlation(a[: len(b)], b) for a, b in zip(heard, wanted, strict=True)])
    audio = [each[: -RATE // 2] for each in audio]  # mosaics fade at their end, clips do not
    print(
        f"| {name} | {near:.3f} | {' | '.join(cells)} | {distance(audio, reference):.1f} | "
        f"{np.mean([level_range(each) for each in audio]):.1f} | {seconds:.2f} |",
        flush=True,
    )


def distance(audio: Sequence[np.ndarray], reference: np.ndarray) -> float:
    """Return the Frechet distance of audio to the log-mel frames of the recordings."""
    return frechet_distance([log_mel(each) for each in audio], reference)


if __name__ == "__main__":
    main()
