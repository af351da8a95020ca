"""LibreOffice, driven as a person drives it: run by the Python that has its bridge, Debian's own.

    /usr/bin/python3 office.py PROFILE

Starts LibreOffice without windows. Every line that comes is a task in JSON: a file that is opened,
steps, and the files that it is saved as. Every line that goes is what was wrong, or nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sheet.FillDateMode import FILL_DATE_DAY
from com.sun.star.sheet.FillDirection import TO_BOTTOM
from com.sun.star.sheet.FillMode import SIMPLE
from com.sun.star.table import TableSortField
from com.sun.star.util.NumberFormat import TEXT

FILTERS = {
    ".xlsx": ("Calc MS Excel 2007 XML", ""),
    ".ods": ("calc8", ""),
    ".csv": ("Text - txt - csv (StarCalc)", "44,34,76,1,,0,false,true,false"),
}
"""By suffix: the filter, and its options. CSV is UTF-8 with commas, cells as shown."""


def properties(**values):
    made = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        made.append(one)
    return tuple(made)


def url_of(path):
    return Path(path).absolute().as_uri()


class Sheet:
    """A sheet and what a person does with it. Rows are counted as it shows them, columns named."""

    def __init__(self, document, name):
        self.document = document
        self.sheet = document.Sheets.getByName(name)

    def size(self):
        cursor = self.sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        return cursor.RangeAddress.EndRow + 1, cursor.RangeAddress.EndColumn + 1

    def column(self, header):
        _, width = self.size()
        headers = [self.sheet.getCellByPosition(at, 0).String for at in range(width)]
        return headers.index(header)

    def cell(self, row, header):
        return self.sheet.getCellByPosition(self.column(header), row - 1)

    def rows(self, first, last):
        _, width = self.size()
        return self.sheet.getCellRangeByPosition(0, first - 1, width - 1, last - 1)

    def type(self, row, header, text):
        """Put in what is typed; a text may become a number or a date where the cell is no text."""
        cell = self.cell(row, header)
        kind = self.document.NumberFormats.getByKey(cell.NumberFormat).Type
        if isinstance(text, str) and kind & TEXT:
            cell.String = text
        elif isinstance(text, str):
            cell.setFormula(text)
        else:
            cell.setValue(text)

    def empty(self, row, header):
        self.cell(row, header).setFormula("")

    def name_column(self, header, new):
        self.cell(1, header).String = new

    def add_column(self, header):
        _, width = self.size()
        self.sheet.getCellByPosition(width, 0).String = header

    def sort(self, header, ascending=True):
        field = TableSortField()
        field.Field, field.IsAscending = self.column(header), ascending
        fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
        height, _ = self.size()
        self.rows(1, height).sort(properties(SortFields=fields, ContainsHeader=True))

    def filter(self, header, text):
        """Hide the rows that have something else, as the arrow of a header does."""
        height, _ = self.size()
        for row in range(2, height + 1):
            if self.cell(row, header).String != text:
                self.sheet.Rows.getByIndex(row - 1).IsFiltered = True

    def insert_rows(self, before, count):
        self.sheet.Rows.insertByIndex(before - 1, count)

    def delete_rows(self, first, count):
        self.sheet.Rows.removeByIndex(first - 1, count)

    def copy_row(self, row, to):
        self.insert_rows(to, 1)
        source = self.rows(row if row < to else row + 1, row if row < to else row + 1)
        goal = self.sheet.getCellByPosition(0, to - 1).CellAddress
        self.sheet.copyRange(goal, source.RangeAddress)

    def move_column(self, header, to):
        """Cut a column and paste it before another."""
        columns = self.sheet.Columns
        goal = self.column(to)
        columns.insertByIndex(goal, 1)
        at = self.column(header)
        height, _ = self.size()
        source = self.sheet.getCellRangeByPosition(at, 0, at, height - 1).RangeAddress
        self.sheet.moveRange(self.sheet.getCellByPosition(goal, 0).CellAddress, source)
        columns.removeByIndex(at, 1)

    def hide_column(self, header):
        self.sheet.Columns.getByIndex(self.column(header)).IsVisible = False

    def show_columns(self):
        self.sheet.Columns.IsVisible = True

    def delete_column(self, header):
        self.sheet.Columns.removeByIndex(self.column(header), 1)

    def fill_down(self, header, first, last):
        """Mark cells of a column and press Ctrl+D."""
        at = self.column(header)
        cells = self.sheet.getCellRangeByPosition(at, first - 1, at, last - 1)
        cells.fillSeries(TO_BOTTOM, SIMPLE, FILL_DATE_DAY, 1, 1)

    def merge(self, first, last, header):
        at = self.column(header)
        self.sheet.getCellRangeByPosition(at, first - 1, at, last - 1).merge(True)

    def rename(self, name):
        self.sheet.Name = name

    def remove(self):
        self.document.Sheets.removeByName(self.sheet.Name)

    def to_the_end(self):
        self.document.Sheets.moveByName(self.sheet.Name, self.document.Sheets.Count)


class Office:
    """One LibreOffice for many tasks."""

    def __init__(self, profile):
        pipe = f"cellframe_{os.getpid()}"
        command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        command += ["--nologo", "--nodefault", f"--accept=pipe,name={pipe};urp;"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        here = uno.getComponentContext()
        resolver = here.ServiceManager.createInstanceWithContext(
            "com.sun.star.bridge.UnoUrlResolver", here
        )
        there = None
        for _ in range(600):
            try:
                there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                time.sleep(0.05)
        self.desktop = there.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.Desktop", there
        )

    def open(self, path):
        hidden = properties(Hidden=True)
        return self.desktop.loadComponentFromURL(url_of(path), "_blank", 0, hidden)

    def paste_into_another(self, document, name):
        """Return a workbook of its own that has a copy of a sheet."""
        hidden = properties(Hidden=True)
        other = self.desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, hidden)
        other.Sheets.importSheet(document, name, 0)
        document.close(True)
        return other

    def carry_out(self, task):
        document = self.open(task["open"])
        try:
            for name, what, *arguments in task["steps"]:
                if what == "paste_into_another":
                    document = self.paste_into_another(document, name)
                else:
                    getattr(Sheet(document, name), what)(*arguments)
            for path in task["save"]:
                filter_, options = FILTERS[Path(path).suffix]
                how = properties(FilterName=filter_, FilterOptions=options)
                document.storeToURL(url_of(path), how)
        finally:
            document.close(True)

    def end(self):
        self.desktop.terminate()
        self.process.wait(30)


def main():
    office = Office(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    try:
        for line in sys.stdin:
            try:
                office.carry_out(json.loads(line))
                print(json.dumps(""), flush=True)
            except Exception as fault:  # noqa: BLE001
                print(json.dumps(f"{type(fault).__name__}: {fault}"), flush=True)
    finally:
        office.end()


if __name__ == "__main__":
    main()
