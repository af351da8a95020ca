"""One note is written into a workbook, as a hand does it: by row and column."""

import sys

from openpyxl import load_workbook

path = sys.argv[1]
book = load_workbook(path)
sheet = book.active
header = [cell.value for cell in sheet[1]]
last = max(
    range(2, sheet.max_row + 1), key=lambda row: sheet.cell(row, header.index("cell") + 1).value
)
sheet.cell(last, header.index("notes") + 1).value = "dent; +0,3 mm at the rim"
book.save(path)
