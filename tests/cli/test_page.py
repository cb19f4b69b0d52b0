"""The page of `musicai compose` shows all results and escapes names."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from musicai.cli import _page
from musicai.metrics import report

HOSTILE = """</p><script>alert("x")</script> & 'quotes' "too" \udcff"""
SOUNDS = ("composed", "continued")
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Reader(HTMLParser):
    """Collect the elements of a page; fail at an end tag that does not match its start tag."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.tags, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(path):
    """Return the parsed page; fail if an element is not closed."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert not reader.open
    return reader


@pytest.fixture
def write_page(tmp_path):
    """Write the audio files to which a page links, and return a function that writes the page."""
    for name in SOUNDS:
        for end in ("", "_band"):
            soundfile.write(tmp_path / f"{name}{end}.wav", np.sin(np.arange(8000)) / 2, 4000)

    def write(out, *, sounds, **facts):
        _page.write_page(out, sounds=[_page.Sound(**each) for each in sounds], **facts)

    return write


@pytest.fixture(scope="module")
def card():
    rng = np.random.default_rng(0)
    sets = [[rng.random((220, 12)) for _ in range(3)] for _ in range(3)]
    with pytest.warns(UserWarning, match="too few excerpts"):
        return report(*sets, timing=10.77)


def facts(card, text="so", style=None, beats=()):
    sound = {
        "style": style,
        "beats": list(beats),
        "beats_per_bar": 2 if beats else None,
        "tempo": 120.0 if beats else None,
        "correlation": 0.5,
        "chart": text,
    }
    return {
        "summary": text,
        "warnings": [text],
        "sounds": [
            {"name": "composed", "intro_seconds": 0.0, **sound},
            {"name": "continued", "intro_seconds": 10.0, **sound},
        ],
        "source": text,
        "scores": {"composer": -36.9, text: -43.4},
        "card": card,
        "settings": {"Seed": 0, text: text, "Composer": {text: text, "hidden_size": 64}},
    }


def test_the_page_is_complete_html(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card))
    page = read(tmp_path / "index.html")
    assert {f"{name}{end}.wav" for name in SOUNDS for end in ("", "_band")} <= set(page.links)
    assert page.tags.count("audio") == 2 * len(SOUNDS)
    assert not {"iframe", "link"} & set(page.tags)
    for shown in (
        "-36.90",
        "hidden_size",
        "geometric mean",
        "torch",
        "correlation 0.500",
        "The best prediction is in bold",
        "few excerpts",
    ):
        assert shown in page.text


def test_warnings_come_before_the_music(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card) | {"warnings": ["Learned little.", "Few recordings."]})
    text = read(tmp_path / "index.html").text
    assert text.index("Learned little.") < text.index("Few recordings.") < text.index("A new piece")


def test_the_page_names_the_style_of_a_piece(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card))
    assert "A new piece: " not in read(tmp_path / "index.html").text
    write_page(tmp_path, **facts(card, style="jazz"))
    assert "A new piece: jazz" in read(tmp_path / "index.html").text


def test_beats_are_drawn_over_the_waveform(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card))
    assert "Click track" not in read(tmp_path / "index.html").text
    write_page(tmp_path, **facts(card, beats=(0.0, 0.5, 1.0, 1.5)))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("data-beats='[0.0, 0.5, 1.0, 1.5]' data-beats-per-bar='2'") == len(SOUNDS)
    places = re.findall(r"<line( class='bar')? x1='([\d.]+)'", page)
    assert places[:4] == [
        (" class='bar'", "0.0"),
        ("", "150.0"),
        (" class='bar'", "300.0"),
        ("", "450.0"),
    ]
    assert "120 beats per minute, 2 beats in a bar" in page
    read(tmp_path / "index.html")


def test_the_best_prediction_is_bold(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card) | {"scores": {"composer": -50.0, "baseline": -43.4}})
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<tr class='best'><td>baseline" in page
    assert page.count("class='best'") == 1


def test_the_page_needs_no_network(write_page, card, tmp_path):
    write_page(tmp_path, **facts(card))
    page = read(tmp_path / "index.html")
    assert not [link for link in page.links if not re.fullmatch(r"\w+\.\w+", link)]
    assert "url(" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "@import" not in page.text


def test_names_with_html_are_escaped(write_page, tmp_path):
    write_page(tmp_path, **facts("harmless"))
    harmless = read(tmp_path / "index.html")
    write_page(tmp_path, **facts(HOSTILE, HOSTILE, HOSTILE))
    hostile = read(tmp_path / "index.html")
    assert hostile.tags == harmless.tags
    assert hostile.text.count("""</p><script>alert("x")</script> & 'quotes' "too" \\udcff""") == 12
