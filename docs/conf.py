"""Sphinx configuration: `make docs` builds the site, `make docs GALLERY=0` without running code.

Pages are Markdown that is also readable as plain text. The API reference comes from docstrings, and
the gallery from examples/, which run during the build. Only the examples may use the network.
"""

import os
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_extensions"))

import musicai  # noqa: E402

project = "musicai"
author = "The musicai developers"
project_copyright = author
version = release = musicai.__version__

extensions = [
    "myst_nb",  # Markdown, and notebooks
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "audio",
    "forge_links",
    "mathml",
    "public_members",
]
# gallery.md replaces the generated index; notebooks of the examples are downloads.
exclude_patterns = ["_build", "gallery/index.rst", "gallery/*.ipynb"]
templates_path = ["_templates"]
nitpicky = True
# The path of the checkout may contain spaces.
suppress_warnings = ["sphinx_gallery.space_in_filename"]
# Links to other projects would need their inventories from the network.
nitpick_ignore_regex = [("py:.*", r"(?!musicai\b).*")]

# The examples take longer than builds on Read the Docs may.
RUN_CODE = os.environ.get("GALLERY", "0" if "READTHEDOCS" in os.environ else "1") != "0"
"""Whether to run examples, and the code of pages with audio players."""
audio_run_code = RUN_CODE

# Pages

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force" if RUN_CODE else "off"
nb_execution_timeout = 900
nb_execution_raise_on_error = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Links to other sites, which `make links` follows; those within the site are checked by every build

linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False

# API reference

autosummary_generate = True
default_role = "autolink"  # `name` links to the object with that name, if there is one
autodoc_typehints = "none"  # docstrings describe types in more detail
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the class template lists them
numpydoc_class_members_toctree = False

# Gallery: examples run in a build folder, so that their output does not clutter the repository.

scripts = DOCS / "_build" / "examples"
shutil.rmtree(scripts, ignore_errors=True)
shutil.copytree(
    DOCS.parent / "examples", scripts, ignore=shutil.ignore_patterns("out", "__pycache__")
)
(scripts / "GALLERY_HEADER.rst").write_text("Gallery\n=======\n")
os.environ.setdefault("MPLBACKEND", "Agg")
sphinx_gallery_conf = {
    "examples_dirs": str(scripts),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"^_",  # modules shared by examples
    "plot_gallery": str(RUN_CODE),
    "image_scrapers": ("matplotlib", "audio.scrape_sounds"),
    "capture_repr": (),
    "backreferences_dir": "api/generated",
    "doc_module": ("musicai",),
    "abort_on_example_error": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
}

# Look

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "musicai"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
# The header lists sections; the sidebar lists the pages of a section that has several.
html_sidebars = {page.stem: [] for page in DOCS.glob("*.md") if page.stem != "gallery"}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "musicai"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright", "license"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
