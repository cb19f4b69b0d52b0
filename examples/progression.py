"""
Chords as text
==============

Pass a chord progression to compose a new piece that follows it. The script plays the piece with
segments of your recordings and draws a picture of it::

    python examples/progression.py "Am | F | C G | Am"
    python examples/progression.py "Dm7 | G7 | Cmaj7 | %" FOLDER

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# The recordings are those in FOLDER. Without a FOLDER, they are synthetic songs played with a
# soundfont.

import sys
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.datasets import load_recordings, make_songs
from musicai.display import ChromagramDisplay
from musicai.render import chord_chart, chords_to_chroma, recognize_chords

chords = sys.argv[1] if len(sys.argv) > 1 else "C | Am | F G | C | Dm | F | G | C"
if len(sys.argv) > 2:
    data = load_recordings(sys.argv[2])
else:
    data = make_songs(24, styles=["pop"], n_jobs=-1)

# %%
# Train a composer on the recordings, with a frame for each half-beat.

extractor = ChromaExtractor(sync="half-beat", n_jobs=-1, on_error="warn")
analyses = extractor.analyze(data.recordings)
composer = LSTMComposer(batch_size=8, max_iter=40, random_state=0)
composer.fit([analysis.chroma for analysis in analyses], timing=analyses)
timing = composer.timing

# %%
# Sample 16 bars over the chords, in the usual meter of the recordings. The progression repeats
# until the piece ends.

n_frames = int(16 * timing.beats_per_bar * timing.frames_per_beat)
piece = composer.sample(n_frames, chords=chords, temperature=0.9, random_state=1)
print(chord_chart(piece, title="The piece", timing=timing))

# %%
# Play the plain chords, and then the piece, with segments of the recordings.

out = Path("out")
out.mkdir(exist_ok=True)
plain = chords_to_chroma(chords, timing=timing, random_state=0)
mosaic = MosaicSynthesizer(extractor).fit(data.recordings)
mosaic.transform(plain, out / "progression_plain.wav", timing=timing)
sound = mosaic.transform(piece, timing=timing)
mosaic.transform(piece, out / "progression.wav", timing=timing)

# %%
# Draw the first eight bars: the chords found in the piece, its chroma, and the waveform of the
# mosaic, with a color for each recording. Ticks mark beats.

bars = np.arange(9) * timing.beats_per_bar
colors = {"axes.facecolor": "#111827", "figure.facecolor": "#111827"}
with plt.style.context(["dark_background", colors]):
    figure, (top, bottom) = plt.subplots(
        2, figsize=(5.2, 5.2), height_ratios=[5, 2], sharex=True, layout="constrained"
    )
    shown = piece[: int(bars[-1] * timing.frames_per_beat)]
    ChromagramDisplay.from_piece(shown, timing=timing, marks=bars[1:-1], colorbar=False, ax=top)
    top.images[0].set_cmap("magma")
    top.set(xlabel="", ylabel="")
    top.tick_params(labelsize=10)
    beats_per_second = timing.tempo / 60
    for chord in recognize_chords(shown, timing=timing):
        place = (chord.start * beats_per_second, 1.02)
        top.annotate(chord.label, place, xycoords=("data", "axes fraction"), size=12, weight="bold")

    step = mosaic.sr // 40
    color_of = {}
    for segment in mosaic.segments(piece, timing=timing):
        if segment.start * beats_per_second >= bars[-1]:
            break
        color = color_of.setdefault(segment.recording, f"C{len(color_of)}")
        at = np.arange(segment.start, segment.end, step / mosaic.sr)
        peaks = [
            np.abs(sound[start : start + step]).max() for start in (at * mosaic.sr).astype(int)
        ]
        bottom.fill_between(at * beats_per_second, np.negative(peaks), peaks, color=color, lw=0)
    for recording, color in color_of.items():
        bottom.fill_between([], [], color=color, label=data.titles[recording][:24])
    bottom.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False)
    bottom.set(xlim=bars[[0, -1]], ylim=(-1, 1), yticks=[])
    bottom.set_xticks(bars[:-1], ["bar 1", *range(2, 9)], ha="left", size=12)
    bottom.set_xticks(range(bars[-1] + 1), minor=True)
    figure.savefig(out / "progression.png", dpi=200)
print("listen to out/progression_plain.wav and out/progression.wav; look at out/progression.png")
