"""What does somebody need to know who has never seen such a workbook?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.workbook import Workbook

    from cellframe.sheets.workbook.sheet import Sheet

NAME = "Read me"
_WIDTH, _HEIGHT = 92, 16
"""Characters of the second column, and points of a line of it."""
_LINES = (
    (
        "You cannot break anything",
        (
            "Nothing is sent while you edit. When you give the file back, you are shown every value "
            "that would change, from what to what, and asked."
        ),
    ),
    ("Change a value", "Type over it. Numbers are in the unit that the heading names."),
    (
        "Empty a cell",
        "The value is taken away from the record. That is counted apart, and limited.",
    ),
    (
        "Sort, filter, hide, move or delete",
        (
            "Do as you like with rows and columns. A row or column that is not there is left as it is: "
            "nothing is deleted by leaving it out."
        ),
    ),
    (
        "Add a new {noun}",
        "Write it into the next free row, with a name of its own. Do not fill in the grey columns.",
    ),
    (
        "Copy a row",
        (
            "Paste it into a free row, give it a name of its own, and empty its grey cells: they say "
            "which {noun} the row is. The + above the columns at the far right unfolds them."
        ),
    ),
    (
        "Add a property",
        (
            "A new column whose heading says what it belongs to and its unit: Cell thickness [mm], "
            "Cathode loading [mg/cm²]. A pure number has [1], a text no unit."
        ),
    ),
    (
        "Add a remark of your own",
        "A new column whose heading begins with _ is yours, and is never sent.",
    ),
    (
        "Delete a {noun}",
        "Add a column _action and write delete into the row. How many are meant is asked for.",
    ),
    (
        "Give it back",
        (
            "On the page where you got it, or with cellframe push. Save as Excel workbook (.xlsx); any "
            "program will do."
        ),
    ),
)


def write_guide(book: Workbook, sheets: Sequence[Sheet], origin: str) -> None:
    """Write the sheet that explains the others.

    Parameters
    ----------
    book : Workbook
        The last of its sheets that is seen.
    sheets : sequence of Sheet
        What it explains; the first gives its nouns.
    origin : str
        Address of the service; empty where there is none.
    """
    page: Any = book.add_worksheet(NAME)
    title = book.add_format({"bold": True, "font_size": 16})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    page.hide_gridlines(2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, _WIDTH)
    page.write_string(0, 0, "About this workbook", title)
    row = 2
    for left, right in [*_about(sheets, origin), ("", ""), *_how(sheets)]:
        page.write_string(row, 0, left, head)
        page.write_string(row, 1, right, plain)
        # Programs do not agree on when to make a row as high as its text.
        page.set_row(row, _HEIGHT * (1 + len(right) // _WIDTH))
        row += 1


def _about(sheets: Sequence[Sheet], origin: str) -> list[tuple[str, str]]:
    """Say what stands on the sheets, and where it is from."""
    found: list[tuple[str, str]] = []
    for sheet in sheets:
        rows = f"{sheet.frame.height:,} row" + ("" if sheet.frame.height == 1 else "s")
        parents = sorted(set(sheet.companion.parents.values())) if sheet.companion else []
        more = f", {', '.join(parents[:_FEW])}" if parents else ""
        more += f" and {len(parents) - _FEW} more" if len(parents) > _FEW else ""
        use = "" if sheet.kind else ", for reading"
        found.append((sheet.name, f"{rows}{more}{use}"))
    return [*found, ("From", origin)] if origin else found


_FEW = 6


def _how(sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
    """Say what can be done; nothing of a workbook that is for reading."""
    kinds = [sheet.kind for sheet in sheets if sheet.kind is not None]
    if not kinds:
        return []
    noun = kinds[0].noun
    return [(left.format(noun=noun), right.format(noun=noun)) for left, right in _LINES]
