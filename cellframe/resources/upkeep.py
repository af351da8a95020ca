"""What is kept here between calls, is it whole, and how is it cleared?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.store.blobs import DOWNLOADS, Blobs
from cellframe.store.kept import ANSWERS, Part, clear_aside, clear_downloads, parts
from cellframe.views.fleet import size
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cellframe.transport.caching.answers import Answers

CAN_GO = ("answers", "downloads")
"""What is cleared; the others are no cache."""


@dataclass(frozen=True)
class Contents:
    """What is kept, by its four parts.

    Attributes
    ----------
    parts : list of Part
        ``answers``, ``downloads``, ``read`` and ``history``: each with `name`, `words`, `folder`,
        `files` and `size` in bytes.
    """

    parts: list[Part]

    def __str__(self) -> str:
        rows = [(f"{size(part.size):>9}", f"{part.name:9}", part) for part in self.parts]
        return "\n".join(
            f"{taken}  {name}  {part.words}\n{'':22}{many(part.files, 'file')} in {part.folder}"
            for taken, name, part in rows
        )

    __repr__ = __str__


@dataclass(frozen=True)
class Cleared:
    """What became of a cache.

    Attributes
    ----------
    freed : int
        Bytes that were given back.
    left : list of Part
        What is still there.
    """

    freed: int
    left: list[Part]

    def __str__(self) -> str:
        said = [f"Freed {size(self.freed)}."]
        for part in self.left:
            if part.name == "downloads" and part.size:
                said.append(
                    f"Left {size(part.size)} of downloads: a fleet that was opened in the last day has them."
                )
            elif part.name not in CAN_GO:
                said.append(f"Left as it was: {part.words} ({size(part.size)}).")
        return "\n".join(said)

    __repr__ = __str__


@dataclass(frozen=True)
class Verified:
    """What was found damaged.

    Attributes
    ----------
    answers : int
        Answers that were removed: the service is asked again.
    downloads : list of Path
        Where damaged downloads were put; they are fetched again.
    """

    answers: int
    downloads: list[Path]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was damaged."""
        return not (self.answers or self.downloads)

    def __str__(self) -> str:
        if self.is_whole:
            return "Everything is what its digest says."
        said = [f"{many(self.answers, 'answer')} damaged, and removed."] if self.answers else []
        said += [f"A download was damaged, and is put aside as {path}." for path in self.downloads]
        return "\n".join([*said, "What is missing now is read again when it is asked for."])

    __repr__ = __str__


class Cache:
    """What is kept on this disk by cellframe, and what of it may go.

    Parameters
    ----------
    cache, state : Path
        Folder of what can be had again, and of what cannot; they may be one.
    """

    def __init__(self, cache: Path, state: Path) -> None:
        self._cache = cache
        self._state = state

    def info(self) -> Contents:
        """Return what is kept, where, and how much it takes.

        Returns
        -------
        Contents
            Prints as a table; `.parts` has the numbers.
        """
        return Contents(parts(self._cache, self._state))

    def clear(self) -> Cleared:
        """Remove answers and downloads; what you have read, and history, are left.

        Returns
        -------
        Cleared
            What was freed and what is left. Downloads of a fleet that was opened in the last day
            stay where they are, since it may still be in use.
        """
        before = sum(part.size for part in self.info().parts)
        for answers in self._answers():
            answers.clear()
            answers.close()
        clear_aside(self._cache)
        clear_downloads(self._cache)
        left = self.info().parts
        return Cleared(before - sum(part.size for part in left), left)

    def verify(self) -> Verified:
        """Compare every answer and every download with its digest, and take damaged ones out.

        Returns
        -------
        Verified
            How many answers were removed, and where damaged downloads are now.
        """
        removed = 0
        for answers in self._answers():
            removed += answers.verify()
            answers.close()
        return Verified(removed, Blobs(self._cache / DOWNLOADS).verify())

    def _answers(self) -> Iterator[Answers]:
        for path in (self._cache / ANSWERS).glob("*/*/answers.sqlite"):
            from cellframe.transport.caching.answers import Answers

            yield Answers(path.parent, most=0)

    def __repr__(self) -> str:
        return f"Cache({str(self._cache)!r})"
