"""Rendering of formulas as MathML, which browsers display without scripts or a network."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

# Commands that the converter does not support: bracket sizes, which MathML sets automatically, and
# a synonym.
SIZE = re.compile(r"\\[bB]igg?[lrm]?(?![a-zA-Z])")
DOTS = re.compile(r"\\dots(?![a-zA-Z])")

logger = logging.getLogger(__name__)


def as_mathml(node, *, as_block=False):
    """Convert the formula of a node; warn about unsupported commands."""
    latex = DOTS.sub(r"\\ldots", SIZE.sub("", node.astext()))
    try:
        return tex2mathml(latex, as_block=as_block)
    except MathError as error:
        logger.warning("%s", error, location=node)
        return ""


def visit_inline(translator, node):
    """Write an inline formula."""
    translator.body.append(as_mathml(node))
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write a display formula, which scrolls if it is wider than the page."""
    translator.body.append(f'<div class="formula">{as_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
