"""How long notes sound: until the key is released, or the pedal that holds them."""

from typing import Any

import numpy as np

SUSTAIN_CONTROL = 64
"""Number of the sustain pedal's controller."""

PEDAL_DOWN = 64
"""The controller's value, from 0 to 127, from which on the pedal is down."""


def sounding_ends(instrument: Any) -> np.ndarray:
    """Return when each note of an instrument ends, in seconds, shape (n_notes,).

    Parameters
    ----------
    instrument : pretty_midi.Instrument
        A note whose key is released while the sustain pedal is down goes on until the pedal is
        lifted; where it never is, until the instrument's last key is released.
    """
    ends = np.array([note.end for note in instrument.notes], dtype=np.float64)
    pedal = [change for change in instrument.control_changes if change.number == SUSTAIN_CONTROL]
    if not pedal or not len(ends):
        return ends
    pedal.sort(key=lambda change: change.time)
    times = np.array([change.time for change in pedal])
    down = np.array([change.value >= PEDAL_DOWN for change in pedal])
    # What the pedal does at the very time of the release comes too late to hold the note.
    before = np.searchsorted(times, ends, side="left") - 1
    held = (before >= 0) & down[before]
    lifted = np.append(times[~down], np.inf)
    lift = lifted[np.searchsorted(lifted, ends, side="left")]
    return np.where(held, np.maximum(ends, np.where(np.isinf(lift), ends.max(), lift)), ends)
