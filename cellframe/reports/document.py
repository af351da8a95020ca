"""How does a report look as one page that needs nothing else?

The page has no script and fetches nothing. All data in it is escaped, and the same data make the
same bytes: it says which data it is of, not when somebody asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import floor, log10
from typing import TYPE_CHECKING, Any

from cellframe.views.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl
    from jinja2 import Environment

MOST_ROWS = 500
"""Rows of a table that the page shows; the workbook has all."""
_NOTHING = "\N{EN DASH}"
_DIGITS = 5
_ALIKE = 10
"""Numbers that differ by more than this are not written with the same decimals."""
_LEAST, _MOST = 1e-6, 1e6
_SENTENCE = 40
_IDS = ("_id", "_version")


@dataclass(frozen=True)
class Head:
    """One column's heading."""

    text: str
    number: bool = False

    @property
    def looks(self) -> str:
        """Its class: numbers stand right, names are whole, sentences get room."""
        if self.number:
            return "n"
        if len(self.text) > _SENTENCE:
            return "t"
        return "" if " " in self.text else "s"


@dataclass(frozen=True)
class Line:
    """One row of a table on the page."""

    cells: list[Head]
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table on the page.

    Attributes
    ----------
    title : str
        Above it, or on its fold.
    heads, rows : list
        What it shows.
    more : str
        What is said under it.
    folded : bool
        Whether a click opens it.
    """

    title: str
    heads: list[Head]
    rows: list[Line]
    more: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Plot:
    """A picture, as SVG that is not escaped again."""

    title: str
    svg: Any


@dataclass(frozen=True)
class Section:
    """One part of the page."""

    id: str
    title: str
    texts: Sequence[str] = ()
    plots: Sequence[Plot] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Page:
    """What a page says, before it is written."""

    title: str
    lead: str
    facts: Sequence[tuple[str, str, str]] = ()
    sections: Sequence[Section] = ()
    footer: str = ""


def table_of(
    frame: pl.DataFrame, title: str = "", *, folded: bool = False, mark: str | None = None
) -> Table:
    """Return a frame as a table of the page.

    Parameters
    ----------
    frame : DataFrame
        Ids and versions are left out: they are in the workbook.
    title : str
        Above it, or on its fold.
    folded : bool
        Whether a click opens it.
    mark : str, optional
        A column of truths: the rows that stand out.
    """
    shown = [
        name
        for name in frame.columns
        if not name.endswith(_IDS) and name != mark and not _is_blank(frame[name])
    ]
    heads = [Head(name, frame.schema[name].is_numeric()) for name in shown]
    first = frame.head(MOST_ROWS)
    columns = [_texts(first[name]) for name in shown]
    marks = first[mark].to_list() if mark else [False] * first.height
    rows = [
        Line(
            [Head(column[n], head.number) for column, head in zip(columns, heads, strict=True)],
            "flag" if marked else "",
        )
        for n, marked in enumerate(marks)
    ]
    left = frame.height - MOST_ROWS
    more = f"{left:,} more rows are in the workbook." if left > 0 else ""
    return Table(title, heads, rows, more, folded)


def _is_blank(values: pl.Series) -> bool:
    return values.null_count() == len(values) and len(values) > 0


def _texts(values: pl.Series) -> list[str]:
    """Write a column, its numbers so that their points stand under each other."""
    places = _places(values) if values.dtype.is_float() else None
    return [_text(value, places) for value in values]


def _places(values: pl.Series) -> int | None:
    """Return how many decimals show the largest number in few digits; None if that hides others."""
    sizes = values.drop_nulls().drop_nans().abs()
    sizes = sizes.filter((sizes > 0) & sizes.is_finite())
    if sizes.is_empty():
        return 0
    low, high = float(sizes.min()), float(sizes.max())  # type: ignore[arg-type] - numbers
    if high > low * _ALIKE or not _LEAST <= high < _MOST:
        return None
    most = max(0, _DIGITS - 1 - floor(log10(high)))
    unseen = 0.5 * 10.0**-most
    enough = (n for n in range(most) if ((sizes - sizes.round(n)).abs() <= unseen).all())
    return next(enough, most)


def _text(value: Any, places: int | None) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return written(value) if places is None else f"{value:,.{places}f}"
    return str(value)


def beside(width: float | None, *values: float | None) -> list[str]:
    """Write numbers with as many decimals as their spread has two digits of.

    Parameters
    ----------
    width : float or None
        The spread, or half of an interval.
    values : float or None
        What is written.
    """
    if not width or not _LEAST <= abs(width) < _MOST:
        return [written(value, 4) for value in values]
    places = max(0, 1 - floor(log10(abs(width))))
    return [_text(value, places) for value in values]


def written(value: float | None, digits: int = _DIGITS) -> str:
    """Write a number for a person: few digits, no exponent where it can be helped."""
    if value is None:
        return _NOTHING
    short = f"{value:.{digits}g}"
    if "e" not in short:
        return short
    return f"{value:,.0f}" if abs(value) >= 1 else short


def html(page: Page) -> str:
    """Write a page.

    Returns
    -------
    str
        One HTML document with its own style, no script and nothing from outside.
    """
    found = _environment().get_template("report.html.j2").render(vars(page))
    return "\n".join(line for line in map(str.strip, found.splitlines()) if line) + "\n"


def index(title: str, lead: str, entries: Iterable[tuple[str, str, str]]) -> str:
    """Write a page of links to other pages.

    Parameters
    ----------
    title, lead : str
        Above the list.
    entries : iterable of (str, str, str)
        Name of the file beside this one, what it is of, what is said of it.
    """
    template = _environment().get_template("index.html.j2")
    return template.render(title=title, lead=lead, entries=list(entries))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cellframe.reports", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """Return what a template writes: nothing of it that an eye would miss; drawings as they are."""
    return clean(value) if type(value) is str else value
