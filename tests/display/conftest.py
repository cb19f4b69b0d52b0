import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close figures, those that code of the pages left open in the same process as well."""
    from matplotlib import pyplot

    pyplot.close("all")
    yield
    pyplot.close("all")
