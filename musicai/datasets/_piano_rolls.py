"""Piano rolls in MATLAB files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from sklearn.utils import Bunch

from .._parameters import Rule, check_values, is_one_of
from .._pieces import N_KEYS
from ._readable import readable

SUBSETS = ("train", "valid", "test")
SUBSET_RULES: dict[str, Rule] = {
    "subset": (lambda v: is_one_of(v, (*SUBSETS, "all")), f"one of {(*SUBSETS, 'all')}")
}
_SUFFIX = ".mat"

_DESCR = """\
Piano rolls
===========
{n_pieces} pieces ({subset}) of {sets}, {n_frames} frames of 88 keys, A0 to C8, each 0 or 1.

Licence: {license}.
Source: {source}
"""


def load_piano_rolls(path: str | os.PathLike[str], *, subset: str = "train") -> Bunch:
    """Read piano rolls from a MATLAB file, or from all of them in a folder.

    The files are of the form in which the four sets of Boulanger-Lewandowski et al. [1]_ go round:
    they hold `traindata`, `validdata` and `testdata`, cell arrays of matrices
    ``(n_frames, 88)`` of zeros and ones.

    Parameters
    ----------
    path : str or path
        A file, or a folder of files that end in .mat. In a folder each file is a style.
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
    chosen = SUBSETS if subset == "all" else (subset,)
    data, subsets, target = [], [], []
    for file in files:
        for part, pieces in zip(chosen, _read_rolls(file, chosen), strict=True):
            data += pieces
            subsets += [part] * len(pieces)
            target += [readable(file.stem)] * len(pieces)
    styles = sorted(set(target))
    license = "that of the files themselves"
    return Bunch(
        data=data,
        subsets=subsets,
        target=target if given.is_dir() else None,
        target_names=styles if given.is_dir() else [],
        license=license,
        source=readable(given),
        DESCR=_DESCR.format(
            n_pieces=len(data),
            subset=subset,
            sets=", ".join(styles),
            n_frames=sum(map(len, data)),
            license=license,
            source=readable(given),
        ),
    )


def _find_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(
            f"no file or folder {os.fspath(path)!r}: expected piano rolls in a MATLAB file"
        )
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == _SUFFIX)
    if not files:
        raise FileNotFoundError(f"no file in {os.fspath(path)!r} ends in {_SUFFIX}")
    return files


def _read_rolls(file: Path, subsets: tuple[str, ...]) -> list[list[np.ndarray]]:
    """Return the pieces of each subset; nothing that a file may hold is executed."""
    names = [f"{subset}data" for subset in subsets]
    try:
        with file.open("rb") as opened:
            content = loadmat(opened, variable_names=names)
    except PermissionError:
        raise
    except Exception as error:  # its readers trip over what is no MATLAB file in many ways
        raise ValueError(
            f"{readable(file)} cannot be read as a MATLAB file of version 5 ({error}): expected "
            f"piano rolls, in {', '.join(names)}"
        ) from error
    return [_check_rolls(content.get(name), f"{name} in {readable(file)}") for name in names]


def _check_rolls(cells: Any, name: str) -> list[np.ndarray]:
    if not isinstance(cells, np.ndarray) or cells.dtype != object:
        found = "missing" if cells is None else f"of type {getattr(cells, 'dtype', type(cells))}"
        raise ValueError(
            f"{name} is {found}: expected a cell array of piano rolls of shape (n_frames, {N_KEYS})"
        )
    rolls = []
    for i, roll in enumerate(cells.ravel()):
        if roll.dtype.kind not in "biuf" or roll.ndim != 2 or roll.shape[1] != N_KEYS:
            raise ValueError(
                f"piece {i} of {name} is of type {roll.dtype} and shape {roll.shape}: expected a "
                f"piano roll of numbers, of shape (n_frames, {N_KEYS})"
            )
        if not np.isin(roll, (0, 1)).all():
            raise ValueError(f"piece {i} of {name} has values other than 0 and 1")
        rolls.append(roll.astype(np.float32))
    return rolls
