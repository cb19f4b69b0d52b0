"""Whether model files that were tampered with are refused or give an estimator that works.

The script tests skops files and checkpoints, with the limits and the table of
``benchmarks/audio/fuzz.py``. It writes its own files: a skops file of each kind of fitted
estimator, and the checkpoint of an unfinished fit::

    python -m benchmarks.composer.fuzz_models --count 2000 --jobs 2

The checksums of a zip file reveal most of the damage that ``fuzz.py`` does to bytes. Therefore, two
more kinds of damage leave correct checksums: "array" changes an array (other numbers, NaN, a
different type, a shape that claims terabytes), and "plain" changes the JSON next to the arrays,
which names the types in the file.

A skops file is opened with the public names of this library's estimators as trusted types, and the
estimator is used: composers score, predict, compose and learn, baselines score or compose, and a
mosaic finds segments. A checkpoint is resumed. The outcomes are

- "read": the file could be opened, and using the estimator raised at most a ValueError;
- "refused": opening the file raised a ValueError or an error of skops itself, or the file holds no
  estimator;
- "error": any other exception;
- "values": the file made the process run a program, open a connection or write a file.
"""

import io
import json
import os
import resource
import sys
import time
import warnings
import zipfile
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.audio import fuzz
from benchmarks.audio.fuzz import Verdict
from benchmarks.common.damages import DAMAGES, Random

TRUSTED = [
    "musicai.ChromaExtractor",
    "musicai.LSTMComposer",
    "musicai.MosaicSynthesizer",
    "musicai.metrics.IndependentBaseline",
    "musicai.metrics.MarkovBaseline",
]
FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
SCALARS = (None, -1, 0, 1, 2**63, 1e308, "", "os", "system", "builtins", "eval", [], {}, True)
CLAIMS = ((2**40,), (2**20, 2**20), (0, 2**40), (-1,), ())


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def array(data: bytes, rng: Random, other: bytes) -> bytes:
    """Change the values, the type or the header of an array."""
    members = members_of(data)
    names = [name for name in members if name.endswith(".npy") and name != "plain.json.npy"]
    name = names[rng.integers(len(names))]
    values = np.load(io.BytesIO(members[name]))
    file = io.BytesIO()
    kind = rng.integers(5)
    if kind == 0:  # a header that claims more values than there are
        claim = {"descr": "<f4", "fortran_order": False, "shape": CLAIMS[rng.integers(len(CLAIMS))]}
        np.lib.format.write_array_header_1_0(file, claim)
        file.write(values.tobytes())
    elif kind == 1:
        types = ("f8", "f2", "i4", "c8", "U3", ">f4", "?")
        np.save(file, values.astype(types[rng.integers(len(types))]))
    elif kind == 2:
        np.save(file, values[:-1] if values.ndim else np.stack([values] * 2))
    else:
        extreme = rng.choice([np.nan, np.inf, -np.inf, 1e38, -1.0, 0.0])
        changed = np.array(values, np.float64)
        changed[rng.random(values.shape) < rng.random()] = extreme
        with np.errstate(all="ignore"):
            np.save(file, changed.astype(values.dtype))
    members[name] = file.getvalue()
    return zipped(members)


def plain(data: bytes, rng: Random, other: bytes) -> bytes:
    """Replace, remove or swap something in the JSON of a file."""
    members = members_of(data)
    checkpoint = "plain.json.npy" in members
    if checkpoint:
        text = np.load(io.BytesIO(members["plain.json.npy"])).tobytes()
    else:
        text = members["schema.json"]
    tree = json.loads(text)
    for _ in range(int(rng.integers(1, 4))):
        places = list(places_in(tree))
        inner, key = places[rng.integers(len(places))]
        if rng.random() < 0.2:
            del inner[key]
        elif rng.random() < 0.5:
            inner[key] = SCALARS[rng.integers(len(SCALARS))]
        else:
            elsewhere, other_key = places[rng.integers(len(places))]
            inner[key] = json.loads(json.dumps(elsewhere[other_key]))
    text = json.dumps(tree).encode()
    if checkpoint:
        file = io.BytesIO()
        np.save(file, np.frombuffer(text, np.uint8))
        members["plain.json.npy"] = file.getvalue()
    else:
        members["schema.json"] = text
    return zipped(members)


def places_in(tree):
    """Yield every place in nested dictionaries and lists, as its container and its key or index."""
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        if key == "fingerprint":  # a file with a wrong fingerprint is refused
            continue
        yield tree, key
        if isinstance(value, dict | list):
            yield from places_in(value)


def serve(connection: Connection) -> None:
    """Open and use files whose names arrive over a connection; runs in a separate process."""
    from musicai import LSTMComposer

    LSTMComposer(hidden_size=4, max_iter=1).fit(pieces()).sample(3)
    caught: list[str] = []
    watching = False

    def watch(event: str, arguments: tuple) -> None:
        if not watching:
            return
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "wax"
        if event.startswith(FORBIDDEN) or writes:
            caught.append(f"{event} {arguments[:1]}")

    sys.addaudithook(watch)
    fuzz.limit_memory()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while path := connection.recv():
        start = time.perf_counter()
        checkpoint = path.endswith(".npz")
        watching = not checkpoint  # a fit writes and removes its own checkpoint
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            verdict = go_on_from(path) if checkpoint else open_and_use(path)
        watching = False
        if caught:
            verdict = Verdict("values", detail="; ".join(caught))
            caught.clear()
        megabytes = fuzz.peak_megabytes(resource.RUSAGE_SELF)
        seconds = time.perf_counter() - start
        connection.send(verdict._replace(megabytes=megabytes, seconds=seconds))


def open_and_use(path: str) -> Verdict:
    import skops.io

    try:
        estimator = skops.io.load(path, trusted=TRUSTED)
    except ValueError as error:
        return Verdict("refused", detail=str(error))
    except Exception as error:
        # For files that are not in its format, skops raises various exceptions of its own.
        ours = any("musicai" in name for name in frames_of(error))
        return Verdict("error" if ours else "refused", detail=f"{type(error).__name__}: {error}")
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return Verdict("refused", detail=f"it holds no estimator but {estimator!r}")
    for use in ("score", "predict", "sample", "segments", "partial_fit"):
        if not hasattr(estimator, use):
            continue
        arguments = {"sample": (4,)}.get(use, (pieces(),))
        try:
            getattr(estimator, use)(*arguments)
        except ValueError:
            continue
        except Exception as error:
            return Verdict("error", detail=f"{use}: {type(error).__name__}: {error}")
    return Verdict("read")


def go_on_from(path: str) -> Verdict:
    try:
        unfinished(path).fit(pieces())
    except ValueError as error:
        return Verdict("refused", detail=str(error))
    except Exception as error:
        return Verdict("error", detail=f"{type(error).__name__}: {error}")
    finally:
        # The caller removes the file, which a completed fit has already done.
        Path(path).touch()
    return Verdict("read")


def frames_of(error: BaseException) -> list[str]:
    names = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return [name for name in names if "fuzz_models" not in name]


def pieces() -> list[np.ndarray]:
    rng = np.random.RandomState(0)
    return [rng.random_sample((20, 12)).astype(np.float32) for _ in range(4)]


def unfinished(path):
    from musicai import LSTMComposer

    return LSTMComposer(
        hidden_size=4,
        batch_size=2,
        max_iter=3,
        early_stopping=False,
        random_state=0,
        checkpoint=path,
    )


def make_sources(folder: Path) -> list[Path]:
    """Write a skops file of each kind of estimator, and a checkpoint."""
    import skops.io

    from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
    from musicai.composer._checkpoint import Checkpoint
    from musicai.metrics import IndependentBaseline, MarkovBaseline

    options = {"hidden_size": 4, "max_iter": 1, "random_state": 0}
    styles = ["folk", "jazz"] * 2
    tones = [(np.sin(np.arange(8000) * pitch).astype(np.float32), 8000) for pitch in (0.3, 0.4)]
    made = {
        "chroma": LSTMComposer(**options).partial_fit(pieces(), styles),
        "gaussian": LSTMComposer(**options, emission="gaussian").fit(pieces(), styles),
        "bernoulli": LSTMComposer(**options).fit([piece > 0.5 for piece in pieces()]),
        "markov": MarkovBaseline(4, random_state=0).fit(pieces(), styles),
        "independent": IndependentBaseline(n_levels=4).fit(pieces()),
        "mosaic": MosaicSynthesizer(ChromaExtractor(sr=8000), sr=8000).fit(tones),
    }
    for name, estimator in made.items():
        skops.io.dump(estimator, folder / f"{name}.skops")
    LSTMComposer._seconds_between_checkpoints = 0.0
    Checkpoint.remove = lambda self: None
    unfinished(folder / "fit.npz").fit(pieces())
    return sorted([*folder.glob("*.skops"), folder / "fit.npz"])


if __name__ == "__main__":
    # Half of the files get kinds of damage that correct the checksums.
    damages = (array, plain, array, plain, *DAMAGES[:4])
    sys.exit(fuzz.main(__doc__, serve, make_sources, damages))
