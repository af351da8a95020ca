"""How are plans and receipts told to a program?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt


def plan_told(plan: Plan) -> dict[str, Any]:
    """Return a plan as a part of a JSON document.

    Returns
    -------
    dict
        ``service``, ``summary`` (rows by action), ``changes`` (one per changed cell, as of
        `Plan.to_frame`) and ``notices``.
    """
    return {
        "service": plan.origin,
        "summary": plan.summary,
        "changes": plan.table().to_dicts(),
        "notices": plan.notices,
    }


def receipt_told(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as a part of a JSON document.

    Returns
    -------
    dict
        ``counts`` (rows by outcome), ``results`` (one per row that was not unchanged, as of
        `Receipt.to_frame`) and ``journal``.
    """
    return {
        "counts": receipt.counts,
        "results": receipt.table().to_dicts(),
        "journal": receipt.journal,
    }
