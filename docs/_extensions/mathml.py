"""Formulas as MathML, which browsers draw without a script or anything from a network."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

# What the converter does not know: sizes of brackets, which MathML finds by itself, and a synonym.
SIZE = re.compile(r"\\[bB]igg?[lrm]?(?![a-zA-Z])")
DOTS = re.compile(r"\\dots(?![a-zA-Z])")

logger = logging.getLogger(__name__)


def as_mathml(node, *, as_block=False):
    """Convert the formula of a node; warn of a command that the converter does not know."""
    latex = DOTS.sub(r"\\ldots", SIZE.sub("", node.astext()))
    try:
        return tex2mathml(latex, as_block=as_block)
    except MathError as error:
        logger.warning("%s", error, location=node)
        return ""


def visit_inline(translator, node):
    """Write a formula in a line of text."""
    translator.body.append(as_mathml(node))
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write a formula on lines of its own; one that is wider than the page scrolls."""
    translator.body.append(f'<div class="formula">{as_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Tell Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
