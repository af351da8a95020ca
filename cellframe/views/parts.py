"""What a view is given to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cellframe.views.voice import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cellframe.views.voice import Voice


@dataclass(frozen=True, slots=True)
class PlanParts:
    """A plan to be shown.

    Attributes
    ----------
    noun : str
        What one row is: cell, spec; record, where they are of several kinds.
    origin : str
        Address of the service.
    counts : mapping of str to int
        Rows by action (create, update, delete, unchanged, already_there, conflict, invalid,
        exists), and
        ``lots_created``, ``cells_cleared``; the ones that are 0 may be left out.
    changes : DataFrame, shape (n_changes, 11)
        ``row``, ``action``, ``record``, ``id``, ``name``, ``column``, ``class`` (change, clear,
        already_there, conflict, invalid), ``you_read``, ``you_have``, ``server_now`` as text,
        ``message``. A row without a changed cell has one line with an empty column. A lot that
        would be created has an empty ``row`` and the nearest existing lot in ``message``.
    notices : sequence of str
        What to look at before sending.
    sendable : bool
        Whether the plan holds anything to send or to decide.
    passed : sequence of str
        Limits that the plan passes, each said without a full stop.
    override : mapping of str to int
        The counts that would say they are meant, by the limit's name.
    voice : Voice
        How to say what to do next.
    closing : bool
        Whether to say it: a caller that asks, or refuses, says it in words of its own.
    rows : mapping of str to int
        Rows by what they are, where they are of several kinds.
    """

    noun: str
    origin: str
    counts: Mapping[str, int]
    changes: pl.DataFrame
    notices: Sequence[str]
    sendable: bool
    passed: Sequence[str] = ()
    override: Mapping[str, int] = field(default_factory=dict)
    voice: Voice = PYTHON
    closing: bool = True
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReceiptParts:
    """A receipt to be shown.

    Attributes
    ----------
    noun : str
        What one row is.
    origin : str
        Address of the service.
    counts : mapping of str to int
        Rows by outcome: ok, unchanged, conflict, invalid, failed, unknown, not_attempted.
    results : DataFrame, shape (n_results, 13)
        ``row``, ``record``, ``name``, ``id``, ``action``, ``outcome``, ``status``, ``code``,
        ``message``, ``guard``, ``attempts``, ``request_id``, ``seconds``.
    refused : str
        Why nothing was sent; empty when something was.
    journal : str
        File with the history of this apply; empty when nothing was sent.
    voice : Voice
        How to say what to do next.
    closing : bool
        Whether to say it, where the journal is, and what guarded the writes.
    """

    noun: str
    origin: str
    counts: Mapping[str, int]
    results: pl.DataFrame
    refused: str
    journal: str
    voice: Voice = PYTHON
    closing: bool = True
