"""
Compose a waltz
===============

Train on recordings of waltzes and compose a new waltz. The script plays it as a mosaic of the
recordings and with a band, and writes a MIDI file, a score and a chord chart::

    python examples/waltz.py

Needs ``pip install ".[midi,score,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# The recordings are synthetic waltzes played with a soundfont. The extractor detects the tempo, the
# beats and the meter of each recording.

from collections import Counter
from pathlib import Path

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.datasets import make_songs
from musicai.display import ChromagramDisplay
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml

waltzes = make_songs(24, styles=["waltz"], n_jobs=-1)
extractor = ChromaExtractor(sync="half-beat", n_jobs=-1)
analyses = extractor.analyze(waltzes.recordings)
print("beats per bar:", dict(Counter(analysis.timing.beats_per_bar for analysis in analyses)))

# %%
# With the timings of the recordings, the composer also learns their usual tempo and meter.

composer = LSTMComposer(batch_size=8, max_iter=60, random_state=0)
composer.fit([analysis.chroma for analysis in analyses], timing=analyses)
timing = composer.timing
print(f"{timing.tempo:.0f} beats per minute, {timing.beats_per_bar} beats per bar")

# %%
# Compose sixteen bars of three beats, with two frames per beat. The mosaic, the audio of the band,
# the MIDI file and the score all have the same timing.

piece = composer.sample(16 * 3 * 2, key="C", temperature=0.9, random_state=2)
out = Path("out")
out.mkdir(exist_ok=True)
mosaic = MosaicSynthesizer(extractor).fit(waltzes.recordings)
mosaic.transform(piece, out / "waltz.wav", timing=timing)
chroma_to_audio(piece, out / "waltz_band.wav", instruments="band", timing=timing)
chroma_to_midi(piece, out / "waltz.mid", instruments="band", timing=timing)
to_musicxml(piece, out / "waltz.musicxml", title="Waltz", timing=timing)
print(chord_chart(piece, title="Waltz", timing=timing))

# %%
# Plot the piece with a tick at every other bar:

display = ChromagramDisplay.from_piece(piece, timing=timing)
display.ax_.set_xticks(range(0, 49, 6))
display.figure_.savefig(out / "waltz.png", dpi=150)
print("listen to out/waltz.wav and out/waltz_band.wav; look at out/waltz.png")
