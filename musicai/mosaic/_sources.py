"""Recordings of a fitted mosaic: their paths, and whether their files have changed."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..audio import RecordingError, read_excerpt
from ..files.content import content_digest, find_by_content
from ..files.paths import AnyPath, is_path, printable

_places: dict[tuple[bytes, bytes], bytes] = {}
"""Paths of moved files by folder and digest, so that a folder is not searched again for files that
were found in it.

Before a path is used, the digest of its file is checked again.
"""


class Source(NamedTuple):
    """A recording that can be read again.

    Attributes
    ----------
    recording : bytes or (samples, sr)
        The absolute path of a file, or samples with their sampling rate.
    size, modified : int or None
        Size of the file in bytes, and time of its last modification in nanoseconds. None for
        samples, and for a file that could not be read in `fit`.
    digest : bytes or None
        The SHA-256 of the file; None if `size` is None.
    """

    recording: Any
    size: int | None
    modified: int | None
    digest: bytes | None

    @property
    def name(self) -> str:
        """Name of the recording in error messages."""
        return printable(self.recording) if is_path(self.recording) else "a recording in memory"

    def trouble(self) -> str | None:
        """Return why the recording's file can no longer be used, or None if it can.

        Samples, and files that could not be read in `fit`, are not checked.
        """
        if self.size is None or not is_path(self.recording):
            return None
        try:
            status = os.stat(self.recording)
            if (status.st_size, status.st_mtime_ns) == (self.size, self.modified):
                return None
            if status.st_size == self.size and content_digest(self.recording) == self.digest:
                return None
        except OSError as error:
            return f"the recording cannot be read any more ({error.strerror})"
        return "the file has changed since the mosaic was fitted"

    def refuse_as_target(self, file: Any) -> None:
        """Raise a ValueError if writing to `file` would overwrite this recording."""
        both_paths = is_path(self.recording) and is_path(file)
        if both_paths and os.path.exists(file) and os.path.samefile(file, self.recording):
            raise ValueError(f"{self.name}: the mosaic plays this recording; write to another file")

    def read(self, start: float, n_samples: int, sr: float, channels: int) -> np.ndarray:
        """Read samples at rate `sr` from `start` seconds on, shape (n_samples, channels)."""
        samples = read_excerpt(
            self.recording, start, n_samples, sr=sr, channels=channels, name=self.name
        )
        return samples.reshape(-1, channels)


def as_source(recording: Any, sr: float) -> Source:
    """Convert a recording to a `Source`, which allows later changes to its file to be detected.

    `sr` is the sampling rate of samples that are passed without one.
    """
    if is_path(recording):
        path = os.path.abspath(os.fsencode(recording))
        try:
            status = os.stat(path)
            return Source(path, status.st_size, status.st_mtime_ns, content_digest(path))
        except (OSError, ValueError):
            return Source(path, None, None, None)
    samples, own_rate = recording if isinstance(recording, tuple) else (recording, sr)
    # Copy the samples, because the caller may change them.
    return Source((np.array(samples), own_rate), None, None, None)


def located(sources: Sequence[Source], root: AnyPath | None) -> list[Source]:
    """Return recordings with their current paths.

    Parameters
    ----------
    sources : sequence of Source
        Recordings as stored when the mosaic was fitted.
    root : path-like or None
        Folder in which to search for moved recordings by their content; None for no search.

    Raises
    ------
    RecordingError
        If a recording has changed or is missing, and is not found in `root`.
    """
    troubles = [source.trouble() for source in sources]
    lost = [source for source, trouble in zip(sources, troubles, strict=True) if trouble]
    found = {} if root is None else _found_in(root, lost)
    missing = [
        (source, trouble)
        for source, trouble in zip(sources, troubles, strict=True)
        if trouble and source.digest not in found
    ]
    if missing:
        source, trouble = missing[0]
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        where = "" if root is None else f", and is not in the folder root={printable(root)!r}"
        raise RecordingError(
            f"{source.name}: {trouble}{where}{more}; put it back, set root to the folder that it "
            "is in now, or fit the mosaic again"
        )
    return [
        source._replace(recording=found[source.digest]) if trouble and source.digest else source
        for source, trouble in zip(sources, troubles, strict=True)
    ]


def _found_in(root: AnyPath, lost: Sequence[Source]) -> dict[bytes, bytes]:
    """Return the paths, by digest, of the lost recordings that are found in the folder `root`."""
    folder = os.path.realpath(os.fsencode(root))
    wanted = {each.digest: each.size for each in lost if each.digest is not None and each.size}
    found = {
        digest: _places[folder, digest]
        for digest in wanted
        if (folder, digest) in _places and _holds(_places[folder, digest], digest)
    }
    unknown = {digest: size for digest, size in wanted.items() if digest not in found}
    if unknown:
        for digest, path in find_by_content(folder, unknown).items():
            found[digest] = _places[folder, digest] = path
    return found


def _holds(path: bytes, digest: bytes) -> bool:
    try:
        return content_digest(path) == digest
    except OSError:
        return False
