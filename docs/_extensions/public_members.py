"""Exclusion of scikit-learn's metadata routing methods from the API reference."""

import re

ROUTING = re.compile(r"set_\w+_request|get_metadata_routing")


def skip(app, what, name, obj, skipped, options):
    """Skip methods of metadata routing, which scikit-learn documents."""
    return True if ROUTING.fullmatch(name) else None


def setup(app):
    """Register the exclusion with Sphinx."""
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
