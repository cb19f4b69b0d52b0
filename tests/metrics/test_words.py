"""The card and docs/guide/judging.md describe each figure in the same words."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from musicai import metrics

pytestmark = pytest.mark.filterwarnings("ignore:held-out music is in the training music")
IN_THE_TOTAL = [*metrics.REALISM_METRICS, "transition_matrix"]
PAGE = Path(metrics.__file__).parents[2] / "docs" / "guide" / "judging.md"


@pytest.fixture(scope="module")
def table():
    """Return the cells of each row in the page's table of metrics, by the name of the metric."""
    rows = PAGE.read_text().split("## All metrics")[1].split("\n## ")[0].splitlines()
    rows = [row.strip("|").split("|") for row in rows if row.startswith("| `")]
    return {name.strip(" `"): [cell.strip() for cell in cells] for name, *cells in rows}


@pytest.fixture(scope="module")
def said(card):
    """Return the card's descriptions of the faults that each figure catches and misses."""
    explained = ElementTree.fromstring(card.to_html()).find("details/dl")
    return {
        name.text: re.fullmatch(r"Catches (.+)\. Blind to (.+)\.", words.text).groups()
        for name, words in zip(explained[::2], explained[1::2], strict=True)
    }


def test_the_judging_page_describes_each_figure_like_the_scorecard(said, table):
    assert {*said} == {*IN_THE_TOTAL, "overlap_area", "frechet_distance", "memorization"}
    for name, words in said.items():
        if name != "overlap_area":  # the total; the page calls it realism
            assert tuple(table[name][2:4]) == words


def test_the_total_and_realism_have_the_same_blind_spots(said, table):
    assert table["realism"][3] == said["overlap_area"][1]


def test_the_judging_page_marks_the_metrics_in_the_total(table):
    marked = [name for name, cells in table.items() if cells[0] == "r"]
    assert marked == IN_THE_TOTAL
