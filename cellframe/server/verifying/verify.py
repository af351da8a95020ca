"""Is everything in this folder still what was stored?

Reads only, and works while a service runs on the folder: what lies on the disk is listed before
the records are read, and a fault that a service may just have caused is looked at again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DatabaseError

from cellframe.contract.records import FILES, READY, TIME_SERIES
from cellframe.errors import StoreError
from cellframe.server.files.blobs import BLOBS, STAGING
from cellframe.server.files.references import CYCLES, FILE, RAW, SERIES, STEPS
from cellframe.server.schema import FILE_NAME
from cellframe.server.verifying import inventory
from cellframe.server.verifying.inspection import Contents, exposed, footer_rows, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cellframe.server.files.references import File
    from cellframe.server.verifying.inventory import Inventory, Owner

DAY = 24 * 3600.0
_COUNTED = {SERIES: "rows", STEPS: "steps", CYCLES: "cycles"}
"""What a test's record tells of the rows of each of its tables."""
_RESTORE = "Restore it from a copy, or delete the record and upload it again."


class Finding(NamedTuple):
    """One line of a report; a note is nothing that anybody has to act on."""

    text: str
    is_fault: bool = True


@dataclass
class Report:
    """What was found.

    Attributes
    ----------
    faults, notes : list of str
        One line each: what, which record by name and id, what to do.
    tests, contents, bytes : int
        How much was looked at.
    """

    faults: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    tests: int = 0
    contents: int = 0
    bytes: int = 0

    def add(self, found: Iterator[Finding]) -> None:
        """Take findings in."""
        for finding in found:
            (self.faults if finding.is_fault else self.notes).append(finding.text)


def verify(folder: Path) -> Report:
    """Compare the files of a folder with its records, every byte of them.

    Parameters
    ----------
    folder : Path
        A service's folder.

    Returns
    -------
    Report

    Raises
    ------
    StoreError
        The folder is none of a service.
    """
    if not (folder / FILE_NAME).is_file():
        message = f"{folder} is no folder of a service: it has no {FILE_NAME}. Name another one."
        raise StoreError(message)
    report = Report()
    report.add(_modes(folder))
    # A content is published before its record: listed in this order, none seems to be garbage.
    lying = {part: listed(folder / part) for part in (BLOBS, STAGING)}
    try:
        known = inventory.read(folder)
    except (DatabaseError, inventory.UnusableError) as fault:
        reason = str(getattr(fault, "orig", fault))
        report.faults.append(f"{FILE_NAME} cannot be read: {reason}. Restore it from a copy.")
        return report
    report.add(map(Finding, known.faults))
    _check(folder, known, lying, report)
    return report


def _check(folder: Path, known: Inventory, lying: dict[str, list[Path]], report: Report) -> None:
    contents = Contents(folder, known.sizes)
    for owner in known.owners:
        report.add(_of(folder, owner, contents))
    report.add(_without_record(known, lying))
    report.tests = sum(owner.type != RAW for owner in known.owners)
    report.contents = contents.read
    report.bytes = contents.bytes


def _modes(folder: Path) -> Iterator[Finding]:
    database = [folder / f"{FILE_NAME}{side}" for side in ("", "-wal", "-shm")]
    for path in exposed([*database, folder / BLOBS, folder / STAGING]):
        name = path.relative_to(folder)
        text = f"{name} may be read or changed by other users. Run `chmod go= {name}` in {folder}."
        yield Finding(text)


def _of(folder: Path, owner: Owner, contents: Contents) -> Iterator[Finding]:
    found = list(_faults_of(owner, contents))
    # A service may have deleted or extended it, and collected its files, since.
    if found and inventory.is_unchanged(folder, owner):
        yield from found


def _faults_of(owner: Owner, contents: Contents) -> Iterator[Finding]:
    yield from _lacking(owner)
    for file in owner.files:
        of = f"{file.filename} of {owner.label}"
        if state := contents.fault(file.digest):
            yield Finding(f"{of}: {contents.name(file.digest)} {state}. {_RESTORE}")
            continue
        yield from (Finding(f"{of}: {text}") for text in _disagreeing(owner, file, contents))


def _lacking(test: Owner) -> Iterator[Finding]:
    wanted = {FILES: {FILE}, TIME_SERIES: {SERIES}}.get(test.type, set[str]())
    if test.type == TIME_SERIES and test.status == READY:
        wanted = {SERIES, STEPS, CYCLES}
    for role in sorted(wanted - {file.role for file in test.files}):
        yield Finding(f"{test.label} has no file of its {role}. {_RESTORE}")
    told = test.metadata.get("files", [])
    if test.type == FILES and len(told) != len(test.files):
        text = f"{test.label} tells of {len(told)} files and has {len(test.files)}. {_RESTORE}"
        yield Finding(text)


def _disagreeing(owner: Owner, file: File, contents: Contents) -> Iterator[str]:
    """Yield where a sound content is not what the records tell of it."""
    size = contents.sizes[file.digest]
    told = _told(owner, file)
    kept_in = RAW if file.role == RAW else "files"
    for number, where in ((file.size, kept_in), (told.get("size", size), "file_metadata")):
        if number != size:
            yield f"it has {size} bytes, and {where} tells of {number}. {_RESTORE}"
    if told.get("sha256", file.digest) != file.digest:
        yield f"it is not the content that file_metadata tells of. {_RESTORE}"
    counted = _COUNTED.get(file.role)
    if counted is None or owner.status != READY:
        return
    rows, recorded = footer_rows(contents.path(file.digest)), owner.metadata.get(counted)
    if rows is None:
        yield f"it is no parquet file. {_RESTORE}"
    elif rows != recorded:
        yield f"it has {rows} rows, and the record tells of {recorded} {counted}. {_RESTORE}"


def _told(test: Owner, file: File) -> dict[str, object]:
    if file.role == SERIES:
        return test.metadata
    told = test.metadata.get("files", [])
    return told[file.position] if file.role == FILE and file.position < len(told) else {}


def _without_record(known: Inventory, lying: dict[str, list[Path]]) -> Iterator[Finding]:
    """Yield notes on files that nothing refers to; young ones are on their way."""
    for path in lying[BLOBS]:
        if path.name not in known.sizes and _is_old(path):
            yield Finding(f"blobs: {path.name} belongs to no record. Remove it.", is_fault=False)
    for path in lying[STAGING]:
        if path.name not in known.staged and _is_old(path):
            text = f"staging: {path.name} was left by an upload that is forgotten. Remove it."
            yield Finding(text, is_fault=False)
    there = {path.name for path in lying[STAGING]}
    for name in sorted(known.staged - there):
        text = f"staging: {name} of an upload under way is gone. Its sender has to put it again."
        yield Finding(text, is_fault=False)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > DAY
    except FileNotFoundError:
        return False
