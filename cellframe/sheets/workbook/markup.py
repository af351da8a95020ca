"""What does the XML of a workbook say? Its small parts as tags, its texts as people typed them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEEPEST = 64
"""Tags within tags; a workbook has less than ten."""
_PIECE = 2**16
MOST_STRINGS = 5 * 10**6
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# Spreadsheets write characters that XML cannot hold so, and the first of such a sequence itself.
_ESCAPE = re.compile(r"((?:_x[0-9A-Fa-f]{4}_)+)")
_SIMPLE = r"^<t(?: [^<>]*)?(?:/>|>([^<]*)</t>)$"
_PREFIX = re.compile(r"<(\w+):(?:worksheet|sst)[ >]")


class MarkupError(ValueError):
    """A part is no XML, or nested deeper than any that a spreadsheet writes."""


class Tag(NamedTuple):
    """One tag of a part."""

    name: str
    attributes: Mapping[str, str]


def parse(
    text: str,
    start: Callable[[str, Mapping[str, str]], object],
    end: Callable[[str], object] | None = None,
    data: Callable[[str], object] | None = None,
) -> None:
    """Tell the tags of some XML, without their namespaces.

    Raises
    ------
    MarkupError
        It is none, or too deep.
    """
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise MarkupError("is too deep")
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(_local(name))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    if data is not None:
        parser.CharacterDataHandler = data
    try:
        # Text is given as UTF-8, whatever its first line says of the file that it was; and in
        # pieces, since a parser that is to stop reads on to the end of what it has.
        text = _undeclared(text)
        for at in range(0, len(text), _PIECE):
            parser.Parse(text[at : at + _PIECE], False)  # noqa: FBT003
        parser.Parse("", True)  # noqa: FBT003
    except (expat.ExpatError, UnicodeError) as fault:
        raise MarkupError(str(fault)) from None


def tags(text: str | None) -> list[Tag]:
    """Return the tags of a small part; none where there is no part."""
    found: list[Tag] = []
    if text:
        parse(text, lambda name, attributes: found.append(Tag(name, attributes)))
    return found


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _undeclared(text: str) -> str:
    return text[text.find("?>") + 2 :] if text.startswith("<?xml") else text


def without_prefix(text: str) -> str:
    """Return a part whose tags have a prefix, as some libraries write them, without it."""
    found = _PREFIX.search(text[:2000])
    if found is None or "<![CDATA[" in text:
        return text
    return text.replace(f"<{found[1]}:", "<").replace(f"</{found[1]}:", "</")


def shared_strings(text: str | None) -> pl.Series:
    """Return the texts that the cells of a workbook share.

    Raises
    ------
    MarkupError
        It is no XML.
    """
    if not text:
        return pl.Series([], dtype=pl.String)
    text = without_prefix(text)
    first = text.find("<si>")
    if first < 0 or "<!" in text:
        return texts_of(_strings_one_by_one(text))
    last = text.rfind("</sst>")
    if text.count("<si>") > MOST_STRINGS:
        raise MarkupError("has too many texts")
    items = pl.Series([text[first + 4 : last]]).str.split("<si>").explode()
    whole = items.str.ends_with("</si>")
    if not whole.all() or items.str.count_matches("</si>", literal=True).ne(1).any():
        return texts_of(_strings_one_by_one(text))
    return inner_texts(items.str.head(-5))


def inner_texts(items: pl.Series) -> pl.Series:
    """Return the texts in ``si`` and ``is``, given what stands between their tags."""
    found = items.str.strip_prefix("<t>").str.strip_suffix("</t>")
    odd = (found.str.contains("<", literal=True) | (found == items)).arg_true()
    if len(odd):
        inner = items[odd].str.extract(_SIMPLE)
        for place in (~items[odd].str.contains(_SIMPLE)).arg_true():
            inner = inner.scatter(place, _runs(f"<si>{items[odd[place]]}</si>"))
        found = found.scatter(odd, inner.fill_null(""))
    return texts_of(found)


def _runs(item: str) -> str:
    """Return the text of one item, whose runs have formats of their own."""
    return "".join(_strings_one_by_one(item)[:1])


def _strings_one_by_one(text: str) -> pl.Series:
    """Return the texts of all items, still with their escapes."""
    found: list[str] = []
    parts: list[str] = []
    inside: list[str] = []

    def start(name: str, _attributes: Mapping[str, str]) -> None:
        inside.append(name)

    def end(name: str) -> None:
        inside.pop()
        if name in ("si", "is"):
            found.append("".join(parts))
            parts.clear()

    def data(text: str) -> None:
        # A phonetic run (rPh) says how the text is spoken, and is no part of it.
        if inside and inside[-1] == "t" and "rPh" not in inside:
            parts.append(text.replace("&", "&amp;"))

    parse(text, start, end, data)
    return pl.Series(found, dtype=pl.String)


def texts_of(values: pl.Series) -> pl.Series:
    """Return texts without XML's and the spreadsheets' escapes."""
    return unescaped(plain(values))


def plain(values: pl.Series) -> pl.Series:
    """Return texts without XML's entities."""
    return _changed(values, "&", _plain)


def unescaped(values: pl.Series) -> pl.Series:
    """Return texts without what spreadsheets write for characters that XML does not have."""
    return _changed(values, "_x", _unescaped)


def _changed(values: pl.Series, sign: str, change: Callable[[str], str]) -> pl.Series:
    rows = values.str.contains(sign, literal=True).fill_null(value=False).arg_true()
    return values.scatter(rows, [change(values[row]) for row in rows]) if len(rows) else values


def _plain(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    code = int(found[1], 16) if found[1] else int(found[2])
    is_one = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - Unicode's
    return chr(code) if is_one else found[0]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_decoded, text)


def _decoded(found: re.Match[str]) -> str:
    """Return what a row of escapes stands for; pairs of surrogates are one character."""
    codes = found[1].strip("_").split("__")
    raw = b"".join(int(code[1:], 16).to_bytes(2, "little") for code in codes)
    try:
        return raw.decode("utf-16-le")
    except UnicodeDecodeError:  # Half a character is none.
        return found[1]
