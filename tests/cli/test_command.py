"""Help, exit codes and output streams of the console command."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from musicai import Timing, __version__
from musicai.cli import _play, main
from musicai.render import chroma_to_midi

SR = 22050
COMMANDS = ("compose", "chords", "play")


def run(*args, **options):
    """Run the command in a separate process."""
    return subprocess.run(
        [sys.executable, "-m", "musicai", *map(str, args)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )


@pytest.fixture
def song(tmp_path):
    """Twelve seconds of alternating C and F major chords with a clear beat."""
    seconds = np.arange(2 * SR) / SR
    chords = [
        sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * seconds) for note in notes)
        for notes in [(60, 64, 67), (65, 69, 72)] * 3
    ]
    beats = np.exp(-8 * (np.arange(12 * SR) / SR % 0.5))
    path = tmp_path / "a song.wav"
    soundfile.write(path, 0.2 * np.concatenate(chords) * beats, SR)
    return path


@pytest.fixture
def no_player(monkeypatch):
    """Pretend that no program that plays sound is installed."""
    monkeypatch.setattr(_play.sys, "platform", "linux")
    monkeypatch.setattr(_play.shutil, "which", lambda program: None)


def test_help_shows_examples(capsys):
    assert main([]) == 0
    assert "musicai compose recordings" in capsys.readouterr().out
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert f"examples:\n  musicai {command} " in capsys.readouterr().out


def test_the_command_prints_its_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"musicai {__version__}\n"


@pytest.mark.parametrize(
    "args",
    [
        ["sing"],
        ["chords"],
        ["compose", "--epochs", "0"],
        ["compose", "--epochs", "many"],
        ["compose", "--seed", "-1"],
        ["compose", "--seed", str(2**32)],
    ],
)
def test_wrong_arguments_give_exit_code_2(args, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(args)
    assert stopped.value.code == 2
    assert "usage: musicai" in capsys.readouterr().err


def test_mistakes_give_exit_code_1_and_a_one_line_message(tmp_path):
    done = run("compose", tmp_path / "nowhere", cwd=tmp_path)  # without an earlier "out"
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("musicai: ")
    assert "nowhere" in line


@pytest.mark.parametrize("command", ["chords", "play"])
@pytest.mark.parametrize("name", ["missing.wav", "broken.mp3", "broken.mid", "folder"])
def test_files_that_cannot_be_used_are_named_in_the_error(command, name, tmp_path, capsys):
    path = tmp_path / name
    if name.startswith("broken"):
        path.write_bytes(b"no music")
    elif name == "folder":
        path.mkdir()
    to = ["--to", str(tmp_path / "sound.wav")] if command == "play" else []
    assert main([command, str(path), *to]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert name in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("musicai: ")


@pytest.mark.parametrize("to", ["sound.xyz", "sound", "folder.wav"])
def test_files_that_cannot_be_written_are_named_in_the_error(to, song, capsys):
    (song.parent / "folder.wav").mkdir()
    assert main(["play", str(song), "--to", str(song.parent / to)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("musicai: ")
    assert to in line


def test_a_recording_is_not_overwritten_by_its_own_sound(song, capsys):
    before = song.read_bytes()
    link = song.with_name("link.wav")
    link.symlink_to(song)
    for to in (song, link):
        assert main(["play", str(song), "--to", str(to)]) == 1
        assert "is the file that is played" in capsys.readouterr().err
    assert song.read_bytes() == before


def test_titles_are_escaped_on_a_terminal_without_unicode(song):
    title = song.rename(song.with_name("\u6f22.wav"))
    done = run("chords", title, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.startswith("\\u6f22\n")


def test_a_full_disk_is_reported_if_stdout_is_a_file(song):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "musicai", "chords", song], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr.splitlines()[-1]


def test_unexpected_errors_are_raised(monkeypatch, song):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("musicai.cli._chords.chord_chart", broken)
    with pytest.raises(ZeroDivisionError):
        main(["chords", str(song)])


def test_chords_go_to_stdout_and_progress_to_stderr(song):
    done = run("chords", song)
    assert done.returncode == 0
    assert done.stdout.startswith("a song\n")
    assert re.search(r"^.*\| C +\| F +\|", done.stdout, re.MULTILINE)
    assert "chroma: 1/1 recordings" in done.stderr
    assert "\r" not in done.stderr
    assert "recordings" not in done.stdout


def test_chords_are_printed_with_times(song, capsys):
    assert main(["chords", "--times", str(song)]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [label for _, _, label in rows] == ["C:maj", "F:maj"] * 3
    np.testing.assert_allclose(
        [float(start) for start, _, _ in rows], np.arange(0, 12, 2), atol=0.2
    )


def test_file_names_need_not_be_unicode(song, capfd):
    if os.name != "posix" or sys.platform == "darwin":
        pytest.skip("names of files are Unicode here")
    odd = song.rename(os.fsdecode(os.fsencode(song.parent) + b"/\xff.wav"))
    assert main(["chords", str(odd)]) == 0
    assert capfd.readouterr().out.startswith("\\udcff\n")


@pytest.mark.skipif(os.name != "posix", reason="no such names of files")
@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("wide\u3000space", None),
        ("zero\u200cwidth", None),
        ("a\n\x1b[1m", r"a\n\x1b[1m"),
        ("right\u202eleft", r"right\u202eleft"),
    ],
)
def test_titles_keep_unicode_but_escape_control_characters(name, title, song, capsys):
    title = title or name
    assert main(["chords", str(song.rename(song.parent / f"{name}.wav"))]) == 0
    assert capsys.readouterr().out.startswith(f"{title}\n")
    assert main(["play", str(song.parent / f"{name} 2.wav"), "--to", "sound.wav"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{title} 2.wav: there is no such file" in line


def test_a_pipe_that_closes_early_gives_no_error(song):
    if os.name != "posix":
        pytest.skip("needs a shell")
    command = f"'{sys.executable}' -m musicai chords '{song}' '{song}' | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stdout == "a song\n"
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_a_midi_file_is_written_as_audio(tmp_path, capsys):
    piece = np.zeros((8, 12))
    piece[:, [0, 4, 7]] = 1
    chroma_to_midi(piece, tmp_path / "piece.mid", timing=Timing.from_tempo(120))
    to = tmp_path / "piece.flac"
    assert main(["play", str(tmp_path / "piece.mid"), "--to", str(to)]) == 0
    assert capsys.readouterr().out == f"{to}\n"
    assert 4 < soundfile.info(to).duration < 8


def test_a_player_program_receives_the_sound(song, tmp_path, monkeypatch):
    if os.name != "posix":
        pytest.skip("the player is a shell script")
    programs = tmp_path / "bin"
    programs.mkdir()
    player = programs / "aplay"
    player.write_text(f'#!/bin/sh\nfor last; do :; done\ncp "$last" "{tmp_path}/played.wav"\n')
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    which = _play.shutil.which
    monkeypatch.setattr(
        _play.shutil, "which", lambda name: which(name) if name == "aplay" else None
    )
    assert main(["play", str(song)]) == 0
    assert soundfile.info(tmp_path / "played.wav").duration == pytest.approx(12, abs=0.01)


@pytest.mark.parametrize(
    ("program", "script"), [("aplay", "exit 1"), ("ffplay", "echo audio open failed >&2")]
)
def test_a_player_without_a_sound_device_gives_an_error(
    program, script, song, tmp_path, monkeypatch, capsys
):
    if os.name != "posix":
        pytest.skip("the player is a shell script")
    player = tmp_path / program
    player.write_text(f"#!/bin/sh\n{script}\n")
    player.chmod(0o755)
    monkeypatch.setattr(
        _play.shutil, "which", lambda name: str(player) if name == program else None
    )
    assert main(["play", str(song)]) == 1
    assert "is there a sound device" in capsys.readouterr().err


@pytest.mark.usefixtures("no_player")
def test_the_error_says_what_to_do_without_a_player(song, capsys):
    assert main(["play", str(song)]) == 1
    assert "--to" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("stage", ["chroma: 0", "fit:"])
def test_ctrl_c_gives_exit_code_130_and_a_one_line_message(stage, tmp_path):
    """Ctrl-C ends the program during analysis in threads and during training."""
    music = tmp_path / "music"
    music.mkdir()
    noise = np.random.default_rng(0).standard_normal(70 * SR)
    for name in ("a", "b", "c"):
        soundfile.write(music / f"{name}.wav", 0.1 * noise, SR)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "musicai", "compose", music, "--out", out]
    process = subprocess.Popen(
        [*map(str, command), "--epochs", "100000"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    seen = ""
    while stage not in seen and (character := process.stderr.read(1)):
        seen += character
    time.sleep(1 if stage == "fit:" else 0.2)  # until the middle of the stage
    process.send_signal(signal.SIGINT)
    output, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == ""
    assert "musicai: stopped" in rest.splitlines()
    assert "Traceback" not in seen + rest
    assert not out.exists()
    assert not list(tmp_path.glob("musicai-*"))  # the temporary folder is removed
