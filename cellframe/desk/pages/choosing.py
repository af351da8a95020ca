"""Which cells are they to be, and how do they go out?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from cellframe.desk.pages import sheets
from cellframe.desk.pages.asked import page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked
    from cellframe.resources.records import CellSpec

SPECS_OF_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec as the page lists it.

    Attributes
    ----------
    id, name : str
        Of the record.
    cells : int
        How many it has.
    changed : datetime or None
        When it, or one of its cells, was last changed.
    """

    id: str
    name: str
    cells: int
    changed: datetime | None

    @property
    def address(self) -> str:
        """Its id as part of an address."""
        return quote(self.id, safe="")


def choose(asked: Asked) -> Reply:
    """List the specs, with the number of their cells: ``GET /desk``."""
    client, words = asked.visit.client, asked.query.get("q", "").strip()
    start = _whole(asked.query.get("from", ""))
    found = client.cell_spec.list(
        limit=SPECS_OF_A_PAGE, offset=start, order_by="name", order="asc", name=words
    )
    end = start + len(found)
    return page(
        "choose",
        asked.visit.here("cells"),
        title="Which cells?",
        asked=words,
        specs=[summary(client, spec) for spec in found],
        total=found.total,
        before=max(0, start - SPECS_OF_A_PAGE) if start else None,
        after=end if end < found.total else None,
        unfinished=_unfinished(client),
        accepted=sheets.ACCEPTED,
    )


def of_spec(asked: Asked) -> Reply:
    """Say how to edit the cells of one spec: ``GET /desk/specs/SPEC``."""
    client = asked.visit.client
    spec = summary(client, client.cell_spec.get(asked.named["spec"]))
    return page(
        "spec",
        asked.visit.here("cells"),
        title=spec.name,
        spec=spec,
        accepted=sheets.ACCEPTED,
    )


def workbook(asked: Asked) -> Reply:
    """Give the cells of a spec as a workbook: ``GET /desk/specs/SPEC/workbook``."""
    client = asked.visit.client
    spec = client.cell_spec.get(asked.named["spec"])

    def write(path: Path) -> None:
        client.cell_instance.to_excel(
            spec,
            path,
            include_tests="tests" in asked.query,
            include_lots="lots" in asked.query,
        )

    return sheets.given(asked.visit.folder, spec.name, write)


def summary(client: Client, spec: CellSpec) -> Spec:
    """Return a spec with the number of its cells and the time of the last change."""
    newest = client.cell_instance.list(spec, limit=1, offset=0, order_by="updated_at", order="desc")
    times = [spec.updated_at, *(cell.updated_at for cell in newest)]
    return Spec(spec.id, spec.name, newest.total, max(_times(times), default=None))


def _times(texts: Iterable[str | None]) -> list[datetime]:
    found: list[datetime] = []
    for text in texts:
        try:
            found.append(datetime.fromisoformat(text or ""))
        except ValueError:
            continue
    return found


def _whole(text: str) -> int:
    few = text.isascii() and text.isdigit() and len(text) < 7  # noqa: PLR2004 - specs of a lab
    return int(text) if few else 0


def _unfinished(client: Client) -> str:
    """Say that an apply waits to be finished; empty where none does."""
    lines = client.history()
    open_ = lines.filter(lines["state"] == "unfinished")
    if not open_.height:
        return ""
    begun = open_["when [UTC]"][0]
    return f"What you sent on {begun:%Y-%m-%d at %H:%M} UTC was interrupted."
