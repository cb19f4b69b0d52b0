"""One page, out/index.html, with all that examples/compose.py made.

It lies beside the files that it shows, needs no server, no script and nothing from the network.
"""

import platform
from html import escape
from importlib.metadata import version
from math import log

import musicai

PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "librosa")
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
@media (max-width:640px){main{padding:1.4rem .8rem 3rem}h1{font-size:1.6rem}
.settings th{width:8rem}}
"""
HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Composed by musicai</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body><main>
"""
MORE = """import joblib

extractor, composer = joblib.load("composer.joblib")
piece = composer.sample(400, temperature=0.9)"""


def write_page(
    out, *, told, warnings, style, source, heard, intro_seconds, chart, scores, card, settings
):
    """Write the page.

    Parameters
    ----------
    out : Path
        The folder with the files; the page becomes its index.html.
    told : str
        What was learned, in a sentence.
    warnings : list of str
        What takes from the worth of it, in sentences; shown at the top.
    style : str or None
        That was composed in, which is that of the held-out piece.
    source : str
        The title of the held-out piece, and how it was held out.
    heard : dict of str to float
        For each sound, by the name of its file without suffix, its correlation with the piece.
    intro_seconds : float
        How long the held-out piece is heard before the composer goes on.
    chart : str
        The chord chart.
    scores : dict of str to float
        Log-likelihoods by model, in nats a frame, the composer's first.
    card : Report or str
        The score-card, or why there is none.
    settings : dict
        All that was set, by name; dicts are shown as lists to unfold.
    """
    said = isinstance(card, str)
    card_html = f'<p class="card">{escape(card)}</p>' if said else card.to_html()
    in_style = "" if style is None else f" in the style {style}, that of the piece below"
    new = f"Composed from nothing{in_style}, in the recordings' sound."
    intro = f"{intro_seconds:.0f} seconds of {source}; then the composer goes on."
    sections = [
        f"<h1>Composed by musicai</h1><p class='dim'>{escape(told)}</p>",
        *(f"<p class='card warning'>{escape(warning)}</p>" for warning in warnings),
        "<h2>Listen to this first</h2>",
        player("composed", heard, "A new piece", new),
        player("continued", heard, "A piece continued", intro),
        "<h2>The same, plainly</h2><p>Nothing but harmony, by sines.</p><div class='plain'>",
        player("composed_sines", heard, "The new piece"),
        player("continued_sines", heard, "The piece continued"),
        player("real_sines", heard, "The held-out piece itself"),
        "</div><h2>What it looks like</h2>",
        picture(
            "chromagrams.png", "How strongly each pitch class sounds; composing begins at the line."
        ),
        f"<h2>Play it yourself</h2><div class='card'><pre>{escape(chart)}</pre></div><ul>",
        link("composed.mid", "the new piece for a band, as MIDI"),
        link("composed.musicxml", "as a score, for MuseScore and other programs"),
        link("composed.txt", "the chords above"),
        "</ul><h2>How well it foresees music that was held out</h2>",
        f"<div class='card scroll'>{likelihoods(scores)}</div>",
        "<p class='dim'>In bold what foresees it best.</p>",
        picture(
            "learning.png", "Log-likelihood after every pass over the music: higher is better."
        ),
        "<h2>How like real music it is</h2>",
        card_html,
        f"<h2>Compose more</h2><div class='card'><pre>{escape(MORE)}</pre></div><ul>",
        link("composer.joblib", "the trained composer. Open such files of people you trust only"),
        "</ul><h2>How it was made</h2>",
        f"<div class='card settings'>{table(settings | {'Versions': versions()})}</div>",
    ]
    page = HEAD + "\n".join(sections) + "\n</main></body></html>\n"
    # Names of files need not be Unicode.
    (out / "index.html").write_bytes(page.encode("utf-8", "backslashreplace"))


def player(name, heard, title, text=""):
    """Return a player for `name`.wav, and how much of the piece was heard in it."""
    return f"""<div class="card"><h3>{escape(title)}</h3><p>{escape(text)}</p>
<audio controls preload="metadata" src="{name}.wav" aria-label="{escape(title)}"></audio>
<p class="dim"><a href="{name}.wav">{name}.wav</a>, analyzed again: correlation {heard[name]:.3f}
with the piece</p></div>"""


def picture(name, caption):
    """Return a picture with words beneath it."""
    return (
        f'<figure><a href="{name}"><img src="{name}" alt="{escape(caption)}"></a>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def link(name, text):
    """Return a file as an item of a list."""
    return f'<li><a href="{name}">{name}</a>: {escape(text)}</li>'


def likelihoods(scores):
    """Return log-likelihoods as a table, the best in bold."""
    best = max(scores.values())
    rows = [
        f"<tr class='{'best' if value == best else 'other'}'><td>{escape(name)}</td>"
        f"<td class='figure'>{value:.2f}</td><td class='figure'>{-value / log(2):.2f}</td></tr>"
        for name, value in scores.items()
    ]
    head = "".join(f"<th class='figure'>{unit} a frame</th>" for unit in ("nats", "bits"))
    return f"<table><tr><th>log-likelihood</th>{head}</tr>{''.join(rows)}</table>"


def table(rows):
    """Return names and values as a table; dicts among them as lists to unfold."""
    cells = []
    for name, value in rows.items():
        shown = escape(str(value))
        if isinstance(value, dict):
            shown = f"<details><summary>show {len(value)}</summary>{table(value)}</details>"
        cells.append(f"<tr><th scope='row'>{escape(name)}</th><td>{shown}</td></tr>")
    return f"<table>{''.join(cells)}</table>"


def versions():
    """Return the versions of Python and of the packages that make a difference."""
    own = {"musicai": musicai.__version__, "Python": platform.python_version()}
    return own | {name: version(name) for name in PACKAGES}
