"""Laws of all timings, and errors for invalid arguments."""

import copy
import pickle
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicai import ChromaExtractor, Timing
from musicai.render import chord_chart
from musicai.theory.timing import FRAME_RATE, length_in_samples
from musicai.theory.timing_argument import timings_of

rates = st.floats(0.1, 1000)
tempi = st.floats(4, 1000)
meters = st.fixed_dictionaries(
    {
        "frames_per_beat": st.sampled_from([0.5, 1, 2, 3, 4]),
        "beats_per_bar": st.integers(1, 7),
        "downbeat": st.one_of(st.none(), st.integers(0, 5)),
    }
)
measured = st.lists(st.floats(0.001, 3), min_size=2, max_size=30).map(np.cumsum)
timings = st.one_of(
    rates.map(Timing.from_rate),
    measured.map(Timing.from_borders),
    st.builds(lambda seconds, meter: Timing.from_beats(seconds, **meter), measured, meters),
    st.builds(
        lambda seconds, first: Timing.from_beats(seconds, beats=first + np.arange(len(seconds))),
        measured,
        st.floats(-9, 9),
    ),
    st.builds(lambda tempo, meter: Timing.from_tempo(tempo, **meter), tempi, meters),
)


def any_number(timing):
    return 17 if timing.n_frames is None else timing.n_frames


@given(timing=timings)
def test_boundaries_ascend_and_span_the_duration(timing):
    n = any_number(timing)
    borders = timing.borders(n)
    assert borders.shape == (n + 1,)
    assert (np.diff(borders) > 0).all()
    assert timing.duration(n) == borders[-1] - borders[0]
    assert timing.frame_rate > 0


@given(timing=timings, start=st.integers(0, 20), length=st.integers(0, 20))
def test_a_slice_keeps_its_seconds_and_beats(timing, start, length):
    n = any_number(timing)
    start, stop = min(start, n), min(start + length, n)
    part = timing[start:stop]
    np.testing.assert_array_equal(part.borders(stop - start), timing.borders(n)[start : stop + 1])
    assert part.has_beats == timing.has_beats
    assert part.downbeat == timing.downbeat
    if timing.has_beats:
        np.testing.assert_array_equal(part.beats(stop - start), timing.beats(n)[start : stop + 1])
    assert timing[start:stop][1:] == timing[start + 1 : stop] or start == stop
    assert timing[:] == timing


@given(timing=timings)
def test_frames_at_inverts_seconds_at(timing):
    n = any_number(timing)
    for part in (timing, timing[min(2, n) :]):
        frames = np.arange(any_number(part))
        np.testing.assert_array_equal(part.frames_at(part.seconds_at(frames)), frames)
        middles = part.seconds_at(frames + 0.5)
        np.testing.assert_array_equal(part.frames_at(middles), frames)
        assert [part.frames_at(float(second)) for second in middles] == frames.tolist()


@given(timing=timings)
def test_copies_are_equal_and_have_equal_hashes(timing):
    for same in (
        pickle.loads(pickle.dumps(timing)),
        copy.copy(timing),
        copy.deepcopy(timing),
        timing[:],
    ):
        assert same == timing
        assert hash(same) == hash(timing)
        assert repr(same) == repr(timing)
        assert joblib.hash(same) == joblib.hash(timing)
    assert timing != timing[1:]
    assert timing != "now"
    assert len(repr(timing)) < 150


@given(timing=timings)
def test_nothing_in_a_timing_can_be_changed(timing):
    for name in ("downbeat", "_clock", "title"):
        with pytest.raises(AttributeError):
            setattr(timing, name, 1)
    with pytest.raises(AttributeError):
        del timing._clock
    n = any_number(timing)
    timing.borders(n)[:] = 7
    assert timing.borders(n)[0] != 7
    with pytest.raises(TypeError, match="make a timing with Timing.from_rate"):
        Timing()


def test_frames_at_a_rate_are_centered_on_multiples_of_the_period():
    borders = Timing.from_rate(4).borders(3)
    np.testing.assert_array_equal(borders, [0, 0.125, 0.375, 0.625])
    np.testing.assert_array_equal(np.arange(1, 3) / 4, (borders[1:-1] + borders[2:]) / 2)


def test_frames_at_a_tempo_begin_on_beats():
    timing = Timing.from_tempo(90, frames_per_beat=2)
    np.testing.assert_allclose(timing.borders(3), np.arange(4) / 3)
    np.testing.assert_array_equal(timing.beats(3), [0, 0.5, 1, 1.5])
    assert timing.frame_rate == 3
    assert timing.tempo == 90


@pytest.mark.parametrize("frames_per_beat", [1, 2])
def test_a_long_frame_counts_as_several_frames(frames_per_beat):
    """Frames before the first beat and after the last one are often long."""
    timing = Timing.from_beats([0, 1.4, 1.9, 2.4, 2.9, 2.9, 4.9], frames_per_beat=frames_per_beat)
    expected = np.array([0, 3, 4, 5, 6, 6, 10]) / frames_per_beat
    np.testing.assert_array_equal(timing.beats(), expected)
    assert timing.tempo == pytest.approx(120 / frames_per_beat, rel=0.03)


def test_frames_are_beats_only_if_the_timing_is_made_from_beats():
    """Durations do not reveal beats: at a hop of 4096 samples, frames are as long as fast beats."""
    for seconds in (np.arange(9) * 4096 / 22050, np.arange(9) * 0.5):
        frames, beats = Timing.from_borders(seconds), Timing.from_beats(seconds)
        np.testing.assert_array_equal(frames.borders(), beats.borders())
        assert (frames.has_beats, beats.has_beats) == (False, True)
        assert frames.tempo is None
        with pytest.raises(ValueError, match="has no beats"):
            frames.beats()
        with pytest.raises(ValueError, match="has no beats"):
            frames.at_tempo(90)


def test_times_in_seconds_are_refused_if_beats_have_no_tempo():
    timing = Timing.from_tempo(None, beats_per_bar=3)
    assert timing.tempo is None
    np.testing.assert_array_equal(timing.beats(2), [0, 1, 2])
    message = r"^beats have no tempo: pass timing=analysis.timing or Timing.from_tempo\(96\)$"
    for ask in (
        lambda: timing.borders(2),
        lambda: timing.duration(2),
        lambda: timing.seconds_at(1),
        lambda: timing.frames_at(1),
        lambda: timing.frame_rate,
    ):
        with pytest.raises(ValueError, match=message):
            ask()
    assert timing.at_tempo(96) == Timing.from_tempo(96, beats_per_bar=3)
    with pytest.raises(ValueError, match=r"from_tempo\(96, frames_per_beat=4\)"):
        Timing.from_tempo(None, frames_per_beat=4).borders(2)


@given(timing=timings.filter(lambda timing: timing.has_beats), tempo=tempi)
def test_changing_the_tempo_keeps_beats_and_bars(timing, tempo):
    n = any_number(timing)
    other = timing.at_tempo(tempo)
    np.testing.assert_array_equal(other.beats(n), timing.beats(n))
    np.testing.assert_allclose(other.borders(n), timing.beats(n) * 60 / tempo)
    assert (other.downbeat, other.beats_per_bar) == (timing.downbeat, timing.beats_per_bar)
    assert other.n_frames == timing.n_frames
    assert other.tempo == pytest.approx(tempo)
    assert timing[1:].at_tempo(tempo) == other[1:]


def test_changing_the_tempo_keeps_the_number_of_beats_in_each_frame():
    timing = Timing.from_beats([0, 1, 3, 4, 5], downbeat=0)
    np.testing.assert_array_equal(timing.at_tempo(120).borders(), [0, 0.5, 1.5, 2, 2.5])
    np.testing.assert_array_equal(timing.at_tempo(120).beats(), [0, 1, 3, 4, 5])
    assert timing[2:].at_tempo(60) == timing.at_tempo(60)[2:]
    X = np.eye(12)[[0, 0, 0, 5]]
    bars = [chord_chart(X, timing=each).split("|") for each in (timing, timing.at_tempo(90))]
    assert bars[0][1:] == bars[1][1:]
    long = Timing.from_beats(np.cumsum([0, 1, 1, 1, 80000]))
    with pytest.raises(ValueError, match="at a tempo of 4, the beats of <.*> last more than a day"):
        long.at_tempo(4)


def test_times_more_than_a_day_after_the_beginning_are_refused():
    measured = Timing.from_borders([1e6, 1e6 + 1])
    for timing in (Timing.from_tempo(60), Timing.from_rate(10), measured):
        for seconds in (1e19, [0, 1e19]):
            with pytest.raises(ValueError, match=r"must be at most 86400.* got .*1e\+19"):
                timing.frames_at(seconds)
        assert timing.frames_at(-1e19) == 0
    assert Timing.from_tempo(60).frames_at(86400) == 86400
    assert measured.frames_at(1e6 + 1) == 1


@given(timing=timings)
def test_the_pickled_state_is_a_dict_of_named_fields(timing):
    """With named fields, a later version can add one."""
    state = timing.__getstate__()
    assert state["kind"] in ("rate", "tempo", "measured")
    same = Timing.from_rate(1)[:]
    same.__setstate__(dict(reversed(state.items())))
    assert same == timing


@given(timing=timings, first=st.integers(0, 3))
def test_repr_is_code_that_makes_the_timing_or_is_in_angle_brackets(timing, first):
    part = timing[first:]
    if repr(part).startswith("Timing"):
        assert eval(repr(part)) == part
    else:
        assert repr(part).startswith("<Timing of ")
        assert repr(part).endswith(">")


@pytest.mark.parametrize(
    ("timing", "text"),
    [
        (Timing.from_rate(22050 / 2048), "Timing.from_rate(10.7666015625)"),
        (Timing.from_rate(10)[5:9], "Timing.from_rate(10)[5:]"),
        (Timing.from_tempo(96), "Timing.from_tempo(96)"),
        (Timing.from_tempo(96, downbeat=None), "Timing.from_tempo(96, downbeat=None)"),
        (Timing.from_tempo(None, frames_per_beat=4), "Timing.from_tempo(None, frames_per_beat=4)"),
        (
            Timing.from_tempo(96, beats_per_bar=3, downbeat=1),
            "Timing.from_tempo(96, beats_per_bar=3, downbeat=1)",
        ),
        (Timing.from_borders([0, 0.5]), "<Timing of 1 frame, 0 to 0.5 s>"),
        (Timing.from_beats(np.arange(9) / 2), "<Timing of 8 frames, 0 to 4 s, beats 0 to 8>"),
        (
            Timing.from_beats(np.arange(5), downbeat=3)[2:],
            "<Timing of 2 frames, 2 to 4 s, beats 2 to 4, downbeat=3>",
        ),
    ],
)
def test_repr_is_readable(timing, text):
    assert repr(timing) == text


@pytest.mark.parametrize("rate", [0, -1, np.inf, np.nan, "fast", True, None])
def test_invalid_rates_are_refused(rate):
    with pytest.raises(ValueError, match=r"frames_per_second must be a positive number .* got"):
        Timing.from_rate(rate)


@pytest.mark.parametrize("tempo", [0, 3, 1e5, "fast", np.nan])
def test_invalid_tempi_are_refused(tempo):
    with pytest.raises(ValueError, match="beats_per_minute must be a number of beats"):
        Timing.from_tempo(tempo)


def test_a_pickup_has_negative_beats():
    timing = Timing.from_beats([0, 0.3, 0.8, 1.3, 1.4], beats=[-0.6, 0, 1, 2, 2.2], downbeat=0)
    np.testing.assert_array_equal(timing.beats(), [-0.6, 0, 1, 2, 2.2])
    np.testing.assert_array_equal(timing[1:].beats(), [0, 1, 2, 2.2])
    assert timing.tempo == pytest.approx(120)
    np.testing.assert_allclose(timing.at_tempo(60).borders(), timing.beats())


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        ([0, 1], "beats has 2 values but seconds has 3"),
        ([0, 2, 1], "beats must be finite and in ascending order"),
        ([0, 1, 1], "beats and seconds must increase together"),
        ([0, 0.01, 0.02], "a beat lasts more than 15 seconds"),
        ([0, 1, 1e5], "100000 beats last 2 seconds, less than 0.0001 each"),
        ("soon", "beats must be numbers, got 'soon'"),
    ],
)
def test_invalid_beat_positions_are_refused(beats, message):
    with pytest.raises(ValueError, match=message):
        Timing.from_beats([0, 1, 2], beats=beats)


@pytest.mark.parametrize("seconds", [[0, 1e-300], [0, 1e-9, 2e-9, 10]])
def test_implausibly_short_beats_are_refused(seconds):
    with pytest.raises(ValueError, match="less than 0.0001 each: give boundaries in seconds"):
        Timing.from_beats(seconds)


@pytest.mark.parametrize("make", [Timing.from_borders, Timing.from_beats])
@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        ([], "seconds must have shape .* got shape"),
        ([[0, 1]], "seconds must have shape .* got shape"),
        (3.0, "seconds must have shape .* got shape"),
        ([0, 2, 1], "in ascending order"),
        ([0, np.nan], "must be finite"),
        (np.array([3, 1, 5], np.uint8), "in ascending order"),
        ("soon", "seconds must be numbers, got 'soon'"),
        ([1j, 2j], "seconds must be numbers, got"),
        ([5, 9, 6 + 86400], "more than a day"),
    ],
)
def test_invalid_boundaries_are_refused(make, seconds, message):
    with pytest.raises(ValueError, match=message):
        make(seconds)


@pytest.mark.parametrize(
    ("meter", "message"),
    [
        ({"frames_per_beat": 0}, "frames_per_beat must be"),
        ({"beats_per_bar": 0}, "beats_per_bar must be"),
        ({"beats_per_bar": 3.5}, "beats_per_bar must be"),
        ({"downbeat": -1}, "downbeat must be"),
    ],
)
def test_invalid_meters_are_refused(meter, message):
    with pytest.raises(ValueError, match=message):
        Timing.from_tempo(96, **meter)
    with pytest.raises(ValueError, match=message):
        Timing.from_beats([0, 1, 2], **meter)


def test_invalid_arguments_of_methods_are_refused():
    rate, borders = Timing.from_rate(10), Timing.from_borders([0, 1, 2])
    with pytest.raises(ValueError, match="fits any number of frames: pass n_frames"):
        rate.borders()
    with pytest.raises(ValueError, match="timing has 2 frames, not 3"):
        borders.borders(3)
    with pytest.raises(ValueError, match="n_frames must be an integer"):
        rate.borders(1.5)
    with pytest.raises(ValueError, match="at least 0 and at most 2, got 3"):
        borders.seconds_at(3)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        rate.seconds_at(-1)
    with pytest.raises(ValueError, match="must be finite"):
        rate.frames_at(np.inf)
    with pytest.raises(ValueError, match="slice it with nonnegative integers"):
        rate[-5:]
    for index in (3, slice(None, None, 2), "a"):
        with pytest.raises(TypeError, match="with a slice without steps"):
            rate[index]
    with pytest.raises(ValueError, match="more than a day"):
        Timing.from_rate(1e-6).borders(9)
    with pytest.raises(ValueError, match="lasts 0 seconds"):
        Timing.from_borders([1, 1])[:0].frame_rate  # noqa: B018


def test_rates_and_objects_with_a_timing_are_accepted():
    X, clock = np.zeros((5, 12)), Timing.from_tempo(96)
    for value in (clock, SimpleNamespace(timing=clock)):
        assert timings_of(value, X, [X]) == [clock]
    for value in (10, 10.0, np.float32(10), np.int64(10)):
        assert timings_of(value, X, [X]) == [Timing.from_rate(10)]
    assert timings_of(None, X, [X], default=clock) == [clock]
    assert timings_of(clock, [X, X], [X, X]) == [clock] * 2
    assert timings_of([clock, 10], [X, X], [X, X]) == [clock, Timing.from_rate(10)]


@pytest.mark.parametrize(
    ("timing", "error", "message"),
    [
        (None, TypeError, r"^timing is needed .* pass timing=extractor.*Timing.from_tempo\(96\)"),
        ("fast", TypeError, "timing must be a Timing, got 'fast'"),
        (0, ValueError, "timing must be a positive number of frames per second, got 0"),
        (True, ValueError, "timing must be a positive number of frames per second, got True"),
        (np.arange(6), TypeError, r"of type ndarray: pass seconds as Timing.from_borders"),
        ([0, 1, 2], TypeError, r"of type list: pass seconds as Timing.from_borders"),
        (SimpleNamespace(steps=[]), TypeError, r"pass the step .* such as pipe\[0\]"),
        (Timing, TypeError, "of type type"),
        (Timing.from_borders(np.arange(9)), ValueError, "timing has 8 frames but X has 5"),
    ],
)
def test_invalid_timing_arguments_are_refused(timing, error, message):
    X = np.zeros((5, 12))
    with pytest.raises(error, match=message):
        timings_of(timing, X, [X])


def test_a_list_of_timings_must_match_the_pieces():
    X = [np.zeros((5, 12)), np.zeros((3, 12))]
    with pytest.raises(ValueError, match="timing has 1 entries where X has 2 pieces"):
        timings_of([10], X, X)
    with pytest.raises(TypeError, match=r"timing\[1\] must be a Timing, got 'b'"):
        timings_of([10, "b"], X, X)
    with pytest.raises(ValueError, match=r"timing has 5 frames but X\[1\] has 3"):
        timings_of([10, Timing.from_borders(np.arange(6))], X, X)


def test_the_frame_rate_constant_matches_the_default_extractor():
    assert ChromaExtractor().frame_rate == FRAME_RATE


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 32000, 44100, 48000, 96000])
def test_audio_of_n_frames_is_analyzed_as_n_frames(sr):
    timing = Timing.from_rate(FRAME_RATE)
    for n_frames in range(1, 2000):
        n_samples = length_in_samples(timing.duration(n_frames), sr)
        assert int(np.ceil(n_samples * (22050 / sr))) // 2048 + 1 == n_frames
    assert length_in_samples(0.0, sr) == 0


@pytest.mark.parametrize("sr", [16000, 32000, 44100, 48000])
@pytest.mark.parametrize("n_frames", [1, 23, 64])
def test_resampled_audio_of_n_frames_is_analyzed_as_n_frames(sr, n_frames):
    extractor = ChromaExtractor()
    audio = np.zeros(length_in_samples(extractor.timing.duration(n_frames), sr), np.float32)
    (piece,) = extractor.transform([(audio, sr)])
    assert len(piece) == n_frames


def test_the_tempo_of_two_unequal_beats_is_that_of_the_shorter_one():
    timing = Timing.from_beats([0.0, 0.2, 3.2])
    assert timing.tempo == pytest.approx(300)
