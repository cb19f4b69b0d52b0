"""Links of the pages lead to files of the repository; on the site, to what was made of them.

An example has a page in the gallery, the front page stands for the README, and the other texts at
the top of the repository have pages of their own. Other files, such as benchmarks, are downloads.
"""

import re

EXAMPLE = re.compile(r"\]\((?:\.\./)+examples/([a-z]\w*)\.py\)")
PAGES = {"README": "index", "CHANGELOG": "changelog", "CONTRIBUTING": "contributing"}
PAGE = re.compile(r"\]\((?:\.\./)+(README|CHANGELOG|CONTRIBUTING)\.md(?:#[^)]*)?\)")


def link_to_pages(app, docname, source):
    """Point links at pages of the site."""
    text = EXAMPLE.sub(r"](/gallery/\1.rst)", source[0])
    source[0] = PAGE.sub(lambda link: f"](/{PAGES[link[1]]}.md)", text)


def setup(app):
    """Tell Sphinx."""
    app.connect("source-read", link_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
