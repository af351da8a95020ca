"""One of two processes that write and read the same cells, and count what they read stale.

``two_writers.py URL FOLDER SEED NUMBER``: the folder holds what each has acknowledged.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import cellframe as cf

KEY = "canary/key+5f1c09d2"
STEPS = 5000


def said(path: Path) -> int:
    try:
        return int(path.read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def main(url: str, folder: Path, seed: str, number: int) -> int:
    """Write cells of one's own, read those of both; what was acknowledged first must show."""
    folder.mkdir(exist_ok=True)
    chance = random.Random(f"{seed}/{number}")
    stale = 0
    with cf.Client(url, KEY, max_age=3600) as one, cf.Client(url, KEY, max_age=3600) as two:
        cells = sorted(cell.id for cell in one.cell_instance.list("S"))
        for step in range(1, STEPS):
            handle, index = chance.choice([one, two]), chance.randrange(len(cells))
            path = folder / str(index)
            if index % 2 == number and chance.random() < 0.3:
                handle.cell_instance.update(cells[index], {"notes": str(step)})
                path.with_suffix(f".{number}").write_text(str(step))
                path.with_suffix(f".{number}").replace(path)
            else:
                least = said(path)
                stale += int(handle.cell_instance.get(cells[index]).notes or 0) < least
    return stale


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])), "stale")
