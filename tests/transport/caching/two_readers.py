"""One of two processes whose sixteen threads want the same: ``two_readers.py URL FOLDER``.

Begins when a line comes in, so that both begin at once.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cellframe.contract.wire import Request
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import over_http
from cellframe.transport.policy import Policy, Secret

ASKED = Request("GET", "/cell_measurements/t/time_series/download")


def main(url: str, folder: Path) -> None:
    """Read a file by sixteen threads, and say how many bytes each got."""
    wire = over_http(Policy(url, Secret("canary/key+5f1c09d2")), folder, Keeping(3600.0))
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(16) as pool:
        sizes = pool.map(lambda _: wire.fetch(ASKED, folder / "drafts").body.size, range(16))
        print(set(sizes), flush=True)
    sys.stdin.readline()  # to close is to write what is left, which would help the other
    wire.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
