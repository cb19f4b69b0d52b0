"""Results of listening tests: how often each kind was chosen, with binomial intervals.

    python -m benchmarks.listen.read answers-*.csv

The tables come from a page of `benchmarks.listen.page`, one per listener. The script prints

- for each kind: how often it was chosen when offered, the 95% Wilson interval, and chance
- for each pair of kinds: how often each was chosen in trials that offered both, and the p-value of
  a two-sided exact binomial test

The intervals assume that all answers are independent. Answers of the same listener are correlated,
so with few listeners the intervals are too narrow.
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from scipy.stats import binomtest

from benchmarks.common.music import print_table

COLUMNS = ("test", "listener", "trial", "offered", "chosen")


class Answer(NamedTuple):
    """One choice of a listener."""

    test: str
    listener: str
    trial: str
    offered: tuple[str, ...]  # kinds
    chosen: str


class Share(NamedTuple):
    """How often a kind was chosen, with an interval and chance."""

    chosen: int
    offered: int
    low: float
    high: float
    chance: float


def read_answers(paths: Iterable[Path]) -> list[Answer]:
    """Read the answers of several listeners to one test.

    Raises
    ------
    ValueError
        If a file is not a table of answers, has a choice that was not offered, repeats an answer,
        or belongs to a different test than the files before it.
    """
    answers: list[Answer] = []
    seen: set[tuple[str, str]] = set()
    for path in paths:
        for answer in _rows(path):
            if answers and answer.test != answers[0].test:
                raise ValueError(
                    f"{path} belongs to test {answer.test}, the files before it to test "
                    f"{answers[0].test}; read the tables of each test separately."
                )
            if (answer.listener, answer.trial) in seen:
                raise ValueError(
                    f"{path} repeats trial {answer.trial} of listener {answer.listener}; pass each "
                    "table once, and give each listener a different name."
                )
            seen.add((answer.listener, answer.trial))
            answers.append(answer)
    return answers


def _rows(path: Path) -> Iterable[Answer]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path} has no column {missing[0]!r}; expected the answers that the page saves."
            )
        for row in table:
            offered = (row["offered"] or "").split(";")
            if row["chosen"] not in offered:
                raise ValueError(
                    f"{path}, line {table.line_num}: {row['chosen']!r} is not one of the clips "
                    f"offered, {row['offered']!r}."
                )
            kinds = tuple(clip.rpartition("/")[0] for clip in offered)
            chosen = row["chosen"].rpartition("/")[0]
            yield Answer(row["test"], row["listener"], row["trial"], kinds, chosen)


def kinds_of(answers: Sequence[Answer]) -> list[str]:
    """Return the sorted kinds that were offered."""
    return sorted({kind for answer in answers for kind in answer.offered})


def share_of(kind: str, answers: Sequence[Answer]) -> Share:
    """Return how often a kind was chosen when it was offered.

    Parameters
    ----------
    kind : str
        One of `kinds_of`.
    answers : sequence of Answer
        Answers of any number of listeners.
    """
    among = [answer for answer in answers if kind in answer.offered]
    chosen = sum(answer.chosen == kind for answer in among)
    interval = binomtest(chosen, len(among)).proportion_ci(method="wilson")
    chance = sum(1 / len(answer.offered) for answer in among) / len(among)
    return Share(chosen, len(among), float(interval.low), float(interval.high), chance)


def duel(one: str, other: str, answers: Sequence[Answer]) -> tuple[int, int]:
    """Return how often each of two kinds was chosen when both were offered."""
    both = [answer.chosen for answer in answers if {one, other} <= set(answer.offered)]
    return both.count(one), both.count(other)


def main() -> None:
    """Read tables and print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="+", metavar="TABLE", type=Path)
    answers = read_answers(parser.parse_args().tables)
    if not answers:
        parser.error("the tables have no answers; save them at the end of the test")
    kinds = kinds_of(answers)
    listeners = {answer.listener for answer in answers}
    print(f"test {answers[0].test}: {len(listeners)} listeners, {len(answers)} answers")
    shares = {kind: share_of(kind, answers) for kind in kinds}
    print_table(
        ["kind", "chosen", "offered", "share", "95% interval", "chance"],
        [
            (
                kind,
                str(share.chosen),
                str(share.offered),
                share.chosen / share.offered,
                f"{share.low:.2f} to {share.high:.2f}",
                share.chance,
            )
            for kind, share in shares.items()
        ],
    )
    duels = {pair: duel(*pair, answers) for pair in combinations(kinds, 2)}
    print_table(
        ["offered together", "first chosen", "second chosen", "p, if equally good"],
        [
            (" / ".join(pair), str(first), str(second), binomtest(first, first + second).pvalue)
            for pair, (first, second) in duels.items()
            if first + second
        ],
    )


if __name__ == "__main__":
    main()
