"""Checks of MIDI music: a `pretty_midi.PrettyMIDI`, or the path of a MIDI file."""

from typing import TYPE_CHECKING, Any

from ..files.paths import is_path
from ._reading import read_music

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def is_music(value: Any) -> bool:
    """Return whether `value` has the attributes that distinguish a `pretty_midi.PrettyMIDI`.

    The check does not import pretty_midi, so wrong values are refused even if it is missing.
    """
    return all(hasattr(value, name) for name in ("instruments", "get_tempo_changes", "write"))


def check_music_or_path(value: Any, name: str) -> None:
    """Raise a TypeError that calls `value` by `name` if it is neither music nor a path."""
    if not (is_path(value) or is_music(value)):
        raise TypeError(
            f"{name} is of type {type(value).__name__}, where a path of a MIDI file or a "
            "pretty_midi.PrettyMIDI is expected"
        )


def as_midi(value: Any, name: str) -> tuple["PrettyMIDI", str]:
    """Return `value` as music, read from the file if it is a path, and a warning ("" for none).

    If `value` is neither music nor a path, a TypeError calls it `name`.
    """
    check_music_or_path(value, name)
    return read_music(value) if is_path(value) else (value, "")
