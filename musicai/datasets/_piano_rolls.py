"""Piano rolls in MATLAB files."""

import os
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..base.parameters import Rule, check_values, is_one_of
from ..base.pieces import N_KEYS
from ..files.paths import printable
from ._folder import find_files
from ._matlab import read_cells

_SUBSETS = ("train", "valid", "test")
SUBSET_RULES: dict[str, Rule] = {
    "subset": (lambda v: is_one_of(v, (*_SUBSETS, "all")), f"one of {(*_SUBSETS, 'all')}")
}
_SUFFIX = ".mat"

_DESCR = """\
Piano rolls
===========
{n_pieces} pieces ({subset}) of {sets}, {n_frames} frames of 88 keys, A0 to C8, each 0 or 1.

License: {license}.
Source: {source}
"""


def load_piano_rolls(path: str | os.PathLike[str], *, subset: str = "train") -> Bunch:
    """Read piano rolls from a MATLAB file, or from all that are in a folder.

    The files are of the form in which the four sets of Boulanger-Lewandowski et al. [1]_ go round:
    they hold `traindata`, `validdata` and `testdata`, cell arrays of matrices
    ``(n_frames, 88)`` of zeros and ones.

    Parameters
    ----------
    path : str or path
        A file, or a folder of files that end in .mat, at any depth. In a folder each file is a
        style.
    subset : {"train", "valid", "test", "all"}, default="train"
        Which of the pieces to return.

    Returns
    -------
    data : Bunch
        With the attributes

        data : list of ndarray of shape (n_frames, 88), dtype float32
            The pieces, a column for each key from A0 to C8, of zeros and ones.
        subsets : list of str
            Which subset each piece is of: "train", "valid" or "test".
        target : list of str, or None
            The style of each piece: the name of its file. None if `path` is a file.
        target_names : list of str
            The styles, sorted; empty if `path` is a file.
        DESCR : str
            How much there is of what.
        license, source : str
            Whose rights hold (those of the files themselves), and `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file that ends in .mat in the folder.
    ValueError
        If a file is none of piano rolls, or `subset` is unknown.

    See Also
    --------
    fetch_polyphonic : Finds the four sets by name.
    musicai.PianoRollExtractor : Piano rolls of MIDI files.

    References
    ----------
    .. [1] N. Boulanger-Lewandowski, Y. Bengio, P. Vincent, "Modeling temporal dependencies in
       high-dimensional sequences: application to polyphonic music generation and transcription",
       ICML 2012.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from musicai.datasets import load_piano_rolls
    >>> cells = np.empty((1, 1), object)
    >>> cells[0, 0] = np.eye(88)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = {"traindata": cells, "validdata": cells, "testdata": cells}
    ...     savemat(f"{folder}/scales.mat", parts)
    ...     music = load_piano_rolls(f"{folder}/scales.mat", subset="all")
    >>> [piece.shape for piece in music.data], music.subsets
    ([(88, 88), (88, 88), (88, 88)], ['train', 'valid', 'test'])
    """
    check_values({"subset": subset}, SUBSET_RULES)
    given = Path(path).expanduser()
    files = _find_files(given)
    chosen = _SUBSETS if subset == "all" else (subset,)
    data, subsets, target = [], [], []
    for file in files:
        for part, pieces in zip(chosen, _read_rolls(file, chosen), strict=True):
            data += pieces
            subsets += [part] * len(pieces)
            target += [printable(file.stem)] * len(pieces)
    styles = sorted(set(target))
    license = "that of the files themselves"
    return Bunch(
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
    # Not pipes, which would be waited for, nor links to nowhere.
    files = [file for file in find_files(path, (_SUFFIX,)) if file.is_file()]
    if not files:
        raise FileNotFoundError(f"no file in {os.fspath(path)!r} ends in {_SUFFIX}")
    return files


def _read_rolls(file: Path, subsets: tuple[str, ...]) -> list[list[np.ndarray]]:
    """Return the pieces of each subset."""
    names = [f"{subset}data" for subset in subsets]
    content = file.read_bytes()
    try:
        cells = read_cells(content, names)
    except ValueError as error:
        raise ValueError(
            f"{printable(file)} cannot be read as a MATLAB file of piano rolls: {error}"
        ) from None
    return [_check_rolls(cells.get(name), name, file) for name in names]


def _check_rolls(cells: list[np.ndarray] | None, name: str, file: Path) -> list[np.ndarray]:
    if cells is None:
        raise ValueError(
            f"{printable(file)} has no cell array {name}: expected one of piano rolls of shape "
            f"(n_frames, {N_KEYS})"
        )
    for i, roll in enumerate(cells):
        if roll.ndim != 2 or roll.shape[1] != N_KEYS:
            raise ValueError(
                f"{printable(file)}: piece {i} of {name} has shape {roll.shape}, where "
                f"(n_frames, {N_KEYS}) is expected"
            )
        if not np.isin(roll, (0, 1)).all():
            raise ValueError(
                f"{printable(file)}: piece {i} of {name} has other values than 0 and 1"
            )
    return [np.ascontiguousarray(roll, np.float32) for roll in cells]
