"""Draw the pictures of the page: a real service, a workbook edited twice, through Chromium.

python docs/pictures/page.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
from playwright.sync_api import sync_playwright

import cellframe as cf
from cellframe.cli import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
KEY = "a-key-for-pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
SIZE: Any = {"width": 900, "height": 640}
MASS = "cell.mass [g]"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder, and give its address."""
    command = [sys.executable, "-m", "cellframe", "serve", "--data", str(folder)]
    command += ["--port", "0", "--key-env", "PICTURES_KEY"]
    environment = {**os.environ, "PICTURES_KEY": KEY}
    with subprocess.Popen(  # noqa: S603 - our own service
        command, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().rsplit(" at ", 1)[1].strip()
        finally:
            process.terminate()


def weigh(path: Path) -> None:
    """Edit a few cells of a workbook."""
    book = openpyxl.load_workbook(path)
    sheet: Any = book["Cells"]
    column = next(cell.column for cell in sheet[1] if cell.value == "Cell mass [g]")
    for number, mass in {2: 38.71, 3: 38.92, 4: 39.04, 6: 38.66}.items():
        sheet.cell(number, column).value = mass
    book.save(path)


def weigh_too(colleague: cf.Client, spec: Any) -> None:
    """Edit one of them as somebody else."""
    frame = colleague.cell_instance.to_frame(spec)
    first = pl.int_range(pl.len()) == 0
    edited = frame.with_columns(pl.when(first).then(38.8).otherwise(MASS).alias(MASS))
    colleague.apply(colleague.cell_instance.plan(edited))


def walk(page: Any, url: str, colleague: cf.Client, folder: Path) -> None:
    """Go from the door to a receipt, and draw what is seen on the way."""
    spec = colleague.cell_spec.create(fleet.spec(fleet.NAME))
    colleague.cell_instance.create_many(fleet.cells(), spec=spec)
    page.goto(url)
    page.fill("#key", KEY)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("link", name=fleet.NAME).click()
    page.screenshot(path=HERE / "page-spec.png")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    path = folder / "cells.xlsx"
    coming.value.save_as(path)
    weigh(path)
    weigh_too(colleague, spec)
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Read it").click()
    page.screenshot(path=HERE / "page-plan.png")
    page.get_by_label("Keep mine").check()
    page.locator("#decide").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#decide').scrollIntoView()")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=HERE / "page-decide.png")
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Decide so").click()
    page.get_by_label("Why?").fill("weighed again")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/receipt")
    page.screenshot(path=HERE / "page-receipt.png")


def main() -> None:
    """Draw every picture."""
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as running:
        folder = Path(scratch)
        browser = running.chromium.launch(executable_path=chromium, args=FLAGS)
        with serving(folder / "lab") as url, cf.Client(url, KEY) as colleague:
            page = browser.new_page(viewport=SIZE)
            walk(page, url, colleague, folder)
        browser.close()


if __name__ == "__main__":
    main()
