"""Notes as played by FluidSynth, for ``benchmarks/midi/agreement.py``.

This module calls the library libfluidsynth with a generated soundfont, whose only sound never
decays, so that a voice sounds exactly as long as FluidSynth holds the note. It polls the held
voices after each block of 64 samples, or 4 ms.
"""

import ctypes
import ctypes.util
import struct
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

RATE = 16000
BLOCK = 64
DRUMS = 9
SETTINGS = {
    "player.timing-source": "sample",
    "synth.sample-rate": float(RATE),
    "synth.polyphony": 2000,
    "synth.reverb.active": 0,
    "synth.chorus.active": 0,
    "synth.lock-memory": 0,
    "synth.min-note-length": 0,
}
PLAYING = 1


class Sounding(NamedTuple):
    """A note with the time for which its key or a pedal holds it, in seconds."""

    start: float
    end: float
    pitch: int


def library():
    """Return libfluidsynth, or None if it is not installed."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        return None
    found = ctypes.CDLL(name)
    for function in ("new_fluid_settings", "new_fluid_synth", "new_fluid_player"):
        getattr(found, function).restype = ctypes.c_void_p
    found.fluid_set_log_function.restype = ctypes.c_void_p
    for level in range(5):
        found.fluid_set_log_function(level, None, None)
    return found


class Player:
    """Player of MIDI files with libfluidsynth."""

    def __init__(self, lib) -> None:
        self.lib = lib
        self.settings = ctypes.c_void_p(lib.new_fluid_settings())
        for name, value in SETTINGS.items():
            if isinstance(value, str):
                lib.fluid_settings_setstr(self.settings, name.encode(), value.encode())
            elif isinstance(value, float):
                lib.fluid_settings_setnum(self.settings, name.encode(), ctypes.c_double(value))
            else:
                lib.fluid_settings_setint(self.settings, name.encode(), value)

    def play(self, path: Path, seconds: float) -> list[Sounding] | None:
        """Return the notes in the first seconds of a file, or None if it cannot be read."""
        synth = ctypes.c_void_p(self.lib.new_fluid_synth(self.settings))
        player = ctypes.c_void_p(self.lib.new_fluid_player(synth))
        with tempfile.NamedTemporaryFile(suffix=".sf2") as font:
            font.write(soundfont())
            font.flush()
            self.lib.fluid_synth_sfload(synth, font.name.encode(), 1)
        try:
            if self.lib.fluid_player_add(player, str(path).encode()) != 0:
                return None
            self.lib.fluid_player_play(player)
            return self._listen(synth, player, seconds)
        finally:
            self.lib.delete_fluid_player(player)
            self.lib.delete_fluid_synth(synth)

    def _listen(self, synth, player, seconds: float) -> list[Sounding] | None:
        lib, silence = self.lib, np.zeros((2, BLOCK), np.float32)
        left, right = (row.ctypes.data_as(ctypes.c_void_p) for row in silence)
        voices = (ctypes.c_void_p * 2000)()
        held: dict[int, tuple[float, int]] = {}
        seen: set[int] = set()
        notes = []
        now = 0.0
        for i in range(round(seconds * RATE / BLOCK)):
            lib.fluid_synth_write_float(synth, BLOCK, left, 0, 1, right, 0, 1)
            now = i * BLOCK / RATE
            lib.fluid_synth_get_voicelist(synth, voices, 2000, -1)
            down = set()
            for address in voices:
                if address is None:
                    break
                voice = ctypes.c_void_p(address)
                if lib.fluid_voice_get_channel(voice) == DRUMS:
                    continue
                number = lib.fluid_voice_get_id(voice)
                is_held = (
                    lib.fluid_voice_is_on(voice)
                    or lib.fluid_voice_is_sustained(voice)
                    or lib.fluid_voice_is_sostenuto(voice)
                )
                if number not in seen:
                    seen.add(number)
                    held[number] = now, lib.fluid_voice_get_key(voice)
                if is_held:
                    down.add(number)
            for number in held.keys() - down:
                start, pitch = held.pop(number)
                notes.append(Sounding(start, now, pitch))
        if not seen and lib.fluid_player_get_status(player) != PLAYING and not notes:
            return notes
        return notes + [Sounding(start, now, pitch) for start, pitch in held.values()]


def soundfont() -> bytes:
    """Return a soundfont with one program, a looped wave at full level until it is released."""
    wave = np.rint(8000 * np.sin(np.arange(64) * np.pi / 32)).astype("<i2").tobytes()

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<L", len(data)) + data

    def named(name: bytes) -> bytes:
        return name.ljust(20, b"\0")

    sample = named(b"wave") + struct.pack("<5LBbHH", 0, 64, 0, 64, 32000, 60, 0, 0, 1)
    records = {
        b"phdr": named(b"one") + struct.pack("<3H3L", 0, 0, 0, 0, 0, 0)
        + named(b"EOP") + struct.pack("<3H3L", 0, 0, 1, 0, 0, 0),
        b"pbag": struct.pack("<4H", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<4H", 41, 0, 0, 0),  # instrument 0
        b"inst": named(b"one") + struct.pack("<H", 0) + named(b"EOI") + struct.pack("<H", 1),
        b"ibag": struct.pack("<4H", 0, 0, 2, 0),
        b"imod": bytes(10),
        b"igen": struct.pack("<6H", 54, 1, 53, 0, 0, 0),  # looped; sample 0
        b"shdr": sample + named(b"EOS") + bytes(26),
    }  # fmt: skip
    info = chunk(b"ifil", struct.pack("<2H", 2, 1)) + chunk(b"INAM", b"one\0")
    lists = [
        b"INFO" + info,
        b"sdta" + chunk(b"smpl", wave + bytes(92)),
        b"pdta" + b"".join(chunk(name, data) for name, data in records.items()),
    ]
    return chunk(b"RIFF", b"sfbk" + b"".join(chunk(b"LIST", each) for each in lists))
