"""What counts as music in notes: a `pretty_midi.PrettyMIDI`, or the path of a file."""

from typing import TYPE_CHECKING, Any

from ..files.paths import is_path
from ._reading import read_music

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def is_music(value: Any) -> bool:
    """Tell whether `value` is music in notes.

    It is known by what is used of it, so that pretty_midi need not be there to say no.
    """
    return all(hasattr(value, name) for name in ("instruments", "get_tempo_changes", "write"))


def check_music_or_path(value: Any, name: str) -> None:
    """Raise a TypeError for what is neither music nor a path; `name` is what to call it."""
    if not (is_path(value) or is_music(value)):
        raise TypeError(
            f"{name} is of type {type(value).__name__} where a path of a MIDI file or a "
            "pretty_midi.PrettyMIDI is expected"
        )


def as_midi(value: Any, name: str) -> tuple["PrettyMIDI", str]:
    """Return music as it is, or read its file; and what to warn of, "" if nothing.

    `name` is what to call music without a file.
    """
    check_music_or_path(value, name)
    return read_music(value) if is_path(value) else (value, "")
