"""Excerpts for a listening test: recordings with a pulse, mosaics and composed pieces.

    OMP_NUM_THREADS=1 python -m benchmarks.listen.excerpts FOLDER CLIPS [--each 12] [--minutes 10]

The hashes of their names split the recordings in FOLDER into training and held-out halves. The
script writes WAV files of `--seconds`, the same number of each kind, to subfolders of CLIPS:

- recording: excerpts of held-out recordings, starting on a beat
- mosaic of a recording: the same beats, played with segments of the training recordings
- mosaic of a new piece: pieces composed in half-beats at the usual tempo, played the same way
- band, sines: the same new pieces, played by a band of the soundfont and by sines

All clips are stereo at 44,100 Hz with equal fades, so that bandwidth and endings reveal nothing.
`benchmarks.listen.page` makes a test from the folder.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

from benchmarks.common import pulse
from benchmarks.common.music import find_recordings
from benchmarks.mosaic.pulse import Clip, cut, excerpt, side_of
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.audio import write_audio
from musicai.render import chroma_to_audio

FADE_IN, FADE_OUT = 0.03, 0.5  # seconds


def shorten(clip: Clip, seconds: float) -> Clip:
    """Shorten a clip to the beats that end within a number of seconds."""
    n_beats = int(np.searchsorted(clip.beats, seconds, side="right")) - 1
    return clip._replace(beats=clip.beats[: n_beats + 1], halves=clip.halves[: 2 * n_beats])


def faded(sound: np.ndarray, seconds: float) -> np.ndarray:
    """Return at most `seconds` of stereo samples, faded in and out."""
    sound = sound[: int(seconds * pulse.RATE)]
    if sound.ndim == 1:
        sound = np.stack([sound, sound], axis=1)
    times = np.arange(len(sound)) / pulse.RATE
    ends = np.minimum(times / FADE_IN, (times[-1] - times) / FADE_OUT)
    return (sound * np.clip(ends, 0, 1)[:, None]).astype(np.float32)


def main() -> None:
    """Train a composer, and write clips of each kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("clips", metavar="CLIPS", type=Path)
    parser.add_argument("--each", type=int, default=12, metavar="N", help="clips of each kind")
    parser.add_argument("--seconds", type=float, default=12, metavar="S", help="length of a clip")
    parser.add_argument("--minutes", type=float, default=10, help="maximum training time")
    parser.add_argument("--memory", metavar="FOLDER", help="cache of analyses")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    recordings = [Path(each) for each in find_recordings([arguments.folder], n_chorales=0)]
    learned = [path for path in recordings if side_of(path, "learn")]
    extractor = ChromaExtractor(
        sync="half-beat", memory=arguments.memory, on_error="warn", verbose=1
    )
    mosaic = MosaicSynthesizer(extractor).fit(learned)
    known = [each for each in extractor.analyze(learned) if each.beats is not None]
    composer = LSTMComposer(max_time=60 * arguments.minutes, random_state=0, verbose=1)
    composer.fit([each.chroma for each in known], timing=known)
    timing = composer.timing_of()
    n_frames = 2 * round(arguments.seconds * timing.tempo / 60)

    def write(kind: str, number: int, sound: np.ndarray) -> None:
        folder = arguments.clips / kind
        folder.mkdir(parents=True, exist_ok=True)
        write_audio(folder / f"{number:02d}.wav", faded(sound, arguments.seconds), pulse.RATE)

    held_out = [path for path in recordings if path not in learned]
    cuts = [cut(*both) for both in zip(held_out, extractor.analyze(held_out), strict=True)]
    clips = [shorten(clip, arguments.seconds) for clip in cuts if clip is not None]
    for number, clip in enumerate(clips[: arguments.each]):
        write("recording", number, excerpt(clip.path, clip.start, clip.beats[-1]))
        sound = mosaic.transform(clip.halves, timing=clip.timing)
        write("mosaic of a recording", number, sound)
        piece = composer.sample(n_frames, temperature=0.9, random_state=number)
        write("mosaic of a new piece", number, mosaic.transform(piece, timing=timing))
        band = chroma_to_audio(piece, instruments="band", sr=pulse.RATE, timing=timing)
        write("band", number, band)
        write("sines", number, chroma_to_audio(piece, sr=pulse.RATE, timing=timing))
    print(f"{len(clips[: arguments.each])} clips of each kind in {arguments.clips}")


if __name__ == "__main__":
    main()
