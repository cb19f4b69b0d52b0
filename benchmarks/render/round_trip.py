"""Correlation of chroma before and after synthesis: chroma to audio to chroma.

Clips are cut from the recordings in turn; 8 clips of 8 recordings, for instance, come from the
middle of each. ``ChromaExtractor()`` extracts their chroma, each method synthesizes audio from it,
and the audio is analyzed again::

    python -m benchmarks.render.round_trip [FILE ...] [--clips 8] [--seconds 30] [--first 0]

Without recordings, the script uses chorales of ``musicai.datasets.load_chorales``. It prints one
table with a row for each method:

- sines: ``chroma_to_audio(piece)``, which corrects amplitudes until their analysis fits the piece;
- plain sines: ``sine_bank(piece)``, the same sines with the chroma values as amplitudes;
- chords by sines: the notes of ``chroma_to_midi(piece, grid=None)``, played by one sine each with
  ``pretty_midi.PrettyMIDI.synthesize``;
- chords, pads, band: these instruments of ``chroma_to_audio``, by its soundfont;
- mir_eval: ``mir_eval.sonify.chroma``, sines in eight octaves (``pip install mir_eval``; left out
  without it);
- Griffin-Lim: a magnitude spectrum from the pseudo-inverse of ``librosa.filters.chroma``, followed
  by ``librosa.griffinlim``, since librosa has no inverse of chroma.

The columns are:

- correlation: Pearson correlation of the twelve values of a frame before and after, averaged over
  all frames (``musicai.metrics.frame_correlation``); worst: the mean of the worst clip;
- by librosa: the same with chroma by ``librosa.feature.chroma_cqt``, which no method is tuned for;
- seconds: processor time per minute of audio, after a warm-up;
- MB: peak memory of a new process while it writes 20 minutes of audio to a WAV file, less its
  memory after a clip of one second.

Needs ``pip install ".[midi]"``, and Linux for the last column.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import soxr

from benchmarks.common.clips import clip_parser
from benchmarks.common.usage import peak_megabytes
from musicai import ChromaExtractor
from musicai.audio import sine_bank, write_audio
from musicai.datasets import load_chorales
from musicai.metrics import frame_correlation
from musicai.render import chroma_to_audio, chroma_to_midi

SR, HOP = 22050, 2048
CLOCK = ChromaExtractor().timing
LONG_MINUTES = 20


def play_notes_by_sines(piece: np.ndarray) -> np.ndarray:
    audio = chroma_to_midi(piece, timing=CLOCK, grid=None).synthesize(fs=SR)
    return 0.5 * fitted(audio, len(piece)) / np.abs(audio).max()


def play_by_mir_eval(piece: np.ndarray) -> np.ndarray:
    import mir_eval

    times = np.arange(len(piece)) * HOP / SR
    length = len(piece) * HOP - 1
    return 0.5 * mir_eval.sonify.chroma(piece.T, times, SR, length=length)


def play_by_griffin_lim(piece: np.ndarray) -> np.ndarray:
    import librosa

    n_fft = 8192
    filters = librosa.filters.chroma(sr=SR, n_fft=n_fft)
    magnitude = np.maximum(np.linalg.pinv(filters) @ piece.T, 0)
    audio = librosa.griffinlim(magnitude, hop_length=HOP, n_fft=n_fft, random_state=0)
    return 0.5 * fitted(audio, len(piece)) / np.abs(audio).max()


def fitted(audio: np.ndarray, n_frames: int) -> np.ndarray:
    """Cut or pad audio to a number of frames."""
    n_samples = n_frames * HOP - 1
    return np.pad(audio, (0, max(0, n_samples - len(audio))))[:n_samples]


WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sines": lambda piece: chroma_to_audio(piece, timing=CLOCK),
    "plain sines": lambda piece: sine_bank(piece, sr=SR, hop_length=HOP),
    "chords by sines": play_notes_by_sines,
    "chords": lambda piece: chroma_to_audio(piece, instruments="chords", timing=CLOCK),
    "pads": lambda piece: chroma_to_audio(piece, instruments="pads", timing=CLOCK),
    "band": lambda piece: chroma_to_audio(piece, instruments="band", timing=CLOCK),
    "mir_eval": play_by_mir_eval,
    "Griffin-Lim": play_by_griffin_lim,
}
INSTRUMENTS = ("sines", "chords", "pads", "band")


def write(way: str, piece: np.ndarray, file: Path) -> None:
    """Play a piece to a file, in constant memory if the method allows it."""
    if way in INSTRUMENTS:
        chroma_to_audio(piece, file, instruments=way, timing=CLOCK)
    else:
        write_audio(file, WAYS[way](piece), SR)


def megabytes_of_writing(way: str, piece: np.ndarray) -> float:
    with tempfile.TemporaryDirectory() as folder:
        write(way, piece[: SR // HOP], Path(folder) / "short.wav")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is now what there is now
        before = peak_megabytes()
        write(way, piece, Path(folder) / "long.wav")
        return peak_megabytes() - before


def in_fresh_process(way: str, piece: np.ndarray) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(megabytes_of_writing, way, piece).result()


def cut(sources: list[Path], n_clips: int, seconds: float) -> list[np.ndarray]:
    """Cut clip i from recording i modulo their number, with clips evenly spaced in a recording."""
    per_source = -(-n_clips // len(sources))
    clips = []
    for i in range(n_clips):
        with soundfile.SoundFile(sources[i % len(sources)]) as file:
            n_samples = int(seconds * file.samplerate)
            share = (1 + i // len(sources)) / (1 + per_source)
            # Read from the beginning: to seek in an MP3 changes samples.
            file.read(int(share * max(0, file.frames - n_samples)), dtype="float32")
            samples = file.read(n_samples, dtype="float32", always_2d=True).mean(axis=1)
            clips.append(soxr.resample(samples, file.samplerate, SR))
    return clips


def chroma_by_librosa(audio: np.ndarray) -> np.ndarray:
    import librosa

    return librosa.feature.chroma_cqt(y=audio.astype(np.float32), sr=SR, hop_length=HOP).T


def main() -> None:
    parser = clip_parser(__doc__, clips=8, seconds=30.0)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="recordings to skip")
    arguments = parser.parse_args()
    sources = arguments.files or load_chorales(arguments.first + arguments.clips).recordings
    clips = cut(sources[arguments.first :], arguments.clips, arguments.seconds)
    extractor = ChromaExtractor(sr=SR, hop_length=HOP)
    pieces = extractor.transform(clips)
    by_librosa = list(map(chroma_by_librosa, clips))
    n_frames = int(LONG_MINUTES * 60 * SR / HOP)
    long_piece = np.resize(np.concatenate(pieces), (n_frames, 12))
    minutes = sum(map(len, pieces)) * HOP / SR / 60

    columns = ("played by", "correlation", "worst", "by librosa", "seconds", "MB")
    print("| " + " | ".join(columns) + " |\n" + "| --- " * len(columns) + "|")
    for way, play in WAYS.items():
        if way == "mir_eval" and not find_spec("mir_eval"):
            continue
        play(pieces[0][:50])
        start = time.process_time()
        audio = [play(piece) for piece in pieces]
        seconds = (time.process_time() - start) / minutes
        heard = extractor.transform(audio)
        heard_by_librosa = list(map(chroma_by_librosa, audio))
        cells = [
            f"{frame_correlation(pieces, heard):.3f}",
            f"{min(map(frame_correlation, pieces, heard)):.3f}",
            f"{frame_correlation(by_librosa, heard_by_librosa):.3f}",
            f"{seconds:.2f}",
            f"{in_fresh_process(way, long_piece):.0f}",
        ]
        print(f"| {way} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{len(pieces)} clips, {minutes:.1f} minutes of audio")


if __name__ == "__main__":
    main()
