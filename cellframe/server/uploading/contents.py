"""What is in the files of an upload, and what follows from it?

A file that is no whole parquet is refused. One that is, but cannot be read as a series, makes a
test all the same, whose ``processing_error`` says why: the sender has gone on by then.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.server.files.references import CYCLES, FILE, FILENAMES, SERIES, STEPS, Part
from cellframe.server.refusals import printable, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from cellframe.server.files.blobs import Blobs, Staged

_log = logging.getLogger(__name__)
_MAGIC = b"PAR1"
_TAIL = 8
"""Bytes at a parquet file's end: the length of its footer and the magic."""


@dataclass
class Contents:
    """Everything that a confirm is to keep.

    Attributes
    ----------
    parts : list of Part
        The files.
    metadata : dict
        What the record tells of them.
    steps_created : int
        Number of steps.
    error : str or None
        Why the series cannot be used.
    """

    parts: list[Part]
    metadata: dict[str, Any]
    steps_created: int = 0
    error: str | None = None


def of_files(blobs: Blobs, names: Sequence[str], staged: Sequence[Staged]) -> Contents:
    """Take files as they are."""
    for one in staged:
        blobs.seal(one)
    pairs = zip(names, staged, strict=True)
    parts = [Part(FILE, position, *pair) for position, pair in enumerate(pairs)]
    listed = [
        {"filename": part.filename, "size": part.staged.size, "sha256": part.staged.digest}
        for part in parts
    ]
    return Contents(parts, {"files": listed})


@contextmanager
def of_series(
    blobs: Blobs, series: Staged, steps: Staged | None, *, rated_capacity: float | None, now: int
) -> Generator[Contents]:
    """Check a series, and derive its steps and cycles; what was made goes when the block ends.

    Parameters
    ----------
    steps : Staged or None
        The sender's own, which win over derived ones.
    rated_capacity : float or None
        In A.h.

    Raises
    ------
    Refusal
        422 where a file is no whole parquet.
    """
    whole = checked(blobs, series, FILENAMES[SERIES])
    own = None if steps is None else sealed(blobs, steps, FILENAMES[STEPS])
    metadata = {"size": series.size, "sha256": series.digest}
    contents = Contents([Part(SERIES, 0, FILENAMES[SERIES], series)], metadata)
    with ThreadPoolExecutor(1) as pool, blobs.scratch() as made:
        # A large file takes as long to flush and to read again as to be derived from.
        sealing = pool.submit(blobs.seal, series)
        try:
            _derive(blobs, contents, whole, own, rated_capacity, lambda: made(now))
        finally:
            sealing.result()  # A disk that failed here failed first.
        yield contents


def sealed(blobs: Blobs, staged: Staged, name: str) -> Path:
    """Seal a file that has to be parquet, and tell where it lies; 422 where it is none."""
    blobs.seal(staged)
    return checked(blobs, staged, name)


def checked(blobs: Blobs, staged: Staged, name: str) -> Path:
    """Tell where a file lies that has to be parquet; 422 where it is none."""
    place = blobs.waiting(staged.name)
    # An interrupted confirm may have published it already.
    path = place if place.exists() else blobs.path(staged.digest)
    check_parquet(path, name)
    return path


def _derive(
    blobs: Blobs,
    contents: Contents,
    series: Path,
    steps: Path | None,
    rated_capacity: float | None,
    make: Callable[[], Path],
) -> None:
    # Polars takes a fifth of a second to import, and only tests with series need it.
    from cellframe.server.derive import Unreadable, derive

    try:
        found = derive(series, rated_capacity=rated_capacity, steps=steps)
    except Unreadable as fault:
        contents.error = str(fault)
        return
    except OSError:
        raise
    except Exception as fault:  # noqa: BLE001 - decoders of strangers' files raise what they like
        _log.exception("A series could not be decoded")
        contents.error = f"The series cannot be decoded ({type(fault).__name__}). Write it anew."
        return
    for role, table in ((STEPS, found.steps), (CYCLES, found.cycles)):
        place = make()
        table.write_parquet(place)
        staged = blobs.staged(place)
        blobs.seal(staged)
        contents.parts.append(Part(role, 0, FILENAMES[role], staged))
        # Whoever has this content already need not ask for it.
        contents.metadata[f"{role}_sha256"] = staged.digest
    contents.steps_created = found.steps.height
    counts = {"steps": found.steps.height, "cycles": found.cycles.height}
    contents.metadata = {"rows": found.rows, **contents.metadata, **counts}


def check_parquet(path: Path, name: str) -> None:
    """Refuse a file that does not begin and end as parquet does.

    Raises
    ------
    Refusal
        422
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    footer = int.from_bytes(tail[:4], "little")
    whole = head == _MAGIC and tail[4:] == _MAGIC and 0 < footer <= size - _TAIL - len(_MAGIC)
    if not whole:
        message = (
            f"{printable(name)} is no whole parquet file ({size:,} bytes came). "
            "Write it anew and put it again; nothing was stored."
        )
        raise refuse(422, message)
