"""What does a sheet know about where it came from?

Beside ``cells.csv`` lies ``cells.csv.cellframe``: which service the sheet is of, and the records
as they were read. With it a sheet that was mailed to another machine, or that outlived what is
kept on this one, can still be compared with what its editor saw. It holds no credential.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.store.places import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SUFFIX = ".cellframe"
_MOST_BYTES = 256 * 1024**2
"""Of its content: what is larger was made to fill the memory."""
_LEVEL = 3
"""Of compression: the highest takes five times as long, and saves a tenth (measured)."""
_FOR_EVERYBODY = 0o666
_GZIP = 31
"""How zlib is told that a stream is gzip's, by its window bits."""
DAMAGES = (zlib.error, ValueError, TypeError, KeyError, AttributeError)
"""What `from_bytes` raises of a companion that is not whole."""
_DAMAGED = (
    "{name} is damaged or of another version of cellframe, and is left aside: the sheet is "
    "compared with what is kept on this computer, else with the service alone."
)


@dataclass(frozen=True, slots=True)
class Companion:
    """What a sheet was made from.

    Attributes
    ----------
    kind : str
        Kind of record.
    service, origin : str
        Identity and address of the service.
    labels : tuple of str
        Columns of the sheet as it was written.
    digest : str
        SHA-256 of the sheet as it was written: another one means that it was saved since.
    client : str
        Version of cellframe that wrote it.
    records : sequence of mapping
        The records as they came.
    parents : mapping of str to str
        Names of their parents by id, as they were shown.
    units : mapping of str to str
        Units in which quantities were shown, by label without unit.
    """

    kind: str
    service: str
    origin: str
    labels: tuple[str, ...]
    digest: str
    client: str
    records: Sequence[Mapping[str, Any]]
    parents: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


def path_of(sheet: Path) -> Path:
    """Return where the companion of a sheet lies."""
    return sheet.with_name(sheet.name + SUFFIX)


def save(sheet: Path, companion: Companion) -> None:
    """Write a companion beside its sheet; the same bytes for the same content.

    Records that are too many to be read back are left out: they are kept on this computer.
    """
    write_whole(path_of(sheet).resolve(), to_bytes(companion), mode=_FOR_EVERYBODY)


def to_bytes(companion: Companion) -> bytes:
    """Return a companion, packed; without its records where they are too many to be read back."""
    body = orjson.dumps(companion, option=orjson.OPT_SORT_KEYS)
    if len(body) > _MOST_BYTES:
        body = orjson.dumps(replace(companion, records=()), option=orjson.OPT_SORT_KEYS)
    return gzip.compress(_digest(body) + b"\n" + body, _LEVEL, mtime=0)


def load(sheet: Path) -> Companion | None:
    """Return the companion of a sheet; None where there is none that can be used."""
    return load_or_tell(sheet)[0]


def load_or_tell(sheet: Path) -> tuple[Companion | None, str | None]:
    """Return the companion of a sheet, and what is wrong with it where it cannot be used."""
    path = path_of(sheet)
    try:
        return from_bytes(path.read_bytes()), None
    except FileNotFoundError:
        return None, None
    except (OSError, *DAMAGES):
        return None, _DAMAGED.format(name=path.name)


def from_bytes(raw: bytes) -> Companion:
    """Return what `to_bytes` packed.

    Raises
    ------
    DAMAGES
        It is not what was packed.
    """
    unpacking = zlib.decompressobj(wbits=_GZIP)
    digest, _, body = unpacking.decompress(raw, _MOST_BYTES + len(_digest(b""))).partition(b"\n")
    if not unpacking.eof or _digest(body) != digest:
        raise ValueError("is not whole")
    stored: dict[str, Any] = orjson.loads(body)
    stored["labels"] = tuple(stored["labels"])
    found = Companion(**stored)
    texts: list[Any] = [*found.labels, *found.parents.values(), *found.units.values()]
    texts += [
        found.kind,
        found.service,
        found.origin,
        found.digest,
        found.client,
    ]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("holds something else than text")
    if not all(isinstance(record["id"], str) for record in found.records):
        raise TypeError("holds something else than records")
    return found


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
