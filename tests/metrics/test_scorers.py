import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from musicai import LSTMComposer, Timing
from musicai.metrics import MarkovBaseline, RealismScorer, next_frame_score, realism

from .conftest import RATE

SCORER = RealismScorer(timing=RATE)


class Echo(BaseEstimator):
    """Predictor that expects the next frame to equal the current one."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X


def walk(rng):
    """Return a random walk over `PROTOTYPES` that stays on each for several frames."""
    state, frames = 0, []
    for _ in range(300):
        state = state if rng.random() < 0.85 else rng.integers(len(PROTOTYPES))
        frames.append(PROTOTYPES[state])
    return np.roll(frames, rng.integers(12), axis=1)


def prototypes(rng):
    """Return four frames for each of five chords in C major, over a constant low level."""
    frames = np.full((20, 12), 0.05)
    for state, frame in enumerate(frames):
        frame[np.array([[0, 4, 7], [5, 9, 0], [7, 11, 2], [9, 0, 4], [2, 5, 9]])[state % 5]] += (
            0.2 + 0.8 * rng.random(3)
        )
    return frames / frames.max(axis=1, keepdims=True)


PROTOTYPES = prototypes(np.random.default_rng(0))


@pytest.fixture(scope="module")
def walks():
    rng = np.random.default_rng(1)
    return [walk(rng) for _ in range(24)]


@pytest.fixture(scope="module")
def chain(walks):
    return MarkovBaseline(20, random_state=0).fit(walks[:12])


@pytest.fixture(scope="module")
def held_out(walks):
    return walks[12:]


def test_the_score_is_the_realism_of_as_many_pieces_as_there_are_excerpts(chain, held_out):
    composed = chain.sample(300, n_pieces=12, random_state=np.random.RandomState(0))
    assert SCORER(chain, held_out) == realism(composed, held_out, timing=RATE) > 0


def test_poor_composers_are_ranked_even_if_their_realism_is_zero(held_out):
    class Spoilt(BaseEstimator):
        def __init__(self, strength):
            self.strength = strength

        def sample(self, n_frames, *, n_pieces, style, random_state):
            noise = np.random.default_rng(0).random((n_pieces, n_frames, 12))
            return list(held_out + self.strength * noise)

    scores = [SCORER(Spoilt(strength), held_out) for strength in (0.05, 0.3, 10)]
    assert scores == sorted(scores, reverse=True)
    assert (
        realism(
            Spoilt(0.3).sample(300, n_pieces=12, style=None, random_state=0), held_out, timing=RATE
        )
        == 0
    )
    assert scores[1] > scores[2] + 0.01


def test_scores_are_reproducible_and_depend_on_the_seed(chain, held_out):
    assert SCORER(chain, held_out) == SCORER(chain, held_out)
    assert RealismScorer(random_state=1, timing=RATE)(chain, held_out) != SCORER(chain, held_out)


def test_a_better_composer_scores_higher(chain, walks, held_out):
    crude = MarkovBaseline(2, random_state=0).fit(walks[:12])
    assert SCORER(chain, held_out) > SCORER(crude, held_out) + 0.1


def test_a_search_finds_the_better_composer(walks):
    grid = {"n_states": [2, 20]}
    search = GridSearchCV(MarkovBaseline(random_state=0), grid, scoring=SCORER, cv=2).fit(walks)
    assert search.best_params_ == {"n_states": 20}
    assert SCORER(search, walks) == SCORER(search.best_estimator_, walks)


def test_steps_before_the_composer_are_applied(chain, held_out):
    halved = make_pipeline(FunctionTransformer(lambda X: [2 * x for x in X]), chain)
    score = SCORER(chain, held_out)
    assert SCORER(halved, [piece / 2 for piece in held_out]) == pytest.approx(score)
    assert SCORER(make_pipeline(chain), held_out) == score


class StepWithTiming(FunctionTransformer):
    """A step with a timing, such as an extractor."""

    timing = Timing.from_rate(RATE)


def test_the_timing_can_come_from_a_step_before_the_composer(chain, held_out):
    pipe = make_pipeline(StepWithTiming(), FunctionTransformer(), chain)
    assert RealismScorer()(pipe, held_out) == SCORER(chain, held_out)
    with pytest.raises(TypeError, match="timing is needed to know when frames sound"):
        RealismScorer()(chain, held_out)


def test_styles_are_composed_as_often_as_they_occur(music):
    asked = []

    class Composer(BaseEstimator):
        def sample(self, n_frames, *, n_pieces, style, random_state):
            asked.append((n_pieces, style))
            return music[:n_pieces]

    SCORER(Composer(), music[:5], ["a", "b", "b", "a", "b"])
    assert asked == [(2, "a"), (3, "b")]


def test_a_composer_that_returns_silence_scores_zero(music):
    class Silence(BaseEstimator):
        def sample(self, n_frames, *, n_pieces, style, random_state):
            return [np.zeros((n_frames, 12))] * n_pieces

    assert SCORER(Silence(), music) == 0


def test_scorers_can_be_pickled_and_cloned(chain, held_out):
    for copied in (pickle.loads(pickle.dumps(SCORER)), clone(SCORER, safe=False)):
        assert copied(chain, held_out) == SCORER(chain, held_out)
    assert pickle.loads(pickle.dumps(next_frame_score)) is next_frame_score
    assert repr(SCORER) == "RealismScorer(n_frames=None, timing=10.7666015625, random_state=0)"


def test_errors_say_what_to_do(chain, music):
    with pytest.raises(TypeError, match="a method sample: Ridge has none"):
        SCORER(Ridge(), music)
    with pytest.raises(ValueError, match="X holds 1 excerpt of 400 frames"):
        SCORER(chain, music[:1])
    with pytest.raises(ValueError, match="n_frames=20 is too short"):
        RealismScorer(n_frames=20, timing=RATE)(chain, music)
    with pytest.raises(ValueError, match="n_frames must be"):
        RealismScorer(n_frames=0, timing=RATE)(chain, music)


def test_next_frame_score_is_the_mean_correlation_of_predictions():
    held, alternating = np.eye(12)[[3] * 9], np.eye(12)[[0, 7] * 4]
    assert next_frame_score(Echo(), [held]) == pytest.approx(1)
    assert next_frame_score(Echo(), [alternating]) == pytest.approx(-1 / 11)
    both = next_frame_score(Echo(), [held, alternating, held[:1]])
    assert both == pytest.approx((8 - 7 / 11) / 15)


def test_the_composer_checks_the_names_of_columns():
    pandas = pytest.importorskip("pandas")
    piece = pandas.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "c"])
    composer = LSTMComposer(hidden_size=4, max_iter=1, random_state=0).fit([piece, piece])
    assert -1 <= next_frame_score(composer, [piece, piece[:1]]) <= 1
    assert next_frame_score(composer, piece) == next_frame_score(composer, [piece])
    with pytest.raises(ValueError, match="feature names"):
        next_frame_score(composer, [piece[["c", "b", "a"]]])


def test_predictions_are_scored_in_cross_validation(music):
    scores = cross_val_score(make_pipeline(Echo()), music, scoring=next_frame_score, cv=3)
    assert (scores > 0.8).all()


def test_next_frame_score_needs_two_frames():
    with pytest.raises(ValueError, match="needs a piece of two frames or more"):
        next_frame_score(Echo(), [np.ones((1, 12))])


def test_next_frame_score_refuses_estimators_without_predict(chain, held_out):
    with pytest.raises(TypeError, match="with a method predict: MarkovBaseline has none"):
        next_frame_score(chain, held_out)


def test_a_label_is_required_for_each_piece(chain, held_out):
    with pytest.raises(ValueError, match="y holds 1 style labels for 12 piece"):
        SCORER(chain, held_out, ["a"])


@pytest.mark.parametrize(
    ("timing", "error", "message"),
    [
        (
            Timing.from_borders([0, 1, 2]),
            ValueError,
            r"timing is that of 2 frames where X\[0\] has",
        ),
        ([10, 10], TypeError, "timing is of type list where metrics take one timing for all"),
        (1e-12, ValueError, "frames of .* longer than the windows of 10 s"),
    ],
)
def test_timings_that_do_not_fit_all_pieces_are_refused(chain, held_out, timing, error, message):
    with pytest.raises(error, match=message):
        RealismScorer(timing=timing)(chain, held_out)
