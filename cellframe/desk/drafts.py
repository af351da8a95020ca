"""Which plans does a visitor have open, and what came of them?

A draft is a plan until it is sent, and then what came of it: once, however often the button is
pressed.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt

MOST = 12
"""Drafts of one visitor; the oldest goes."""


@dataclass
class Draft:
    """A plan that is read, decided and sent.

    Attributes
    ----------
    plan : Plan
        What would be sent.
    spec : str
        Id of the spec on whose page its file was brought back; empty where there was none.
    file : str
        Name of that file; empty for an undo.
    receipt : Receipt or None
        What came of it, once it was sent.
    name : str
        What addresses call it.
    """

    plan: Plan
    spec: str = ""
    file: str = ""
    receipt: Receipt | None = None
    name: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    _turn: Lock = field(default_factory=Lock, repr=False)

    def send(self, way: Callable[[Plan], Receipt]) -> Receipt:
        """Return what came of the plan: it is sent by the first who asks, and by nobody else.

        A receipt of a plan that was refused is not kept: nothing was sent.
        """
        with self._turn:
            if self.receipt is not None:
                return self.receipt
            receipt = way(self.plan)
            if not receipt.refusals:
                self.receipt = receipt
            return receipt


class Drafts:
    """The drafts of one visitor, by name."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._held: OrderedDict[str, Draft] = OrderedDict()

    def add(self, draft: Draft) -> Draft:
        """Keep a draft, and let the oldest go where there are too many."""
        with self._turn:
            self._held[draft.name] = draft
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return draft

    def get(self, name: str) -> Draft | None:
        """Return a draft; None where there is none of this name, or no longer."""
        with self._turn:
            return self._held.get(name)
