"""Links of the pages lead to files of the repository; on the site, to what was made of them.

An example has a page in the gallery, and the front page stands for the README. Other files, such as
benchmarks, are downloads.
"""

import re

EXAMPLE = re.compile(r"\]\((?:\.\./)+examples/([a-z]\w*)\.py\)")
PAGES = {"README": "index", "CHANGELOG": "changelog"}
PAGE = re.compile(r"\]\((?:\.\./)+(README|CHANGELOG)\.md(?:#[^)]*)?\)")


def link_to_pages(app, docname, source):
    """Point links at pages of the site."""
    text = EXAMPLE.sub(r"](/gallery/\1.rst)", source[0])
    source[0] = PAGE.sub(lambda link: f"](/{PAGES[link[1]]}.md)", text)


def setup(app):
    """Tell Sphinx."""
    app.connect("source-read", link_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
