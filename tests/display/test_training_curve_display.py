import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor, LSTMComposer
from musicai.display import TrainingCurveDisplay


@pytest.fixture(scope="module")
def composer():
    X = np.random.default_rng(0).random((6, 40, 12))
    return LSTMComposer(hidden_size=8, max_iter=4, random_state=0).fit(X)


def lines(display):
    return {line.get_label(): line for line in display.ax_.lines}


def test_the_curves_show_the_scores_of_the_composer(composer):
    display = TrainingCurveDisplay.from_estimator(composer)
    drawn = lines(display)
    epochs = [1, 2, 3, 4]
    np.testing.assert_array_equal(drawn["training (with dropout)"].get_xdata(), epochs)
    np.testing.assert_allclose(
        drawn["training (with dropout)"].get_ydata(), np.negative(composer.loss_curve_)
    )
    np.testing.assert_allclose(drawn["validation"].get_ydata(), composer.validation_curve_)
    best = display.best_epoch_
    highest = max(composer.validation_curve_)
    assert composer.validation_curve_[best - 1] == highest
    (mark,) = [line for label, line in drawn.items() if label.startswith(f"best: epoch {best}, ")]
    assert mark.get_xydata().tolist() == [[best, highest]]


def test_the_last_step_of_a_pipeline_is_drawn(composer):
    pipeline = make_pipeline(ChromaExtractor(), composer)
    display = TrainingCurveDisplay.from_estimator(pipeline)
    assert display.validation_scores == composer.validation_curve_


def test_the_best_estimator_of_a_search_is_drawn():
    X = np.random.default_rng(0).random((6, 30, 12))
    composer = LSTMComposer(hidden_size=4, max_iter=1, random_state=0)
    search = GridSearchCV(composer, {"hidden_size": [4]}, cv=2)
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(search)
    search.fit(X)
    display = TrainingCurveDisplay.from_estimator(search)
    assert display.validation_scores == search.best_estimator_.validation_curve_


def test_baselines_are_distinct_horizontal_lines(composer):
    baselines = {"a": -60.0, "b": -70, "c": np.float32(-80)}
    drawn = lines(TrainingCurveDisplay.from_estimator(composer, baselines=baselines))
    for name, score in baselines.items():
        assert set(drawn[name].get_ydata()) == {score}
    looks = {(str(drawn[name]._dash_pattern), drawn[name].get_color()) for name in baselines}
    assert len(looks) == 3
    legend = TrainingCurveDisplay.from_estimator(composer, baselines=baselines).ax_.get_legend()
    assert [text.get_text() for text in legend.get_texts()][-3:] == ["a", "b", "c"]


def test_the_legend_does_not_overlap_any_axes(composer):
    baselines = {"each value by itself": -20.0, "everything stays as it is": -60.0}
    figure, grid = pyplot.subplots(2, 2, figsize=(11, 7), layout="constrained")
    for ax in grid.flat:
        TrainingCurveDisplay.from_estimator(composer, baselines=baselines, ax=ax)
    figure.draw_without_rendering()
    insides = [ax.get_window_extent() for ax in grid.flat]
    for ax in grid.flat:
        legend = ax.get_legend().get_window_extent()
        assert not any(legend.overlaps(inside) for inside in insides)
        assert legend.x1 <= figure.bbox.x1


def test_every_baseline_is_in_the_legend(composer):
    names = ["_private", "", "$a_b", "a \udcff"]
    baselines = dict.fromkeys(names, -60.0)
    display = TrainingCurveDisplay.from_estimator(composer, baselines=baselines)
    display.figure_.draw_without_rendering()
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[-4:] == ["_private", " ", "$a_b", "a \\udcff"]
    _, ax = pyplot.subplots()
    ax.plot([1, 2], [-50, -60])  # a line without a label
    ax.plot([1, 2], [-50, -60], label="another")
    legend = TrainingCurveDisplay.from_estimator(composer, ax=ax).ax_.get_legend()
    assert legend.get_texts()[0].get_text() == "another"
    assert legend.get_texts()[1].get_text() == "training (with dropout)"
    for other in ([1], "ab"):
        with pytest.raises(TypeError, match="expected a dict of names and scores"):
            TrainingCurveDisplay.from_estimator(composer, baselines=other)


def test_there_is_no_best_epoch_without_validation():
    X = np.random.default_rng(0).random((3, 30, 12))
    composer = LSTMComposer(hidden_size=8, max_iter=1, early_stopping=False, random_state=0)
    display = TrainingCurveDisplay.from_estimator(composer.fit(X))
    assert composer.validation_curve_ is None
    assert display.best_epoch_ is None
    assert list(lines(display)) == ["training (with dropout)"]
    assert display.ax_.lines[0].get_marker() == "."  # a single epoch is a point


def test_unsuitable_estimators_and_baselines_are_rejected(composer):
    for estimator in (LSTMComposer(), make_pipeline(ChromaExtractor(), LSTMComposer())):
        with pytest.raises(NotFittedError):
            TrainingCurveDisplay.from_estimator(estimator)
    with pytest.raises(TypeError, match="a LinearRegression has no loss_curve_ in nats"):
        TrainingCurveDisplay.from_estimator(LinearRegression().fit([[0], [1]], [0, 1]))
    with pytest.raises(ValueError, match="chance must be a finite score, got nan"):
        TrainingCurveDisplay.from_estimator(composer, baselines={"chance": np.nan})
