"""The recordings of a mosaic between fit and transform: where they are, whether they changed."""

import os
from typing import Any, NamedTuple

import numpy as np

from ..audio import RecordingError, read_excerpt
from ..files.paths import is_path, printable


class Source(NamedTuple):
    """A recording that can be read again.

    Attributes
    ----------
    recording : bytes or (samples, sr)
        The absolute path of a file, or samples.
    size, modified : int or None
        Of the file in bytes, and when it was changed in nanoseconds; None for samples, and for a
        file that could not be read from the first.
    """

    recording: Any
    size: int | None
    modified: int | None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return printable(self.recording) if is_path(self.recording) else "a recording in memory"

    def check(self) -> None:
        """Raise a RecordingError if the file is no longer what it was."""
        if self.size is None or not is_path(self.recording):
            return
        try:
            status = os.stat(self.recording)
        except OSError as error:
            raise RecordingError(
                f"{self.name}: the recording cannot be read any more ({error.strerror}); put it "
                "back, or fit the mosaic again"
            ) from None
        if (status.st_size, status.st_mtime_ns) != (self.size, self.modified):
            raise RecordingError(
                f"{self.name}: the file has changed since the mosaic was fitted; fit it again"
            )

    def refuse_as_target(self, file: Any) -> None:
        """Raise a ValueError if `file` is this recording, which would be written over."""
        both_paths = is_path(self.recording) and is_path(file)
        if both_paths and os.path.exists(file) and os.path.samefile(file, self.recording):
            raise ValueError(
                f"{self.name}: this is one of the recordings that are played; write to another file"
            )

    def read(self, start: float, n_samples: int, sr: float, channels: int) -> np.ndarray:
        """Read samples from a second on; see :func:`musicai.audio.read_excerpt`."""
        return read_excerpt(
            self.recording, start, n_samples, sr=sr, channels=channels, name=self.name
        )


def as_source(recording: Any, sr: float) -> Source:
    """Return a recording with what tells whether it changes.

    `sr` is that of samples that come without one, and files have one.
    """
    if is_path(recording):
        path = os.path.abspath(os.fsencode(recording))
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return Source(path, None, None)
        return Source(path, status.st_size, status.st_mtime_ns)
    samples, own_rate = recording if isinstance(recording, tuple) else (recording, sr)
    return Source((np.array(samples), own_rate), None, None)  # a copy, which nobody changes
