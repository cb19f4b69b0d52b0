"""What the API reference leaves out of classes: methods that scikit-learn puts there by itself."""

import re

ROUTING = re.compile(r"set_\w+_request|get_metadata_routing")


def skip(app, what, name, obj, skipped, options):
    """Leave metadata routing to scikit-learn's own documentation."""
    return True if ROUTING.fullmatch(name) else None


def setup(app):
    """Tell Sphinx."""
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
