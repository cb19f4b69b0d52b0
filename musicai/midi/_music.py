"""Checks of MIDI music: a `pretty_midi.PrettyMIDI`, or the path of a MIDI file."""

from typing import TYPE_CHECKING, Any

from ..files.paths import is_path
from ._reading import read_music

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def is_music(value: Any) -> bool:
    """Return whether `value` has the attributes of a `pretty_midi.PrettyMIDI` that are used here.

    The check needs no pretty_midi, so that other values can be refused without it.
    """
    return all(hasattr(value, name) for name in ("instruments", "get_tempo_changes", "write"))


def check_music_or_path(value: Any, name: str) -> None:
    """Raise a TypeError, which refers to `name`, if `value` is neither music nor a path."""
    if not (is_path(value) or is_music(value)):
        raise TypeError(
            f"{name} is of type {type(value).__name__}, where a path of a MIDI file or a "
            "pretty_midi.PrettyMIDI is expected"
        )


def as_midi(value: Any, name: str) -> tuple["PrettyMIDI", str]:
    """Return music, read from its file if `value` is a path, and a warning or "".

    Errors refer to music without a file by `name`.
    """
    check_music_or_path(value, name)
    return read_music(value) if is_path(value) else (value, "")
