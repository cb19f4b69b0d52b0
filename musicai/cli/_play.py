"""Playback of a recording or a MIDI file, for `musicai play`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..audio import level_blocks, read_blocks, write_audio
from ..files.audio_formats import check_audio_file
from ..files.paths import printable
from ..midi import synthesize
from ._terminal import UserError

SR = 44100
_MIDI = (".kar", ".mid", ".midi", ".rmi")
PLAYERS = {
    "ffplay": ["-nodisp", "-autoexit", "-loglevel", "error"],
    "afplay": [],
    "pw-play": [],
    "paplay": [],
    "aplay": ["-q"],
}
"""Programs that play a WAV file, in order of preference, and their options."""


def play_piece(piece: Path, to: Path | None = None) -> None:
    """Play a recording or a MIDI file to its end or, if `to` is given, write the sound to `to`."""
    if to is not None:
        try:
            check_audio_file(to, None)
        except ValueError as error:
            raise UserError(str(error)) from None
        if os.path.realpath(to) == os.path.realpath(piece):
            raise UserError(f"--to {to} is the file that is played: name another file")
        write_audio(to, sound_of(piece), SR)
        print(printable(to))
        return
    play = find_player(piece)
    with TemporaryDirectory(prefix="musicai-") as folder:
        path = Path(folder, "sound.wav")
        write_audio(path, sound_of(piece), SR)
        play(path)


def sound_of(piece: Path) -> Iterator[np.ndarray]:
    """Return the sound of a piece in mono blocks at 44.1 kHz.

    The loudness of a MIDI file is normalized by `level_blocks`; that of a recording is unchanged.
    """
    if piece.suffix.lower() in _MIDI:
        return level_blocks(synthesize(piece, sr=SR), SR)
    return read_blocks(piece, sr=SR)


def find_player(piece: Path) -> Callable[[Path], None]:
    """Return a function that plays a WAV file to its end.

    Raises
    ------
    UserError
        If no program that plays sound is found.
    """
    if sys.platform == "win32":
        import winsound

        return lambda path: winsound.PlaySound(str(path), winsound.SND_FILENAME)
    for program, options in PLAYERS.items():
        if found := shutil.which(program):
            return lambda path: _run([found, *options, str(path)])
    raise UserError(
        f"no program that plays sound was found (any of {', '.join(PLAYERS)}): install one, such "
        f"as ffmpeg, or write the sound with --to {printable(piece.stem)}.wav and open that"
    )


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, errors="replace", check=False
    )
    # Without a sound device, ffplay still returns exit code 0.
    if done.returncode or "audio open failed" in done.stderr:
        raise UserError(
            f"{Path(command[0]).name} could not play the sound; is there a sound device? "
            "--to writes it to a file"
        )
