#!/bin/sh
# A note is written in LibreOffice, which takes what it can for numbers and dates, and saves with ;
set -eu
calc() {
    soffice "-env:UserInstallation=file://$PWD/libreoffice" --headless "$@" >/dev/null 2>&1
}
calc --infilter=CSV:44,34,76,1 --convert-to xlsx:"Calc MS Excel 2007 XML" "$1"
python "$(dirname "$0")/edit_workbook.py" "${1%.csv}.xlsx"
calc --convert-to "csv:Text - txt - csv (StarCalc):59,34,76,1" "${1%.csv}.xlsx"
