"""The one error for a recording that cannot be used."""


class RecordingError(ValueError):
    """A recording cannot be used; the message names it, the cause and what to do.

    Raised for a file that is missing, empty, no audio or unreadable, and for samples that are no
    samples: none at all, not numeric, NaN or infinite.

    Examples
    --------
    >>> from musicai.audio import RecordingError, read_blocks
    >>> try:
    ...     next(read_blocks("no/such/file.wav", sr=22050))
    ... except RecordingError as error:
    ...     print(error)
    no/such/file.wav: there is no such file; check the path
    """
