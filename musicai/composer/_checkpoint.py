"""The state of training in a file, from which an interrupted fit resumes.

A checkpoint is one .npz file: arrays under their names, and everything else as JSON. It holds no
pickle, so opening a foreign file runs none of its code. Its fingerprint describes the fit that
wrote it: parameters, pieces and initial weights.
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

# Writing waits for the disk, and may take at most this share of the time.
_LARGEST_SHARE_OF_TIME = 0.02
_PLAIN = "plain.json"
# Parameters that do not affect the trained model.
_WITHOUT_EFFECT = {"checkpoint", "device", "random_state", "verbose"}


class Checkpoint:
    """A file with the state of a fit.

    Parameters
    ----------
    path : str or PathLike
        The file.
    fingerprint : dict
        Description of the fit; the file of another fit is refused.
    start : int or None, default=None
        Checksum of the weights that the fit continues from; None for initial weights.
    seconds_between_writes : float, default=60.0
        How often `write_if_due` writes, unless that would take more than 2 % of the time.
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
        with suppress(ValueError):  # a null byte: opening the file reports it
            self.path = self.path.resolve()  # a link stays, its target is replaced
        self.fingerprint = fingerprint
        self.start = start
        # In the same folder, so that the final move cannot cross file systems; always with the same
        # name, so that the next write replaces what a killed process has left.
        self._draft = self.path.with_name(f".{self.path.name}.musicai-draft")
        self._seconds_between_writes = seconds_between_writes
        self._next = monotonic() + seconds_between_writes

    def open(self) -> dict[str, Any] | None:
        """Return the state of this fit if there is one; refuse a path that cannot be used."""
        self._check_writable()
        if not self.path.exists():
            return None
        state = _read(self.path)
        differences = _differences(state.pop("fingerprint"), self.fingerprint)
        if differences:
            raise ValueError(
                f"{self} is the checkpoint of another fit ({'; '.join(differences)}): remove the "
                "file, or give this fit another one"
            )
        start, left = state.pop("start", None), state.pop("left", None)
        # A warm start may also begin with the weights that the interrupted fit left.
        if self.start != start and (self.start is None or self.start != left):
            raise ValueError(
                f"{self} is the checkpoint of a fit that began with other weights: remove the "
                "file, or give every fit one of its own"
            )
        self.start = start
        return state

    def write_if_due(self, state: dict[str, Any]) -> None:
        """Write `state`, unless the last write was recent."""
        if monotonic() >= self._next:
            self.write(state)

    def write(self, state: dict[str, Any], left: Mapping[str, np.ndarray] | None = None) -> None:
        """Write `state`, whole or not at all; training continues if the disk is full.

        `left` holds the weights that an interrupted fit leaves in the composer: with `warm_start`
        the next fit begins with them, and still resumes from this file.
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
            warn_user(
                f"the checkpoint {self} could not be written ({error}); training does not need it"
            )
        finally:  # after an interruption, too
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)
        taken = monotonic() - started
        self._next = monotonic() + max(self._seconds_between_writes, taken / _LARGEST_SHARE_OF_TIME)

    def remove(self) -> None:
        """Remove the file: there is nothing left to resume."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            warn_user(f"the checkpoint {self} could not be removed ({error})")

    def __str__(self) -> str:
        return printable(self.path)

    def _check_writable(self) -> None:
        if self.path.is_dir():
            raise ValueError(f"checkpoint={str(self)!r} is a folder: give a file in it")
        if self.path.exists() and not self.path.is_file():  # reading from a pipe would never end
            raise ValueError(f"checkpoint={str(self)!r} is no regular file: give another name")
        try:
            self._draft.touch()
            self._draft.unlink()
        except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
            reason = getattr(error, "strerror", None) or error
            raise ValueError(
                f"checkpoint={str(self)!r} cannot be written ({reason}): give a file in a folder "
                "that exists and may be written to"
            ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)  # all are read now, and their checksums compared
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
    except Exception as error:  # NumPy, zip and JSON raise many kinds for foreign bytes
        raise ValueError(
            f"{printable(path)} is no checkpoint, or a damaged one ({type(error).__name__}: "
            f"{error}): remove the file, or name another"
        ) from None
    return state


def _take_apart(tree: dict[str, Any], above: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Split nested dictionaries into arrays, named by their path, and all other values."""
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
    """Describe in words how two fingerprints differ."""
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
    """Describe a fit by all that determines its result, in values that JSON can hold.

    Parameters
    ----------
    parameters : dict
        Parameters of the composer.
    styles : ndarray of shape (n_styles,)
        Style labels.
    training, validation : Collection
        The pieces, before some are set aside for validation.
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
    # Encoded and decoded, so that it compares equal with the content of a file.
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
        # The style of a whole piece is a broadcast value: do not expand it to one for each frame.
        yield numbers[:1] if numbers.strides == (0,) else numbers


def checksum(weights: Mapping[str, np.ndarray]) -> int:
    """Return a checksum of weights."""
    return _checksum(weights.values())


def _checksum(arrays: Iterable[np.ndarray]) -> int:
    total = 0
    for array in arrays:
        total = zlib.crc32(np.ascontiguousarray(array).data, total)
    return total


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
