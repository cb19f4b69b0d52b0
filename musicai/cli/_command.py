"""Arguments, exit codes and messages of the console command.

Progress and errors go to stderr, results to stdout. An error that the user cannot fix is a bug and
prints a traceback.
"""

import argparse
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from .._version import __version__
from ._folders import folder_to_write, temporary_folder
from ._terminal import UserError, say, warn

_EXAMPLES = """examples:
  musicai compose recordings             train on a folder, compose, write everything to out/
  musicai chords song.mp3                print the chords of a recording
  musicai play out/continued.mid         play a recording or a MIDI file
"""
_COMPOSE = """Learn from a folder of recordings and compose new pieces.

Each subfolder of FOLDER is a style; files beside the subfolders form a style with the name of
FOLDER. If the recordings have a clear pulse, frames are half-beats. Without FOLDER, rule-based pop
songs and waltzes are generated and played with a soundfont.
Audio, scores, pictures and the trained composer are written to a folder; its page index.html
shows them all."""
_COMPOSE_EXAMPLES = """examples:
  musicai compose recordings
  musicai compose recordings --out jazz --epochs 60   train longer
  musicai compose recordings --seed 7                 compose different pieces

Ctrl-C stops the program. Results are written only after training.
"""
_CHORDS = """Print the chords of recordings as a chart in bars.

If no clear pulse is found, bars have four beats at 120 beats per minute and start at the beginning
of the recording."""
_CHORDS_EXAMPLES = """examples:
  musicai chords song.mp3
  musicai chords song.mp3 > song.txt
  musicai chords --times song.mp3    start, end and chord, as labels for Audacity
"""
_PLAY = """Play a recording or a MIDI file.

A soundfont plays MIDI. The first of these programs that is installed plays the sound: ffplay,
afplay, pw-play, paplay, aplay. Windows needs none."""
_PLAY_EXAMPLES = """examples:
  musicai play out/continued.wav
  musicai play out/continued.mid
  musicai play out/continued.mid --to continued.flac    write the sound to a file
"""


class _Stopped(BaseException):
    """Exception for Ctrl-C; a KeyboardInterrupt would end only training, not the program."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; None means ``sys.argv[1:]``.

    Returns
    -------
    code : int
        0 on success, 1 after an error that the user can fix, or 130 after Ctrl-C. Wrong arguments
        raise SystemExit(2).
    """
    # Titles may have characters that a Windows console cannot print.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    args = _parser().parse_args(argv)
    if not hasattr(args, "run"):
        _parser().print_help()
        return 0
    try:
        with _ctrl_c_stops(), _warnings_in_a_line():
            args.run(args)
            sys.stdout.flush()
    except (_Stopped, KeyboardInterrupt):
        say("")  # end the line on which the terminal printed ^C
        say("musicai: stopped")
        return 130
    except BrokenPipeError:  # for instance in "musicai chords song.mp3 | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not _is_mistake(error):
            raise
        say(f"musicai: {error}")
        return 1
    return 0


def _is_mistake(error: Exception) -> bool:
    """Return whether an error is due to the user's files or machine rather than a bug."""
    from ..audio import RecordingError
    from ..midi import MidiError

    return isinstance(error, UserError | RecordingError | MidiError | OSError | ImportError)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="musicai",
        description="Compose from your own recordings.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"musicai {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    compose = _command(commands, "compose", _COMPOSE, _COMPOSE_EXAMPLES, _compose)
    compose.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        help="folder of recordings; its subfolders are styles",
    )
    compose.add_argument(
        "--out",
        type=Path,
        default=Path("out"),
        help="folder for the results; recordings in it are ignored (default: %(default)s)",
    )
    compose.add_argument(
        "--epochs",
        type=_integer(1, 100_000),
        help="passes over the music (default: as many as take a minute or two, at most 100; no "
        "more than 3 minutes)",
    )
    compose.add_argument(
        "--seed",
        type=_integer(0, 2**32 - 1),
        default=0,
        help="a different seed composes different pieces (default: %(default)s)",
    )

    chords = _command(commands, "chords", _CHORDS, _CHORDS_EXAMPLES, _chords)
    chords.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a recording")
    chords.add_argument(
        "--vocabulary",
        choices=("triads", "qualities"),
        default="triads",
        help="triads only, or also sevenths and other chords (default: %(default)s)",
    )
    chords.add_argument(
        "--times",
        action="store_true",
        help="print seconds and chords in Harte's syntax instead of a chart",
    )

    play = _command(commands, "play", _PLAY, _PLAY_EXAMPLES, _play)
    play.add_argument("piece", metavar="PIECE", type=Path, help="a recording or a MIDI file")
    play.add_argument(
        "--to", metavar="FILE", type=Path, help="write the sound to this file (.wav, .flac, ...)"
    )
    return parser


def _command(
    commands: Any, name: str, description: str, examples: str, run: Callable[..., None]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description.partition("\n")[0],
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _integer(least: int, most: int) -> Callable[[str], int]:
    """Return a type for argparse that accepts integers from `least` to `most`."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not an integer from {least} to {most}")
        return int(text)

    return parse


# The next functions import what they need when they are called, because importing torch takes
# seconds.


def _compose(args: argparse.Namespace) -> None:
    out = args.out
    if args.folder is not None and os.path.realpath(out) == os.path.realpath(
        os.path.expanduser(args.folder)
    ):
        raise UserError(
            f"--out {out} is the folder of the recordings itself: name another folder, or composed "
            "music would be learned the next time"
        )
    with folder_to_write(out), temporary_folder() as memory:
        from ._compose import compose_from_folder

        compose_from_folder(args.folder, out, memory=memory, epochs=args.epochs, seed=args.seed)


def _chords(args: argparse.Namespace) -> None:
    from ._chords import print_chords

    print_chords(args.files, vocabulary=args.vocabulary, times=args.times)


def _play(args: argparse.Namespace) -> None:
    from ._play import play_piece

    play_piece(args.piece, args.to)


@contextmanager
def _ctrl_c_stops() -> Iterator[None]:
    """Let Ctrl-C raise `_Stopped` in the main thread, unless the caller has installed a handler."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    try:
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            raise ValueError
        signal.signal(signal.SIGINT, stop)
    except ValueError:  # the caller has a handler, or this is not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print each UserWarning on one line; ignore all other warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: warn(str(message))
        yield
