"""Tests of the web service in the guide's page on serving."""

import re
from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline

import musicai
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer

pytest.importorskip("fastapi", reason="FastAPI is no dependency")
testclient = pytest.importorskip("fastapi.testclient", reason="FastAPI's client needs httpx")

PAGE = Path(musicai.__file__).parents[1] / "docs" / "guide" / "serving.md"
CODE = re.search(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[
    1
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    (folder / "recordings").mkdir()
    time = np.arange(22050) / 22050
    paths = []
    for seed in range(3):
        tones = 220 * 2 ** (np.random.default_rng(seed).integers(12, size=(12, 3)) / 12)
        chords = [np.sin(2 * np.pi * chord[:, None] * time).sum(0) for chord in tones]
        paths.append(folder / "recordings" / f"{seed}.wav")
        soundfile.write(paths[-1], 0.2 * np.concatenate(chords), 22050)
    extractor = ChromaExtractor()
    pipe = make_pipeline(extractor, LSTMComposer(hidden_size=8, max_iter=1, random_state=0))
    pipe.fit(paths, ["folk", "folk", "jazz"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        joblib.dump(pipe[-1], "composer.joblib")
        joblib.dump(
            MosaicSynthesizer(extractor).fit(paths, ["folk", "folk", "jazz"]), "mosaic.joblib"
        )
        namespace = {}
        exec(compile(CODE, str(PAGE), "exec"), namespace)
        yield testclient.TestClient(namespace["app"])


def test_a_batch_contains_the_piece_of_each_seed(client):
    both = client.get("/chroma?seed=3&seed=4&n_frames=20").json()
    assert np.shape(both) == (2, 20, 12)
    assert both[1] == client.get("/chroma?seed=4&n_frames=20").json()[0]


def test_the_server_returns_valid_midi_and_reproducible_audio(client):
    midi = client.get("/midi?seed=1&n_frames=40&style=folk&key=G")
    assert midi.content.startswith(b"MThd")
    for path in ("/band.wav", "/mosaic.wav"):
        answers = [client.get(f"{path}?seed=1&n_frames=40&style=folk&key=G") for _ in range(2)]
        assert answers[0].content == answers[1].content
        samples, sr = soundfile.read(BytesIO(answers[0].content))
        assert 3 < len(samples) / sr < 5


def test_invalid_requests_are_refused_with_an_explanation(client):
    answer = client.get("/midi?seed=1&style=polka")
    assert answer.status_code == 422
    assert "polka" in answer.json()["detail"]
    assert client.get("/midi?seed=1&n_frames=1000000").status_code == 422
