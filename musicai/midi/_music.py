"""Checks of MIDI music: a `pretty_midi.PrettyMIDI`, or the path of a MIDI file."""

from typing import TYPE_CHECKING, Any

from ..files.paths import is_path
from ._reading import read_music

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def is_music(value: Any) -> bool:
    """Return whether `value` resembles a `PrettyMIDI` object, without importing pretty_midi."""
    return all(hasattr(value, name) for name in ("instruments", "get_tempo_changes", "write"))


def check_music_or_path(value: Any, name: str) -> None:
    """Raise a TypeError if `value` is neither music nor a path; the message calls it `name`."""
    if not (is_path(value) or is_music(value)):
        raise TypeError(
            f"{name} is of type {type(value).__name__}, where a path of a MIDI file or a "
            "pretty_midi.PrettyMIDI is expected"
        )


def as_midi(value: Any, name: str) -> tuple["PrettyMIDI", str]:
    """Return MIDI music, read from a file if `value` is a path, and a warning ("" if none).

    Raise a TypeError if `value` is neither music nor a path; the message calls it `name`.
    """
    check_music_or_path(value, name)
    return read_music(value) if is_path(value) else (value, "")
