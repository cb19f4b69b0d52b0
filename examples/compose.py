"""
Compose from a folder
=====================

Learn from a folder of recordings and compose new pieces::

    python examples/compose.py [FOLDER]

This script runs the console command ``musicai compose``. Subfolders of FOLDER are styles. Music
with a clear pulse is learned in half-beats, other music in short frames. Without FOLDER, the
recordings are synthetic pop songs and waltzes, played with a soundfont. The script writes audio,
scores, pictures and the trained composer to out/; the page out/index.html shows them all. Needs
``pip install ".[midi,score,plot]"``.
"""

import sys

from musicai.cli import main

if __name__ == "__main__" and (code := main(["compose", *sys.argv[1:]])):
    sys.exit(code)
