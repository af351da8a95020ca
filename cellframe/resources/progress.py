"""How far a long reading is: a bar in a notebook or a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_PATIENCE = 1.0
"""Seconds after which somebody would like to know."""


def _is_watched() -> bool:
    """Whether somebody sees a bar: the kernel of a notebook has no terminal, and shows one."""
    kernel = sys.modules.get("ipykernel")
    return kernel is not None or sys.stderr.isatty()


@contextmanager
def progress(
    total: int, what: str, *, shown: bool | None = None
) -> Generator[Callable[..., object]]:
    """Show a bar while the block runs; call what it gives after each step.

    Parameters
    ----------
    total : int
        Steps there are.
    what : str
        What is being done, in two words.
    shown : bool, optional
        Whether to show it; where somebody sees it, without.
    """
    watched = _is_watched() if shown is None else shown
    if not watched or not total:
        yield _nothing
        return
    with warnings.catch_warnings():
        # Without ipywidgets a notebook gets a bar of text, and needs no lesson about it.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm

        bar = tqdm(total=total, desc=what, leave=False, delay=_PATIENCE)
    with bar:
        yield bar.update


@contextmanager
def shown_or_told(
    told: Callable[[int, int], object] | None, total: int, what: str
) -> Generator[Callable[[int, int], object]]:
    """Tell whoever wants to know how far it is; else show a bar, as `progress` does.

    Parameters
    ----------
    told : callable or None
        Is called with the steps that are done, and the steps there are.
    total, what : int, str
        As of `progress`.
    """
    if told is not None:
        yield told
        return
    with progress(total, what) as forward:
        done = 0

        def move(now: int, _total: int) -> None:
            nonlocal done
            forward(now - done)
            done = now

        yield move


def _nothing(_steps: int = 1) -> None:
    """Show nothing."""
