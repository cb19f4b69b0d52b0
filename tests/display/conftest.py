import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close all figures, including those that code in the documentation has left open."""
    from matplotlib import pyplot

    pyplot.close("all")
    yield
    pyplot.close("all")
