"""Public types are precise for a user's type checker."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
HERE = Path(__file__).parent


@pytest.mark.slow
def test_mypy_infers_precise_types_for_public_names(tmp_path):
    """`assert_type` in the file fails where a type is not the expected one, for example Any."""
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports"]
    command += ["--cache-dir", str(tmp_path), "--config-file", "", str(HERE / "user_file.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent)
    ours = [line for line in done.stdout.splitlines() if "user_file.py" in line]
    assert not ours, done.stdout
    assert "user_file.py" not in done.stderr
