"""Error for recordings that cannot be used."""


class RecordingError(ValueError):
    """Error for a recording that cannot be used.

    For instance, a file may be missing, empty, unreadable or not audio, and samples may be empty,
    not numeric, NaN or infinite. The message names the recording and the cause, and usually a
    remedy.

    Examples
    --------
    >>> from musicai.audio import RecordingError, read_blocks
    >>> try:
    ...     next(read_blocks("no/such/file.wav", sr=22050))
    ... except RecordingError as error:
    ...     print(error)
    no/such/file.wav: there is no such file; check the path
    """
