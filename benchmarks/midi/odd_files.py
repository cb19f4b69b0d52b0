"""MIDI performances with odd events, generated as bytes for ``benchmarks/midi/agreement.py``.

Two hands in two tracks play on one channel at 120 beats per minute. Notes begin and end on
multiples of 32 ticks (33 ms), and pedals move between them, so that the order of simultaneous
events does not matter, except in files that test it.
"""

import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np

DIVISION = 480
STEP = 32  # ticks
LENGTH = 16 * DIVISION  # ticks, eight seconds
Tracks = dict[str, list[tuple[int, bytes]]]


def number(value: int) -> bytes:
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(reversed(groups))


def file_of(tracks: Tracks) -> bytes:
    chunks = []
    for events in tracks.values():
        data, now = b"", 0
        for tick, event in sorted(events, key=lambda each: each[0]):
            data += number(tick - now) + event
            now = tick
        data += number(max(0, LENGTH - now)) + b"\xff\x2f\0"
        chunks.append(b"MTrk" + struct.pack(">L", len(data)) + data)
    return b"MThd" + struct.pack(">LHHH", 6, 1, len(chunks), DIVISION) + b"".join(chunks)


def control(controller: int, value: int, channel: int = 0) -> bytes:
    return bytes([0xB0 | channel, controller, value])


def on(pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 64])


def somewhere(rng, low: float = 0.0, high: float = 1.0, offset: int = 10) -> int:
    """Return a random tick, `offset` after a multiple of `STEP`; notes begin and end on multiples.

    `low` and `high` are the shares of `LENGTH` between which it lies.
    """
    return STEP * int(rng.integers(low * LENGTH // STEP, high * LENGTH // STEP - 1)) + offset


def performance(rng) -> Tracks:
    tracks: Tracks = {"conductor": [], "right": [], "left": [], "pedal": []}
    for hand, lowest in (("right", 60), ("left", 36)):
        free = np.zeros(24, int)  # tick at which each key is released
        for tick in np.cumsum(rng.integers(1, 9, size=60)) * STEP:
            end = int(tick) + STEP * int(rng.integers(1, 16))
            key = int(rng.choice(np.flatnonzero(free < tick)))
            if end < LENGTH:
                velocity = int(rng.integers(20, 120))
                tracks[hand] += [(int(tick), on(lowest + key, velocity)), (end, off(lowest + key))]
                free[key] = end
    return tracks


def press(tracks: Tracks, rng, track="pedal", pedal=64, last=1.0, offset=10) -> None:
    """Press and release a pedal several times."""
    ticks = sorted({somewhere(rng, 0, last, offset) for _ in range(12)})
    for i, tick in enumerate(ticks[: len(ticks) // 2 * 2]):
        tracks[track].append((tick, control(pedal, 0 if i % 2 else 127)))


def pedal_alone(tracks, rng):
    press(tracks, rng)


def pedal_of_the_other_hand(tracks, rng):
    press(tracks, rng, "left")


def pedal_that_moves(tracks, rng):
    for tick in sorted({somewhere(rng) for _ in range(80)}):
        tracks["pedal"].append((tick, control(64, int(rng.integers(128)))))
    tracks["pedal"].append((LENGTH - 10, control(64, 0)))


def pedal_never_lifted(tracks, rng):
    press(tracks, rng, last=0.5)
    tracks["pedal"].append((somewhere(rng, 0.6, 0.9), control(64, 127)))


def sostenuto(tracks, rng):
    press(tracks, rng, pedal=66)


def sostenuto_and_sustain(tracks, rng):
    press(tracks, rng)
    press(tracks, rng, "right", pedal=66, offset=20)


def controllers_reset(tracks, rng):
    press(tracks, rng)
    for _ in range(3):
        tracks["left"].append((somewhere(rng, offset=20), control(121, 0)))


def ended_by_all_notes_off(tracks, rng):
    forget_last_offs(tracks, rng)
    for at in (0.5, 1.0):
        tracks["pedal"].append((int(at * LENGTH) - 10, control(123, 0)))


def ended_by_all_sound_off(tracks, rng):
    press(tracks, rng, last=0.5)
    tracks["pedal"].append((somewhere(rng, 0.6, 0.7), control(64, 127)))
    for low in (0.3, 0.7, 0.8):
        tracks["pedal"].append((somewhere(rng, low, low + 0.1, offset=20), control(120, 0)))


def ended_by_a_mode(tracks, rng):
    forget_last_offs(tracks, rng)
    tracks["pedal"].append((LENGTH // 2 - 10, control(127, 0)))
    tracks["pedal"].append((LENGTH - 10, control(127, 0)))


def forget_last_offs(tracks, rng):
    """Remove the note-offs of the last notes of some keys."""
    for hand in ("right", "left"):
        for pitch in rng.choice(128, size=64, replace=False).tolist():
            offs = [each for each in tracks[hand] if each[1] == off(pitch)]
            if offs:
                tracks[hand].remove(max(offs))


def offs_in_another_track(tracks, rng):
    for hand in ("right", "left"):
        offs = [each for each in tracks[hand] if each[1][0] == 0x80]
        tracks[hand] = [each for each in tracks[hand] if each[1][0] != 0x80]
        tracks["pedal"] += offs


def notes_of_no_length(tracks, rng):
    for _ in range(10):
        tick, pitch = somewhere(rng, offset=20), int(rng.integers(85, 108))
        tracks["right"] += [(tick, on(pitch)), (tick, off(pitch))]


def no_length_under_the_pedal(tracks, rng):
    notes_of_no_length(tracks, rng)
    press(tracks, rng)


def struck_again_first(tracks, rng):
    """Repeat keys, with each new note-on before the previous note-off."""
    for pitch in (86, 90, 95):
        ticks = sorted({somewhere(rng) for _ in range(8)})
        for start, end in pairwise(ticks):
            tracks["right"] += [(start, on(pitch)), (end, off(pitch))]
        tracks["right"].sort(key=lambda each: (each[0], each[1][0] == 0x80))


def overlap_in_a_key(tracks, rng):
    for pitch in (86, 90, 95):
        first, second, third, fourth = sorted(somewhere(rng) for _ in range(4))
        tracks["right"] += [(first, on(pitch)), (second, on(pitch))]
        tracks["right"] += [(third, off(pitch)), (fourth, off(pitch))]


def key_of_both_hands(tracks, rng):
    for pitch in (86, 90, 95):
        first, second, third, fourth = sorted(somewhere(rng) for _ in range(4))
        tracks["right"] += [(first, on(pitch)), (fourth, off(pitch))]
        tracks["left"] += [(second, on(pitch)), (third, off(pitch))]


def two_ports(tracks, rng):
    """Move the left hand to another port, where the pedal has no effect."""
    tracks["left"].append((0, b"\xff\x21\x01\x01"))
    press(tracks, rng)


def channels_set_up_elsewhere(tracks, rng):
    tracks["pedal"] += [(0, bytes([0xC0, 19])), (0, control(7, 60)), (0, control(10, 30))]
    for tick in sorted(somewhere(rng) for _ in range(30)):
        tracks["pedal"].append((tick, bytes([0xE0, 0, int(rng.integers(128))])))


def impossible_signatures(tracks, rng):
    tracks["conductor"] += [
        (0, b"\xff\x59\x02\x08\0"),
        (4, b"\xff\x59\0"),
        (8, b"\xff\x59\x01\x02"),
    ]
    tracks["conductor"] += [(12, b"\xff\x58\x04\0\x02\x18\x08"), (16, b"\xff\x54\x01\xff")]


def tempi_in_any_track(tracks, rng):
    for hand in ("right", "left"):
        for _ in range(4):
            length = int(rng.integers(300_000, 900_000)).to_bytes(3, "big")
            tracks[hand].append((somewhere(rng), b"\xff\x51\x03" + length))


def quiet_offs(tracks, rng):
    for hand in ("right", "left"):
        tracks[hand] = [
            (tick, on(event[1], 0)) if event[0] == 0x80 else (tick, event)
            for tick, event in tracks[hand]
        ]
    press(tracks, rng)


def messages_for_devices(tracks, rng):
    for _ in range(10):
        tracks["right"].append((somewhere(rng), b"\xf0\x05\x43\x10\x4c\x08\xf7"))
    press(tracks, rng)


def escaped_bytes(tracks, rng):
    for _ in range(10):
        tracks["left"].append((somewhere(rng), b"\xf7\x03\x41\x42\x43"))


KINDS: tuple[Callable, ...] = (
    pedal_alone,
    pedal_of_the_other_hand,
    pedal_that_moves,
    pedal_never_lifted,
    sostenuto,
    sostenuto_and_sustain,
    controllers_reset,
    ended_by_all_notes_off,
    ended_by_all_sound_off,
    ended_by_a_mode,
    forget_last_offs,
    offs_in_another_track,
    notes_of_no_length,
    no_length_under_the_pedal,
    struck_again_first,
    overlap_in_a_key,
    key_of_both_hands,
    two_ports,
    channels_set_up_elsewhere,
    impossible_signatures,
    tempi_in_any_track,
    quiet_offs,
    messages_for_devices,
    escaped_bytes,
)


def odd_file(kind: Callable, seed: int) -> bytes:
    """Return a performance with one kind of odd events."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    tracks = performance(rng)
    kind(tracks, rng)
    return file_of(tracks)
