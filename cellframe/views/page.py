"""Lines of styled text, as wide as a page: what the text views are written on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

# A call is one word: half of one cannot be copied.
_WORD = re.compile(r"[\w.]+\([^()]*\)\S*|\S+")
_NARROWEST = 30


def width_of(text: str) -> int:
    """Count the columns of a terminal that a text takes; a Chinese character takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """Add the spaces that bring a text to this width."""
    return text + " " * (width - width_of(text))


class Page:
    """Lines of text with styles, joined at the end.

    Parameters
    ----------
    width : int
        Columns after which sentences are wrapped; a call or a value is never broken.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._lines: list[Text] = []

    def line(self, *pieces: tuple[str, str]) -> None:
        """Add one line, of texts and their styles."""
        from rich.text import Text

        line = Text()
        for text, style in pieces:
            line.append(text, style)
        line.rstrip()
        self._lines.append(line)

    def gap(self) -> None:
        """Leave one line empty, if there is something above it."""
        if self._lines and self._lines[-1].plain:
            self.line()

    def sentence(
        self, text: str, style: str = "", *, indent: int = 0, sign: str = "", mark: str = ""
    ) -> None:
        """Add a sentence, wrapped under its own beginning; `mark` is the style of its sign."""
        self._flow(_WORD.findall(text), " ", (" " * indent + sign, mark), style)

    def listed(self, items: Iterable[str], head: tuple[str, str]) -> None:
        """Add items behind a head, with commas, broken between two items only."""
        self._flow(items, ", ", head, "")

    def text(self) -> Text:
        """Join all lines to one text."""
        from rich.text import Text

        while self._lines and not self._lines[-1].plain:
            self._lines.pop()
        return Text("\n").join(self._lines)

    def _flow(self, items: Iterable[str], between: str, head: tuple[str, str], style: str) -> None:
        indent = width_of(head[0])
        for part in _filled(items, between, max(_NARROWEST, self.width - indent)):
            self.line(head, (part, style))
            head = (" " * indent, "")


def _filled(items: Iterable[str], between: str, room: int) -> Iterator[str]:
    """Fill lines with as many items as there is room for."""
    pending = ""
    for item in items:
        if pending and width_of(pending + between + item) > room:
            yield pending + between.rstrip()
            pending = item
        else:
            pending = f"{pending}{between}{item}" if pending else item
    if pending:
        yield pending
