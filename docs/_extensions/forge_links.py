"""Redirection of links to repository files to the matching pages of the site.

Examples have pages in the gallery, the README is the front page, and CHANGELOG and CONTRIBUTING
have their own pages. Other files, such as benchmarks, are downloads.
"""

import re

EXAMPLE = re.compile(r"\]\((?:\.\./)+examples/([a-z]\w*)\.py\)")
PAGES = {"README": "index", "CHANGELOG": "changelog", "CONTRIBUTING": "contributing"}
PAGE = re.compile(r"\]\((?:\.\./)+(README|CHANGELOG|CONTRIBUTING)\.md(?:#[^)]*)?\)")


def link_to_pages(app, docname, source):
    """Replace links to repository files by links to pages."""
    text = EXAMPLE.sub(r"](/gallery/\1.rst)", source[0])
    source[0] = PAGE.sub(lambda link: f"](/{PAGES[link[1]]}.md)", text)


def setup(app):
    """Register the replacement with Sphinx."""
    app.connect("source-read", link_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
