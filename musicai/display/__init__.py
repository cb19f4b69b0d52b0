"""Pictures of music, after scikit-learn's ``*Display`` convention, and a player for its sound.

A display is made by ``from_...``, draws on `ax` or on a figure of its own, and keeps what it drew
on in `ax_` and `figure_`; `plot` draws it again. matplotlib is imported when something is drawn:
``pip install ".[plot]"`` in a clone. Colors are told apart by lightness, so that pictures read
without color vision and in gray print.

- Pieces: `ChromagramDisplay`, and `ComparisonDisplay` for several.
- What is in them: `SelfSimilarityDisplay`, `TransitionMatrixDisplay`.
- How a composer learned: `TrainingCurveDisplay`.
- Sound: `AudioPlayer`.
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
