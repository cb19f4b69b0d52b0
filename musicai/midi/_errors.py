"""The error for MIDI music that cannot be used."""


class MidiError(ValueError):
    """Error for MIDI music that cannot be used. The message names the file, the cause and a remedy.

    For example, it is raised if a file is missing, empty, damaged, implausibly long or not a MIDI
    file; if music has no notes; or if a soundfont cannot be used.

    Examples
    --------
    >>> from musicai.midi import MidiError, read_midi
    >>> try:
    ...     read_midi("no/such/file.mid")
    ... except MidiError as error:
    ...     print(error)
    no/such/file.mid: there is no such file; check the path
    """
