"""Whether two fits are the same one: their parameters, their pieces, where they start from."""

import json
import zlib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .._version import __version__
from ..base.pieces import frame_blocks
from ._batches import Collection

# What changes nothing in the model that training ends with.
_NOT_LEARNED = {"checkpoint", "device", "random_state", "verbose"}


def fingerprint(
    composer: Any, training: Collection, validation: Collection | None
) -> dict[str, Any]:
    """Describe a fit by what decides its result, in values that JSON can hold.

    Parameters
    ----------
    composer : LSTMComposer
        Its parameters count.
    training, validation : Collection
        The pieces, before some are set aside; their number, lengths and content count.
    """
    parameters = composer.get_params(deep=False)
    kept = {name: value for name, value in parameters.items() if name not in _NOT_LEARNED}
    if isinstance(composer.random_state, Integral):
        kept["random_state"] = composer.random_state
    described = {
        "musicai": __version__,
        **kept,
        "styles": [repr(style) for style in composer.styles_.tolist()],
        "the pieces": _describe(training),
        "the pieces of X_val": _describe(validation) if validation else None,
    }
    # There and back, so that it compares equal with what a file holds.
    return json.loads(json.dumps(described, default=_plain))


def _describe(collection: Collection) -> dict[str, Any]:
    pieces = collection.pieces
    return {
        "number": len(pieces),
        "frames": sum(map(len, pieces)),
        "lengths": checksum([np.array([len(piece) for piece in pieces])]),
        "values": checksum(block for piece in pieces for block in frame_blocks(piece)),
        "styles": checksum(_runs(collection.styles)),
    }


def _runs(styles: Sequence[np.ndarray]) -> Iterable[np.ndarray]:
    for numbers in styles:
        # One style for a whole piece takes no memory for each of its frames: keep it so.
        yield numbers[:1] if numbers.strides == (0,) else numbers


def checksum(arrays: Iterable[np.ndarray]) -> int:
    """Sum up the content of some arrays in one number."""
    total = 0
    for array in arrays:
        total = zlib.crc32(np.ascontiguousarray(array).data, total)
    return total


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
