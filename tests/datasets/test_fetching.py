"""Downloads from a local server, and failed downloads."""

import gc
import hashlib
import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest
import requests
import soundfile

from musicai.datasets import fetch_polyphonic, fetch_recordings
from musicai.datasets._fetching import fetch_file
from musicai.datasets._piano_rolls import PUBLISHED

from .conftest import sha256_of

NOWHERE = "http://127.0.0.1:9/"  # no server listens here

pytestmark = [
    pytest.mark.usefixtures("quiet"),
    # requests leaves sockets to the garbage collector
    pytest.mark.filterwarnings("ignore:.*socket:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture
def quiet():
    pooch.get_logger().setLevel("WARNING")
    yield
    pooch.get_logger().setLevel("INFO")


@pytest.fixture
def server(tmp_path):
    """Address of a local server, and the folder that it serves."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def end_headers(self):
            if self.path == "/cut.mat":  # claims to be longer than it is
                self.send_header("Content-Length", "100")
            super().end_headers()

        def send_header(self, keyword, value):
            if (self.path, keyword, value) != ("/cut.mat", "Content-Length", "15"):
                super().send_header(keyword, value)

    folder = tmp_path / "server"
    folder.mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/", folder
    http.shutdown()
    thread.join()
    http.server_close()
    gc.collect()  # while warnings about sockets are ignored


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_downloaded_once(server, tmp_path):
    url, folder = server
    (folder / "a.mat").write_bytes(b"music")
    sha256 = hashlib.sha256(b"music").hexdigest()
    path = tmp_path / "home" / "a.mat"
    assert fetch_file(path, url=f"{url}a.mat", sha256=sha256) == path
    assert path.read_bytes() == b"music"
    assert fetch_file(path, url=f"{NOWHERE}a.mat", sha256=sha256) == path
    assert files_in(path.parent) == [path]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (f"{NOWHERE}a.mat", "there is no connection to the server, or it was lost"),
        ("{url}gone/a.mat", "the server answered 404"),
        ("{url}a.mat", "the downloaded file has a different SHA-256"),
        ("{url}cut.mat", "there is no connection to the server, or it was lost"),
    ],
)
def test_failed_downloads_give_instructions(server, tmp_path, address, reason):
    url, folder = server
    for name in ("a.mat", "cut.mat"):
        (folder / name).write_bytes(b"half of the mus")
    sha256 = hashlib.sha256(b"music").hexdigest()
    path = tmp_path / "home" / "a.mat"
    address = address.format(url=url)
    with pytest.raises(OSError, match=rf"a\.mat could not be downloaded \({reason}\)") as raised:
        fetch_file(path, url=address, sha256=sha256)
    for part in (address, sha256, f"save it as {path}"):
        assert part in str(raised.value)
    assert files_in(path.parent) == []
    path.write_bytes(b"music")  # follow the advice
    assert fetch_file(path, url=address, sha256=sha256) == path


def test_a_file_with_the_wrong_hash_is_rejected_but_kept(tmp_path):
    path = tmp_path / "a.mat"
    path.write_bytes(b"other music")
    with pytest.raises(ValueError, match=r"a\.mat is not the file at http.*: its SHA-256 is"):
        fetch_file(path, url=f"{NOWHERE}a.mat", sha256="0" * 64)
    assert path.read_bytes() == b"other music"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no mkfifo")
def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "Nottingham.mat")
    with pytest.raises(ValueError, match=r"Nottingham\.mat is not a regular file: move it away"):
        fetch_polyphonic("Nottingham", folder=tmp_path)


@pytest.fixture
def small_set(monkeypatch, write_rolls):
    """Function that writes a small set that passes for a published one."""

    def write(path):
        write_rolls(path)
        monkeypatch.setitem(PUBLISHED, "MuseData", sha256_of(path))

    return write


@pytest.mark.parametrize("place", ["MuseData.mat", "polyphonic/MuseData.mat"])
def test_a_published_set_is_found_in_the_folder_or_its_subfolder(small_set, tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    small_set(path)
    test = fetch_polyphonic("MuseData", subset="test", folder=tmp_path)
    every = fetch_polyphonic("MuseData", subset="all", folder=tmp_path)
    assert test.subsets == ["test"] * len(test.data)
    assert sum(subset == "test" for subset in every.subsets) == len(test.data)
    assert test.target is None
    assert test.source.startswith("https://")
    assert test.source.endswith("/MuseData.mat")
    for part in ("MuseData", "(test)", "Boulanger-Lewandowski", test.license, test.source):
        assert part in test.DESCR


def test_a_failed_download_of_a_set_gives_instructions(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", NOWHERE)
    monkeypatch.setenv("https_proxy", NOWHERE)
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path))
    place = tmp_path / "polyphonic" / "Nottingham.mat"
    advice = f"no connection .*download https://.*/Nottingham.mat .*save it as {place}"
    with pytest.raises(OSError, match=advice):
        fetch_polyphonic("Nottingham")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("parameters", [{"name": "JSB"}, {"subset": "validation"}])
def test_unknown_sets_and_subsets_are_rejected(tmp_path, parameters):
    with pytest.raises(ValueError, match="must be one of"):
        fetch_polyphonic(**({"name": "Nottingham", "folder": tmp_path} | parameters))


def test_published_hashes_are_distinct_and_well_formed():
    assert len(set(PUBLISHED.values())) == 4
    for value in PUBLISHED.values():
        assert len(value) == 64
        assert set(value) <= set("0123456789abcdef")


@pytest.fixture
def librosa(monkeypatch, tmp_path):
    """librosa with local examples instead of downloads."""
    librosa = pytest.importorskip("librosa")

    def example(name):
        path = tmp_path / f"{name}.ogg"
        soundfile.write(path, np.zeros(22050 * len(name)), 22050)
        return str(path)

    monkeypatch.setattr(librosa, "example", example)
    monkeypatch.setattr(librosa.util, "example_info", lambda name: print(f"{name}\n\nlicense"))
    return librosa


def test_fetched_recordings_are_the_examples_of_librosa(librosa, tmp_path):
    data = fetch_recordings(["brahms", "vibeace"])
    assert data.titles == ["Brahms - Hungarian Dance #5", "Kevin MacLeod - Vibe Ace"]
    assert data.recordings == [tmp_path / "brahms.ogg", tmp_path / "vibeace.ogg"]
    assert data.licenses == ["brahms\nlicense", "vibeace\nlicense"]
    np.testing.assert_allclose(data.durations, [6, 7], atol=0.01)
    assert "0:00:13 in total" in data.DESCR


def test_all_default_recordings_exist_in_librosa(librosa, capsys):
    assert len(fetch_recordings().recordings) == 8
    assert capsys.readouterr().out == ""


def test_failed_downloads_of_recordings_give_instructions(librosa, monkeypatch, tmp_path):
    def unreachable(name):
        raise requests.ConnectionError(request=name)

    monkeypatch.setattr(librosa, "example", unreachable)
    monkeypatch.setenv("LIBROSA_DATA_DIR", str(tmp_path))
    advice = rf"'vibeace' .* no connection .*librosa.example\('vibeace'\) .* to {tmp_path}"
    with pytest.raises(OSError, match=advice):
        fetch_recordings(["vibeace"])


@pytest.mark.parametrize("names", ["brahms", [], ["brahms", "elgar"], [["brahms"]]])
def test_unknown_recordings_and_invalid_lists_are_rejected(names):
    with pytest.raises(ValueError, match=r"names must be None or a list from .*'brahms'"):
        fetch_recordings(names)
