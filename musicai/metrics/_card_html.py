"""Conversion of a scorecard to HTML: a table with bars, and its style sheet."""

from html import escape

from ._figures import Figures, doubts
from ._words import COLUMNS, COPIES, DISTANCE, TOTAL, TOTAL_SAID, TRANSITIONS, WORDS, in_words

# Colors like those of Okabe and Ito, for color-blind people. Marks also differ in height.
_STYLE = """
.musicai-report{--ink:#1c2430;--dim:#5b6675;--line:#dfe3e8;--ground:#fff;--track:#eceff2;
--composed:#0072b2;--markov:#d55e00;--shuffled:#8a6d00;color:var(--ink);background:var(--ground);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;max-width:58rem;padding:1.1rem;
border:1px solid var(--line);border-radius:10px;box-sizing:border-box;overflow-x:auto}
@media (prefers-color-scheme:dark){.musicai-report{--ink:#e7ebf0;--dim:#9aa6b4;--line:#333c47;
--ground:#171c22;--track:#29313a;--composed:#56b4e9;--markov:#ff9c54;--shuffled:#d9bd4a}}
.musicai-report p{margin:.2rem 0 .7rem;color:var(--dim)}
.musicai-report .note{color:var(--ink);margin:.7rem 0 0}
.musicai-report .total{display:flex;align-items:baseline;gap:.6rem;flex-wrap:wrap;margin:0}
.musicai-report .total b{font-size:2.1rem;line-height:1.1;color:var(--composed)}
.musicai-report table{border-collapse:collapse;width:100%;margin:0;font:inherit;color:inherit}
.musicai-report th,.musicai-report td{background:none;border:0;border-top:1px solid var(--line);
padding:.34rem .5rem;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.musicai-report thead th{border:0;color:var(--dim);font-weight:600;font-size:.86em}
.musicai-report tr{background:none}
.musicai-report th[scope=row]{text-align:left;font-weight:500}
.musicai-report .sum th,.musicai-report .sum td{font-weight:700;border-top:2px solid var(--ink)}
.musicai-report .bar{width:30%;min-width:6.5rem}
.musicai-report .track{position:relative;height:.8rem;background:var(--track);border-radius:3px}
.musicai-report .track i{position:absolute;bottom:0}
.musicai-report .fill{left:0;top:.15rem;height:.5rem;background:var(--composed);border-radius:2px}
.musicai-report .mark{width:3px;margin-left:-1px;box-shadow:0 0 0 1px var(--ground)}
.musicai-report .ceiling{height:1.1rem;background:var(--ink)}
.musicai-report .markov{height:.8rem;background:var(--markov)}
.musicai-report .shuffled{height:.45rem;background:var(--shuffled)}
.musicai-report .key{white-space:nowrap;margin-left:.6rem}
.musicai-report .key i{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;
margin-right:.3rem;vertical-align:-.05rem}
.musicai-report .generated{background:var(--composed)}
.musicai-report thead .over{text-align:left;white-space:normal}
.musicai-report td.beside{color:var(--dim);font-size:.86em;text-align:left;white-space:normal}
.musicai-report dl{margin:.4rem 0 0;color:var(--dim)}
.musicai-report dt{color:var(--ink);font-weight:600;margin-top:.35rem}.musicai-report dd{margin:0}
.musicai-report summary{cursor:pointer;margin-top:.8rem;color:var(--dim)}
@media (max-width:640px){.musicai-report{padding:.8rem;font-size:13px}
.musicai-report .wide{display:none}.musicai-report th,.musicai-report td{padding:.3rem .3rem}}
"""


def as_html(card: Figures) -> str:
    """Return a scorecard as an ASCII HTML ``div``."""
    metrics = list(card.values["real"])
    totals = {name: f"{areas[TOTAL]:.2f}" for name, areas in card.overlaps.items()}
    distances = {name: f"{each:.3g}" for name, each in card.frechet_distances.items()}
    copies = {name: f"{each:.3f}" for name, each in card.memorization.items()}
    rows = [_row(card, name) for name in [*metrics, TRANSITIONS]]
    explained = [*metrics, TRANSITIONS, TOTAL, DISTANCE, COPIES]
    total = _row(card, TOTAL, said=TOTAL_SAID, look="sum")
    html = f"""<div class="musicai-report"><style>{_STYLE}</style>
<p class="total"><b>{totals["generated"]}</b> overlap of composed with real music; other real music
scores {totals["ceiling"]}, a Markov chain {totals["markov"]}, shuffled frames
{totals["shuffled"]}</p>
<p>{card.n_excerpts} excerpts of {card.n_frames / card.frame_rate:.0f} s from each set.
{" ".join(_key(name, said) for name, said in COLUMNS.items())}</p>
<table><thead>
<tr><th></th><th class="wide" colspan="2">mean ± deviation</th>
<th class="over" colspan="5">overlap with real, 0 to 1</th></tr>
<tr><th></th><th scope="col" class="wide">real</th><th scope="col" class="wide">composed</th>
<th></th>{"".join(_head(name) for name in COLUMNS)}</tr></thead>
<tbody>{"".join(rows)}</tbody>
<tbody>{total}
{_plain(DISTANCE, f"other real music {distances['ceiling']}", distances)}
{_plain(COPIES, f"held-out real music {copies['real']}", copies)}</tbody></table>
{"".join(f'<p class="note">Note: {escape(doubt)}.</p>' for doubt in doubts(card))}
<details><summary>What each figure catches, and what it is blind to</summary>
<dl>{"".join(map(_explained, explained))}</dl></details></div>
"""
    return html.encode("ascii", "xmlcharrefreplace").decode()


def _row(card: Figures, name: str, *, said: str | None = None, look: str | None = None) -> str:
    sets = [card.values[key] for key in ("real", "generated")]
    spreads = [in_words(name, values[name]) if name in values else "" for values in sets]
    areas = {key: overlaps[name] for key, overlaps in card.overlaps.items()}
    marks = "".join(
        f'<i class="mark {key}" style="left:{100 * areas[key]:.1f}%"></i>'
        for key in ("shuffled", "markov", "ceiling")
    )
    bar = f'<i class="fill" style="width:{100 * areas["generated"]:.1f}%"></i>{marks}'
    cells = "".join(f'<td class="wide">{escape(each)}</td>' for each in spreads)
    scores = "".join(f"<td{_class(key)}>{areas[key]:.2f}</td>" for key in COLUMNS)
    start = "<tr>" if look is None else f'<tr class="{look}">'
    return (
        f'{start}{_named(name, said)}{cells}<td class="bar"><div class="track">{bar}</div></td>'
        f"{scores}</tr>\n"
    )


def _plain(name: str, beside: str, figures: dict[str, str]) -> str:
    scores = "".join(f"<td{_class(key)}>{escape(figures.get(key, ''))}</td>" for key in COLUMNS)
    blanks = '<td class="wide"></td>' * 2
    return f'<tr>{_named(name)}{blanks}<td class="beside">{escape(beside)}</td>{scores}</tr>\n'


def _named(name: str, said: str | None = None) -> str:
    catches, blind_to = WORDS[name]
    title = f"Catches: {catches}. Blind to: {blind_to}."
    return f'<th scope="row" title="{escape(title)}">{escape(said or name)}</th>'


def _explained(name: str) -> str:
    catches, blind_to = map(escape, WORDS[name])
    return f"<dt>{escape(name)}</dt><dd>Catches {catches}. Blind to {blind_to}.</dd>\n"


def _head(name: str) -> str:
    return f'<th scope="col"{_class(name)}>{escape(COLUMNS[name])}</th>'


def _key(name: str, said: str) -> str:
    return f'<span class="key"><i class="{name}"></i>{escape(said)}</span>'


def _class(name: str) -> str:
    return "" if name == "generated" else ' class="wide"'
