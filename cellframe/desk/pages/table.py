"""Which address leads to which page?

Addresses of somebody who has entered; a name in braces is one part of a path, decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.desk.pages import choosing, coming, past, planning

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked

PAGES: tuple[tuple[str, str, Callable[[Asked], Reply]], ...] = (
    ("GET", "/desk", choosing.choose),
    ("GET", "/desk/specs/{spec}", choosing.of_spec),
    ("GET", "/desk/specs/{spec}/workbook", choosing.workbook),
    ("POST", "/desk/files", coming.bring),
    ("GET", "/desk/plans/{draft}", planning.show),
    ("GET", "/desk/plans/{draft}/changes", planning.changes),
    ("POST", "/desk/plans/{draft}/decide", planning.decide),
    ("POST", "/desk/plans/{draft}/again", planning.again),
    ("POST", "/desk/plans/{draft}/apply", planning.send),
    ("GET", "/desk/plans/{draft}/receipt", past.receipt),
    ("GET", "/desk/plans/{draft}/left-over", past.left_over),
    ("GET", "/desk/history", past.history),
    ("POST", "/desk/history/{journal}/undo", past.undo),
    ("POST", "/desk/history/{journal}/finish", past.finish),
)
