"""Model cards, which describe the training data and scores of a composer."""

from collections.abc import Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

from .._version import __version__

_CARD = """\
---
library_name: musicai
license: other
tags: [music, composition]
---

# {title}

An `LSTMComposer` of musicai {version}. It composes frames of music ({frames}), not audio, and
contains no recordings.

| | |
| --- | --- |
{rows}

Open it with skops, which does not run code from the file:

```python
import skops.io

composer = skops.io.load("composer.skops", trusted=["musicai.LSTMComposer"])
piece = composer.sample(128, random_state=7)
```
"""


def model_card(
    composer: Any,
    *,
    title: str = "A composer",
    data: Mapping[str, Any] | None = None,
    scores: Mapping[str, float] | None = None,
    report: Any = None,
) -> str:
    """Return a Markdown description of a fitted composer, to share with the composer's file.

    Parameters
    ----------
    composer : LSTMComposer
        Fitted composer.
    title : str, default="A composer"
        Heading of the card.
    data : Bunch, default=None
        Training music from a loader of `musicai.datasets`, which states its source and license.
        None if they are unknown.
    scores : dict of str to float, default=None
        Log-likelihoods in nats per frame, keyed by the name of the music that was scored.
    report : musicai.metrics.Report, default=None
        Scorecard of composed pieces. The card quotes their realism, and how much of their music is
        copied from the training music.

    Returns
    -------
    card : str
        Markdown with the header that model hubs read. Save it as README.md next to the composer's
        file.

    Raises
    ------
    NotFittedError
        If the composer is not fitted.

    Examples
    --------
    >>> from musicai import LSTMComposer
    >>> from musicai.composer import model_card
    >>> from musicai.datasets import make_progressions
    >>> music = make_progressions(8, random_state=0)
    >>> composer = LSTMComposer(hidden_size=16, max_iter=1, random_state=0).fit(music.data)
    >>> card = model_card(composer, data=music, scores={"training music": -60.0})
    >>> print(*[line for line in card.splitlines() if "of training music" in line])
    | log-likelihood of training music | -60.00 nats per frame |
    """
    check_is_fitted(composer)
    rows = {
        "emission": f"{composer.emission_}, {composer.n_features_in_} features",
        "styles": ", ".join(map(str, composer.styles_)) or "none",
        "epochs": str(composer.n_iter_),
        "source of the training music": _known(data, "source"),
        "license of the training music": _known(data, "license"),
    }
    if titles := (data or {}).get("titles"):
        rows["pieces"] = str(len(titles))
    if composer.best_validation_score_ is not None:
        rows["log-likelihood of its validation pieces"] = _nats(composer.best_validation_score_)
    for name, score in (scores or {}).items():
        rows[f"log-likelihood of {name}"] = _nats(score)
    if report is not None:
        figures = report.to_dict()
        ceiling = figures["ceiling_overlap_area"]
        rows["realism"] = f"{figures['overlap_area']:.2f}; other real music {ceiling:.2f}"
        rows["copied from the training music"] = f"{figures['memorization']:.1%}"
    return _CARD.format(
        title=title,
        version=__version__,
        frames=_frames(composer),
        rows="\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items()),
    )


def _known(data: Mapping[str, Any] | None, name: str) -> str:
    return str((data or {}).get(name) or "not stated")


def _nats(score: float) -> str:
    return f"{score:.2f} nats per frame"


def _frames(composer: Any) -> str:
    """Describe in words how many frames a beat or a second has, if that is known."""
    try:
        timing = composer.timing
    except ValueError:
        return "of unknown length"
    if timing.has_beats:
        return f"{timing.frames_per_beat:g} to a beat"
    return f"{timing.frame_rate:.4g} a second"


def _cell(value: str) -> str:
    """Escape text for a table cell."""
    return " ".join(value.replace("|", "\\|").split())
