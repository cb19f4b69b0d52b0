"""The page index.html, which shows all results of `musicai compose`.

The page links to the files in its folder and needs neither a server nor a network. If the frames of
a piece follow beats, its waveform is drawn with the beats, and page.js can play a click track.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from .._version import __version__
from ..metrics import Report

PACKAGES = ("numpy", "scipy", "torch", "scikit-learn")
STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5b6675;--line:#dfe3e8;--ground:#f6f7f9;
--card:#fff;--accent:#7a2d8c}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--dim:#9aa6b4;--line:#333c47;
--ground:#101418;--card:#171c22;--accent:#d7a6e3}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:58rem;margin:0 auto;padding:2.2rem 1.2rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:0}h2{font-size:1.2rem;margin:2.6rem 0 .8rem}
h3{font-size:1rem;margin:0}h3+p:empty{display:none}p{margin:.35rem 0;max-width:46rem}
.dim,figcaption,th{color:var(--dim)}a{color:var(--accent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;
margin:0 0 .9rem}
.warning{max-width:none;margin-top:.9rem;border-left:4px solid var(--accent)}
audio{display:block;width:100%;margin-top:.7rem}
.plain{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.9rem}
figure{margin:0 0 .9rem}figure img{display:block;width:100%;height:auto;background:#fff;
border:1px solid var(--line);border-radius:10px;padding:.6rem}figcaption{margin-top:.4rem}
pre{overflow-x:auto;margin:0;font:14px/1.6 ui-monospace,Menlo,Consolas,monospace}
.scroll{overflow-x:auto}summary{cursor:pointer}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;
border-top:1px solid var(--line)}
th{font-weight:500}tr:first-child>*{border-top:0}td.figure,th.figure{text-align:right;
font-variant-numeric:tabular-nums}.best td{font-weight:700}
td{overflow-wrap:anywhere}.settings th{width:14rem}
ul{padding-left:1.2rem;margin:.3rem 0}
.wave{position:relative;margin-top:.9rem;height:6.2rem;cursor:pointer}
.wave svg{display:block;width:100%;height:5rem}.wave path{fill:var(--accent);opacity:.75}
.wave rect{fill:var(--ink);opacity:.12}
.wave line{stroke:var(--ink);opacity:.16;vector-effect:non-scaling-stroke}
.wave line.bar{opacity:.55}.bar-number{position:absolute;top:5rem;font-size:.75rem;
color:var(--dim);padding-left:.15rem}
.playhead{position:absolute;top:0;left:0;height:5rem;border-left:2px solid var(--ink)}
label{display:inline-block;margin-top:.5rem;cursor:pointer}
@media (max-width:640px){main{padding:1.4rem .8rem 3rem}h1{font-size:1.6rem}
.settings th{width:8rem}}
"""
HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Composed by musicai</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body><main>
"""
MORE = """import joblib
from musicai.render import chroma_to_audio

extractor, composer = joblib.load("composer.joblib")  # in the folder of this page
# another random_state gives another piece
piece = composer.sample(128, temperature=0.9, random_state=1)
chroma_to_audio(piece, "more.wav", timing=composer.timing, instruments={})"""

SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
COLUMNS = 600  # number of columns in a waveform; each shows the peak of its samples
BARS_BETWEEN_NUMBERS = 4


class Sound(NamedTuple):
    """Facts about a composed piece that the page shows."""

    name: str  # name of the piece's files, without _band, .wav, .mid, .musicxml, .txt or .rpp
    style: str | None
    beats: list[float]  # in seconds; empty if the frames do not follow beats
    beats_per_bar: int
    intro_seconds: float  # length of the held-out intro before the composed part; 0 if none
    tempo: float | None
    correlation: float  # between the piece and the chroma of its audio
    chart: str


def write_page(
    out: Path,
    *,
    summary: str,
    warnings: Sequence[str],
    sounds: Sequence[Sound],
    source: str,
    scores: Mapping[str, float],
    card: Report | str,
    settings: Mapping[str, Any],
) -> None:
    """Write the page index.html.

    Parameters
    ----------
    out : Path
        Folder with the results, in which to write the page.
    summary : str
        Sentences about the training and held-out music.
    warnings : list of str
        Sentences to show at the top.
    sounds : list of Sound
        The new pieces.
    source : str
        Title of the held-out piece that was continued.
    scores : dict of str to float
        Log-likelihood of each model in nats per frame, beginning with the composer.
    card : Report or str
        The scorecard, or a sentence that says why there is none.
    settings : dict
        All settings by name; a value that is a dict becomes a collapsible table.
    """
    card_html = f'<p class="card">{escape(card)}</p>' if isinstance(card, str) else card.to_html()
    has_band = (out / f"{sounds[0].name}_band.wav").exists()
    more = MORE.format('"band"' if has_band else '"sines"')
    sections = [
        f"<h1>Composed by musicai</h1><p class='dim'>{escape(summary)}</p>",
        *(f"<p class='card warning'>{escape(warning)}</p>" for warning in warnings),
        "<h2>Listen</h2>",
        *(piece(out, sound, source) for sound in sounds),
        "<h2>Chroma</h2>" if (out / "chromagrams.png").exists() else "",
        picture(
            out, "chromagrams.png", "Strength of each pitch class; the composer begins at the line."
        ),
        "<h2>Prediction of held-out music</h2>",
        f"<div class='card scroll'>{likelihoods(scores)}</div>",
        "<p class='dim'>The best prediction is in bold.</p>",
        picture(
            out,
            "learning.png",
            "Log-likelihood after every epoch (pass over the music): higher is better.",
        ),
        "<h2>Similarity to real music</h2>",
        card_html,
        f"<h2>Compose more</h2><div class='card'><pre>{escape(more)}</pre></div><ul>",
        link(
            out,
            "composer.joblib",
            "the trained composer. Open such files only from people you trust",
        ),
        "</ul><h2>Settings</h2>",
        f"<div class='card settings'>{table({**settings, 'Versions': versions()})}</div>",
    ]
    page = HEAD + "\n".join(sections) + f"\n</main><script>{SCRIPT}</script></body></html>\n"
    # File names may contain invalid Unicode.
    (out / "index.html").write_bytes(page.encode("utf-8", "backslashreplace"))


def piece(out: Path, sound: Sound, source: str) -> str:
    """Return the HTML of a piece's card: players, files and chords."""
    title = "A new piece" if sound.style is None else f"A new piece: {sound.style}"
    text = "Composed from scratch, and played with segments of the recordings."
    if sound.intro_seconds:
        title = "A piece continued"
        text = (
            f"{sound.intro_seconds:.0f} seconds of {source}, which was held out, continued "
            "by the composer, and played with segments of the recordings."
        )
    if sound.tempo:
        text += f" {sound.tempo:.0f} beats per minute, {sound.beats_per_bar} beats in a bar."
    data, wave, clicks, band = "", "", "", ""
    if (out / f"{sound.name}_band.wav").exists():
        band_player = player(f"{sound.name}_band", f"{title} for a band")
        band = f"<p>Played by a band:</p>{band_player}\n"
    if sound.beats:
        beats = json.dumps([round(beat, 4) for beat in sound.beats])
        data = f" data-beats='{beats}' data-beats-per-bar='{sound.beats_per_bar}'"
        wave = waveform(out / f"{sound.name}.wav", sound)
        clicks = "<label><input type='checkbox'> Click track</label>"
    return f"""<div class="card"{data}><h3>{escape(title)}</h3><p>{escape(text)}</p>{wave}
{player(sound.name, title)}{clicks}
<p class="dim">Chroma of this audio: correlation {sound.correlation:.3f} with the piece.</p>
{band}<ul>{link(out, f"{sound.name}.mid", "the band as MIDI")}
{link(out, f"{sound.name}.musicxml", "a score, for MuseScore and other programs")}
{link(out, f"{sound.name}.txt", "its chords")}
{link(out, f"{sound.name}.rpp", "a Reaper session; keep the recordings where they are")}</ul>
<details><summary>Chords</summary><pre>{escape(sound.chart)}</pre></details></div>"""


def player(name: str, title: str) -> str:
    """Return the HTML of a player for `name`.wav."""
    return (
        f'<audio controls preload="metadata" src="{name}.wav" aria-label="{escape(title)}">'
        f'</audio><a href="{name}.wav">{name}.wav</a> '
    )


def waveform(path: Path, sound: Sound) -> str:
    """Return the HTML of a waveform with lines at beats, darker at downbeats, and bar numbers."""
    samples, sr = soundfile.read(path, dtype="float32", always_2d=True)
    seconds = len(samples) / sr
    columns = np.array_split(np.abs(samples).max(axis=1), COLUMNS)
    peaks = [50 * float(column.max(initial=0)) for column in columns]
    edge = [f"{i},{50 - peak:.1f}" for i, peak in enumerate(peaks)]
    edge += [f"{i},{50 + peak:.1f}" for i, peak in reversed(list(enumerate(peaks)))]
    lines, numbers = [], []
    if sound.intro_seconds:
        width = f"{COLUMNS * sound.intro_seconds / seconds:.1f}"
        lines.append(f"<rect x='0' y='0' width='{width}' height='100'/>")
    for beat, second in enumerate(sound.beats):
        is_downbeat, place = beat % sound.beats_per_bar == 0, second / seconds
        x = f"{COLUMNS * place:.1f}"
        kind = " class='bar'" if is_downbeat else ""
        lines.append(f"<line{kind} x1='{x}' x2='{x}' y1='0' y2='100'/>")
        if beat % (BARS_BETWEEN_NUMBERS * sound.beats_per_bar) == 0:
            number = 1 + beat // sound.beats_per_bar
            numbers.append(
                f"<span class='bar-number' style='left:{100 * place:.2f}%'>{number}</span>"
            )
    return (
        f"<div class='wave'><svg viewBox='0 0 {COLUMNS} 100' preserveAspectRatio='none' role='img' "
        f"aria-label='Waveform with beats and bars'><path d='M{' L'.join(edge)} Z'/>"
        f"{''.join(lines)}</svg>{''.join(numbers)}<div class='playhead'></div></div>"
    )


def picture(out: Path, name: str, caption: str) -> str:
    """Return the HTML of a picture with a caption, or an empty string if there is no such file."""
    if not (out / name).exists():
        return ""
    return (
        f'<figure><a href="{name}"><img src="{name}" alt="{escape(caption)}"></a>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def link(out: Path, name: str, text: str) -> str:
    """Return a list item that links to a file, or an empty string if the file does not exist."""
    if not (out / name).exists():
        return ""
    return f'<li><a href="{name}">{name}</a>: {escape(text)}</li>'


def likelihoods(scores: Mapping[str, float]) -> str:
    """Return an HTML table of the log-likelihoods, with the best in bold."""
    best = max(scores.values())
    rows = [
        f"<tr class='{'best' if value == best else 'other'}'><td>{escape(name)}</td>"
        f"<td class='figure'>{value:.2f}</td></tr>"
        for name, value in scores.items()
    ]
    head = "<th>log-likelihood (higher is better)</th><th class='figure'>nats per frame</th>"
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def table(rows: Mapping[str, Any]) -> str:
    """Return an HTML table of names and values; a dict becomes a collapsible table."""
    cells = []
    for name, value in rows.items():
        shown = escape(str(value))
        if isinstance(value, dict):
            shown = f"<details><summary>show {len(value)}</summary>{table(value)}</details>"
        cells.append(f"<tr><th scope='row'>{escape(name)}</th><td>{shown}</td></tr>")
    return f"<table>{''.join(cells)}</table>"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results."""
    own = {"musicai": __version__, "Python": platform.python_version()}
    return own | {name: version(name) for name in PACKAGES}
