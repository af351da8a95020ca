"""How much of its capacity has a cell left, and relative to what?

State of health is the same number: say what it is relative to, and which cycles are check-ups.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.analysis.cycle_rows import (
    DEFAULT,
    LABEL,
    RATED,
    TOO_MUCH,
    WHO,
    after,
    answer,
    cycle_rows,
    glitch_told,
    is_glitch,
    is_partial_first,
    said,
    short,
    source_of,
)
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import CAPACITY_SOURCE, CYCLE, ENERGY_SOURCE
from cellframe.errors import ConfigError
from cellframe.frames.columns import parse

if TYPE_CHECKING:
    from collections.abc import Collection

    from cellframe.frames.backend import AnyFrame

Reference: TypeAlias = "str | int | tuple[int, int]"
"""``rated``, ``first``, a cycle, the median of cycles a to b, or the label of a check-up."""
REFERENCE, ABOUT, DOUBT = "\x00reference", "\x00about", "\x00doubt"
_SCHEMA = {REFERENCE: pl.Float64(), ABOUT: pl.String(), DOUBT: pl.String()}


def retention(
    frame: AnyFrame,
    *,
    reference: Reference = "first",
    capacity: float | None = None,
    of: str = DEFAULT,
    check_ups: str | Collection[str] | None = None,
    label: str = LABEL,
) -> Any:
    """Return what is left of the capacity, or of the energy, at each cycle.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many: ``Cycle count`` and what fades.
    reference : str, int or (int, int)
        Relative to what. ``rated``: `capacity`, or the column ``Rated capacity [A.h]``. ``first``:
        the first cycle, or the second where the first is partial. ``3``: that ``Cycle count``.
        ``(2, 40)``: the median of cycles 2 to 40. Any other text: the first cycle with this label.
    capacity : float, optional
        What cells are rated for, in the unit of `of`.
    of : str
        What fades. The label may be of an energy.
    check_ups : str or collection of str, optional
        Labels of the cycles that count. Others are left out, and the first one is the reference of
        ``first``.
    label : str
        The column of labels.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Keys, ``Cycle count``, `of`, ``Capacity retention``, ``Capacity fade`` (1 - retention),
        ``Reference capacity [A.h]``, ``Finding``, ``Definition``; of an energy ``Energy
        retention`` and so on. Ratios, never percent. Null where there is no reference.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.
    ConfigError
        `reference` cannot be read, ``rated`` is asked for and not known, or no cycle has a label.

    Notes
    -----
    ionworks divides by the first row, all null where that is 0; PyProBE too, in percent; Aurora by
    the first cycle after formation; BEEP by the median of the first 40 cycles, and its check-ups by
    the first diagnostic; Severson et al. (2019) by the nominal capacity. With a partial first
    cycle, division by the first row gives 30.
    """
    made = retained(frame, reference, capacity, of, check_ups, label)
    return answer(made, [CYCLE, *labels_of(of)], frame)


def labels_of(of: str) -> list[str]:
    """Return the labels of an answer about one quantity."""
    word, unit = word_of(of), parse(of)[1]
    bracket = f" [{unit}]" if unit else ""
    return [of, f"{word} retention", f"{word} fade", f"Reference {word.lower()}{bracket}"]


def word_of(of: str) -> str:
    """Return what a quantity is one of: an energy or a capacity."""
    return "Energy" if "energy" in of.lower() else "Capacity"


def retained(
    frame: AnyFrame,
    reference: Reference,
    capacity: float | None,
    of: str,
    check_ups: str | Collection[str] | None,
    label: str,
) -> pl.DataFrame:
    """Return the cycles that count, with what `retention` says of them."""
    by_label = check_ups is not None or _is_label(reference)
    source = ENERGY_SOURCE if word_of(of) == "Energy" else CAPACITY_SOURCE
    rows = cycle_rows(frame, (of, *((label,) if by_label else ())), (RATED, source))
    if check_ups is not None:
        rows = _labelled_rows(rows, label, check_ups)
    found = _references(rows, reference, capacity, of, label)
    joined = rows.join(found, on=WHO, how="left", maintain_order="left", nulls_equal=True)
    _, kept, faded, referred = labels_of(of)
    share = pl.when(pl.col(REFERENCE) > 0).then(pl.col(of) / pl.col(REFERENCE))
    which = "" if check_ups is None else f"; of check-ups alone ({_spoken(check_ups)})"
    definition = pl.format(f"{_bare(of)} over {{}}{which}", pl.col(ABOUT))
    return joined.with_columns(
        share.alias(kept),
        (1 - share).alias(faded),
        pl.col(REFERENCE).alias(referred),
        said(
            (is_glitch(of, rows), glitch_told(of)),
            (pl.col(DOUBT).is_not_null(), pl.col(DOUBT)),
        ).alias(FINDING),
        (definition + source_of(rows, source)).alias(DEFINITION),
    )


def _bare(of: str) -> str:
    return ".".join(parse(of)[0])


def _is_label(reference: Reference) -> bool:
    return isinstance(reference, str) and reference not in ("rated", "first")


def _spoken(labels: str | Collection[str]) -> str:
    return labels if isinstance(labels, str) else ", ".join(labels)


def _labelled_rows(rows: pl.DataFrame, label: str, wanted: str | Collection[str]) -> pl.DataFrame:
    """Return the cycles of some labels.

    Raises
    ------
    ConfigError
        No cycle has one of them.
    """
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    kept = rows.filter(pl.col(label).cast(pl.String).is_in(names))
    if kept.is_empty() and rows.height:
        there = rows[label].drop_nulls().unique().sort().cast(pl.String).to_list()
        shown = ", ".join(map(repr, there[:20])) or "none"
        message = f"No cycle is labelled {_spoken(wanted)!r} in {label!r}. Labels there: {shown}."
        raise ConfigError(message)
    return kept


def _references(
    rows: pl.DataFrame, reference: Reference, capacity: float | None, of: str, label: str
) -> pl.DataFrame:
    """Return the reference of each cell, what it is, and what is doubtful about it."""
    if reference == "rated":
        return _rated(rows, capacity, of)
    if isinstance(reference, str):
        if reference == "first":
            return _first(rows, of)
        return _first(_labelled_rows(rows, label, reference), of, f" ({reference})", rows)
    if isinstance(reference, int | Integral) and not isinstance(reference, bool):
        return _median(rows, int(reference), int(reference), of)
    ends: Any = reference
    if isinstance(ends, tuple | list) and _are_ends(list(ends)):
        return _median(rows, int(ends[0]), int(ends[1]), of)
    message = (
        f"reference={reference!r} is none: give 'rated', 'first', a cycle, two cycles (2, 40) for "
        "the median of those from one to the other, or the label of a check-up."
    )
    raise ConfigError(message)


def _are_ends(ends: list[Any]) -> bool:
    whole = [
        int(end) for end in ends if isinstance(end, int | Integral) and not isinstance(end, bool)
    ]
    return len(whole) == len(ends) == 2 and whole[0] <= whole[1]  # noqa: PLR2004


def _rated(rows: pl.DataFrame, capacity: float | None, of: str) -> pl.DataFrame:
    if capacity is None and (RATED not in rows.columns or word_of(of) == "Energy"):
        message = f"reference='rated' needs to know it: give capacity= in the unit of {of!r}"
        column = f", or a column {RATED!r}" if word_of(of) != "Energy" else ""
        raise ConfigError(f"{message}{column}.")
    value = pl.col(RATED).first() if capacity is None else pl.lit(float(capacity))
    unit = parse(of)[1] or ""
    found = rows.group_by(WHO, maintain_order=True).agg(value.alias(REFERENCE))
    told = pl.format(f"rated {{}} {unit}", short(pl.col(REFERENCE), 6))
    missing = pl.when(pl.col(REFERENCE).is_null()).then(pl.lit("the rated capacity is not known"))
    return found.with_columns(told.fill_null("rated").alias(ABOUT), missing.alias(DOUBT))


def _first(
    rows: pl.DataFrame, of: str, which: str = "", everyone: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Take the first cycle, or the second where that is partial."""
    partial = is_partial_first(of)
    marked = rows.with_columns(partial.alias("partial"), after(of).alias("after"))
    usable = pl.col(of).filter(~pl.col("partial"))
    cycle = pl.col(CYCLE).filter(~pl.col("partial")).first()
    told = marked.group_by(WHO, maintain_order=True).agg(
        usable.first().alias(REFERENCE),
        cycle.alias("cycle"),
        pl.col("partial").any(),
        pl.col(CYCLE).first().alias("begins"),
        pl.col(of).first().alias("part"),
        pl.col("after").filter(~pl.col("partial")).first(),
        pl.col(of).median().alias("usual"),
    )
    value = pl.col(REFERENCE)
    doubt = said(
        (
            pl.col("partial"),
            pl.format(
                "cycle {} is partial ({}) and no reference", "begins", short(pl.col("part"))
            ).fill_null("the first cycle is partial and no reference"),
        ),
        (value.is_null(), pl.format("of the first cycle ({}) nothing is known", "cycle")),
        (value == 0, pl.format("the first cycle ({}) is 0", "cycle")),
        (
            value > TOO_MUCH * pl.max_horizontal("after", "usual"),
            pl.format("the reference, of cycle {}, is far above the next ones", "cycle"),
        ),
    )
    made = told.select(
        WHO,
        REFERENCE,
        pl.format(f"the first cycle, {{}}{which}", "cycle").alias(ABOUT),
        doubt.alias(DOUBT),
    )
    if everyone is None:
        return made
    missing = everyone.select(WHO).unique(maintain_order=True).join(made, on=WHO, how="anti")
    return pl.concat([made, _nothing(missing, f"the first cycle{which}", "no cycle has the label")])


def _median(rows: pl.DataFrame, first: int, last: int, of: str) -> pl.DataFrame:
    inside = pl.col(CYCLE).is_between(first, last)
    values = pl.col(of).filter(inside & ~pl.col("glitch")).drop_nulls()
    about = f"cycle {first}" if first == last else f"the median of cycles {first} to {last}"
    marked = rows.with_columns(is_glitch(of, rows).alias("glitch"))
    found = marked.group_by(WHO, maintain_order=True).agg(
        values.median().alias(REFERENCE), values.count().alias("known")
    )
    where = f"in cycle {first}" if first == last else f"in cycles {first} to {last}"
    doubt = pl.when(pl.col("known") == 0).then(pl.lit(f"nothing is known {where}"))
    return found.select(WHO, REFERENCE, pl.lit(about).alias(ABOUT), doubt.alias(DOUBT))


def _nothing(who: pl.DataFrame, about: str, doubt: str) -> pl.DataFrame:
    return who.with_columns(
        pl.lit(value, dtype).alias(name)
        for (name, dtype), value in zip(_SCHEMA.items(), (None, about, doubt), strict=True)
    )
