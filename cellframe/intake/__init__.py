"""How do a lab's own files become records?

A mapping says which column of which file is what. It is proposed from headers and values, with
the reason for each line, and confirmed by a person; then specs, cells and tests are created, and
what is there already is left alone.
"""

from __future__ import annotations

from cellframe.intake.importing import import_cells
from cellframe.intake.proposing import propose

__all__ = ["import_cells", "propose"]
