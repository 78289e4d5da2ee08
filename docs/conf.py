"""The site's configuration: Sphinx with MyST, numpydoc and the PyData theme; all it loads lies beside its pages."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import ser_keras  # noqa: E402
from ser_keras import cli  # noqa: E402

with cli.quiet_imports():  # the papers' rooms, and with them TensorFlow's notes on its own start
    import keras  # noqa: F401

    from docs import docstrings, formulas, pages

project = "ser_keras"
author = "The ser_keras maintainers"
copyright = f"{author}, Apache-2.0"
version = release = ser_keras.__version__

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb"]
exclude_patterns = ["generated/results-table.md"]  # part of another page
default_role = "code"
suppress_warnings = ["myst.header"]  # generated pages join texts whose headings begin at different levels

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
numpydoc_show_class_members = False

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
myst_update_mathjax = False
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_output_stderr = "remove"  # progress bars
html_math_renderer = formulas.NAME

html_theme = "pydata_sphinx_theme"
html_title = "ser_keras"
html_static_path = ["static"]
html_css_files = ["site.css"]
ALONE = ("index", "tutorial", "method", "first-look", "reliability", "speed", "training-speed")
ALONE_GENERATED = ("results", "model-card", "contributing", "changelog")
html_sidebars = {name: [] for name in (*ALONE, *(f"generated/{one}" for one in ALONE_GENERATED))}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "navigation_depth": 3,
    "show_nav_level": 1,
    "header_links_before_dropdown": 7,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def _linked_to_pages(app, name: str, source: list[str]) -> None:
    """Have links to texts of the repository, which are followed there, lead to the pages that hold them here."""
    up = "../" * (name.count("/") + 1)
    for page, path in pages.INCLUDED.items():
        source[0] = source[0].replace(f"]({up}{path}", f"]({up.removeprefix('../')}generated/{page}.md")


def setup(app) -> None:
    """Write the generated pages, and mend what our terse docstrings leave to the reader."""
    pages.write(HERE / "generated")
    app.connect("source-read", _linked_to_pages)
    formulas.setup(app)
    docstrings.setup(app)
