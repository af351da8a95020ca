"""How do results become properties of the cells they are of?

The same way as any edit: a frame of cells, three columns of it set, planned against what was read and
applied with a limit of its own. Nothing but these three columns can be in such a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import FrameError
from cellframe.frames.faults import Fault, table
from cellframe.reports.checking import CHECK, FLAG, SEVERITY
from cellframe.reports.gathering import ID, WRITTEN
from cellframe.reports.results import SOH, TO_80

if TYPE_CHECKING:
    from cellframe.client import Client
    from cellframe.reports.building import Report
    from cellframe.writeback.plan import Plan

_DIGITS = 6
_VERSION = "instance_version"
NO_FLAG = "none"


def planned(client: Client, report: Report) -> Plan:
    """Return the plan that gives cells their results as properties.

    Parameters
    ----------
    client : Client
        Of the service that the report was read from, and in the same project.
    report : Report
        Of cells as they were read: what somebody wrote since is a conflict.

    Returns
    -------
    Plan
        With changes of the three properties alone; empty where all are there already.

    Raises
    ------
    FrameError
        The report is not of cells that were read from a service.
    """
    cells = report.fleet.cells
    if not {ID, _VERSION} <= set(cells.columns):
        message = "The cells of this report were not read from a service: they have no version."
        raise FrameError(message, table([Fault(message, column=_VERSION, rule="version")]))
    return client.cell_instance.plan(_edited(cells, report))


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
