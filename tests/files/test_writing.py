import errno
import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from musicai.files.writing import whole_file


def write(target):
    with whole_file(target) as draft:
        draft.write(b"after")


def test_the_old_file_is_replaced_when_writing_ends(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    with whole_file(path) as draft:
        draft.write(b"after")
        draft.flush()
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_the_target_is_unchanged_after_an_error(tmp_path):
    def write_badly(target):
        with whole_file(target) as draft:
            draft.write(b"half")
            raise RuntimeError("stop")

    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError, match="stop"):
        write_badly(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    buffer = io.BytesIO()
    with pytest.raises(RuntimeError, match="stop"):
        write_badly(buffer)
    assert buffer.getvalue() == b""


def test_file_objects_are_written_to_when_writing_ends():
    buffer = io.BytesIO(b"head")
    buffer.seek(4)
    with whole_file(buffer) as draft:
        draft.write(b"tail")
        assert buffer.getvalue() == b"head"
    assert buffer.getvalue() == b"headtail"


@pytest.mark.skipif(os.name != "posix", reason="needs signals that kill")
def test_the_old_file_is_kept_if_the_process_is_killed(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    code = (
        "import os, signal, sys\n"
        "from musicai.files.writing import whole_file\n"
        "with whole_file(sys.argv[1]) as draft:\n"
        "    draft.write(b'half'); draft.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"before"
    assert all(other.name.startswith(".musicai-") for other in tmp_path.iterdir() if other != path)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("", ValueError, "not the name of a file"),
        (".", ValueError, "is a folder"),
        ("a\0b", ValueError, "not the name of a file"),
        ("nowhere/a.bin", FileNotFoundError, "there is no folder nowhere; make it first"),
        ("x" * 300, OSError, r"\(.*\): give a shorter name: 'xxx"),
        ("x" * 300 + "/a.bin", OSError, r"\(.*\): give a shorter name: 'xxx"),
        (3, TypeError, "of type int, where a path or a file object"),
        (io.StringIO(), TypeError, "takes text, and bytes are written"),
    ],
)
def test_invalid_targets_are_refused(target, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message), whole_file(target):
        pass
    assert not list(Path().iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_target_that_is_not_a_regular_file_is_not_replaced(tmp_path):
    # Use a pipe, because a failure of this test would replace a real device.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="is not a regular file"), whole_file(pipe):
        pass
    assert pipe.is_fifo()


def test_the_error_for_a_read_only_folder_names_the_requested_file(tmp_path, monkeypatch):
    """The error does not name the draft."""

    def refuse(path, mode="r", *arguments, **options):  # root could write despite the permissions
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PermissionError) as caught, whole_file(tmp_path / "a.bin"):
        pass
    assert caught.value.filename == str(tmp_path / "a.bin")


def test_a_file_that_cannot_be_replaced_is_kept(tmp_path, monkeypatch):
    """On Windows, this happens if another program has the file open."""

    def refuse(draft, path):
        raise PermissionError(errno.EACCES, "Access is denied", str(draft), None, str(path))

    monkeypatch.setattr(os, "replace", refuse)
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    with pytest.raises(PermissionError, match=r"Access is denied\): close it .*'.*a\.bin'$"):
        write(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


class Slow(io.RawIOBase):
    """File object that writes at most 1000 bytes per call and `room` bytes in total."""

    def __init__(self, room):
        self.taken, self.room = b"", room

    def writable(self):
        return True

    def write(self, data):
        taken = bytes(data[: min(1000, self.room - len(self.taken))])
        self.taken += taken
        return len(taken)


def test_file_objects_may_write_only_some_bytes_per_call():
    slow = Slow(room=10**5)
    with whole_file(slow) as draft:
        draft.write(b"x" * 50000)
    assert slow.taken == b"x" * 50000
    with pytest.raises(OSError, match="takes no more bytes"), whole_file(Slow(room=100)) as draft:
        draft.write(b"x" * 50000)


def test_file_objects_that_cannot_be_written_to_are_refused(tmp_path):
    with open(tmp_path / "a", "w+b") as closed:
        pass
    with pytest.raises(ValueError, match="is closed"), whole_file(closed):
        pass
    with (
        tempfile.NamedTemporaryFile("w") as text,
        pytest.raises(TypeError, match="takes text"),
        whole_file(text),
    ):
        pass


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_to_a_file_in_a_missing_folder_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere" / "a.bin")
    with pytest.raises(
        FileNotFoundError, match=r"link is a link to .*a\.bin: there is no folder .*nowhere; make"
    ):
        write(link)
    (tmp_path / "nowhere").mkdir()
    write(link)
    assert link.is_symlink()
    assert link.read_bytes() == b"after"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_writing_to_a_folder_that_accepts_no_files_raises_an_error():
    with pytest.raises(
        OSError, match=r"could not be written \(.*\): write it to .* '/proc/a\.bin'$"
    ):
        write("/proc/a.bin")


@pytest.mark.skipif(os.name != "posix", reason="needs links and modes")
def test_symbolic_links_and_permissions_are_kept(tmp_path):
    path, link = tmp_path / "a.bin", tmp_path / "link"
    path.write_bytes(b"before")
    path.chmod(0o600)
    link.symlink_to(path)
    with whole_file(link) as draft:
        draft.write(b"after")
    assert link.is_symlink()
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
