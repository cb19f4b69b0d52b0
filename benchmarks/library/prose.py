"""Draw text of the project at random, for a reader who judges how it reads.

    python -m benchmarks.library.prose [--seed 0]

Print 60 items, each with its file and line: 26 docstrings and 10 comments of musicai and its
examples, 16 paragraphs of the README and the docs, and 8 names of tests. The reader counts those
that need a second reading, or that a fluent writer would word differently.
"""

import argparse
import ast
import json
import random
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_WRITTEN = ("_build", "gallery", "generated", "out")
"""Folders whose files are written by builds."""
DIRECTIVE = re.compile(r"#\s*(noqa|type:|mypy:|fmt:|ruff:|pragma|!|%%)")
"""Comments that are addressed to programs."""
FENCED = re.compile(
    r"^(?:(`{3,}|:{3,}|---$).*?^\1[ \t]*$|\$\$.*?\$\$[ \t]*$)", re.MULTILINE | re.DOTALL
)
"""Code blocks, directives, formulas and front matter."""
ITEM = re.compile(r"^(?=(?:[-*] |\d+\. ))", re.MULTILINE)
LEAST_WORDS = 8
"""Smallest number of words of a paragraph; a shorter one is a label or a link."""


@dataclass(frozen=True)
class Item:
    """One text, with its file and line."""

    place: str
    text: str


def files(*patterns: str) -> list[Path]:
    """Return the project's files that match a pattern, except those written by builds."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(path for path in found if not set(path.relative_to(ROOT).parts) & {*NOT_WRITTEN})


def place(path: Path, line: int, name: str = "") -> str:
    """Return the place of a text as `file:line name`."""
    return f"{path.relative_to(ROOT)}:{line} {name}".rstrip()


def docstrings(path: Path) -> Iterator[Item]:
    """Yield the docstrings of a module, its classes, functions and attributes."""

    def walk(node: ast.AST, name: str) -> Iterator[Item]:
        body = getattr(node, "body", [])
        for number, child in enumerate(body if isinstance(body, list) else []):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from walk(child, f"{name}.{child.name}".lstrip("."))
            elif isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                if not isinstance(child.value.value, str):
                    continue
                previous = body[number - 1] if number else None
                attribute = ast.unparse(previous).split("=")[0].strip() if previous else ""
                of = f"{name}.{attribute}".strip(".")
                yield Item(place(path, child.lineno, of), cleandoc(child.value.value))

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), "")


def comments(path: Path) -> Iterator[Item]:
    """Yield the comments of a file, each with the next line of code; join consecutive lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT]
    alone = {t.start[0] for t in tokens if t.line.lstrip().startswith("#")}
    for token in tokens:
        line = token.start[0]
        if DIRECTIVE.match(token.string) or (line in alone and line - 1 in alone):
            continue
        last = line
        while line in alone and last + 1 in alone:
            last += 1
        about = lines[last : last + 1] if line in alone else []
        yield Item(place(path, line), cleandoc("\n".join([*lines[line - 1 : last], *about])))


def paragraphs(path: Path) -> Iterator[Item]:
    """Yield the paragraphs and list items of a page or a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    text = FENCED.sub(lambda block: "\n" * block[0].count("\n"), text)
    for block in re.finditer(r"(?:^.*\S.*\n?)+", text, re.MULTILINE):
        line = text.count("\n", 0, block.start()) + 1
        for part in ITEM.split(block[0]):
            start, line = line, line + part.count("\n")
            if part.startswith(("#", "|", "<", "![")) or len(part.split()) < LEAST_WORDS:
                continue
            yield Item(place(path, start), part.rstrip())


def test_names(path: Path) -> Iterator[Item]:
    """Yield the names of the tests in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Item(place(path, node.lineno), node.name)


CODE = ("musicai/**/*.py", "examples/*.py")
PAGES = ("README.md", "docs/**/*.md", "docs/**/*.ipynb")
KINDS = (
    ("docstring", 26, docstrings, CODE),
    ("comment", 10, comments, CODE),
    ("paragraph", 16, paragraphs, PAGES),
    ("test name", 8, test_names, ("tests/**/*.py",)),
)


def main() -> None:
    """Print the items."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    rng = random.Random(parser.parse_args().seed)
    number = 0
    for kind, n_items, read, patterns in KINDS:
        found = [item for path in files(*patterns) for item in read(path)]
        for item in rng.sample(found, n_items):
            number += 1
            indented = item.text.replace("\n", "\n    ")
            print(f"{number}. {kind}, {item.place}\n\n    {indented}\n")


if __name__ == "__main__":
    main()
