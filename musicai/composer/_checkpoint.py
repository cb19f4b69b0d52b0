"""Checkpoint files, from which an interrupted fit resumes.

A checkpoint is an .npz file that holds the arrays of the training state, and all other values as
JSON. It contains no pickled objects, so opening an untrusted file does not run code. A fingerprint
in the file describes the fit that wrote it: version of musicai, parameters, styles and pieces.
Checksums identify the initial weights of a warm start.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Integral
from operator import index
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from .._version import __version__
from ..base.pieces import frame_blocks
from ..base.user_warnings import warn_user
from ..files.paths import printable
from ._data import Collection

# Largest share of the time to spend on writing checkpoints. Training waits during a write.
_LARGEST_SHARE_OF_TIME = 0.02
_PLAIN = "plain.json"
# Parameters that may change before a fit resumes; `random_state` only if it is not an integer.
_WITHOUT_EFFECT = {"checkpoint", "device", "random_state", "verbose"}


class Checkpoint:
    """File with the training state of a fit.

    Parameters
    ----------
    path : str or PathLike
        Path of the file.
    fingerprint : dict
        Description of the fit. A file from another fit is refused.
    start : int or None, default=None
        Checksum of the initial weights in a warm start; None for random initial weights.
    seconds_between_writes : float, default=60.0
        Minimum time between two writes by `write_if_due`. If a write is slow, the time is longer,
        so that writing takes at most 2% of the total time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fingerprint: dict[str, Any],
        start: int | None = None,
        *,
        seconds_between_writes: float = 60.0,
    ) -> None:
        self.path = Path(os.path.abspath(path))  # the working directory may change
        with suppress(ValueError):  # null byte in the path: `_check_writable` raises a clear error
            self.path = self.path.resolve()  # replace the target of a symbolic link, not the link
        self.fingerprint = fingerprint
        self.start = start
        # The draft is in the same folder, so that moving it into place is atomic. Its name is
        # fixed, so that the next write replaces a draft that a killed process has left.
        self._draft = self.path.with_name(f".{self.path.name}.musicai-draft")
        self._seconds_between_writes = seconds_between_writes
        self._next = monotonic() + seconds_between_writes

    def open(self) -> dict[str, Any] | None:
        """Return the saved state of this fit, or None if there is no file.

        Raises an error if the path cannot be used, or if the file is damaged or from another fit.
        """
        self._check_writable()
        if not self.path.exists():
            return None
        state = _read(self.path)
        differences = _differences(state.pop("fingerprint"), self.fingerprint)
        if differences:
            raise ValueError(
                f"{self} is the checkpoint of another fit ({'; '.join(differences)}): remove the "
                "file, or use another path"
            )
        start, left = state.pop("start", None), state.pop("left", None)
        # A warm start also resumes if it begins with the weights that the interrupted fit has left
        # in the composer.
        if self.start != start and (self.start is None or self.start != left):
            raise ValueError(
                f"{self} is the checkpoint of a fit with other initial weights: remove the file, "
                "or use a separate path for each fit"
            )
        self.start = start
        return state

    def write_if_due(self, state: dict[str, Any]) -> None:
        """Write `state` if enough time has passed since the last write."""
        if monotonic() >= self._next:
            self.write(state)

    def write(self, state: dict[str, Any], left: Mapping[str, np.ndarray] | None = None) -> None:
        """Write `state` atomically; if writing fails (on a full disk, for example), only warn.

        `left` holds the weights that an interrupted fit leaves in the composer. The file stores
        their checksum, so that a warm start from these weights resumes from the file.
        """
        started = monotonic()
        after = None if left is None else checksum(left)
        origin = {"fingerprint": self.fingerprint, "start": self.start, "left": after}
        arrays, plain = _take_apart({**state, **origin})
        arrays[_PLAIN] = np.frombuffer(json.dumps(plain).encode(), np.uint8)
        try:
            with open(self._draft, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(self._draft, self.path)
        except OSError as error:
            warn_user(f"the checkpoint {self} could not be written ({error}); training continues")
        finally:  # also after Ctrl-C
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)
        taken = monotonic() - started
        self._next = monotonic() + max(self._seconds_between_writes, taken / _LARGEST_SHARE_OF_TIME)

    def remove(self) -> None:
        """Remove the file."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            warn_user(f"the checkpoint {self} could not be removed ({error})")

    def __str__(self) -> str:
        return printable(self.path)

    def _check_writable(self) -> None:
        if self.path.is_dir():
            raise ValueError(f"checkpoint={str(self)!r} is a folder: use the path of a file in it")
        if self.path.exists() and not self.path.is_file():  # reading a pipe would block forever
            raise ValueError(f"checkpoint={str(self)!r} is not a regular file: use another path")
        try:
            self._draft.touch()
            self._draft.unlink()
        except (OSError, ValueError) as error:  # ValueError for a null byte in the name
            reason = getattr(error, "strerror", None) or error
            raise ValueError(
                f"checkpoint={str(self)!r} cannot be written ({reason}): use a path in a folder "
                "that exists and is writable"
            ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)  # reads all arrays, which verifies the zip file's checksums
        state = json.loads(arrays.pop(_PLAIN).tobytes())
        for name, array in arrays.items():
            *parents, last = name.split("/")
            place = state
            for parent in parents:
                place = place[parent]
            place[last] = array
        state["fingerprint"].items()
        np.random.RandomState(index(state["seed"]))  # reject an invalid seed here
    except PermissionError:
        raise
    except Exception as error:  # NumPy, zipfile and json raise many kinds of errors
        raise ValueError(
            f"{printable(path)} is damaged or not a checkpoint ({type(error).__name__}: {error}): "
            "remove the file, or use another path"
        ) from None
    return state


def _take_apart(tree: dict[str, Any], above: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a tree into its arrays, with keys such as "a/b", and the tree without them."""
    arrays: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, np.ndarray):
            arrays[f"{above}{name}"] = value
        elif isinstance(value, dict):
            below, plain[name] = _take_apart(value, f"{above}{name}/")
            arrays.update(below)
        else:
            plain[name] = value
    return arrays, plain


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """Return descriptions of the differences between two fingerprints."""
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    return [
        f"{name} differ"
        if isinstance(here.get(name, there.get(name)), dict)
        else f"{name} was {there.get(name)!r} and is {here.get(name)!r}"
        for name in names
    ]


def fingerprint(
    parameters: dict[str, Any],
    styles: np.ndarray,
    training: Collection,
    validation: Collection | None,
) -> dict[str, Any]:
    """Return a JSON-compatible description of a fit: version, parameters, styles and pieces.

    The description leaves out the initial weights of a warm start, the parameters `checkpoint`,
    `device` and `verbose`, and a `random_state` that is not an integer.

    Parameters
    ----------
    parameters : dict
        Parameters of the composer.
    styles : ndarray of shape (n_styles,)
        Style labels.
    training, validation : Collection
        Training pieces, before some are split off for validation, and pieces of `X_val`, if any.
    """
    kept = {name: value for name, value in parameters.items() if name not in _WITHOUT_EFFECT}
    if isinstance(parameters["random_state"], Integral):
        kept["random_state"] = parameters["random_state"]
    described = {
        "musicai": __version__,
        **kept,
        "styles": [repr(style) for style in styles.tolist()],
        "the pieces": _describe(training),
        "the pieces of X_val": _describe(validation) if validation else None,
    }
    # Convert to JSON and back, so that the result equals a fingerprint that was read from a file.
    return json.loads(json.dumps(described, default=_plain))


def _describe(collection: Collection) -> dict[str, Any]:
    pieces = collection.pieces
    return {
        "number": len(pieces),
        "frames": sum(map(len, pieces)),
        "lengths": _checksum([np.array([len(piece) for piece in pieces])]),
        "values": _checksum(block for piece in pieces for block in frame_blocks(piece)),
        "styles": _checksum(_runs(collection.styles)),
    }


def _runs(styles: Sequence[np.ndarray]) -> Iterable[np.ndarray]:
    for numbers in styles:
        # If a whole piece has one style, `numbers` broadcasts a single value. Do not expand it to
        # all frames.
        yield numbers[:1] if numbers.strides == (0,) else numbers


def checksum(weights: Mapping[str, np.ndarray]) -> int:
    """Return a checksum of the weights."""
    return _checksum(weights.values())


def _checksum(arrays: Iterable[np.ndarray]) -> int:
    total = 0
    for array in arrays:
        total = zlib.crc32(np.ascontiguousarray(array).data, total)
    return total


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
