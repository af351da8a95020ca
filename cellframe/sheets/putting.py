"""How does a file that people open get its new content? Whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.errors import SheetError
from cellframe.sheets.held import find_holder
from cellframe.store.places import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_FOR_EVERYBODY = 0o666
"""Less what the user's umask takes away."""


@dataclass(frozen=True, slots=True)
class Written:
    """A table that was written.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    notices : tuple of str
        Values that a spreadsheet may rewrite when it opens the file.
    """

    digest: str
    notices: tuple[str, ...]


def put(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    SheetError
        It is open in another program, or its folder is missing or not writable. Whatever was
        there is as it was.
    """
    holder = find_holder(path)
    if holder is not None:
        message = (
            f"{path.name} is open in {holder} and stays as it is: close it there and try again. "
            f"If it is not open, delete {holder.lock.name}."
        )
    elif not path.parent.is_dir():
        message = f"There is no folder {path.parent}. Make it, or name another."
    elif path.is_dir():
        message = f"{path} is a folder. Name a file in it."
    else:
        message = _try(path, content)
    if message:
        raise SheetError(message)


def _try(path: Path, content: bytes) -> str:
    """Write the file; return what went wrong, if something did."""
    try:
        write_whole(path, content, mode=_FOR_EVERYBODY, sync=True)
    except PermissionError:
        # Windows says so of a file that another program holds, other systems of the folder.
        return f"{path} cannot be written: it is open in another program, or its folder is not yours to write in. The file is as it was."
    except OSError as fault:
        return f"{path} cannot be written: {fault.strerror}. The file is as it was."
    return ""
