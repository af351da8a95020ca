"""How do results become properties of the cells they are of?

The same way as any edit: a frame of cells, three columns of it set, planned against what was read and
applied with a limit of its own. Nothing but these three columns can be in such a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.reports.checking import CHECK, FLAG, SEVERITY
from cellframe.reports.gathering import ID, WRITTEN
from cellframe.reports.results import SOH, TO_80

if TYPE_CHECKING:
    from cellframe.client import Client
    from cellframe.reports.building import Report
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt

_DIGITS = 6
NO_FLAG = "none"


def write_back_plan(client: Client, spec: Any, report: Report) -> Plan:
    """Return the plan that gives cells their results as properties.

    Parameters
    ----------
    client : Client
        Of the service that the cells are of.
    spec : CellSpec, str
        Whose cells they are.
    report : Report
        Of the same cells.

    Returns
    -------
    Plan
        With changes of the three properties alone; empty where all are there already.
    """
    cells: pl.DataFrame = client.cell_instance.to_frame(spec, backend="polars")
    return client.cell_instance.plan(_edited(cells, report))


def write_back(client: Client, plan: Plan, report: Report, most: int | None = None) -> Receipt:
    """Apply a plan of results.

    Parameters
    ----------
    client : Client
        Of the service.
    plan : Plan
        Of `write_back_plan`.
    report : Report
        What it is of; its data version stands in the note.
    most : int, optional
        How many cells may be updated; without it, as many as the report has.

    Returns
    -------
    Receipt
        What became of each.
    """
    limit = report.fleet.cells.height if most is None else most
    note = f"results of the report of data version {report.fleet.version}"
    return client.apply(plan, note=note, max_updates=limit)


def _edited(cells: pl.DataFrame, report: Report) -> pl.DataFrame:
    soh, life, flags = WRITTEN
    flagged = (
        report.findings.filter((pl.col(SEVERITY) == FLAG) & pl.col(ID).is_not_null())
        .group_by(ID)
        .agg(pl.col(CHECK).unique().sort().str.join("; ").alias(flags))
    )
    made = report.results.select(
        ID,
        pl.col(SOH).round_sig_figs(_DIGITS).alias(soh),
        pl.col(TO_80).round_sig_figs(_DIGITS).alias(life),
    ).join(flagged, on=ID, how="left")
    found = made.with_columns(pl.col(flags).fill_null(NO_FLAG))
    new = cells.select(ID).join(found, on=ID, how="left", maintain_order="left")
    # A column that is there keeps its place, so that the diff is of values alone.
    return cells.with_columns(**{label: new[label] for label in WRITTEN})
