"""Every public name is in the API reference, with complete documentation."""

import dataclasses
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import musicai

ROOT = Path(musicai.__file__).parents[1]
REFERENCE = ROOT / "docs" / "api"
ROOMS = sorted(
    room
    for room in (path.parent.name for path in (ROOT / "musicai").glob("*/__init__.py"))
    if hasattr(importlib.import_module(f"musicai.{room}"), "__all__")  # shared rooms have none
)

# The checks of numpydoc that every docstring must pass. The other checks are also made by ruff,
# require a final period, or require sections that not every object needs.
CHECKS = {
    *("GL06", "GL07", "GL08", "GL10"),  # sections are known and in order; there is a docstring
    *("SS01", "SS02", "SS04"),  # there is a summary
    *("PR01", "PR02", "PR03", "PR04", "PR07", "PR10"),  # all parameters have types and descriptions
    *("RT01", "RT03", "YD01"),  # results are described
}


def public_names():
    """Return the dotted names of all public objects, each in the module that users import."""
    modules = [musicai, *(importlib.import_module(f"musicai.{room}") for room in ROOMS)]
    named = {}  # by identity, because estimators are both in a room and in musicai
    for module in modules:
        for name in module.__all__:
            named.setdefault(id(getattr(module, name)), f"{module.__name__}.{name}")
    return sorted(set(named.values()) - {"musicai.__version__"})


def look_up(name):
    """Return the object with a dotted name."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def listed_in(page):
    """Yield the dotted names that the tables of a reference page list."""
    module = "musicai"
    for line in page.read_text(encoding="utf-8").splitlines():
        if begin := re.match(r"\.\. (?:automodule|currentmodule):: (\S+)", line):
            module = begin[1]
        elif entry := re.match(r"   (\w+)$", line):
            yield f"{module}.{entry[1]}"


def methods():
    """Yield the dotted names of the documented public methods that musicai's classes define."""
    for name in CALLABLE:
        public = look_up(name)
        if inspect.isclass(public):
            for base in public.__mro__:
                if base.__module__.startswith("musicai"):
                    for method, value in vars(base).items():
                        function = getattr(value, "__func__", value)
                        ours = inspect.isfunction(function) and function.__doc__
                        if ours and not re.match(r"_|set_\w+_request|get_metadata_r", method):
                            yield f"{name}.{method}"


PUBLIC = public_names()
CALLABLE = [name for name in PUBLIC if callable(look_up(name))]
METHODS = sorted(set(methods()))
ESTIMATORS = ["ChromaExtractor", "LSTMComposer", "MosaicSynthesizer", "PianoRollExtractor"]
FETCHED = {f"musicai.datasets.{name}" for name in ("fetch_polyphonic", "fetch_recordings")} | {
    "musicai.datasets.load_chorales"  # rendering the chorales takes minutes
}


def test_the_api_reference_lists_every_public_name_once():
    pages = [path for path in REFERENCE.glob("*.md") if path.stem != "index"]
    assert {path.stem for path in pages} == {*ROOMS, "timing", "versions"}
    listed = sorted(name for page in pages for name in listed_in(page))
    assert listed == PUBLIC


def test_the_index_of_the_api_reference_links_to_every_package():
    index = (REFERENCE / "index.md").read_text(encoding="utf-8")
    for room in ROOMS:
        assert f"[musicai.{room}]({room}.md)" in index
        assert re.search(rf"^{room}$", index, re.MULTILINE), "not in the toctree"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # from packages that numpydoc imports
@pytest.mark.parametrize("name", [*CALLABLE, *METHODS])
def test_docstrings_are_complete(name, monkeypatch):
    numpydoc = pytest.importorskip("numpydoc.validate")
    # Python 3.13 would look for the class in the file of the module that `__module__` names.
    monkeypatch.setattr(numpydoc.Validator, "source_file_def_line", None)
    errors = numpydoc.validate(name)["errors"]
    assert not [f"{code}: {said}" for code, said in errors if code in checks_of(name)]


def checks_of(name):
    """Return the checks for a name; tuples and dataclasses need not document parameters."""
    return CHECKS - {"PR01"} if name in CALLABLE and fields(look_up(name)) else CHECKS


def fields(public):
    """Return the names of the fields of a named tuple or dataclass."""
    if dataclasses.is_dataclass(public):
        return [field.name for field in dataclasses.fields(public)]
    return getattr(public, "_fields", ())


@pytest.mark.parametrize("name", [name for name in CALLABLE if fields(look_up(name))])
def test_all_fields_of_tuples_and_dataclasses_are_documented(name):
    public = look_up(name)
    told = re.findall(r"^    ([\w, ]+) : ", inspect.getdoc(public).partition("Attributes")[2], re.M)
    told = told or re.findall(r"^([\w, ]+) : ", inspect.getdoc(public), re.M)
    assert set(fields(public)) <= {each for names in told for each in names.split(", ")}


def examples_in(name):
    """Return the examples in the docstring itself, which the doctests run."""
    public = look_up(name.rpartition(".")[0]) if name in METHODS else look_up(name)
    if name in METHODS:
        public = getattr(public, name.rpartition(".")[2])
    return doctest.DocTestParser().get_examples(public.__doc__)


@pytest.mark.parametrize("name", CALLABLE)
def test_every_public_callable_has_an_example_and_only_slow_loaders_skip_it(name):
    examples = examples_in(name)
    assert examples
    skipped = any(example.options.get(doctest.SKIP) for example in examples)
    assert skipped == (name in FETCHED), "only loaders that download or render may skip it"
    made_by_others = fields(look_up(name))
    assert made_by_others or any(name.rpartition(".")[2] in each.source for each in examples)


@pytest.mark.parametrize(
    "name",
    [
        f"musicai.{estimator}.{method}"
        for estimator in ESTIMATORS
        for method in vars(getattr(musicai, estimator))
        if f"musicai.{estimator}.{method}" in METHODS
    ],
)
def test_methods_of_estimators_have_examples(name):
    method = name.rpartition(".")[2]
    assert any(f".{method}(" in example.source for example in examples_in(name))
