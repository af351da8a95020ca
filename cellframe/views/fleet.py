"""A fleet of cells in one line: how much there is, and what is not here yet."""

from __future__ import annotations

from dataclasses import dataclass

from cellframe.views.words import many

_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class FleetParts:
    """What there is of a fleet.

    Attributes
    ----------
    cells, tests, steps, cycles, failures : int
        Counts.
    rows : int or None
        Rows of all series; None where the service does not say.
    missing : int or None
        Bytes of series that are not downloaded; None where the service does not say how many.
    """

    cells: int
    tests: int
    rows: int | None
    missing: int | None
    steps: int
    cycles: int
    failures: int


def summary(parts: FleetParts) -> str:
    """Write a fleet in one line: ``84 cells, 168 tests, 41 M rows, 1.2 GB not yet downloaded``."""
    said = [many(parts.cells, "cell"), many(parts.tests, "test")]
    counts = {"step": parts.steps, "cycle": parts.cycles, "row": parts.rows}
    said += [_short(count, noun) for noun, count in counts.items() if count]
    if parts.missing is None:
        said.append("series not yet downloaded")
    elif parts.missing:
        said.append(f"{size(parts.missing)} not yet downloaded")
    if parts.failures:
        said.append(f"{many(parts.failures, 'part')} could not be read: see .failures")
    return ", ".join(said)


def size(count: int) -> str:
    """Write a number of bytes in the unit that leaves two or three digits."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{_digits(count / scale)} {unit}"
    return f"{count} B"


def _short(count: int, noun: str) -> str:
    """Say a number of things as people do: 41 M rows, 20,000 rows."""
    return f"{_digits(count / 1e6)} M {noun}s" if count >= _MILLION else many(count, noun)


def _digits(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:,.0f}"  # noqa: PLR2004
