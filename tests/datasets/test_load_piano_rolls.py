import os
import sys
from itertools import chain

import numpy as np
import pytest
from scipy.io import savemat

from musicai.datasets import load_piano_rolls

from .conftest import as_cells, sha256_of

SUBSETS = ("train", "valid", "test")


def load(path, **options):
    """Load files that a test has written, trusting their hashes."""
    files = [path] if path.is_file() else [*path.rglob("*.[mM][aA][tT]")]
    sha256 = [sha256_of(file) for file in files if file.is_file()]
    return load_piano_rolls(path, sha256=sha256, **options)


@pytest.mark.parametrize("subset", SUBSETS)
def test_loaded_rolls_match_the_file(tmp_path, write_rolls, subset):
    parts = write_rolls(tmp_path / "a.mat")
    data = load(tmp_path / "a.mat", subset=subset)
    expected = parts[f"{subset}data"]
    assert len(data.data) == len(expected)
    for piece, roll in zip(data.data, expected, strict=True):
        assert piece.dtype == np.float32
        np.testing.assert_array_equal(piece, roll)
    assert data.subsets == [subset] * len(expected)
    assert data.target is None
    assert data.target_names == []


def test_all_subsets_are_concatenated(tmp_path, write_rolls):
    write_rolls(tmp_path / "a.mat")
    data = load_piano_rolls(
        str(tmp_path / "a.mat"), sha256=sha256_of(tmp_path / "a.mat"), subset="all"
    )
    assert data.subsets == ["train"] * 3 + ["valid"] * 2 + ["test"]
    parts = (load(tmp_path / "a.mat", subset=s).data for s in SUBSETS)
    for piece, same in zip(data.data, chain.from_iterable(parts), strict=True):
        np.testing.assert_array_equal(piece, same)
    assert "6 pieces (all) of a, 34 frames" in data.DESCR


def test_each_file_in_a_folder_is_a_style(tmp_path, write_rolls):
    write_rolls(tmp_path / "folk.mat")
    write_rolls(tmp_path / "Bach.MAT", seed=1)
    for name in ("read me.txt", "._folk.mat"):  # macOS creates "._" files on other disks
        (tmp_path / name).touch()
    data = load(tmp_path, subset="valid")
    assert data.target == ["Bach", "Bach", "folk", "folk"]
    assert data.target_names == ["Bach", "folk"]
    assert data.source == str(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no mkfifo")
def test_pipes_folders_and_broken_links_are_skipped(tmp_path, write_rolls):
    write_rolls(tmp_path / "folk.mat")
    os.mkfifo(tmp_path / "pipe.mat")
    (tmp_path / "gone.mat").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.mat").mkdir()
    assert load(tmp_path).target_names == ["folk"]


def test_missing_files_and_folders_without_matlab_files_are_rejected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file or folder '.*gone\.mat'"):
        load_piano_rolls(tmp_path / "gone.mat")
    with pytest.raises(FileNotFoundError, match=r"no file in '.*' ends in \.mat"):
        load_piano_rolls(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no MATLAB", b"MATLAB 5.0" + bytes(200)])
def test_unknown_files_are_rejected_with_advice(tmp_path, content):
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    message = r"a\.mat is not one of the published sets .* scipy\.io\.loadmat and use the arrays"
    for place in (path, tmp_path):
        with pytest.raises(ValueError, match=f"{message}.* sha256='{sha256_of(path)}'"):
            load_piano_rolls(place)
    with pytest.raises(ValueError, match=r"a\.mat cannot be read as a MATLAB file"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": np.eye(3)}, r"a\.mat: traindata is not a cell array"),
        ({"traindata": np.eye(88)}, r"a\.mat: traindata is not a cell array"),
        ({"traindata": as_cells([np.eye(12)])}, r"piece 0: expected .* got .* \(12, 12\)"),
        ({"traindata": as_cells(["a"])}, "piece 0: expected zeros and ones"),
        ({"traindata": as_cells([1j * np.eye(88)])}, "piece 0: expected zeros and ones"),
        (
            {"traindata": as_cells([2 * np.eye(88)])},
            r"piece 0: expected zeros and ones .*, got 2(\.0)? among values of type",
        ),
    ],
)
def test_files_without_valid_piano_rolls_are_rejected(tmp_path, content, message):
    savemat(tmp_path / "a.mat", content)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "a.mat")


def test_hashes_may_be_uppercase(tmp_path, write_rolls):
    write_rolls(tmp_path / "a.mat")
    capitals = sha256_of(tmp_path / "a.mat").upper()
    for sha256 in (capitals, [capitals]):
        assert len(load_piano_rolls(tmp_path / "a.mat", sha256=sha256).data) == 3


@pytest.mark.parametrize("path", [5, ["f.mat"], "", None])
def test_invalid_paths_are_rejected(path):
    with pytest.raises(ValueError, match="path must be the path of a MATLAB file, or of a folder"):
        load_piano_rolls(path)


@pytest.mark.parametrize("sha256", [5, None, [5], b"ac0e"])
def test_invalid_hashes_are_rejected(sha256):
    with pytest.raises(ValueError, match="sha256 must be the SHA-256 of a file in hexadecimal"):
        load_piano_rolls("a.mat", sha256=sha256)
