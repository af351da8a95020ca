"""What does a page need to know of whoever asks, and how does it answer?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from cellframe.contract.wire import Reply
from cellframe.desk.paper import draw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.desk.drafts import Drafts
    from cellframe.desk.paper import Here

_HTML = "text/html; charset=utf-8"
_OK, _SEE_OTHER = 200, 303
GONE, UNFIT = 404, 422


class Visitor(Protocol):
    """Somebody who has entered."""

    @property
    def client(self) -> Client:
        """Their client, with their own key."""
        ...

    @property
    def drafts(self) -> Drafts:
        """The plans they have open."""
        ...

    @property
    def folder(self) -> Path:
        """Where files are made for them, and deleted after a while."""
        ...

    def here(self, place: str = "") -> Here:
        """Return what each page says of them."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody who has entered.

    Attributes
    ----------
    visit : Visitor
        Who asks.
    named : mapping of str to str
        What the address names: a spec, a draft.
    query, form : mapping of str to str
        Fields of the address, and of the form that was sent.
    file : Path or None
        The file that was sent, under its own name.
    """

    visit: Visitor
    named: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def page(template: str, here: Here, *, status: int = _OK, **values: Any) -> Reply:
    """Answer with a page; see `cellframe.desk.paper.draw`."""
    return Reply(status, {"content-type": _HTML}, draw(template, here, **values))


def see(address: str) -> Reply:
    """Send the visitor to a page, so that it can be loaded again and nothing is done twice."""
    return Reply(_SEE_OTHER, {"location": address})


def download(content: bytes, name: str, kind: str) -> Reply:
    """Answer with a file that the browser keeps under this name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    said = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Reply(_OK, {"content-type": kind, "content-disposition": said}, content)
