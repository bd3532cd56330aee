"""Sphinx: MyST pages whose code is run, reference from docstrings, fields from their definition."""

import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

import freerand_opt
from freerand_opt.model.files.reference import field_reference

ROOT = Path(__file__).parent.parent
#: Pages of the site that stand elsewhere in the repository.
COPIES = {"contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}

project = "freerand_opt"
author = "the freerand_opt team"
version = release = freerand_opt.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_math_renderer = "mathml"  # by browsers themselves, without a network
html_theme = "furo"
html_title = "freerand_opt"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]
myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = True  # formulas of their own within a paragraph
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
suppress_warnings = ["myst.header", "misc.highlighting_failure"]


def read(app, page, source):
    """Write the page of fields from its definition and pages from outside; turn links to these copies."""
    if page == "fields":
        source[0] = field_reference()
    outside = COPIES.get(page, f"{page}.md" if page.startswith("reports/") else None)
    if outside:
        source[0] = (ROOT / outside).read_text(encoding="utf-8")
        source[0] = re.sub(r"\]\((\.\./)?docs/", "](/", source[0])
        source[0] = source[0].replace("](conjecture-1.csv)", "](../../reports/conjecture-1.csv)")
    source[0] = re.sub(r"\]\((\.\./)+(reports/[^)]*\.md)", r"](/\2", source[0])
    for page, name in COPIES.items():
        source[0] = re.sub(rf"\]\((\.\./)+{name}", f"](/{page}.md", source[0])


def mathml(node, **how):
    """Return a formula in MathML; functions as operators, which are set apart from what follows."""
    return convert(re.sub(r"\\(log|ln|sin|cos|exp)\b", r"\\operatorname{\1}", node.astext()), **how)


def inline(translator, node):
    """Write a formula in a line."""
    translator.body.append(mathml(node))
    raise nodes.SkipNode


def displayed(translator, node):
    """Write a formula of its own, wide ones with a bar to move them."""
    formula = mathml(node, display="block")
    translator.body.append(f'<div class="math" style="overflow: auto hidden">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Connect what is generated."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    app.connect("source-read", read)
