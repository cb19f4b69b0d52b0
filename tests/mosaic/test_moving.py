"""Mosaics whose recordings were moved, renamed, changed or lost."""

import os
import pickle
import shutil

import joblib
import numpy as np
import pytest
import skops.io
import soundfile

from musicai import ChromaExtractor, MosaicSynthesizer
from musicai.audio import RecordingError

RATE = 22050


def chords(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    roots = 220 * 2 ** (rng.permutation(12) / 12)
    played = [
        sum(np.sin(2 * np.pi * root * third * time) for third in (1, 5 / 4, 3 / 2))
        for root in roots
    ]
    return 0.1 * np.concatenate(played).astype(np.float32)


@pytest.fixture
def music(tmp_path):
    """Return a folder with one recording in each of two styles."""
    for number, style in enumerate(["folk", "jazz"]):
        (tmp_path / "music" / style).mkdir(parents=True)
        soundfile.write(tmp_path / "music" / style / "1.wav", chords(number), RATE, "FLOAT")
    return tmp_path / "music"


@pytest.fixture
def mosaic(music):
    return MosaicSynthesizer(sr=RATE).fit(sorted(music.rglob("*.wav")), ["folk", "jazz"])


@pytest.fixture
def piece():
    return ChromaExtractor().transform([chords(9)])[0][:30]


def test_a_moved_folder_is_found(mosaic, music, piece, tmp_path):
    expected = mosaic.transform(piece)
    (tmp_path / "srv").mkdir()
    music.rename(tmp_path / "srv" / "data")
    message = r"1\.wav: the recording cannot be read any more .*\(and 1 more\); .* set root to"
    with pytest.raises(RecordingError, match=message):
        mosaic.transform(piece)
    for root in (tmp_path, str(tmp_path / "srv"), os.fsencode(tmp_path / "srv" / "data")):
        mosaic.set_params(root=root)
        np.testing.assert_array_equal(mosaic.transform(piece), expected)


def test_renamed_and_touched_files_are_found(mosaic, music, piece, tmp_path):
    expected = mosaic.transform(piece)
    for number, path in enumerate(sorted(music.rglob("*.wav"))):
        (tmp_path / str(number)).mkdir()
        os.utime(path.rename(tmp_path / str(number) / f"new name {number}"), (1, 1))
    mosaic.set_params(root=tmp_path)
    np.testing.assert_array_equal(mosaic.transform(piece), expected)
    # Move a file again, after its path has been cached.
    shutil.move(tmp_path / "0" / "new name 0", music / "again.wav")
    np.testing.assert_array_equal(mosaic.transform(piece), expected)


def test_a_file_with_only_a_new_modification_time_counts_as_unchanged(mosaic, music, piece):
    expected = mosaic.transform(piece)
    for path in music.rglob("*.wav"):
        os.utime(path, (1, 1))
    np.testing.assert_array_equal(mosaic.transform(piece), expected)


@pytest.mark.parametrize("root", [None, "other"])
def test_different_content_of_the_same_size_is_not_played(mosaic, music, piece, tmp_path, root):
    path = music / "folk" / "1.wav"
    (tmp_path / "other").mkdir()
    shutil.copy(path, tmp_path / "other" / "nearly.wav")
    for copy in (path, tmp_path / "other" / "nearly.wav"):
        data = bytearray(copy.read_bytes())
        data[len(data) // 2] ^= 1  # flip one bit in the middle
        copy.write_bytes(data)
    mosaic.set_params(root=root and str(tmp_path / root))
    where = "" if root is None else ", and is not in the folder root='.*other'"
    message = rf"folk/1\.wav: the file has changed since the mosaic was fitted{where}; put it back"
    with pytest.raises(RecordingError, match=message):
        mosaic.transform(piece)
    with pytest.raises(RecordingError, match="has changed"):  # cached paths are checked again
        mosaic.transform(piece)


def test_a_file_that_was_found_and_then_lost_is_reported(mosaic, music, piece, tmp_path):
    music.rename(tmp_path / "elsewhere")
    mosaic.set_params(root=tmp_path / "elsewhere")
    mosaic.transform(piece)
    (tmp_path / "elsewhere" / "jazz" / "1.wav").unlink()
    message = r"jazz/1\.wav: the recording cannot be read any .*not in the folder"
    with pytest.raises(RecordingError, match=message):
        mosaic.transform(piece)


def test_links_in_the_folder_are_followed(mosaic, music, piece, tmp_path):
    expected = mosaic.transform(piece)
    music.rename(tmp_path / "store")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "music").symlink_to(tmp_path / "store")
    (tmp_path / "root" / "loop").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "lost").symlink_to(tmp_path / "nowhere")
    mosaic.set_params(root=tmp_path / "root")
    np.testing.assert_array_equal(mosaic.transform(piece), expected)


def test_moved_recordings_are_not_overwritten(mosaic, music, piece, tmp_path):
    music.rename(tmp_path / "elsewhere")
    mosaic.set_params(root=tmp_path)
    with pytest.raises(ValueError, match="the mosaic plays this recording"):
        mosaic.transform(piece, tmp_path / "elsewhere" / "folk" / "1.wav")


def through_pickle(mosaic, path):
    return pickle.loads(pickle.dumps(mosaic))


def through_joblib(mosaic, path):
    joblib.dump(mosaic, path)
    return joblib.load(path)


def through_skops(mosaic, path):
    skops.io.dump(mosaic, path)
    return skops.io.load(path, trusted=["musicai.ChromaExtractor", "musicai.MosaicSynthesizer"])


@pytest.mark.parametrize("through", [through_pickle, through_joblib, through_skops])
def test_a_mosaic_works_on_another_machine(mosaic, music, piece, tmp_path, through):
    expected = mosaic.transform(piece, style={"folk": 1, "jazz": 1})
    sent = through(mosaic.set_params(root=music), tmp_path / "mosaic")  # the path is saved as text
    assert sent.root == str(music)
    music.rename(tmp_path / "elsewhere")
    with pytest.raises(RecordingError, match="is not in the folder root"):
        sent.transform(piece)
    sent.set_params(root=tmp_path / "elsewhere")
    np.testing.assert_array_equal(sent.transform(piece, style={"folk": 1, "jazz": 1}), expected)
