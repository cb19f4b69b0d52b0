"""MIDI files written from chroma: voice leading, and compatibility with other programs.

    python -m benchmarks.render.notes [FILE ...] [--clips 8] [--seconds 30]

Without recordings, the script uses chorales. It prints one row for each of the ``instruments`` of
``chroma_to_midi``: the mean movement of a voice in semitones, where a chord changes to another one
with as many tones; the lowest and highest notes; the largest difference in length between a file
and its piece; and the number of files that pretty_midi, music21 and the soundfont synthesizer open.

Needs ``pip install ".[midi,score]"``.
"""

import itertools
from pathlib import Path

import music21
import numpy as np
import pretty_midi

from benchmarks.common.clips import clip_parser, clips_in_folder
from musicai import ChromaExtractor
from musicai.midi import synthesize
from musicai.render import chroma_to_midi


def movements(midi):
    """Return the mean movement of the voices at each chord change, in the part with most notes."""
    notes = max(midi.instruments, key=lambda part: len(part.notes)).notes
    chords = [
        sorted(note.pitch for note in notes if note.start <= start + 1e-3 < note.end)
        for start in sorted({round(note.start, 3) for note in notes})
    ]
    return [
        np.mean(np.abs(np.subtract(after, before)))
        for before, after in itertools.pairwise(chords)
        if len(before) == len(after)
    ]


def opened_by(path):
    """Return whether music21 and the synthesizer find music in a file."""
    score = music21.converter.parse(path, forceSource=True, storePickle=False)
    return len(score.flatten().notes) > 0, any(block.any() for block in synthesize(path))


def main() -> None:
    parser = clip_parser(__doc__, clips=8, seconds=30)
    extractor = ChromaExtractor()
    print(
        "| played by | semitones a voice | lowest, highest | seconds too long or short | opened |\n"
        "| --- | --- | --- | --- | --- |"
    )
    with clips_in_folder(parser.parse_args()) as (clips, folder):
        pieces = extractor.transform(clips)
        for name in ("chords", "pads", "band"):
            files = [Path(folder, f"{name}{i}.mid") for i in range(len(pieces))]
            chroma_to_midi(pieces, files, instruments=name, timing=extractor)
            read = [pretty_midi.PrettyMIDI(str(file)) for file in files]
            moves = [move for midi in read for move in movements(midi)]
            pitches = [n.pitch for midi in read for part in midi.instruments for n in part.notes]
            lengths = [extractor.timing.duration(len(piece)) for piece in pieces]
            wrong = max(abs(m.get_end_time() - s) for m, s in zip(read, lengths, strict=True))
            opened = np.sum([opened_by(file) for file in files], axis=0)
            print(
                f"| {name} | {np.mean(moves):.2f} | {min(pitches)}, {max(pitches)} | {wrong:.4f} "
                f"| {len(read)}, {opened[0]}, {opened[1]} of {len(files)} |"
            )


if __name__ == "__main__":
    main()
