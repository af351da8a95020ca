"""How does a page become HTML, and where are the files it needs?

A page is a template and values. Every value is escaped, and every text of a record is made safe
to look at. Style and script are files of our own, named by their content.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cellframe.views.clean import cut
from cellframe.views.words import many

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

STATIC = "/desk/static/"
_LONGEST = 600
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_OURS = ("desk.css", "desk.js", "desk.svg")


@dataclass(frozen=True, slots=True)
class Here:
    """Who looks at a page, and where it stands.

    Attributes
    ----------
    token : str
        What each of its forms says back; empty where nobody has entered yet.
    who : str or None
        The visitor, as the service calls them; None for someone who cannot leave.
    place : str
        ``cells`` or ``history``; empty elsewhere.
    """

    token: str = ""
    who: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Static:
    """A file that pages need.

    Attributes
    ----------
    kind : str
        Its content type.
    content : bytes
        Its bytes.
    """

    kind: str
    content: bytes


def draw(template: str, here: Here, **values: Any) -> bytes:
    """Return a page.

    Parameters
    ----------
    template : str
        Its name without an ending: ``plan``.
    here : Here
        Who looks at it.
    **values
        What the template shows, ``title`` among it.
    """
    given = {"here": here, **values}
    return _environment().get_template(f"{template}.html.j2").render(given).encode(errors="replace")


def static(name: str) -> Static | None:
    """Return a file by the name that pages call it; None where there is none."""
    return _by_address().get(STATIC + name)


def address_of(name: str) -> str:
    """Return where a page finds ``desk.css``: a name that no other content has."""
    stem, _, ending = name.rpartition(".")
    return f"{STATIC}{stem}-{sha256(_bytes_of(name)).hexdigest()[:12]}.{ending}"


@cache
def _bytes_of(name: str) -> bytes:
    return (files("cellframe.desk") / "static" / name).read_bytes()


@cache
def _by_address() -> dict[str, Static]:
    return {
        address_of(name): Static(_TYPES[name.rpartition(".")[2]], _bytes_of(name)) for name in _OURS
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cellframe.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names: dict[str, Any] = {"static": address_of, "many": many}
    environment.globals.update(names)
    environment.filters.update({"shown": _shown, "day": _day, "minute": _minute})
    return environment


def _shown(value: object) -> str:
    return cut(str(value), _LONGEST)


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"
