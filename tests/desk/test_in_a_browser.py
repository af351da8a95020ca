"""An engineer without Python edits cells, and somebody else does at the same time: in Chromium."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest
from browsing import CHROMIUM, FLAGS, drop, enter, look, sitting, tab_to

import cellframe as cf
from cellframe.cli import fleet
from tests.conftest import CANARY

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser")
pytest.importorskip("axe_playwright_python", reason="axe looks at the pages")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
MASS = "cell.mass [g]"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def lab(server):
    """A service with cells, and a colleague who has a client of their own."""
    with cf.Client(server.url, CANARY) as colleague:
        spec = colleague.cell_spec.create(fleet.spec("LFP 18650"))
        colleague.cell_instance.create_many(fleet.cells(), spec=spec)
        yield server.url, colleague, spec


def weigh(path, masses):
    """Edit the masses of some cells in a spreadsheet."""
    book = openpyxl.load_workbook(path)
    sheet = book["Cells"]
    column = next(cell.column for cell in sheet[1] if cell.value == "Cell mass [g]")
    for number, mass in masses.items():
        sheet.cell(number + 1, column).value = mass
    book.save(path)


def weigh_elsewhere(colleague, spec, place, mass):
    frame = colleague.cell_instance.to_frame(spec)
    here = pl.int_range(pl.len()) == place
    new = frame.with_columns(pl.when(here).then(mass).otherwise(MASS).alias(MASS))
    assert colleague.apply(colleague.cell_instance.plan(new))


def masses_of(colleague, spec):
    return colleague.cell_instance.to_frame(spec)[MASS].to_list()


def download(page, folder, press):
    with page.expect_download() as coming:
        press()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


def bring(page, path):
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Read it").click()


def test_the_way_from_a_spec_to_a_receipt_and_back(browser, lab, tmp_path):
    url, colleague, spec = lab
    was = masses_of(colleague, spec)
    with sitting(browser, url) as page:
        look(page)
        enter(page)
        look(page)
        page.get_by_role("link", name="LFP 18650").click()
        look(page)
        path = download(page, tmp_path, page.get_by_role("button", name="Download").click)
        assert path.name == "LFP 18650.xlsx"
        weigh(path, {1: 40.5, 2: 40.6, 3: "heavy", 4: 40.8})
        weigh_elsewhere(colleague, spec, 0, 41.0)
        weigh_elsewhere(colleague, spec, 1, 42.0)
        bring(page, path)
        page.wait_for_url("**/desk/plans/*")
        assert page.get_by_text("Nothing was sent yet.").is_visible()
        look(page)
        rows = page.locator("table.deciding tbody tr")
        rows.nth(0).get_by_label("Keep mine").check()
        rows.nth(1).get_by_label("Take theirs").check()
        page.get_by_role("button", name="Decide so").click()
        page.wait_for_selector("table.deciding", state="detached")
        page.get_by_label("Leave out 1 row").check()
        page.get_by_label("Why?").fill("weighed again")
        look(page)
        assert masses_of(colleague, spec)[:4] == [41.0, 42.0, *was[2:4]]
        page.get_by_role("button", name="Send 2 rows").click()
        page.wait_for_url("**/receipt")
        assert masses_of(colleague, spec)[:4] == [40.5, 42.0, was[2], 40.8]
        look(page)
        left = page.get_by_role("link", name="Download the left-over")
        left_over = download(page, tmp_path, left.click)
        assert "left-over" in left_over.name
        page.get_by_role("button", name="Undo it").click()
        page.wait_for_url("**/desk/plans/*")
        look(page)
        page.get_by_role("button", name="Send 2 rows").click()
        page.wait_for_url("**/receipt")
        assert masses_of(colleague, spec)[:4] == [41.0, 42.0, *was[2:4]]
        page.get_by_role("link", name="History").click()
        assert page.locator("table.past tbody tr").count() == 2
        look(page)


def test_a_file_that_cannot_be_read_and_a_page_that_is_gone_are_told(browser, lab, tmp_path):
    url, _, spec = lab
    own = tmp_path / "own.csv"
    own.write_text("Name,x\n1,2\n")
    with sitting(browser, url) as page:
        enter(page)
        page.goto(f"{url}/desk/specs/{spec.id}")
        bring(page, own)
        assert page.get_by_role("heading", name="This file cannot be read yet").is_visible()
        look(page)
        page.get_by_role("link", name="Back to where you were").click()
        page.wait_for_url(f"**/desk/specs/{spec.id}")


def test_a_file_is_dropped_onto_its_box(browser, lab, tmp_path):
    url, _, spec = lab
    with sitting(browser, url) as page:
        enter(page)
        page.goto(f"{url}/desk/specs/{spec.id}")
        path = download(page, tmp_path, page.get_by_role("button", name="Download").click)
        weigh(path, {1: 40.5})
        drop(page, path)
        page.wait_for_url("**/desk/plans/*")
        assert page.get_by_role("button", name="Send 1 row").is_visible()


def test_the_keyboard_alone_leads_from_the_door_to_a_receipt(browser, lab, tmp_path):
    url, colleague, spec = lab
    with sitting(browser, url) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        if page.locator("#key").count():
            tab_to(page, "Your key")
            page.keyboard.type(CANARY)
        tab_to(page, "Enter")
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk")
        tab_to(page, "LFP 18650")
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/specs/*")
        tab_to(page, "Download")
        path = download(page, tmp_path, lambda: page.keyboard.press("Enter"))
        weigh(path, {1: 40.5, 2: 40.6})
        weigh_elsewhere(colleague, spec, 0, 41.0)
        tab_to(page, "The file")
        with page.expect_file_chooser() as asked:
            page.keyboard.press("Space")
        asked.value.set_files(path)
        tab_to(page, "Read it")
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/plans/*")
        tab_to(page, "Keep mine")
        page.keyboard.press("Space")
        tab_to(page, "Decide so")
        page.keyboard.press("Enter")
        page.wait_for_selector("table.deciding", state="detached")
        tab_to(page, "Why?")
        page.keyboard.type("by keys")
        tab_to(page, "Send 2 rows")
        page.keyboard.press("Enter")
        page.wait_for_url("**/receipt")
        assert masses_of(colleague, spec)[:2] == [40.5, 40.6]


def test_all_of_it_works_without_script(browser, lab, tmp_path):
    url, colleague, spec = lab
    with sitting(browser, url, java_script_enabled=False) as page:
        enter(page)
        page.get_by_role("link", name="LFP 18650").click()
        path = download(page, tmp_path, page.get_by_role("button", name="Download").click)
        weigh(path, {1: 40.5})
        weigh_elsewhere(colleague, spec, 0, 41.0)
        bring(page, path)
        page.get_by_role("button", name="Keep all mine").click()
        page.get_by_role("button", name="Send 1 row").click()
        page.wait_for_url("**/receipt")
        assert masses_of(colleague, spec)[0] == 40.5


def test_a_count_that_is_not_ticked_keeps_the_plan_here(browser, lab, tmp_path):
    url, colleague, spec = lab
    was = masses_of(colleague, spec)
    with sitting(browser, url) as page:
        enter(page)
        page.goto(f"{url}/desk/specs/{spec.id}")
        path = download(page, tmp_path, page.get_by_role("button", name="Download").click)
        weigh(path, dict.fromkeys(range(1, 16), 40.5))
        bring(page, path)
        send = page.get_by_role("button", name="Send 15 rows")
        send.click()
        assert page.url.rpartition("/")[0].endswith("/desk/plans")
        assert masses_of(colleague, spec) == was
        page.evaluate("document.querySelector('#max_updates').required = false")
        send.click()
        assert page.get_by_role("alert").get_by_text("Tick below that this is meant.").is_visible()
        look(page)
        page.get_by_label("Yes, change all 15 rows").check()
        page.get_by_role("button", name="Send 15 rows").click()
        page.wait_for_url("**/receipt")
        assert masses_of(colleague, spec)[:15] == [40.5] * 15
