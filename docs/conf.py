"""Sphinx: MyST pages whose code is run, reference from docstrings, fields from their definition."""

import freerand_opt
from freerand_opt.model.reference import field_reference

project = "freerand_opt"
author = "the freerand_opt team"
version = release = freerand_opt.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "freerand_opt"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# links to files of the repository, which are no pages
suppress_warnings = ["myst.xref_missing", "myst.header", "misc.highlighting_failure"]


def fields(app, page, source):
    """Write the page of fields from the tables that define them."""
    if page == "fields":
        source[0] = field_reference()


def setup(app):
    """Connect what is generated."""
    app.connect("source-read", fields)
