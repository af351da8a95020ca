"""How the documentation is built: ``sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import proofs  # noqa: E402 - beside this file

import cellframe  # noqa: E402

project = "cellframe"
author = "the cellframe authors"
copyright = author
version = release = cellframe.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"cellframe {version}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    "rules": proofs.table(HERE.parent / "tests", "rule"),
    "laws": proofs.table(HERE.parent / "tests", "law"),
}

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autoclass_content = "class"
napoleon_google_docstring = False
napoleon_use_ivar = True
