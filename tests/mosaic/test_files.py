import io
import os
import pickle

import joblib
import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.audio import RecordingError

from .conftest import RATE


def test_no_file_is_written_if_one_piece_or_file_is_refused(mosaic, piece, tmp_path):
    for pieces, files, message in [
        ([piece, piece[:0]], ["a.wav", "b.wav"], "has no frames"),
        ([piece, piece], ["a.wav", "b.xyz"], "is not the suffix of an audio format"),
        ([piece, piece], ["a.wav", "nowhere/b.wav"], "there is no folder"),
    ]:
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            mosaic.transform(pieces, [tmp_path / file for file in files])
    assert not list(tmp_path.iterdir())


def test_recordings_in_memory_are_copied(recordings, piece):
    mine = [each.copy() for each in recordings]
    mosaic = MosaicSynthesizer(sr=RATE).fit(mine)
    expected = mosaic.transform(piece[:20])
    for each in mine:
        each[:] = 0
    np.testing.assert_array_equal(mosaic.transform(piece[:20]), expected)


def test_recordings_are_not_overwritten(recordings, piece, tmp_path):
    soundfile.write(tmp_path / "own.wav", recordings[0], RATE)
    mosaic = MosaicSynthesizer(sr=RATE).fit([tmp_path / "own.wav"])
    with pytest.raises(ValueError, match=r"own\.wav: the mosaic plays this recording"):
        mosaic.transform(piece[:9], tmp_path / "own.wav")


def test_transform_reads_files_again_and_detects_changes(recordings, piece, tmp_path, monkeypatch):
    for i, recording in enumerate(recordings):
        soundfile.write(tmp_path / f"{i}.wav", recording, RATE, "FLOAT")
    monkeypatch.chdir(tmp_path)
    mosaic = MosaicSynthesizer(sr=RATE).fit(["0.wav", "1.wav", "2.wav"])
    expected = MosaicSynthesizer(sr=RATE).fit(recordings).transform(piece)
    monkeypatch.chdir("/")
    np.testing.assert_allclose(mosaic.transform(piece), expected, atol=1e-6)
    restored = pickle.loads(pickle.dumps(mosaic))
    np.testing.assert_array_equal(restored.transform(piece), mosaic.transform(piece))
    assert len(pickle.dumps(mosaic)) < 50_000

    soundfile.write(tmp_path / "1.wav", recordings[0], RATE, "FLOAT")
    with pytest.raises(RecordingError, match=r"1\.wav: the file has changed since the mosaic was"):
        mosaic.transform(piece)
    os.unlink(tmp_path / "1.wav")
    with pytest.raises(RecordingError, match=r"1\.wav: the recording cannot be read any more"):
        mosaic.transform(piece)


def test_a_file_that_changes_during_fit_is_refused_by_transform(
    recordings, tmp_path, monkeypatch, piece
):
    path = tmp_path / "song.wav"
    soundfile.write(path, recordings[0], RATE)
    analyze = ChromaExtractor.analyze

    def analyze_while_the_file_changes(extractor, X):
        found = analyze(extractor, X)
        soundfile.write(path, recordings[1], RATE)
        os.utime(path, ns=(0, 10**15))  # a different modification time
        return found

    monkeypatch.setattr(ChromaExtractor, "analyze", analyze_while_the_file_changes)
    mosaic = MosaicSynthesizer(sr=RATE).fit([path])
    with pytest.raises(RecordingError, match=r"song\.wav: the file has changed"):
        mosaic.transform(piece)


def test_unreadable_recordings_are_left_out(recordings, piece, tmp_path):
    (tmp_path / "broken.mp3").write_bytes(b"no audio")
    collection = [tmp_path / "broken.mp3", tmp_path / "none.wav", recordings[0]]
    mosaic = MosaicSynthesizer(ChromaExtractor(on_error="warn"), sr=RATE)
    with pytest.warns(UserWarning, match="left out"):
        mosaic.fit(collection)
    assert {segment.recording for segment in mosaic.segments(piece)} == {2}
    with pytest.raises(RecordingError, match="broken"):
        MosaicSynthesizer().fit(collection)


def test_files_contain_the_same_samples_as_returned_arrays(mosaic, piece, tmp_path):
    expected = mosaic.transform(piece)
    assert mosaic.transform(piece, tmp_path / "a.flac") is None
    read, rate = soundfile.read(tmp_path / "a.flac", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(read, expected, atol=2**-15)
    buffers = [io.BytesIO(), io.BytesIO()]
    mosaic.transform([piece, piece[:9]], buffers, format="wav")
    assert all(buffer.getvalue()[:4] == b"RIFF" for buffer in buffers)
    with pytest.raises(TypeError, match="file is .* pass a list with one for each"):
        mosaic.transform([piece, piece], tmp_path / "b.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]


def test_the_extractor_caches_analyses(recordings, tmp_path):
    soundfile.write(tmp_path / "a.wav", recordings[0], RATE)
    extractor = ChromaExtractor(memory=tmp_path / "index")
    for _ in range(2):
        mosaic = MosaicSynthesizer(extractor).fit([tmp_path / "a.wav"])
    assert len(mosaic.transform(np.eye(12), timing=Timing.from_tempo(240))) == 3 * 44100
    assert any((tmp_path / "index").rglob("*.pkl"))


def test_joblib_restores_a_mosaic(mosaic, piece, tmp_path):
    joblib.dump(mosaic, tmp_path / "mosaic.joblib")
    restored = joblib.load(tmp_path / "mosaic.joblib")
    np.testing.assert_array_equal(restored.transform(piece[:20]), mosaic.transform(piece[:20]))
