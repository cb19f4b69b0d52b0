"""Writing MIDI files."""

from typing import TYPE_CHECKING, Any

from ..files.writing import target_name, whole_file
from ._music import is_music

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def write_midi(file: Any, midi: "PrettyMIDI") -> None:
    """Write music to a MIDI file, whole or not at all.

    Parameters
    ----------
    file : str, bytes, PathLike or binary file object
        Where to write. An existing file is replaced once the new one is complete.
    midi : pretty_midi.PrettyMIDI
        The music.

    Raises
    ------
    TypeError
        If `midi` is something else, or `file` is neither a path nor a file that takes bytes.
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If `file` is a folder or no name of a file.
    OSError
        If it cannot be written, as where the disk is full.

    Examples
    --------
    >>> import io
    >>> import pretty_midi
    >>> from musicai.midi import write_midi
    >>> file = io.BytesIO()
    >>> write_midi(file, pretty_midi.PrettyMIDI())
    >>> file.getvalue()[:4]
    b'MThd'
    """
    if not is_music(midi):
        raise TypeError(
            f"{target_name(file)}: music is of type {type(midi).__name__} where a "
            "pretty_midi.PrettyMIDI is expected"
        )
    with whole_file(file) as draft:
        midi.write(draft)
