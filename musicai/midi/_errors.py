"""The one error for music in notes that cannot be used."""


class MidiError(ValueError):
    """A MIDI file cannot be used, or not be played; the message names it, the cause, what to do.

    Raised for a file that is missing, empty, no MIDI, damaged, or so long that it can't be meant,
    for music without notes, and for a soundfont that is none.

    Examples
    --------
    >>> from musicai.midi import MidiError, read_midi
    >>> try:
    ...     read_midi("no/such/file.mid")
    ... except MidiError as error:
    ...     print(error)
    no/such/file.mid: there is no such file; check the path
    """
