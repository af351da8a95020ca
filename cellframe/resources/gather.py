"""Many calls at once: one flat pool, results in the order of what was asked."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

A = TypeVar("A")
B = TypeVar("B")

WORKERS = 16
"""Requests under way at once. A service of the contract serves about twenty."""
PAGES = 33
"""Pages of a list under way at once, which cost a service little; a hundred come in four turns."""
AT_HAND = 2
"""The same where service and client share a process, and with it Python's one lock."""


def gather(
    call: Callable[[A], B],
    asked: Sequence[A],
    done: Callable[[], object] = lambda: None,
    workers: int = WORKERS,
) -> list[B]:
    """Return the result of each call; the first that raises ends the rest.

    Parameters
    ----------
    call : callable
        Called in threads.
    asked : sequence
        One argument per call.
    done : callable
        Called here after each.
    """
    if len(asked) <= 1:
        found = [call(one) for one in asked]
        for _ in found:
            done()
        return found
    with ThreadPoolExecutor(min(workers, len(asked))) as pool:
        futures = [pool.submit(call, one) for one in asked]
        try:
            for future in as_completed(futures):
                future.result()
                done()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def in_order(call: Callable[[A], B], asked: Iterable[A], workers: int = WORKERS) -> Iterator[B]:
    """Yield the result of each call in the order of what was asked.

    What is asked is taken only a little ahead of what was yielded, so that it may end early; the
    first call that raises ends the rest.
    """
    ahead: deque[Future[B]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for one in asked:
                ahead.append(pool.submit(call, one))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
