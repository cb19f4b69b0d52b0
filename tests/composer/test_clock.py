"""Composed pieces have the tempo and meter of the training pieces."""

import pickle

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor, LSTMComposer, Timing
from musicai.metrics import realism
from musicai.render import chroma_to_midi

from .conftest import make_chroma


def small(**changes):
    return LSTMComposer(**{"hidden_size": 4, "max_iter": 1, "random_state": 0, **changes})


def measured(tempo, n_frames, **meter):
    """Return a timing of half-beats at a constant tempo, made from times like a tracker's."""
    return Timing.from_beats(np.arange(n_frames + 1) * 30 / tempo, frames_per_beat=2, **meter)


@pytest.fixture(scope="module")
def in_two_tempi(chroma, styles):
    tempi = {"folk": [80, 80, 80, 300], "jazz": [125, 125, 125, 60]}
    timings = [measured(tempi[style][i // 2], len(chroma[i])) for i, style in enumerate(styles)]
    return small().fit(chroma, styles, timing=timings)


def test_composed_frames_have_the_frame_rate_of_training(chroma):
    extractor = ChromaExtractor(hop_length=1024)
    composer = small().fit(chroma, timing=extractor)
    assert composer.timing == extractor.timing
    assert small().fit(chroma, timing=10.5).timing == Timing.from_rate(10.5)


def test_composed_pieces_have_the_timing_that_all_training_pieces_share(chroma):
    timing = Timing.from_tempo(96.3, frames_per_beat=4, beats_per_bar=3)
    assert small().fit(chroma, timing=timing).timing == timing


def test_a_style_has_the_median_tempo_of_its_pieces(in_two_tempi):
    assert in_two_tempi.timing_of("folk").tempo == pytest.approx(80)
    assert in_two_tempi.timing_of("jazz").tempo == pytest.approx(125)
    assert in_two_tempi.timing_of("jazz").frames_per_beat == 2
    assert in_two_tempi.timing == in_two_tempi.timing_of(None)
    assert 60 < in_two_tempi.timing.tempo < 300


def test_a_blend_of_styles_has_the_weighted_geometric_mean_of_their_tempi(in_two_tempi):
    blend = in_two_tempi.timing_of({"folk": 3, "jazz": 1})
    assert blend.tempo == pytest.approx(80**0.75 * 125**0.25)
    with pytest.raises(ValueError, match="unknown style 'rock'"):
        in_two_tempi.timing_of("rock")


def test_the_meter_is_that_of_most_training_frames(chroma):
    timings = [measured(100, len(piece), beats_per_bar=3) for piece in chroma]
    timings[0] = measured(100, len(chroma[0]), beats_per_bar=4)
    assert small().fit(chroma, timing=timings).timing.beats_per_bar == 3


@pytest.mark.parametrize(("downbeat", "start"), [(None, 1), (0, 1), (1, 3)])
@pytest.mark.parametrize("labels", ["piece", "frames", None])
def test_training_on_measured_beats_starts_at_the_first_bar_line(downbeat, start, labels, chroma):
    timings, parts = [], []
    y = {"piece": ["a", "b"] * len(chroma), "frames": None, None: None}[labels]
    y = y and y[: len(chroma)]
    if labels == "frames":
        y = [np.array(["a", "b"] * len(piece))[: len(piece)] for piece in chroma]
    for piece in chroma:
        beats = np.concatenate([[-0.2], np.arange(len(piece)) / 2])
        timing = Timing.from_beats(
            0.6 * (beats + 0.2), beats=beats, frames_per_beat=2, downbeat=downbeat
        )
        timings.append(timing)
        parts.append(timing[start:])
    whole = small().fit(chroma, y, timing=timings)
    rest = [each[start:] for each in y] if labels == "frames" else y
    part = small().fit([piece[start:] for piece in chroma], rest, timing=parts)
    np.testing.assert_array_equal(whole.sample(8, random_state=0), part.sample(8, random_state=0))


def test_beats_without_a_tempo_cannot_be_rendered(chroma):
    composer = small().fit(chroma, timing=ChromaExtractor(sync="half-beat"))
    piece = composer.sample(16, random_state=0)
    with pytest.raises(ValueError, match=r"beats have no tempo: .* frames_per_beat=2"):
        chroma_to_midi(piece, timing=composer)
    chroma_to_midi(piece, timing=composer.timing.at_tempo(96))


def test_a_composer_can_be_passed_as_timing(chroma):
    composer = small().fit(chroma, timing=Timing.from_tempo(120))
    music = chroma_to_midi(composer.sample(16, random_state=0), timing=composer)
    assert music.get_end_time() == pytest.approx(8, abs=0.1)
    long = make_chroma(3, 60, seed=1)
    assert realism(long, long, timing=composer) == realism(long, long, timing=2)


def test_a_composer_fitted_without_timing_has_no_timing(fitted, chroma):
    for ask in (fitted.timing_of, lambda: chroma_to_midi(chroma[0], timing=fitted)):
        with pytest.raises(ValueError, match="LSTMComposer was fitted without timing"):
            ask()


def test_recordings_without_beats_do_not_affect_the_tempo(chroma):
    silent = ChromaExtractor(sync="half-beat").analyze([np.zeros(22050)])
    pieces = [*chroma[:2], silent[0].chroma]
    timings = [measured(90, len(piece)) for piece in chroma[:2]]
    composer = small().fit(pieces, timing=[*timings, *silent])
    assert composer.timing.tempo == pytest.approx(90)


def test_pieces_without_a_known_tempo_do_not_affect_the_tempo(chroma):
    timings = [Timing.from_tempo(None)] * 7 + [Timing.from_tempo(140)]
    assert small().fit(chroma, timing=timings).timing == Timing.from_tempo(140)


@pytest.mark.parametrize(
    ("timings", "said"),
    [
        ([Timing.from_tempo(90), Timing.from_rate(10)], "at a rate and 1 to a beat"),
        ([Timing.from_tempo(90), Timing.from_tempo(90, frames_per_beat=2)], "1 to a beat and 2"),
        ([Timing.from_rate(10), Timing.from_rate(43)], "10 a second and 43 a second"),
    ],
)
def test_timings_with_different_kinds_of_frames_are_refused(chroma, timings, said):
    with pytest.raises(ValueError, match=said):
        small().fit(chroma, timing=timings * 4)
    with pytest.raises(ValueError, match=said):
        small().partial_fit(chroma, timing=timings[0]).partial_fit(chroma, timing=timings[1])


def test_timings_that_do_not_match_the_pieces_are_refused(chroma):
    with pytest.raises(ValueError, match="timing has 2 entries where X has 8 pieces"):
        small().fit(chroma, timing=[1.0, 1.0])
    with pytest.raises(ValueError, match=r"timing has 5 frames but X\[0\] has 40"):
        small().fit(chroma, timing=[measured(90, 5)] * 8)
    with pytest.raises(TypeError, match="timing must be a Timing, got 'fast'"):
        small().fit(chroma, timing="fast")
    with pytest.raises(ValueError, match="which has neither a tempo nor a rate"):
        small().fit(chroma[:1], timing=[Timing.from_borders(np.arange(41))])


def test_timings_of_all_calls_of_partial_fit_are_combined(chroma, styles):
    composer = small()
    for _ in range(2):
        for tempo, some in ((80, slice(0, 2)), (100, slice(2, 8))):
            composer.partial_fit(chroma[some], styles[some], timing=Timing.from_tempo(tempo))
    assert composer.timing.tempo == 100
    assert len(composer._clocks) == 4  # a second pass over the same pieces adds no rows


def test_a_warm_start_without_timing_keeps_the_earlier_timing(chroma):
    composer = small(warm_start=True).fit(chroma, timing=10.5)
    assert composer.fit(chroma).timing == Timing.from_rate(10.5)
    with pytest.raises(ValueError, match="without timing"):
        _ = composer.set_params(warm_start=False).fit(chroma).timing


def test_the_timing_is_pickled_and_validated_when_unpickled(in_two_tempi):
    opened = pickle.loads(pickle.dumps(in_two_tempi))
    assert opened.timing_of("folk") == in_two_tempi.timing_of("folk")
    for wrong in (np.ones((2, 4)), np.full((1, 5), np.nan), np.array([[0, 0.001, 4, 90, 10]])):
        opened._clocks = wrong
        with pytest.raises(ValueError, match="this state of LSTMComposer cannot be used"):
            pickle.loads(pickle.dumps(opened))


def test_a_composer_taken_from_its_pipeline_keeps_the_timing_of_its_frames():
    times = np.arange(22050) / 22050
    recordings = [np.sin(2 * np.pi * f * times) for f in (220, 330, 440)]
    pipe = make_pipeline(ChromaExtractor(), small())
    pipe.fit(recordings, lstmcomposer__timing=pipe[0])
    assert pickle.loads(pickle.dumps(pipe[-1])).timing == pipe[0].timing
