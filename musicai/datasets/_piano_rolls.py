"""Loading of piano rolls from MATLAB files with known hashes.

A damaged MATLAB file can crash the process in `scipy.io.loadmat`, so files with unknown hashes are
rejected.
"""

import hashlib
import io
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from ..base.parameters import Rule, check_values, is_file_name, is_one_of
from ..base.pieces import N_KEYS
from ..files.paths import printable
from ._folder import find_files
from .bunches import PianoRolls

_SUBSETS = ("train", "valid", "test")
SUBSET_RULES: dict[str, Rule] = {
    "subset": (lambda v: is_one_of(v, (*_SUBSETS, "all")), f"one of {(*_SUBSETS, 'all')}")
}
_FILE_RULES: dict[str, Rule] = {
    "path": (is_file_name, "the path of a MATLAB file, or of a folder of them"),
    "sha256": (
        lambda v: (
            isinstance(v, str)
            or (isinstance(v, Collection) and all(isinstance(each, str) for each in v))
        ),
        "the SHA-256 of a file in hexadecimal, or a list of them",
    ),
}
_SUFFIX = ".mat"

PUBLISHED = {
    "JSB_Chorales": "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    "MuseData": "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
    "Nottingham": "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
    "Piano_midi": "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
}
"""SHA-256 hashes of the four published sets."""

_DESCR = """\
Piano rolls
===========
{n_pieces} pieces ({subset}) of {sets}, {n_frames} frames of 88 keys, A0 to C8, each 0 or 1.

License: {license}.
Source: {source}
"""


def load_piano_rolls(
    path: str | os.PathLike[str], *, subset: str = "train", sha256: str | Collection[str] = ()
) -> PianoRolls:
    """Load piano rolls from a MATLAB file, or from all MATLAB files in a folder.

    The four sets of Boulanger-Lewandowski et al. [1]_ are recognized by their SHA-256 hashes. Other
    files in the same format can be loaded if you pass their hashes. A file contains `traindata`,
    `validdata` and `testdata`: cell arrays of matrices of zeros and ones of shape
    ``(n_frames, 88)``.

    Parameters
    ----------
    path : str or path
        A file, or a folder to search at any depth for files that end in .mat. Each file in a folder
        is a style.
    subset : {"train", "valid", "test", "all"}, default="train"
        Subset of the pieces to return.
    sha256 : str or collection of str, default=()
        SHA-256 hashes, in hexadecimal, of other files that you trust. Files with unknown hashes are
        rejected, because a damaged MATLAB file can crash the process.

    Returns
    -------
    data : Bunch
        With the attributes

        data : list of ndarray of shape (n_frames, 88), dtype float32
            The pieces: zeros and ones, with a column for each key from A0 to C8.
        subsets : list of str
            Subset of each piece: "train", "valid" or "test".
        target : list of str, or None
            Style of each piece: the name of its file. None if `path` is a file.
        target_names : list of str
            The styles, sorted; empty if `path` is a file.
        DESCR : str
            Description.
        license, source : str
            License ("that of the individual files") and `path`.

    Raises
    ------
    FileNotFoundError
        If `path` does not exist, or the folder has no file that ends in .mat.
    ValueError
        If a file is unknown or does not contain piano rolls, or an argument is invalid.

    See Also
    --------
    fetch_polyphonic : Fetch one of the four sets by name.
    musicai.PianoRollExtractor : Extract piano rolls from MIDI files.

    References
    ----------
    .. [1] N. Boulanger-Lewandowski, Y. Bengio, P. Vincent, "Modeling temporal dependencies in
       high-dimensional sequences: application to polyphonic music generation and transcription",
       ICML 2012.

    Examples
    --------
    >>> import hashlib, tempfile
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from musicai.datasets import load_piano_rolls
    >>> cells = np.empty((1, 1), object)
    >>> cells[0, 0] = np.eye(88)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = {"traindata": cells, "validdata": cells, "testdata": cells}
    ...     savemat(f"{folder}/scales.mat", parts)
    ...     with open(f"{folder}/scales.mat", "rb") as file:
    ...         mine = hashlib.sha256(file.read()).hexdigest()
    ...     music = load_piano_rolls(f"{folder}/scales.mat", subset="all", sha256=mine)
    >>> [piece.shape for piece in music.data], music.subsets
    ([(88, 88), (88, 88), (88, 88)], ['train', 'valid', 'test'])
    """
    check_values({"path": path, "sha256": sha256, "subset": subset}, _FILE_RULES | SUBSET_RULES)
    given = Path(path).expanduser()
    files = _find_files(given)
    trusted = [sha256] if isinstance(sha256, str) else sha256
    known = {*PUBLISHED.values(), *(each.lower() for each in trusted)}
    chosen = _SUBSETS if subset == "all" else (subset,)
    data, subsets, target = [], [], []
    for file in files:
        for part, pieces in zip(chosen, _read_rolls(file, chosen, known), strict=True):
            data += pieces
            subsets += [part] * len(pieces)
            target += [printable(file.stem)] * len(pieces)
    styles = sorted(set(target))
    license = "that of the individual files"
    return PianoRolls(
        data=data,
        subsets=subsets,
        target=target if given.is_dir() else None,
        target_names=styles if given.is_dir() else [],
        license=license,
        source=printable(given),
        DESCR=_DESCR.format(
            n_pieces=len(data),
            subset=subset,
            sets=", ".join(styles),
            n_frames=sum(map(len, data)),
            license=license,
            source=printable(given),
        ),
    )


def _find_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(
            f"no file or folder {os.fspath(path)!r}: expected piano rolls in a MATLAB file"
        )
    # Skip pipes, because reading one could block forever.
    files = [file for file in find_files(path, (_SUFFIX,)).files if file.is_file()]
    if not files:
        raise FileNotFoundError(f"no file in {os.fspath(path)!r} ends in {_SUFFIX}")
    return files


def _read_rolls(file: Path, subsets: tuple[str, ...], known: set[str]) -> list[list[np.ndarray]]:
    """Check the hash of a file, and return a list of pieces for each subset."""
    content = file.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 not in known:
        raise ValueError(
            f"{printable(file)} is not one of the published sets of piano rolls: if you trust it, "
            f"read it with scipy.io.loadmat and use the arrays, or pass sha256={sha256!r}"
        )
    names = [f"{subset}data" for subset in subsets]
    try:
        cells = loadmat(io.BytesIO(content), variable_names=names)
    except Exception as error:  # scipy raises many types of exceptions
        raise ValueError(
            f"{printable(file)} cannot be read as a MATLAB file ({error}): save it with -v7"
        ) from error
    return [_check_rolls(cells.get(name), f"{printable(file)}: {name}") for name in names]


def _check_rolls(cells: Any, name: str) -> list[np.ndarray]:
    if not isinstance(cells, np.ndarray) or cells.dtype != object:
        raise ValueError(
            f"{name} is not a cell array: expected a cell array of piano rolls of shape "
            f"(n_frames, {N_KEYS})"
        )
    for i, roll in enumerate(cells.flat):
        expected = f"{name}, piece {i}: expected zeros and ones of shape (n_frames, {N_KEYS})"
        if roll.ndim != 2 or roll.shape[1] != N_KEYS:
            raise ValueError(f"{expected}, got shape {roll.shape}")
        others = roll[~np.isin(roll, (0, 1))]
        if len(others):
            raise ValueError(
                f"{expected}, got {others[0]!s} among values of type {roll.dtype}: read it with "
                "scipy.io.loadmat and use roll > 0, if all nonzero values are notes"
            )
    return [np.ascontiguousarray(roll, np.float32) for roll in cells.flat]
