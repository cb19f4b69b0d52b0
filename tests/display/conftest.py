import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close all figures, including those left open by the pages' code in the same process."""
    from matplotlib import pyplot

    pyplot.close("all")
    yield
    pyplot.close("all")
