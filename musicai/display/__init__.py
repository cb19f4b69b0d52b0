"""Plots of music, following scikit-learn's ``*Display`` convention, and an audio player.

A ``from_...`` method creates a display and draws it on given axes or on a new figure. The axes
and the figure are then available as `ax_` (or `axes_`) and `figure_`. `plot` draws the display
again. Colors differ in lightness, so plots are readable in grayscale and with color blindness.

Drawing needs matplotlib. To install it, run ``pip install ".[plot]"`` in a clone.

- Pieces: `ChromagramDisplay` for one piece, `ComparisonDisplay` for several.
- Form and harmony: `SelfSimilarityDisplay`, `TransitionMatrixDisplay`.
- Training: `TrainingCurveDisplay`.
- Audio: `AudioPlayer`.
"""

from ._chromagram import ChromagramDisplay
from ._comparison import ComparisonDisplay
from ._player import AudioPlayer
from ._self_similarity import SelfSimilarityDisplay
from ._training_curve import TrainingCurveDisplay
from ._transitions import TransitionMatrixDisplay

__all__ = [
    "AudioPlayer",
    "ChromagramDisplay",
    "ComparisonDisplay",
    "SelfSimilarityDisplay",
    "TrainingCurveDisplay",
    "TransitionMatrixDisplay",
]
