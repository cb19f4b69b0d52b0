"""What a figure catches is said on the card and in docs/guide/judging.md, in the same words."""

from pathlib import Path

import pytest

from musicai import metrics
from musicai.metrics._words import TOTAL, TRANSITIONS, WORDS

PAGE = Path(metrics.__file__).parents[2] / "docs" / "guide" / "judging.md"


@pytest.fixture(scope="module")
def table():
    """Cells of the table of all metrics, by the name of the metric."""
    rows = PAGE.read_text().split("## All metrics")[1].split("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


@pytest.mark.parametrize("name", [name for name in WORDS if name != TOTAL])
def test_the_page_says_what_the_card_says(name, table):
    assert table[name][2:4] == list(WORDS[name])


def test_the_total_is_blind_to_what_realism_is_blind_to(table):
    assert table["realism"][3] == WORDS[TOTAL].blind_to


def test_what_is_marked_is_in_the_total(table):
    marked = [name for name, cells in table.items() if cells[0] == "r"]
    assert marked == [*metrics.REALISM_METRICS, TRANSITIONS]
    assert set(marked) <= set(WORDS)
