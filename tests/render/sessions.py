"""A parser and a player for Reaper projects, for tests of the projects that musicai writes."""

import re
from pathlib import Path

import numpy as np
import soundfile
import soxr

VALUE = re.compile(r'"([^"]*)"|\'([^\']*)\'|`([^`]*)`|(\S+)')


class Block:
    """A block of a project, which finds its lines and inner blocks by their first word."""

    def __init__(self, head):
        self.head, self.lines, self.blocks = values(head), [], []

    def all(self, word):
        return [line[1:] for line in self.lines if line[0] == word]

    def get(self, word):
        (line,) = self.all(word)
        return line

    def numbers(self, word):
        return [float(value) for value in self.get(word)]

    def number(self, word):
        return self.numbers(word)[0]

    def find(self, word):
        return [block for block in self.blocks if block.head[0] == word]

    @property
    def marks(self):
        """Stretch markers, as pairs: seconds in the item times its rate, seconds in the source."""
        found = [float(value) for line in self.all("SM") for value in line if value != "+"]
        return np.reshape(found, (-1, 2))


def values(line):
    return ["".join(found) for found in VALUE.findall(line)]


def parse(text):
    """Return the outermost block of a project; fail if a block is not closed."""
    stack = [Block("file")]
    for line in map(str.strip, text.splitlines()):
        if line.startswith("<"):
            block = Block(line[1:])
            stack[-1].blocks.append(block)
            stack.append(block)
        elif line == ">":
            stack.pop()
        else:
            stack[-1].lines.append(values(line))
    (file,) = stack
    (project,) = file.blocks
    assert not file.lines
    return project


def source_place(item, seconds):
    """Return the position in an item's source, in seconds, `seconds` after the item's start."""
    rate = item.number("PLAYRATE")
    if len(item.marks):
        return np.interp(np.asarray(seconds) * rate, *item.marks.T)
    return item.number("SOFFS") + np.asarray(seconds) * rate


def play(project, folder, *, n_samples):
    """Return the sound of the first track in stereo, shape (n_samples, 2)."""
    sr = int(project.number("SAMPLERATE"))
    track = project.find("TRACK")[0]
    sound = np.zeros((n_samples, 2))
    for item in track.find("ITEM"):
        start = round(item.number("POSITION") * sr)
        played = _item(item, folder, sr)[: n_samples - start]
        sound[start : start + len(played)] += played
    for envelope in track.find("VOLENV2"):
        points = np.array([[float(value) for value in line[:2]] for line in envelope.all("PT")])
        sound *= np.interp(np.arange(n_samples) / sr, *points.T)[:, np.newaxis]
    return sound


def _item(item, folder, sr):
    (source,) = item.find("SOURCE")
    samples, own = soundfile.read(Path(folder, *source.get("FILE")), always_2d=True)
    if item.number("CHANMODE") == 2:
        samples = samples.mean(axis=1, keepdims=True)
    n_samples = round(item.number("LENGTH") * sr)
    rate, keeps_pitch, semitones, *_ = item.numbers("PLAYRATE")
    places = source_place(item, np.arange(n_samples) / sr)
    if keeps_pitch and rate != 1:
        sound = _stretched(samples, own, places, sr * 2 ** (-semitones / 12))
    else:
        fine = soxr.resample(samples, own, 8 * own)
        times = np.arange(len(fine)) / (8 * own)
        sound = np.stack([np.interp(places, times, column) for column in fine.T], axis=1)
    for word, end in (("FADEIN", 1), ("FADEOUT", -1)):
        shape, seconds, *_ = item.numbers(word)
        ramp = np.linspace(0, 1, round(seconds * sr))
        ramp = 1 - (1 - ramp) ** 2 if shape == 1 else ramp
        sound[::end][: len(ramp)] *= ramp[:, np.newaxis]
    return sound * item.numbers("VOLPAN")[2]


def _stretched(samples, own, places, sr):
    """Stretch a sound: each new sample comes from its position in seconds in `places`.

    The pitch does not change if the result is played at `sr`.
    """
    n, hop, most = len(places), round(0.023 * sr), round(0.011 * sr)
    window = np.hanning(2 * hop + 1)[:-1, np.newaxis]
    pad = 4 * hop
    samples = np.pad(soxr.resample(samples, own, sr), ((pad, pad), (0, 0)))
    sound = np.zeros((n + 3 * hop, samples.shape[1]))
    before = None
    for center in range(0, n + hop, hop):
        place = round(places[min(center, n - 1)] * sr) + pad
        if before is not None:  # search for the place that continues best
            pattern = samples[before : before + 2 * hop, 0]
            near = samples[place - hop - most : place + hop + most, 0]
            energy = np.convolve(near**2, np.ones(2 * hop), "valid")
            place += int(np.argmax(np.correlate(near, pattern) / np.sqrt(energy + 1e-9))) - most
        sound[center : center + 2 * hop] += window * samples[place - hop : place + hop]
        before = place
    return sound[hop : hop + n]
