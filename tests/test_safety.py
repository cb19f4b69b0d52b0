"""The library runs no code from files, and treats special file names as ordinary names."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import musicai
from musicai.audio import read_blocks
from musicai.audio.headers import read_durations
from musicai.datasets import load_recordings
from musicai.render import to_musicxml

PACKAGE = Path(musicai.__file__).parent
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")

# Functions that run or unpack their argument, with the modules that define them (None: any module).
RUNS_CODE = {
    "eval": {"", "builtins"},
    "exec": {"", "builtins"},
    "compile": {"", "builtins"},
    "__import__": {"", "builtins"},
    "system": {"os"},
    "popen": {"os"},
    "load": {"pickle", "dill", "cloudpickle", "joblib", "torch", "yaml", "marshal", "shelve"},
    "loads": {"pickle", "dill", "cloudpickle", "marshal"},
    "Unpickler": {"", "pickle"},
    "unsafe_load": {"yaml"},
    "extractall": None,  # names in an archive may point outside of the folder
    "unpack_archive": {"shutil"},
    "fromregex": None,
}
# Files that import modules by name; the names are constants in the code.
IMPORTS_BY_NAME = {"__init__.py", "extras.py"}


def called(node):
    """Return the owner and name of the called function, such as ("np", "load") or ("", "eval")."""
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return getattr(owner, "attr", getattr(owner, "id", "?")), node.func.attr
    return "", getattr(node.func, "id", "?")


def faults(code):
    """Yield a description of each line where code could run or unpack untrusted data."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            for module in modules:
                if module.split(".")[0] in ("pickle", "dill", "cloudpickle", "marshal", "shelve"):
                    yield f"line {node.lineno}: imports {module}"
        if not isinstance(node, ast.Call):
            continue
        owner, name = called(node)
        if name in RUNS_CODE and (RUNS_CODE[name] is None or owner in RUNS_CODE[name]):
            yield f"line {node.lineno}: calls {owner}.{name}"
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if not isinstance(given.get("shell", ast.Constant(False)), ast.Constant) or getattr(
            given.get("shell"), "value", False
        ):
            yield f"line {node.lineno}: a shell"
        if (owner, name) in (("np", "load"), ("numpy", "load")):
            allowed = given.get("allow_pickle")
            if not (isinstance(allowed, ast.Constant) and allowed.value is False):
                yield f"line {node.lineno}: np.load without allow_pickle=False"


def test_no_module_can_run_code_from_files():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    found = [f"{path.name}: {fault}" for path in files for fault in faults(path.read_text())]
    assert found == []


def test_only_two_files_import_modules_by_name():
    users = {path.name for path in PACKAGE.rglob("*.py") if "import_module(" in path.read_text()}
    assert users == IMPORTS_BY_NAME


def test_only_one_module_reads_matlab_files():
    """A damaged file can crash `scipy.io.loadmat`; `_piano_rolls.py` checks the hash first."""
    users = {path.name for path in PACKAGE.rglob("*.py") if "loadmat(" in path.read_text()}
    assert users == {"_piano_rolls.py"}


@pytest.mark.parametrize(
    "code",
    [
        "eval(x)",
        "import os\nos.system(x)",
        "import pickle",
        "from pickle import loads",
        "joblib.load(x)",
        "torch.load(x, weights_only=True)",
        "np.load(x)",
        "np.load(x, allow_pickle=flag)",
        "subprocess.run(x, shell=True)",
        "subprocess.run(x, shell=flag)",
        "tar.extractall()",
        "builtins.exec(x)",
    ],
)
def test_unsafe_code_is_detected(code):
    assert list(faults(code))


def test_safe_code_is_not_reported():
    harmless = "re.compile(x)\nnp.load(x, allow_pickle=False)\njson.loads(x)\nsubprocess.run([x])"
    assert list(faults(harmless)) == []


NAMES = [
    "-",
    "-i.wav",
    "--help",
    "concat:a|b.wav",
    "http:x.wav",
    "pipe:0",
    "data:,.wav",
    "$(id).wav",
]


@POSIX
@pytest.mark.parametrize("name", NAMES)
def test_file_names_that_look_like_options_or_urls_are_opened_as_files(tmp_path, name):
    """The standard input of the child process never ends, so reading it as "-" would time out."""
    rate = 8000
    soundfile.write(tmp_path / "sound.wav", np.linspace(-0.5, 0.5, rate), rate)
    shutil.copy(tmp_path / "sound.wav", tmp_path / name)
    code = (
        "import sys; from musicai.audio import read_blocks, read_excerpt; "
        "from musicai.audio.headers import read_durations; name = sys.argv[-1]; "
        "n = sum(map(len, read_blocks(name, sr=8000))); "
        "m = len(read_excerpt(name, 0.5, 100, sr=8000)); "
        "print(n, m, *read_durations([name]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    source, unused = os.pipe()
    try:
        answer = subprocess.run(
            [sys.executable, "-c", code, name],
            stdin=source,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        os.close(source)
        os.close(unused)
    assert answer.stdout.split() == ["8000", "100", "1.0"], answer.stderr
    assert sorted(os.listdir(tmp_path)) == sorted([name, "sound.wav"])


def test_metadata_in_audio_files_is_ignored(tmp_path):
    path = tmp_path / "song.wav"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        file.title = "../../title"
        file.artist = "$(touch artist)"
        file.comment = f"file://{tmp_path}/other.wav"
        file.write(np.zeros(8000))
    data = load_recordings(tmp_path)
    assert data.titles == ["song"]
    assert "title" not in data.DESCR.replace("titles", "")
    assert len(np.concatenate(list(read_blocks(path, sr=8000)))) == 8000
    assert read_durations([path]).tolist() == [1.0]


@POSIX
def test_links_to_folders_are_followed_and_loops_end(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for place in ("music/a.wav", "elsewhere/b.wav"):
        soundfile.write(tmp_path / place, np.zeros(8000), 8000)
    (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "music" / "loop").symlink_to(tmp_path / "music")
    data = load_recordings(tmp_path / "music")
    assert [path.name for path in data.recordings] == ["a.wav", "b.wav"]


def test_titles_are_escaped_in_musicxml(tmp_path):
    pytest.importorskip("music21")
    title = "<script>alert('1 & 2')</script> ]]> &entity;"
    text = to_musicxml(np.eye(12)[[0] * 40], timing=10, title=title)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
