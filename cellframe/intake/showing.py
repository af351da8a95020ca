"""How does a proposal look to the person who is asked to confirm it?"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from cellframe.intake.belonging import stem_of
from cellframe.intake.report import plain_reason
from cellframe.views.clean import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.intake.proposal import CellsProposal, FilesProposal, Line, Proposal

_WIDTHS = (30, 34, 20)
_MOST_FILES = 8


def text(proposal: Proposal) -> str:
    """Return a proposal as text: every column, what it becomes, an example and the reason."""
    lines = [*_head(proposal)]
    if proposal.cells is not None:
        lines += _cells(proposal.cells)
    for one in proposal.series:
        lines += _files(one)
    lines += _listed("Cannot be read", proposal.broken)
    lines += _listed("Not imported", proposal.left_out)
    lines += _doubts(proposal)
    return "\n".join(clean(line) for line in lines)


def _head(proposal: Proposal) -> Iterator[str]:
    if proposal.spec is None:
        yield "Spec: named by the table for each cell"
    else:
        yield f"Spec: {proposal.spec.value!r} ({proposal.spec.why})"


def _cells(proposal: CellsProposal) -> Iterator[str]:
    yield ""
    yield f"{proposal.map.file}: {proposal.rows} cells"
    yield from _table(proposal.columns)
    for line in proposal.settings:
        yield f"   {line.key} = {line.value!r}: {line.why}"


def _files(proposal: FilesProposal) -> Iterator[str]:
    names = ", ".join(proposal.map.files[:_MOST_FILES])
    more = len(proposal.map.files) - _MOST_FILES
    yield ""
    yield f"{names}{f' and {more} more' if more > 0 else ''}: time series"
    yield from _table(proposal.columns)
    for line in proposal.settings:
        if line.value:
            example = f"e.g. {line.example!r}" if line.example else ""
            why = ", ".join(part for part in (line.why, example) if part)
            yield f"   {line.key} = {line.value!r}{f': {why}' if why else ''}"
    for sentence in proposal.evidence:
        yield f"     {sentence}"
    yield from _owners(proposal.cells)
    yield from _listed("   No cell", proposal.strays)


def _owners(cells: Mapping[str, str]) -> Iterator[str]:
    """List the files whose names are not all of their cells' names: is each of its cell?"""
    told = [
        f"{file} → {cell}"
        for file, cell in cells.items()
        if cell and stem_of(PurePath(file)) != cell
    ]
    yield from (f"     {line}" for line in told[:_MOST_FILES])
    if len(told) > _MOST_FILES:
        yield f"     and {len(told) - _MOST_FILES} more"


def _table(lines: Sequence[Line]) -> Iterator[str]:
    """Return a line per column, in columns that are as wide as they need to be."""
    used = [line for line in lines if not line.is_left_out]
    cells = [[line.key, line.value, line.example] for line in used]
    widths = [
        min(most, max((len(clean(row[at])) for row in cells), default=0))
        for at, most in enumerate(_WIDTHS)
    ]
    for row, line in zip(cells, used, strict=True):
        key, becomes, example = (
            cut(one, width).ljust(width) for one, width in zip(row, widths, strict=True)
        )
        mark = "?" if line.doubt else " "
        yield f" {mark} {key} → {becomes}  {example}  {line.why}".rstrip()
    left = [
        f"{line.key} ({line.why})" if line.why else line.key for line in lines if line.is_left_out
    ]
    if left:
        yield f"   left out: {', '.join(left)}"


def _listed(what: str, files: Mapping[str, str]) -> Iterator[str]:
    if files:
        yield f"{what}:"
    for file, why in list(files.items())[:_MOST_FILES]:
        yield f"     {file}: {plain_reason(file, why).splitlines()[0]}"
    if len(files) > _MOST_FILES:
        yield f"     and {len(files) - _MOST_FILES} more"


def _doubts(proposal: Proposal) -> Iterator[str]:
    if proposal.doubts:
        yield ""
        yield "To be checked:"
    for doubt in proposal.doubts:
        yield f" ? {doubt.message}"
