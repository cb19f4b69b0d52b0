import os
import sys
from itertools import chain

import numpy as np
import pytest
from scipy.io import savemat

from musicai.datasets import load_piano_rolls

from .conftest import as_cells

SUBSETS = ("train", "valid", "test")


@pytest.mark.parametrize("subset", SUBSETS)
def test_a_file_is_read_as_it_was_written(tmp_path, write_rolls, subset):
    parts = write_rolls(tmp_path / "a.mat")
    data = load_piano_rolls(tmp_path / "a.mat", subset=subset)
    expected = parts[f"{subset}data"]
    assert len(data.data) == len(expected)
    for piece, roll in zip(data.data, expected, strict=True):
        assert piece.dtype == np.float32
        np.testing.assert_array_equal(piece, roll)
    assert data.subsets == [subset] * len(expected)
    assert data.target is None
    assert data.target_names == []


def test_all_subsets_one_after_the_other(tmp_path, write_rolls):
    write_rolls(tmp_path / "a.mat")
    data = load_piano_rolls(str(tmp_path / "a.mat"), subset="all")
    assert data.subsets == ["train"] * 3 + ["valid"] * 2 + ["test"]
    parts = (load_piano_rolls(tmp_path / "a.mat", subset=s).data for s in SUBSETS)
    for piece, same in zip(data.data, chain.from_iterable(parts), strict=True):
        np.testing.assert_array_equal(piece, same)
    assert "6 pieces (all) of a, 34 frames" in data.DESCR


def test_a_folder_holds_styles(tmp_path, write_rolls):
    write_rolls(tmp_path / "folk.mat")
    write_rolls(tmp_path / "Bach.MAT", seed=1)
    for name in ("read me.txt", "._folk.mat"):  # macOS leaves the second kind on foreign disks
        (tmp_path / name).touch()
    data = load_piano_rolls(tmp_path, subset="valid")
    assert data.target == ["Bach", "Bach", "folk", "folk"]
    assert data.target_names == ["Bach", "folk"]
    assert data.source == str(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no mkfifo")
def test_passes_by_what_is_no_file(tmp_path, write_rolls):
    write_rolls(tmp_path / "folk.mat")
    os.mkfifo(tmp_path / "pipe.mat")
    (tmp_path / "gone.mat").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.mat").mkdir()
    assert load_piano_rolls(tmp_path).target_names == ["folk"]


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file or folder '.*gone\.mat'"):
        load_piano_rolls(tmp_path / "gone.mat")
    with pytest.raises(FileNotFoundError, match=r"no file in '.*' ends in \.mat"):
        load_piano_rolls(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no header"),
        (b"no MATLAB", "no header .*save it with -v7"),
        (b"MATLAB 5.0" + bytes(200), "no header"),
        (b"MATLAB 7.3".ljust(124) + b"\x00\x02IM", "save it with -v7"),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path, content, reason):
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.mat cannot be read as a MATLAB file .*{reason}"):
        load_piano_rolls(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": np.eye(3)}, r"a\.mat has no cell array traindata"),
        ({"traindata": np.eye(88)}, r"a\.mat has no cell array traindata"),
        ({"traindata": as_cells([np.eye(12)])}, r"piece 0 of traindata has shape \(12, 12\)"),
        ({"traindata": as_cells(["a"])}, r"a\.mat .*no full matrix of numbers"),
        ({"traindata": as_cells([1j * np.eye(88)])}, r"a\.mat .*complex"),
        ({"traindata": as_cells([2 * np.eye(88)])}, "piece 0 .* other values than 0 and 1"),
    ],
)
def test_other_content_is_refused(tmp_path, content, message):
    savemat(tmp_path / "a.mat", content)
    with pytest.raises(ValueError, match=message):
        load_piano_rolls(tmp_path / "a.mat")
