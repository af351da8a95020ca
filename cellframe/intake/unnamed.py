"""Which files does no line of a mapping name, and which line names none?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.intake.belonging import files_of, has_plain_name, shown
from cellframe.intake.folder import walk, why_no_table
from cellframe.intake.report import Entry, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cellframe.intake.mapping import ImportMap
    from cellframe.intake.uploading import Job


def missing(root: Path, mapping: ImportMap) -> Iterator[Entry]:
    """Name the patterns of a mapping that no file is like.

    Parameters
    ----------
    root : Path
        The folder of the import.
    mapping : ImportMap
        As somebody confirmed it.
    """
    for one in mapping.series:
        for pattern in one.files:
            if not files_of(root, [pattern]):
                message = "no file is called so. Correct files = in the mapping."
                yield Entry(pattern, None, None, Outcome.FAILED, None, message)


def unnamed(
    place: Path, mapping: ImportMap, work: Iterable[Job], broken: Mapping[str, str]
) -> Iterator[Entry]:
    """Name the files that no line of the mapping names: one that is new must not go unseen.

    Parameters
    ----------
    place : Path
        What is imported; there are no other files where it is a file.
    mapping : ImportMap
        As somebody confirmed it.
    work : iterable of Job
        The files that it names.
    broken : mapping of str to str
        Files that cannot be imported, and why.
    """
    used = {job.file for job in work}
    used |= {mapping.cells.file} if mapping.cells else set()
    for path in walk(place) if place.is_dir() else ():
        file = shown(path.relative_to(place))
        if not has_plain_name(path):
            yield Entry(file, None, None, Outcome.LEFT_OUT, None, f"{why_no_table(path)}.")
        elif file in broken and file not in used:
            yield Entry(file, None, None, Outcome.FAILED, None, broken[file])
        elif file not in used and not why_no_table(path):
            message = "no line of the mapping names it."
            yield Entry(file, None, None, Outcome.LEFT_OUT, None, message)
