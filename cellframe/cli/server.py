"""``cellframe server``: what can be done with a service's folder, beside serving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def verify(folder: Path) -> bool:
    """Print what is wrong with a folder, one line each, and a last line that sums it up.

    Parameters
    ----------
    folder : Path
        A service's folder; a service may be running on it.

    Returns
    -------
    bool
        Whether it is sound. Notes leave it so.

    Raises
    ------
    StoreError
        The folder is none of a service.
    """
    from cellframe.server.verifying.verify import verify as look
    from cellframe.views.fleet import size
    from cellframe.views.words import many

    found = look(folder.expanduser())
    for fault in found.faults:
        print(f"Fault: {fault}")
    for note in found.notes:
        print(f"Note: {note}")
    print(
        f"{folder}: {many(len(found.faults), 'fault')}, {many(len(found.notes), 'note')}; looked "
        f"at {many(found.tests, 'test')} and {many(found.contents, 'content')} "
        f"({size(found.bytes)})."
    )
    return not found.faults
