"""Which specs are meant?"""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cellframe.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cellframe.client import Client
    from cellframe.resources.records import CellSpec

_WILD = "*?["
_MOST_NAMED = 12


def specs_of(client: Client, wanted: Iterable[str]) -> list[CellSpec]:
    """Return the specs that are meant, each once, in the order of the words.

    Parameters
    ----------
    client : Client
        Of the service that has them.
    wanted : iterable of str
        Names, ids, or patterns of names in which ``*`` stands for any letters, ``?`` for one and
        ``[ab]`` for one of these. A name that is spelled like a pattern is a name.

    Raises
    ------
    NotFoundError, AmbiguousNameError
        A word fits no spec, or a name fits several; nothing is read then.
    """
    found: dict[str, CellSpec] = {}
    for word in wanted:
        found |= {spec.id: spec for spec in _meant(client, word)}
    return list(found.values())


def _meant(client: Client, word: str) -> list[CellSpec]:
    if not any(mark in word for mark in _WILD):
        try:
            return [client.cell_spec.get(word)]
        except NotFoundError as fault:
            names = sorted(spec.name for spec in client.cell_spec.list())
            raise NotFoundError(f"{fault} {_there(names)}", status=404) from fault
    # Matched here: a service would match in any case, and may leave out what is on later pages.
    specs = client.cell_spec.list()
    names = {spec.id: _composed(spec.name) for spec in specs}
    if _composed(word) in names.values():
        return [client.cell_spec.get(word)]
    fitting = [spec for spec in specs if fnmatchcase(names[spec.id], _composed(word))]
    if not fitting:
        raise NotFoundError(_none_like(word, set(names.values())), status=404)
    return sorted(fitting, key=lambda spec: spec.name)


def _none_like(pattern: str, names: set[str]) -> str:
    bare = "".join(letter for letter in pattern if letter not in _WILD)
    near = get_close_matches(bare, sorted(names), n=3, cutoff=0.3)
    advice = f"Near it are {', '.join(map(repr, near))}." if near else _there(sorted(names))
    return f"No spec has a name like {pattern!r}. {advice}"


def _there(names: Sequence[str]) -> str:
    """Say which specs there are; a name of several words needs quotes."""
    if not names:
        return "There are no specs yet."
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"The specs here: {', '.join(map(repr, names[:_MOST_NAMED]))}{more}."


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
