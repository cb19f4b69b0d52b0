"""Tests of the benchmarks' listening test: the page that listeners use, and its results."""

import base64
import json
import re

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.listen.page import at_one_level, make_page, read_clips
from benchmarks.listen.read import duel, read_answers, share_of
from musicai.audio import write_audio

RATE = 22050
HEAD = "test,listener,trial,offered,chosen,seconds\r\n"


def noise(level, seed):
    samples = np.random.RandomState(seed).uniform(-level, level, (RATE // 2, 2))
    return samples.astype(np.float32), RATE


@pytest.fixture
def clips():
    return {
        kind: {f"{i:02d}": noise(level, i) for i in range(2)}
        for kind, level in (("band", 0.9), ("recording", 0.02), ("sines", 0.3))
    }


def data_of(page):
    text = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    return json.loads(text)


def test_the_listening_page_contains_every_clip_and_needs_no_network(clips):
    page = make_page(clips, of=3, n_trials=5, question="A </script> or B?")
    assert not re.search(r"(src|href)=|https?://|@import", page)
    test = data_of(page)
    assert (test["of"], test["trials"]) == (3, 5)
    assert test["question"] == "A </script> or B?"
    assert {kind: sorted(sounds) for kind, sounds in test["clips"].items()} == {
        kind: ["00", "01"] for kind in clips
    }
    for sounds in test["clips"].values():
        for uri in sounds.values():
            assert base64.b64decode(uri.removeprefix("data:audio/mpeg;base64,"))


def test_listening_pages_have_the_same_id_only_if_they_are_equal(clips):
    first = data_of(make_page(clips))["id"]
    assert data_of(make_page(clips))["id"] == first
    assert data_of(make_page(clips, question="Which one is louder?"))["id"] != first


def test_clips_are_set_to_equal_levels_without_clipping(clips):
    sounds = [sound for each in at_one_level(clips).values() for sound, _ in each.values()]
    levels = [np.sqrt(np.mean(sound**2)) for sound in sounds]
    assert np.allclose(levels, levels[0], rtol=1e-4)
    assert max(np.abs(sound).max() for sound in sounds) < 1


@pytest.mark.parametrize("of", [1, 4])
def test_a_page_that_would_compare_one_kind_or_too_many_kinds_is_refused(clips, of):
    with pytest.raises(ValueError, match="between 2 and the number of kinds, 3"):
        make_page(clips, of=of)


def test_clips_are_read_from_one_folder_per_kind(clips, tmp_path):
    with pytest.raises(ValueError, match="at least two subfolders"):
        read_clips(tmp_path)
    for kind, sounds in clips.items():
        (tmp_path / kind).mkdir()
        for name, sound in sounds.items():
            write_audio(tmp_path / kind / f"{name}.wav", *sound)
    (tmp_path / "notes").mkdir()
    assert {kind: list(each) for kind, each in read_clips(tmp_path).items()} == {
        kind: ["00", "01"] for kind in clips
    }
    write_audio(tmp_path / "band" / "02.wav", np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match="02 is silent"):
        read_clips(tmp_path)


@pytest.fixture
def table(tmp_path):
    def write(name, *rows, head=HEAD):
        path = tmp_path / name
        path.write_text(head + "".join(f"{row}\r\n" for row in rows), encoding="utf-8")
        return path

    return write


def test_intervals_of_shares_are_wilson_intervals(table):
    chosen = ["recording"] * 9 + ["band"] * 3
    rows = [f"t,ann,{i},recording/0;band/0,{kind}/0,3.1" for i, kind in enumerate(chosen)]
    answers = read_answers([table("ann.csv", *rows)])
    share = share_of("recording", answers)
    assert (share.chosen, share.offered, share.chance) == (9, 12, 0.5)
    interval = binomtest(9, 12).proportion_ci(method="wilson")
    assert (share.low, share.high) == (interval.low, interval.high)
    assert duel("band", "recording", answers) == (3, 9)


def test_answers_of_several_listeners_are_pooled(table):
    one = table("1.csv", 't,"Ann, B.",1,band/00;sines/01;recording/00,recording/00,2.0')
    other = table("2.csv", "t,cy,1,sines/00;band/01,band/01,9.9")
    answers = read_answers([one, other])
    assert answers[0].listener == "Ann, B."
    assert share_of("recording", answers).chance == pytest.approx(1 / 3)
    assert share_of("band", answers)[:2] == (1, 2)
    assert duel("band", "sines", answers) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["t,ann,1,band/00;sines/00,recording/00,1"], "line 2: 'recording/00' is not one of"),
        (["t,ann,1,band/00;sines/00,band/00,1"] * 2, "repeats trial 1 of listener ann"),
        (
            ["t,ann,1,band/00;sines/00,band/00,1", "u,ann,2,band/00;sines/00,band/00,1"],
            "belongs to test u, the files before it to test t",
        ),
    ],
)
def test_inconsistent_answers_are_refused(table, rows, message):
    with pytest.raises(ValueError, match=message):
        read_answers([table("ann.csv", *rows)])


def test_a_table_without_the_columns_of_answers_is_refused(table):
    path = table(
        "result.csv", "band,1,2,0.5,0.1,0.9", head="kind,chosen,offered,share,low,high\r\n"
    )
    with pytest.raises(ValueError, match="has no column 'test'; expected the answers"):
        read_answers([path])
