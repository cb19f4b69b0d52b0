import pickle
import pickletools

import joblib
import numpy as np
import pytest
import skops.io
import torch

from musicai import LSTMComposer, __version__


def through_pickle(composer, path):
    path.write_bytes(pickle.dumps(composer))
    return pickle.loads(path.read_bytes())


def through_joblib(composer, path):
    joblib.dump(composer, path)
    return joblib.load(path)


def through_skops(composer, path):
    skops.io.dump(composer, path)
    untrusted = skops.io.get_untrusted_types(file=path)
    assert untrusted == ["musicai.LSTMComposer"]
    return skops.io.load(path, trusted=untrusted)


@pytest.mark.parametrize("through", [through_pickle, through_joblib, through_skops])
def test_a_loaded_composer_gives_the_same_samples_and_scores(fitted, chroma, tmp_path, through):
    opened = through(fitted, tmp_path / "composer")
    for seed in (0, 1):
        np.testing.assert_array_equal(
            opened.sample(30, style="jazz", prime=chroma[0], random_state=seed),
            fitted.sample(30, style="jazz", prime=chroma[0], random_state=seed),
        )
    assert opened.score(chroma) == fitted.score(chroma)
    assert opened.loss_curve_ == fitted.loss_curve_


def test_a_pickle_holds_no_torch_objects(fitted, chroma):
    trained_on = pickle.loads(pickle.dumps(fitted)).partial_fit(chroma)
    names = {
        argument.split()[0]
        for opcode, argument, _ in pickletools.genops(pickle.dumps(trained_on, protocol=2))
        if opcode.name == "GLOBAL"
    }
    roots = {name.split(".")[0] for name in names}
    assert roots <= {"musicai", "numpy", "copy_reg", "_codecs", "__builtin__"}
    assert b"torch" not in pickle.dumps(trained_on)


def test_opening_a_file_from_a_newer_version_warns(fitted):
    data = pickle.dumps(fitted).replace(__version__.encode(), b"9" * len(__version__))
    with pytest.warns(UserWarning, match=rf"saved by musicai 9+ and is opened by {__version__}"):
        pickle.loads(data)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_composer_saved_for_a_gpu_works_without_one(fitted, chroma):
    saved = pickle.dumps(fitted).replace(b"auto", b"cuda")
    opened = pickle.loads(saved)
    assert opened.device == "cuda"
    with pytest.warns(UserWarning, match="no CUDA GPU here: the CPU is used"):
        score = opened.score(chroma)
    assert score == fitted.score(chroma)
    np.testing.assert_array_equal(
        opened.sample(10, random_state=0), fitted.sample(10, random_state=0)
    )


def test_an_unfitted_composer_can_be_pickled():
    assert pickle.loads(pickle.dumps(LSTMComposer(hidden_size=3))).hidden_size == 3
