"""
A progression, typed in
=======================

Type chords as you would write them on paper, and hear them in the sound of recordings: once as they
are, and once in a new piece that follows them::

    python examples/progression.py "Am | F | C G | Am"
    python examples/progression.py "Dm7 | G7 | Cmaj7 | %" FOLDER

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# The recordings are those of your folder. Without one they are songs made by rules, which a
# soundfont plays.

import sys
from pathlib import Path

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.datasets import load_recordings, make_songs
from musicai.display import ComparisonDisplay
from musicai.render import chord_chart, chords_to_chroma

chords = sys.argv[1] if len(sys.argv) > 1 else "C | Am | F G | C | Dm | F | G | C"
if len(sys.argv) > 2:
    recordings = load_recordings(sys.argv[2]).recordings
else:
    recordings = make_songs(24, styles=["pop"], n_jobs=-1).recordings

# %%
# A composer learns the recordings by half-beats.

extractor = ChromaExtractor(sync="half-beat", n_jobs=-1, on_error="warn")
analyses = extractor.analyze(recordings)
composer = LSTMComposer(batch_size=8, max_iter=40, random_state=0)
composer.fit([analysis.chroma for analysis in analyses], timing=analyses)
timing = composer.timing

# %%
# The chords as they are, and a piece over them: 16 bars of the meter of the recordings. A
# progression starts over when it ends.

plain = chords_to_chroma(chords, timing=timing, random_state=0)
n_frames = int(16 * timing.beats_per_bar * timing.frames_per_beat)
piece = composer.sample(n_frames, chords=chords, temperature=0.9, random_state=1)
print(chord_chart(piece, title="The piece", timing=timing))

# %%
# Both in the sound of the recordings:

out = Path("out")
out.mkdir(exist_ok=True)
mosaic = MosaicSynthesizer(extractor).fit(recordings)
mosaic.transform(plain, out / "progression_plain.wav", timing=timing)
mosaic.transform(piece, out / "progression.wav", timing=timing)

# %%
# The piece beside the chords themselves. Notes of the melody and passing notes come with it:

shown = {"the chords": plain, "a piece over them": piece[: len(plain)]}
display = ComparisonDisplay.from_pieces(shown, timing=timing)
display.figure_.savefig(out / "progression.png", dpi=100)
print("listen to out/progression_plain.wav and out/progression.wav; look at out/progression.png")
