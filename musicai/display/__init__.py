"""Pictures of music, after scikit-learn's ``*Display`` convention.

A display is made by ``from_...``, draws on `ax` or on a figure of its own, and keeps what it drew
on in `ax_` and `figure_`. matplotlib is imported when something is drawn: ``pip install
musicai[plot]``.
"""

from ._chromagram import ChromagramDisplay

__all__ = ["ChromagramDisplay"]
