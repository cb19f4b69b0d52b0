"""
Compose from a folder
=====================

Learn from a folder of recordings and compose new pieces::

    python examples/compose.py [FOLDER]

This is the console command ``musicai compose``: subfolders of FOLDER are styles, and music with a
clear pulse is learned by half-beats, other music by frames. Without FOLDER the music is pop songs
and waltzes made by rules and played by a soundfont. Audio, scores, pictures and the trained
composer are written to out/, with a page that shows them all, out/index.html. Needs
``pip install ".[midi,score,plot]"``.
"""

import sys

from musicai.cli import main

if __name__ == "__main__" and (code := main(["compose", *sys.argv[1:]])):
    sys.exit(code)
