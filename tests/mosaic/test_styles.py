import numpy as np
import pytest

from musicai import MosaicSynthesizer

from .conftest import RATE

STYLES = ["folk", "jazz", None]


@pytest.fixture(scope="module")
def mosaic_of_styles(recordings):
    return MosaicSynthesizer(sr=RATE).fit(recordings, STYLES)


def seconds_of(segments, n=3):
    """Return the time for which each recording is played, in seconds."""
    seconds = np.zeros(n)
    for segment in segments:
        seconds[segment.recording] += segment.end - segment.start
    return seconds


def test_only_recordings_of_the_chosen_style_are_played(mosaic_of_styles, mosaic, piece):
    assert mosaic_of_styles.styles_.tolist() == ["folk", "jazz"]
    for number, style in enumerate(["folk", "jazz"]):
        segments = mosaic_of_styles.segments(piece, style=style)
        assert {segment.recording for segment in segments} == {number}
        assert mosaic_of_styles.segments(piece, style={style: 2}) == segments
    np.testing.assert_array_equal(mosaic_of_styles.transform(piece), mosaic.transform(piece))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("n_times", [1, 5])
def test_styles_in_a_blend_are_played_for_their_shares_of_the_time(
    mosaic_of_styles, piece, share, n_times
):
    long = np.tile(piece, (n_times, 1))
    found = mosaic_of_styles.segments(long, style={"jazz": share, "folk": 1 - share})
    folk, jazz, other = seconds_of(found)
    assert other == 0
    assert jazz / (folk + jazz) == pytest.approx(share, abs=0.03 / n_times)
    (listed,) = mosaic_of_styles.segments([long], style={"jazz": share, "folk": 1 - share})
    assert listed == found


def test_the_style_none_in_a_blend_stands_for_all_recordings(mosaic_of_styles, piece):
    found = mosaic_of_styles.segments(np.tile(piece, (4, 1)), style={"jazz": 0.5, None: 0.5})
    assert (seconds_of(found) > 0).all()


def test_unknown_styles_are_refused(mosaic, mosaic_of_styles, recordings, piece):
    for play in (mosaic_of_styles.transform, mosaic_of_styles.segments):
        with pytest.raises(ValueError, match=r"unknown style 'rock': known styles are \['folk'"):
            play(piece, style="rock")
    with pytest.raises(ValueError, match="unknown style 'folk': no styles were given to fit"):
        mosaic.transform(piece, style="folk")
    with pytest.raises(ValueError, match="weights must be numbers of at least 0"):
        mosaic_of_styles.transform(piece, style={"folk": -1})
    with pytest.raises(ValueError, match="y holds 2 style labels for 3 piece"):
        MosaicSynthesizer().fit(recordings, ["folk", "jazz"])
    silent = MosaicSynthesizer(sr=RATE).fit([recordings[0], np.zeros(RATE)], ["folk", "calm"])
    with pytest.raises(ValueError, match="no recording of the style 'calm' can be played: nothing"):
        silent.transform(piece, style={"folk": 1, "calm": 1})
