"""``cellframe server``: what can be done with a service's folder, beside serving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.server.verifying.verify import Report


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

    return _told(look(folder.expanduser()), folder)


def backup(folder: Path, target: Path, *, link: bool = False) -> bool:
    """Copy a folder while it is in use, and print what is wrong with the copy.

    Parameters
    ----------
    folder, target : Path
        A service's folder, and where its copy will be; nothing may be there.
    link : bool
        Whether files on the same disk get a second name instead of a copy.

    Returns
    -------
    bool
        Whether the copy is sound.

    Raises
    ------
    StoreError
        The folder is none of a service, or the copy could not be made.
    """
    from cellframe.server.copying.backup import backup as copy

    return _told(copy(folder.expanduser(), target.expanduser(), link=link), target)


def restore(backup: Path, folder: Path) -> bool:
    """Make a service's folder of a backup, and print what is wrong with it.

    Parameters
    ----------
    backup, folder : Path
        What `backup` made, and where its records will be; nothing may be there.

    Returns
    -------
    bool
        Whether the folder is sound.

    Raises
    ------
    StoreError
        The backup is none, or the folder could not be made.
    """
    from cellframe.server.copying.backup import restore as bring_back

    return _told(bring_back(backup.expanduser(), folder.expanduser()), folder)


def _told(found: Report, folder: Path) -> bool:
    """Print findings, and return whether there is no fault among them."""
    from cellframe.views.fleet import size
    from cellframe.views.words import many

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
