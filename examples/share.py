"""
Share a composer safely
=======================

A pickle (or a joblib file) can run any code when it is opened, so it is for people who trust each
other. A composer holds only arrays and plain Python, and goes through
`skops <https://skops.readthedocs.io>`_ as well: the file is opened without running anything, and
what it would need is told first::

    python examples/share.py

Needs ``pip install ".[plot,share]"``; takes a few seconds and writes to ``out/``.
"""

# %%
# A composer to share, of music that is made by rules and nobody's.

import os
from pathlib import Path

import numpy as np
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException

from musicai import LSTMComposer
from musicai.datasets import make_progressions
from musicai.display import ComparisonDisplay
from musicai.render import chroma_to_audio

out = Path("out")
out.mkdir(exist_ok=True)
music = make_progressions(20, styles=["modal"], n_bars=12, random_state=0)
composer = LSTMComposer(hidden_size=32, max_iter=15, random_state=0).fit(music.data)

# %%
# Who shares it writes a file:

skops.io.dump(composer, out / "composer.skops")
print(f"out/composer.skops: {(out / 'composer.skops').stat().st_size / 1000:.0f} kB")

# %%
# Who gets it can ask what is in it besides what skops knows, and says what to trust: of a composer
# one type, the composer itself. docs/safety.md has the list for other estimators. What is in the
# file is checked while it opens.

print("asks to trust:", skops.io.get_untrusted_types(file=out / "composer.skops"))
opened = skops.io.load(out / "composer.skops", trusted=["musicai.LSTMComposer"])

# %%
# It is the same composer: with the same seed it writes the same piece.

settings = {"key": "D", "temperature": 0.9, "random_state": 7}
sent, received = composer.sample(215, **settings), opened.sample(215, **settings)
print("the same piece:", np.array_equal(sent, received))

# %%
# Somebody else's file, with a pipeline that would run a command of the system on what it is given:

poisoned = make_pipeline(FunctionTransformer(os.system), composer)
skops.io.dump(poisoned, out / "poisoned.skops")
print("asks to trust:", skops.io.get_untrusted_types(file=out / "poisoned.skops"))
try:
    skops.io.load(out / "poisoned.skops", trusted=["musicai.LSTMComposer"])
except UntrustedTypesFoundException as error:
    print("refused:", error)
(out / "poisoned.skops").unlink()

# %%
# One piece, composed here and there:

display = ComparisonDisplay.from_pieces(
    {"Composed by whom it was sent from": sent, "Composed by whom it was sent to": received},
    timing=music,
)
display.figure_.savefig(out / "share.png", dpi=100)
chroma_to_audio(received, out / "shared.wav", timing=music)
print("look at out/share.png; listen to out/shared.wav")
