"""Draw the pictures of the README: the demo's own plan, on a page, through headless Chromium.

python docs/pictures/make.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

import cellframe as cf
from cellframe.cli import demo, fleet
from cellframe.views import html

HERE = Path(__file__).parent
SIZE = "880,446"
SCHEMES = {"plan.png": 1, "plan-dark.png": 0}


def conflicting_plan(folder: Path) -> Any:
    """Return the plan of the demo after the colleague's change."""
    with cf.open_local(folder) as client:
        demo.fill(client, fleet.NAME)
        names = {"cf": cf, "pl": pl, "client": client, "folder": folder, "spec": fleet.NAME}
        names["print"] = lambda _: None
        for scene in demo.scenes()[:4]:
            exec(scene.code, names)  # noqa: S102 - our own file
        names["colleague"].close()
        return replace(names["plan"], origin="cellframe-demo")


def draw(page: Path, picture: Path, scheme: int) -> None:
    """Take a picture of a page."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium draws the pictures, and it is not installed.")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--window-size={SIZE}", "--force-device-scale-factor=1.5"]
    flags += [f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}"]
    flags += [f"--user-data-dir={page.parent / 'browser'}"]
    command = [browser, *flags, page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - our page


def main() -> None:
    """Draw every picture."""
    with tempfile.TemporaryDirectory() as folder:
        plan = conflicting_plan(Path(folder) / "cellframe-demo")
        page = Path(folder) / "page.html"
        page.write_text(html.document("A plan", plan._repr_html_()), "utf-8")
        for name, scheme in SCHEMES.items():
            draw(page, HERE / name, scheme)


if __name__ == "__main__":
    main()
