"""Error for recordings that cannot be used."""


class RecordingError(ValueError):
    """Error for a recording that cannot be used.

    This error is raised for files that are missing, empty, unreadable or not audio, and for samples
    that are empty, not numeric, NaN or infinite. The message names the recording, the cause and a
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
